//! Every operation of SMS, by its typed method, as it goes over the wire.
#![allow(clippy::unwrap_used)]

mod service;

use hwmigrate::ErrorKind;
use hwmigrate::sms::types::{
    CommandBody, CommandName, CommandResult, ConfigBody, ConfigKey, ConsistencyResult, MigProject,
    MigrationCycle, MigrationType, NetworkCheckInfoRequestBody, OsType, PostMigProjectBody,
    PostSourceServerBody, PutDiskInfoReq, PutTaskReq, SourceState, SubtaskName, TaskState, TemplateRequest,
    UpdateTaskSpeedReq,
};
use hwmigrate::sms::{SpeedLimit, SpeedPlan, Target, TaskRequest};
use serde_json::{Value, json};
use service::{Asked, Reply, SECRET, Server, ok, refused};

fn request() -> TaskRequest {
    let target = Target::existing("vm", "web-1", "cn-north-4", "p");
    TaskRequest::new("web-1", MigrationType::MigrateFile, "s", target)
}

fn any(asked: &Asked) -> Reply {
    match asked.line().as_str() {
        "POST /sources" | "POST /tasks" | "POST /vm/templates" | "POST /migprojects" => {
            ok(json!({"id": "new"}))
        }
        "GET /sources/s" => ok(json!({"id": "s", "state": "waiting", "memory": 4_018_196_480_u64})),
        "GET /sources/overview" => ok(json!({"waiting": 3})),
        "GET /sources/s/command" => ok(json!({"command_name": "START", "command_param": {"task_id": "t"}})),
        "GET /tasks/t" => ok(json!({"id": "t", "state": "READY"})),
        "PUT /tasks/t" | "POST /t/update-network-check-info" => ok(json!({"id": "t", "task_id": "t"})),
        "GET /tasks/t/speed-limit" => {
            ok(json!({"speed_limit": [{"start": "00:00", "end": "23:59", "speed": 5}]}))
        }
        "GET /tasks/t/passphrase" => ok(json!({"task_id": "t", "passphrase": SECRET})),
        "GET /tasks/t/certkey?enable_ca_cert=true" => ok(json!({"cert": "PEM", "private_key": SECRET})),
        line if line.starts_with("GET /tasks/t/configuration-setting") => ok(
            json!({"task_id": "t", "configurations": [{"config_key": "LINUX_CPU_LIMIT", "config_value": "50"}]}),
        ),
        "GET /tasks/t/consistency-result" => {
            let check = json!({"finished_time": "1", "check_result": "x", "consistency_result": []});
            ok(json!({"task_id": "t", "result_list": [check, check.to_string()]}))
        }
        "POST /tasks/consistency-results/export" => Reply::Text(200, "dir,files\n/,7\n"),
        "GET /vm/templates/m" => {
            ok(json!({"template": {"id": "m", "target_password": SECRET, "is_template": "true"}}))
        }
        "GET /vm/templates/m/target-password" => ok(json!({"template_id": "m", "target_password": SECRET})),
        "GET /migprojects/g" => ok(json!({"name": "default", "isdefault": true})),
        "GET /config" => {
            ok(json!({"config": {"mainRegion": "cn-north-4"}, "regions": [{"id": "cn-north-4"}]}))
        }
        "GET /privacy-agreements" => ok(json!({"flag": true})),
        line if line.starts_with("GET /sources") => ok(json!({"source_servers": [{"id": "s"}], "count": 1})),
        line if line.starts_with("GET /errors") => {
            ok(json!({"migration_errors": [{"source_id": "s", "error_json": "{}"}], "count": 1}))
        }
        line if line.starts_with("GET /tasks") => {
            ok(json!({"tasks": [{"id": "t", "state": "READY"}], "count": 1}))
        }
        line if line.starts_with("GET /vm/templates") => ok(json!({"templates": [{"id": "m"}], "count": 1})),
        line if line.starts_with("GET /migprojects") => ok(json!({"migprojects": [{"id": "g"}], "count": 1})),
        "GET /" => ok(json!({"versions": [{"id": "v3"}]})),
        "GET /v3" => ok(json!({"id": "v3", "status": "SUPPORTED"})),
        // What the service answers where it has nothing to say: nothing, or a sentence.
        line if line.starts_with("DELETE") => ok(json!("delete task success")),
        _ => Reply::Empty,
    }
}

