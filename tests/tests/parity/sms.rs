//! SMS: the arguments of a call, handed to its typed function.

use hwmigrate::api::sms::{Client, types};
use hwmigrate::api::{Error, ErrorResp};

use crate::Arguments;

/// Makes one call. What the server makes of it does not matter here.
pub(crate) async fn call(sms: &Client, a: &Arguments) -> Result<(), Error<ErrorResp>> {
    let (limit, offset) = (a.parsed("limit"), a.parsed("offset"));
    let source = || a.text("source_id");
    let server = || a.text("server_id");
    let task = || a.text("task_id");
    let template = || a.text("id");
    let project = || a.text("mig_project_id");
    match a.operation() {
        "ListServers" => {
            let stage = a.word::<types::MigrationCycle>("migration_cycle");
            let state = a.word::<types::SourceState>("state");
            sms.list_servers(
                a.parsed("connected"),
                a.get("enterprise_project_id"),
                a.get("id"),
                a.get("ip"),
                a.get("ipv6"),
                a.parsed("is_consistency_result_exist"),
                limit,
                a.get("migproject"),
                stage.as_ref(),
                a.get("name"),
                offset,
                state.as_ref(),
                a.get("vm_id"),
            )
            .await
            .map(drop)
        }
        "RegisterServer" => sms.register_server(&a.body()).await.map(drop),
        "ShowServer" => sms.show_server(source()).await.map(drop),
        "UpdateServerName" => sms.update_server_name(source(), &a.body()).await.map(drop),
        "DeleteServer" => sms.delete_server(source()).await.map(drop),
        "DeleteServers" => sms.delete_servers(&a.body()).await.map(drop),
        "ShowOverview" => sms.show_overview().await.map(drop),
        "ListErrorServers" => {
            sms.list_error_servers(a.get("enterprise_project_id"), limit, a.needed("offset")).await.map(drop)
        }
        "UpdateCopyState" => sms.update_copy_state(source(), &a.body()).await.map(drop),
        "UpdateDiskInfo" => sms.update_disk_info(source(), &a.body()).await.map(drop),
        "ShowCommand" => sms.show_command(server()).await.map(drop),
        "UpdateCommandResult" => sms.update_command_result(server(), &a.body()).await.map(drop),
        "ListTasks" => {
            let state = a.word::<types::TaskState>("state");
            let (enterprise, id, name) = (a.get("enterprise_project_id"), a.get("id"), a.get("name"));
            let source = a.get("source_server_id");
            sms.list_tasks(enterprise, id, limit, name, offset, source, state.as_ref()).await.map(drop)
        }
        "CreateTask" => sms.create_task(&a.body()).await.map(drop),
        "ShowTask" => sms.show_task(task()).await.map(drop),
        "UpdateTask" => sms.update_task(task(), &a.body()).await.map(drop),
        "DeleteTask" => sms.delete_task(task()).await.map(drop),
        "DeleteTasks" => sms.delete_tasks(&a.body()).await.map(drop),
        "UpdateTaskStatus" => sms.update_task_status(task(), &a.body()).await.map(drop),
        "UpdateTaskSpeed" => sms.update_task_speed(task(), &a.body()).await.map(drop),
        "ShowsSpeedLimits" => sms.shows_speed_limits(task()).await.map(drop),
        "UpdateSpeed" => sms.update_speed(task(), &a.body()).await.map(drop),
        "CollectLog" => sms.collect_log(task(), &a.body()).await.map(drop),
        "ShowPassphrase" => sms.show_passphrase(task()).await.map(drop),
        "ShowCertKey" => sms.show_cert_key(task(), a.parsed("enable_ca_cert")).await.map(drop),
        "ShowConfigSetting" => {
            let key = a.word::<types::ConfigKey>("config_key");
            sms.show_config_setting(task(), key.as_ref()).await.map(drop)
        }
        "UploadSpecialConfigurationSetting" => {
            sms.upload_special_configuration_setting(task(), &a.body()).await.map(drop)
        }
        "UpdateNetworkCheckInfo" => sms.update_network_check_info(task(), &a.body()).await.map(drop),
        "ShowConsistencyResult" => sms.show_consistency_result(task()).await.map(drop),
        "UpdateConsistencyResult" => sms.update_consistency_result(task(), &a.body()).await.map(drop),
        "ExportConsistencyResults" => {
            sms.export_consistency_results(a.get("X-Language"), &a.body()).await.map(drop)
        }
        "ListTemplates" => {
            let (zone, id, name) = (a.get("availability_zone"), a.get("id"), a.get("name"));
            sms.list_templates(zone, id, limit, name, offset, a.get("region")).await.map(drop)
        }
        "CreateTemplate" => sms.create_template(&a.body()).await.map(drop),
        "ShowTemplate" => sms.show_template(template()).await.map(drop),
        "UpdateTemplate" => sms.update_template(template(), &a.body()).await.map(drop),
        "DeleteTemplate" => sms.delete_template(template()).await.map(drop),
        "DeleteTemplates" => sms.delete_templates(&a.body()).await.map(drop),
        "ShowTargetPassword" => sms.show_target_password(template()).await.map(drop),
        "CreateMigproject" => sms.create_migproject(&a.body()).await.map(drop),
        "ListMigprojects" => sms.list_migprojects(limit, offset).await.map(drop),
        "ShowMigproject" => sms.show_migproject(project()).await.map(drop),
        "UpdateMigproject" => sms.update_migproject(project(), &a.body()).await.map(drop),
        "UpdateDefaultMigproject" => sms.update_default_migproject(project()).await.map(drop),
        "DeleteMigproject" => sms.delete_migproject(project()).await.map(drop),
        "ShowConfig" => sms.show_config().await.map(drop),
        "CreatePrivacyAgreements" => sms.create_privacy_agreements().await.map(drop),
        "ShowPrivacyAgreements" => sms.show_privacy_agreements().await.map(drop),
        "ListApiVersion" => sms.list_api_version().await.map(drop),
        "ShowApiVersion" => sms.show_api_version(a.text("version")).await.map(drop),
        other => panic!("this test does not know the operation {other} of SMS"),
    }
}
