//! The typed surface, and for whom its calls are made, against a service that checks both.

use std::time::Duration;

use futures_util::future::try_join_all;
use hwmigrate::sms::types::{
    ConfigBody, ConfigKey, MigProject, MigrationType, Nics, PostMigProjectBody, PostSourceServerBody,
    SgObject, TaskState, TemplateDisk, TemplateRequest, VpcObject,
};
use hwmigrate::sms::{SpeedLimit, SpeedPlan, Target, TaskRequest};
use hwmigrate::{Credentials, ErrorKind, Secret, SmsScope};
use hwmigrate_emulator::{Fault, FaultKind};
use hwmigrate_tests::process::{PROJECT, REGION, USER};
use hwmigrate_tests::sandbox::{Sandbox, client_of};
use serde_json::json;

use super::{quick, request, slow, source};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn server_that_an_agent_registers_is_seen_named_moved_and_deleted() {
    let (_sandbox, sms) = slow(&[]).await;
    let facts: PostSourceServerBody = serde_json::from_value(json!({
        "name": "web", "os_type": "LINUX", "os_version": "CENTOS_7_6_64BIT", "agent_version": "25.2.0",
        "ip": "192.168.0.9", "networks": [{"name": "eth0", "mac": "fa:16:3e:00:00:09"}],
        "disks": [{"name": "/dev/vda", "size": 42_949_672_960_u64, "used_size": 1_000_000, "device_use": "BOOT"}]
    }))
    .unwrap();
    let id = sms.agent().register(&facts).await.unwrap().id;
    let servers = sms.servers();
    assert_eq!(servers.show(&id).await.unwrap().name.as_deref(), Some("web"));
    servers.rename(&id, "web-1").await.unwrap();
    let project = PostMigProjectBody::new("wave_1".to_owned(), REGION.to_owned(), MigrationType::MigrateFile);
    let project = sms.projects().create(&project).await.unwrap().id;
    servers.move_to(&id, &project).await.unwrap();
    let found = servers.list().project(&project).all().await.unwrap();
    assert_eq!((found.len(), found[0].name.as_deref()), (1, Some("web-1")));
    assert!(servers.overview().await.unwrap().waiting.is_some());
    assert!(servers.errors().all().await.unwrap().is_empty());
    servers.delete_many([id.clone()]).await.unwrap();
    assert_eq!(servers.show(&id).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn templates_and_projects_are_kept_and_passwords_come_back_as_secrets() {
    let (_sandbox, sms) = slow(&[]).await;
    let auto = || "autoCreate".to_owned();
    let mut wanted = TemplateRequest::new("small".to_owned());
    wanted.region = Some(REGION.to_owned());
    wanted.projectid = Some(PROJECT.to_owned());
    wanted.is_template = Some(true);
    wanted.vpc = Some(VpcObject { id: Some(auto()), name: Some(auto()), cidr: None });
    wanted.nics = vec![Nics::new(auto(), auto(), "192.168.0.0/16".to_owned())];
    wanted.security_groups = vec![SgObject { id: auto(), name: auto() }];
    wanted.disk = vec![TemplateDisk::new(0, "system".to_owned(), "SAS".into(), 40)];
    wanted.target_password = Some(Secret::from("made-up-target-password"));
    let templates = sms.templates();
    let id = templates.create(&wanted).await.unwrap().id;
    let shown = templates.show(&id).await.unwrap();
    assert_eq!((shown.name.as_deref(), shown.region.as_deref()), (Some("small"), Some(REGION)));
    let password = templates.target_password(&id).await.unwrap().into_inner().unwrap();
    assert_eq!(password.expose(), "made-up-target-password");
    wanted.name = "smaller".to_owned();
    templates.update(&id, &wanted).await.unwrap();
    assert_eq!(templates.list().name("smaller").all().await.unwrap().len(), 1);
    templates.delete(&id).await.unwrap();
    assert!(templates.list().all().await.unwrap().is_empty());

    let projects = sms.projects();
    let wave = PostMigProjectBody::new("wave_2".to_owned(), REGION.to_owned(), MigrationType::MigrateFile);
    let wave = projects.create(&wave).await.unwrap().id;
    let change = MigProject { description: Some("second".to_owned()), ..MigProject::default() };
    projects.update(&wave, &change).await.unwrap();
    projects.make_default(&wave).await.unwrap();
    let shown = projects.show(&wave).await.unwrap();
    assert_eq!((shown.description.as_deref(), shown.isdefault), (Some("second"), Some(true)));
    assert!(projects.delete(&wave).await.is_err(), "the default project stays");
    assert!(!projects.list().all().await.unwrap().is_empty());
}

#[tokio::test]
async fn task_is_configured_before_its_start() {
    let (_sandbox, sms) = slow(&["web-1"]).await;
    let tasks = sms.tasks();
    let wanted = request(&sms, "web-1").await.speed_limit(SpeedLimit::mbit_per_second(300).unwrap());
    let id = tasks.create(&wanted).await.unwrap().id;
    assert_eq!(tasks.show(&id).await.unwrap().state, Some(TaskState::Ready));
    let plan = SpeedPlan::new()
        .limit("08:00-18:00".parse().unwrap(), SpeedLimit::mbit_per_second(100).unwrap())
        .unwrap()
        .over_speed_threshold(50.0)
        .unwrap();
    tasks.limit_speed(&id, &plan).await.unwrap();
    assert_eq!(SpeedPlan::from_answer(&tasks.speed_limits(&id).await.unwrap()), Some(plan));
    let without_cache = ConfigBody::new(ConfigKey::MigrateExcludeDir, "/var/cache".to_owned());
    tasks.configure(&id, [without_cache]).await.unwrap();
    let options = tasks.settings(&id, Some(&ConfigKey::MigrateExcludeDir)).await.unwrap().into_inner();
    assert_eq!(options.configurations.unwrap()[0].config_value.as_deref(), Some("/var/cache"));
    assert!(tasks.passphrase(&id).await.unwrap().is_some());
    assert!(tasks.cert_key(&id, true).await.unwrap().private_key.is_some());
    tasks.collect_log(&id, "logs").await.unwrap();
    let export = tasks.export_consistency([id.clone()]).await.unwrap().into_inner();
    assert!(!export.bytes().await.unwrap().is_empty());
    sms.agree_privacy().await.unwrap();
    assert!(*sms.privacy_agreed().await.unwrap());
    assert!(sms.config().await.unwrap().regions.is_some());
    assert!(sms.versions().await.unwrap().iter().any(|version| version.id.as_deref() == Some("v3")));
}

#[tokio::test]
async fn create_once_knows_its_task_after_a_lost_reply() {
    for kind in [FaultKind::LoseReply, FaultKind::CutBody { bytes: 3 }, FaultKind::EmptyBody] {
        let (sandbox, sms) = slow(&["web-1", "web-2"]).await;
        let tasks = sms.tasks();
        let (first, second) = (request(&sms, "web-1").await, request(&sms, "web-2").await);
        tasks.create(&second).await.unwrap();
        sandbox.emulator.faults().push(Fault::new(kind.clone()).on("CreateTask"));
        let created = tasks.create_once(&first).await.unwrap();
        assert!(created.adopted, "{kind:?}");
        assert_eq!(sandbox.calls_of("CreateTask"), 2, "{kind:?}");
        let found = tasks.find(&source(&sms, "web-1").await, "move_web-1").await.unwrap().unwrap();
        assert_eq!(found.id, created.id, "{kind:?}");
    }
}

#[tokio::test]
async fn running_task_is_stopped_and_deleted_and_its_server_is_free_again() {
    let (_sandbox, sms) = quick(&["web-1"], |builder| builder.sms_pace(Duration::from_millis(50), 1)).await;
    let tasks = sms.tasks();
    let wanted = request(&sms, "web-1").await;
    let id = tasks.create(&wanted).await.unwrap().id;
    tasks.start(&id).await.unwrap();
    tasks.delete_when_stopped(&id, MINUTE).await.unwrap();
    assert_eq!(tasks.show(&id).await.unwrap_err().kind(), ErrorKind::NotFound);
    tasks.create(&wanted).await.unwrap();
}

#[tokio::test]
async fn server_takes_one_task_at_a_time() {
    let (_sandbox, sms) = slow(&["web-1"]).await;
    let tasks = sms.tasks();
    let wanted = request(&sms, "web-1").await;
    tasks.create(&wanted).await.unwrap();
    assert!(tasks.create(&wanted).await.is_err(), "what create_once rests upon");
    let elsewhere = Target::from_template("no-such-template", "web-1", REGION, PROJECT);
    let unknown = TaskRequest::new("move_none", MigrationType::MigrateFile, "no-such-server", elsewhere);
    assert!(tasks.create(&unknown).await.is_err());
}

#[tokio::test]
async fn project_and_account_are_both_accepted_by_token_and_by_signature() {
    let (access, secret) = ("MADEUPACCESSKEY00001", "made-up-secret-key");
    let sandbox =
        Sandbox::start_with(|builder| builder.access_key(access, Secret::from(secret))).await.unwrap();
    let keys = || Credentials::access_key(Secret::from(access), Secret::from(secret));
    let url = sandbox.emulator.url();
    for scope in [SmsScope::Project, SmsScope::Domain] {
        for credentials in [None, Some(keys())] {
            let builder = client_of(url).sms_scope(scope);
            let builder = match credentials {
                Some(keys) => builder.credentials(keys),
                None => builder,
            };
            let servers = builder.build().unwrap().sms().servers();
            let calls = (0..5).map(|_| servers.overview());
            try_join_all(calls).await.unwrap_or_else(|error| panic!("{scope:?}: {}", error.chain()));
        }
    }
    let account = sandbox.emulator.account_id(USER.0);
    let given =
        client_of(url).credentials(keys()).domain_id(account).sms_scope(SmsScope::Domain).build().unwrap();
    given.sms().servers().overview().await.unwrap();
}