#[tokio::test]
async fn all_49_operations_are_reached() {
    let server = Server::start(any).await;
    let sms = server.sms();

    let servers = sms.servers();
    let list = servers.list().state(SourceState::Waiting).name("n").id("i").ip("1.2.3.4").ipv6("::1");
    let list = list.project("g").migration_cycle(MigrationCycle::Checking).connected(true);
    let list = list.enterprise_project_id("0").has_consistency_result(false).vm_id("v");
    let page = list.page_size(5).page(10).await.unwrap();
    assert_eq!((page.items.len(), page.count), (1, Some(1)));
    let shown = servers.show("s").await.unwrap();
    assert_eq!((shown.memory, shown.request_id.as_deref()), (Some(4_018_196_480), Some("req-1")));
    servers.rename("s", "web").await.unwrap();
    servers.move_to("s", "g").await.unwrap();
    servers.delete("s").await.unwrap();
    servers.delete_many(["s", "r"]).await.unwrap();
    assert_eq!(servers.overview().await.unwrap().waiting, Some(3));
    assert_eq!(servers.errors().page(0).await.unwrap().items.len(), 1);

    let agent = sms.agent();
    let facts: PostSourceServerBody = serde_json::from_value(json!({
        "name": "web", "os_type": "LINUX", "os_version": "CENTOS_7_6_64BIT", "agent_version": "1", "ip": "1.2.3.4",
        "networks": [{"mac": "00:00"}]
    }))
    .unwrap();
    assert_eq!(agent.register(&facts).await.unwrap().id, "new");
    agent.update_copy_state("s", SourceState::Initialize, MigrationCycle::Checking).await.unwrap();
    agent.update_disk_info("s", &PutDiskInfoReq::default()).await.unwrap();
    assert_eq!(agent.command("s").await.unwrap().command_name, Some(CommandName::Start));
    let result = CommandBody {
        command_name: CommandName::Start,
        result: CommandResult::Success,
        result_detail: serde_json::Map::new(),
    };
    agent.command_result("s", &result).await.unwrap();
    let step = UpdateTaskSpeedReq::new(SubtaskName::MigrateLinuxFile, 50, 1, 2, String::new());
    agent.report_progress("t", &step).await.unwrap();
    let network: NetworkCheckInfoRequestBody = serde_json::from_value(json!({
        "network_delay": 1.0, "network_jitter": 0.5, "migration_speed": 100.0, "loss_percentage": 0.0,
        "cpu_usage": 1.0, "mem_usage": 1.0, "evaluation_result": "6"
    }))
    .unwrap();
    agent.report_network("t", &network).await.unwrap();
    let checked: ConsistencyResult = serde_json::from_value(json!({
        "dir_check": "/", "num_total_files": 7, "num_different_files": 0, "num_target_miss_files": 0,
        "num_target_more_files": 0
    }))
    .unwrap();
    agent.report_consistency("t", [checked]).await.unwrap();

    let tasks = sms.tasks();
    let created = tasks.create(&request()).await.unwrap();
    assert_eq!(
        (created.id.as_str(), created.name.as_deref(), created.adopted),
        ("new", Some("web-1"), false)
    );
    let list = tasks.list().state(TaskState::SyncFRollbacking).name("n").id("i").source_server_id("s");
    list.enterprise_project_id("0").page(0).await.unwrap();
    assert_eq!(tasks.show("t").await.unwrap().state, Some(TaskState::Ready));
    tasks.update("t", &PutTaskReq { name: Some("web-2".into()), ..Default::default() }).await.unwrap();
    tasks.delete("t").await.unwrap();
    tasks.delete_many(["t"]).await.unwrap();
    tasks.clone_test("t").force().template("m").switch_hce(true).consistency_check(false).await.unwrap();
    let limits = tasks.speed_limits("t").await.unwrap().into_inner();
    let plan = SpeedPlan::from_answer(&limits).unwrap();
    assert_eq!(plan, SpeedPlan::all_day(SpeedLimit::mbit_per_second(5).unwrap()));
    tasks.limit_speed("t", &plan).await.unwrap();
    tasks.collect_log("t", "logs").await.unwrap();
    assert_eq!(tasks.passphrase("t").await.unwrap().value.unwrap().expose(), SECRET);
    let cert = tasks.cert_key("t", true).await.unwrap().into_inner();
    assert_eq!((cert.cert.as_deref(), cert.private_key.unwrap().expose()), (Some("PEM"), SECRET));
    let key = ConfigKey::LinuxCpuLimit;
    assert_eq!(tasks.settings("t", Some(&key)).await.unwrap().configurations.as_ref().unwrap().len(), 1);
    tasks.configure("t", [ConfigBody::new(key, "50".into())]).await.unwrap();
    let results = tasks.consistency("t").await.unwrap().into_inner().result_list.unwrap();
    assert_eq!((results.len(), &results[0]), (2, &results[1]), "an object, and the same as text");
    let export = tasks.export_consistency(["t"]).await.unwrap().into_inner();
    assert_eq!(export.bytes().await.unwrap(), b"dir,files\n/,7\n");

    let templates = sms.templates();
    assert_eq!(templates.create(&TemplateRequest::new("m".into())).await.unwrap().id, "new");
    templates.list().name("n").availability_zone("z").region("r").id("m").page(0).await.unwrap();
    let template = templates.show("m").await.unwrap();
    assert!(!format!("{template:?}").contains(SECRET));
    templates.update("m", &TemplateRequest::new("m".into())).await.unwrap();
    templates.delete("m").await.unwrap();
    templates.delete_many(["m"]).await.unwrap();
    assert_eq!(templates.target_password("m").await.unwrap().value.unwrap().expose(), SECRET);

    let projects = sms.projects();
    let project = PostMigProjectBody::new("g".into(), "cn-north-4".into(), MigrationType::MigrateFile);
    assert_eq!(projects.create(&project).await.unwrap().id, "new");
    projects.list().page(0).await.unwrap();
    assert_eq!(projects.show("g").await.unwrap().isdefault, Some(true));
    projects.update("g", &MigProject::default()).await.unwrap();
    projects.make_default("g").await.unwrap();
    projects.delete("g").await.unwrap();

    assert!(sms.config().await.unwrap().config.is_some());
    sms.agree_privacy().await.unwrap();
    assert!(*sms.privacy_agreed().await.unwrap());
    assert_eq!(sms.versions().await.unwrap()[0].id.as_deref(), Some("v3"));
    assert_eq!(sms.version("v3").await.unwrap().id.as_deref(), Some("v3"));

    let expected = [
        "GET /sources?connected=true&enterprise_project_id=0&id=i&ip=1.2.3.4&ipv6=%3A%3A1&\
         is_consistency_result_exist=false&limit=5&migproject=g&migration_cycle=checking&name=n&offset=10&\
         state=waiting&vm_id=v",
        "GET /sources/s",
        "PUT /sources/s",
        "PUT /sources/s",
        "DELETE /sources/s",
        "POST /sources/delete",
        "GET /sources/overview",
        "GET /errors?limit=100&offset=0",
        "POST /sources",
        "PUT /sources/s/changestate",
        "PUT /sources/s/diskinfo",
        "GET /sources/s/command",
        "POST /sources/s/command_result",
        "PUT /tasks/t/progress",
        "POST /t/update-network-check-info",
        "POST /tasks/t/consistency-result",
        "POST /tasks",
        "GET /tasks?enterprise_project_id=0&id=i&limit=200&name=n&offset=0&source_server_id=s&\
         state=SYNC_F_ROLLBACKING",
        "GET /tasks/t",
        "PUT /tasks/t",
        "DELETE /tasks/t",
        "POST /tasks/delete",
        "POST /tasks/t/action",
        "GET /tasks/t/speed-limit",
        "POST /tasks/t/speed-limit",
        "POST /tasks/t/log",
        "GET /tasks/t/passphrase",
        "GET /tasks/t/certkey?enable_ca_cert=true",
        "GET /tasks/t/configuration-setting?config_key=LINUX_CPU_LIMIT",
        "POST /tasks/t/configuration-setting",
        "GET /tasks/t/consistency-result",
        "POST /tasks/consistency-results/export",
        "POST /vm/templates",
        "GET /vm/templates?availability_zone=z&id=m&limit=100&name=n&offset=0&region=r",
        "GET /vm/templates/m",
        "PUT /vm/templates/m",
        "DELETE /vm/templates/m",
        "POST /vm/templates/delete",
        "GET /vm/templates/m/target-password",
        "POST /migprojects",
        "GET /migprojects?limit=100&offset=0",
        "GET /migprojects/g",
        "PUT /migprojects/g",
        "PUT /migprojects/g/default",
        "DELETE /migprojects/g",
        "GET /config",
        "POST /privacy-agreements",
        "GET /privacy-agreements",
        "GET /",
        "GET /v3",
    ];
    assert_eq!(server.lines(), expected);

    let journal = server.journal();
    let body = |line: &str| &journal.iter().find(|asked| asked.line() == line).unwrap().body;
    assert_eq!(
        *body("POST /tasks/t/action"),
        json!({"operation": "clone_test", "template_id": "m", "switch_hce": true, "is_need_consistency_check": false})
    );
    assert_eq!(body("PUT /sources/s/changestate")["copystate"], "init", "this call alone spells it so");
    assert_eq!(body("POST /tasks/delete"), &json!({"ids": ["t"]}));
    assert_eq!(body("POST /tasks")["exist_server"], true);
}

#[tokio::test]
async fn lists_are_read_to_the_end_and_give_each_id_once() {
    let server = Server::start(|asked| {
        let offset: u64 = if asked.query.contains("offset=200") { 199 } else { 0 };
        let items: Vec<Value> = (offset..250).take(200).map(|id| json!({"id": id.to_string()})).collect();
        ok(json!({"source_servers": items, "count": 250}))
    })
    .await;
    let all = server.sms().servers().list().all().await.unwrap();
    assert_eq!(all.len(), 250);
    assert_eq!(server.lines(), ["GET /sources?limit=200&offset=0", "GET /sources?limit=200&offset=200"]);
    let some = server.sms().servers().list().limit(3).all().await.unwrap();
    assert_eq!(some.len(), 3);
    assert_eq!(server.lines()[2], "GET /sources?limit=3&offset=0");
}

#[tokio::test]
async fn nothing_is_sent_for_what_cannot_be_right() {
    let server = Server::start(any).await;
    let sms = server.sms();
    let tasks = sms.tasks();
    let many = || (0..51).map(|id| id.to_string());
    let mut broken = request().into_inner();
    broken.name = "web 1".into();
    broken.exist_server = Some(true);
    broken.target_server.vm_id = None;
    broken.os_type = Some(OsType::Windows);
    broken.migration_ip = Some("::1".into());
    broken.speed_limit = Some(-1);
    broken.over_speed_threshold = Some(5.0);
    let error = tasks.create(&broken).await.unwrap_err();
    let fields = [
        "name contains ' '",
        "type is",
        "target_server.vm_id",
        "migration_ip",
        "speed_limit is -1",
        "over_speed",
    ];
    for field in fields {
        assert!(error.message().contains(field), "{field}: {error}");
    }
    let errors = [
        error,
        tasks.show("..").await.unwrap_err(),
        tasks.show("").await.unwrap_err(),
        tasks.start("a/b").await.unwrap_err(),
        tasks.delete_many(many()).await.unwrap_err(),
        tasks.delete_many(Vec::<String>::new()).await.unwrap_err(),
        tasks.export_consistency(Vec::<String>::new()).await.unwrap_err(),
        tasks.configure("t", []).await.unwrap_err(),
        tasks.collect_log("t", " ").await.unwrap_err(),
        tasks.list().page_size(201).page(0).await.unwrap_err(),
        tasks.list().page(65_536).await.unwrap_err(),
        sms.servers().delete_many(many()).await.unwrap_err(),
        sms.servers().rename("s", "").await.unwrap_err(),
        sms.templates().list().page_size(101).page(0).await.unwrap_err(),
        sms.templates().create(&TemplateRequest::new(String::new())).await.unwrap_err(),
        sms.version("3").await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        assert!(error.operation().is_some(), "{error}");
    }
    assert!(server.lines().is_empty());
}

#[tokio::test]
async fn target_repeats_the_disks_that_the_service_advises() {
    let server = Server::start(|_| {
        ok(json!({
            "id": "s", "os_type": "LINUX", "state": "waiting",
            "init_target_server": {
                "disks": [{"name": "/dev/sda", "size": 42_949_672_960_u64, "device_use": "BOOT", "physical_volumes": [
                    {"name": "/dev/sda1", "size": 42_948_624_384_u64, "device_use": "OS", "file_system": "ext4",
                     "mount_point": "/", "index": 1, "uuid": "u"}]}],
                "volume_groups": [{"name": "vg", "components": "/dev/sdb", "logical_volumes": [
                    {"name": "lv", "size": 1, "mount_point": "/srv"}]}]
            }
        }))
    })
    .await;
    let shown = server.sms().servers().show("s").await.unwrap().into_inner();
    let target = Target::from_template("m", "web-1", "cn-north-4", "p").project_name("web");
    let made = TaskRequest::for_server("web-1", MigrationType::MigrateFile, &shown, target).unwrap();
    let body = serde_json::to_value(made.clone().into_inner()).unwrap();
    assert_eq!((&body["exist_server"], &body["vm_template_id"]), (&json!(false), &json!("m")));
    assert_eq!((&body["os_type"], &body["project_name"]), (&json!("LINUX"), &json!("web")));
    let target = &body["target_server"];
    assert!(target.get("vm_id").is_none(), "a server that is not there has no id");
    assert_eq!(target["disks"][0]["physical_volumes"][0]["mount_point"], "/");
    assert_eq!(target["disks"][0]["size"], 42_949_672_960_u64);
    assert_eq!(target["volume_groups"][0]["logical_volumes"][0]["mount_point"], "/srv");

    let existing =
        Target::existing("vm", "web-1", "cn-north-4", "p").layout(&shown.init_target_server.unwrap());
    assert!(existing.clone().volumes(["one", "two"]).is_err());
    let made = TaskRequest::new("web-1", MigrationType::MigrateFile, "s", existing.volumes(["one"]).unwrap());
    assert_eq!(made.target_server.disks[0].disk_id.as_deref(), Some("one"));
}

#[tokio::test]
async fn refusals_are_told_by_their_code_whatever_the_status() {
    let rows = [
        ("SMS.2216", ErrorKind::NotFound),
        ("SMS.7703", ErrorKind::NotFound),
        ("SMS.2015", ErrorKind::Conflict),
        ("SMS.0202", ErrorKind::Auth),
        ("SMS.8115", ErrorKind::Quota),
        ("SMS.9999", ErrorKind::Api),
    ];
    for (code, kind) in rows {
        let server = Server::start(move |_| refused(code)).await;
        let error = server.sms().servers().overview().await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, Some(code)));
        assert_eq!(error.operation(), Some("ShowOverview"));
    }
}

#[tokio::test]
async fn raw_calls_find_the_operation_by_its_qualified_id_and_need_no_project() {
    let server = Server::start(any).await;
    let client = server.client();
    client.operation("sms.ShowTask").unwrap().parameter("task_id", "t").send().await.unwrap();
    let deleted = client.operation("sms.DeleteTask").unwrap().parameter("task_id", "t").send().await.unwrap();
    assert_eq!(deleted.body, Some(json!("delete task success")));
    assert_eq!(server.lines(), ["GET /tasks/t", "DELETE /tasks/t"]);
    let error =
        client.operation("sms.ShowTask").unwrap().parameter("project_id", "p").send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let error = client.operation("sms.showtask").unwrap_err();
    assert!(error.message().ends_with("did you mean sms.ShowTask?"), "{error}");
    let error = client.operation("ShowTas").unwrap_err();
    assert!(error.message().contains("ShowTask or") && error.message().contains("sms.ShowTask"), "{error}");
}
