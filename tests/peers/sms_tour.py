"""All of SMS by the vendor's own client: every operation, on servers that the emulator plays."""

from huaweicloudsdksms.v3 import model
from huaweicloudsdksms.v3.region.sms_region import SmsRegion
from huaweicloudsdksms.v3.sms_client import SmsClient

from peer import PROJECT, REGION, SECRET_KEY, Recorder, build, refused, until

PASSWORD = "made-up-password-of-a-target"
STEPS_OF_THE_FIRST_RUN = ["SSL_CONFIG", "ATTACH_AGENT_IMAGE", "FORMAT_DISK_LINUX_FILE", "MIGRATE_LINUX_FILE"]


def service(sms):
    versions = sms.list_api_version(model.ListApiVersionRequest()).versions
    assert "v3" in [version.id for version in versions], versions
    assert sms.show_api_version(model.ShowApiVersionRequest(version="v3")).status == "SUPPORTED"
    assert sms.show_privacy_agreements(model.ShowPrivacyAgreementsRequest()).flag is False
    sms.create_privacy_agreements(model.CreatePrivacyAgreementsRequest())
    assert sms.show_privacy_agreements(model.ShowPrivacyAgreementsRequest()).flag is True
    settings = sms.show_config(model.ShowConfigRequest())
    assert settings.config["mainRegion"] == REGION and settings.regions, settings


def projects(sms):
    def listed():
        return {project.id: project for project in sms.list_migprojects(model.ListMigprojectsRequest(limit=100)).migprojects}

    before = [project.id for project in listed().values() if project.isdefault]
    made = sms.create_migproject(model.CreateMigprojectRequest(body=model.PostMigProjectBody(
        name="tour", region=REGION, type="MIGRATE_FILE", speed_limit=100, syncing=True))).id
    sms.update_migproject(model.UpdateMigprojectRequest(
        mig_project_id=made, body=model.MigProject(name="tour-2", description="changed")))
    shown = sms.show_migproject(model.ShowMigprojectRequest(mig_project_id=made))
    assert (shown.name, shown.description, shown.speed_limit) == ("tour-2", "changed", 100), shown

    def make_default(project):
        sms.update_default_migproject(model.UpdateDefaultMigprojectRequest(mig_project_id=project))

    def delete():
        sms.delete_migproject(model.DeleteMigprojectRequest(mig_project_id=made))

    make_default(made)
    assert listed()[made].isdefault, listed()
    refused(delete, 400, "SMS.")
    make_default(before[0])
    delete()
    assert made not in listed()


def templates(sms):
    def create(name):
        return sms.create_template(model.CreateTemplateRequest(body=model.CreateTemplateReq(template=spec(name)))).id

    def spec(name):
        return model.TemplateRequest(
            name=name, is_template=True, region=REGION, projectid=PROJECT, target_server_name="target",
            availability_zone="cn-north-4a", volumetype="SAS", data_volume_type="SAS", flavor="s6.large.2",
            vpc=model.VpcObject(id="autoCreate", name="vpc"),
            nics=[model.Nics(id="autoCreate", name="subnet", cidr="192.168.0.0/24")],
            security_groups=[model.SgObject(id="autoCreate", name="group")],
            publicip=model.PublicIp(type="5_bgp", bandwidth_size=5),
            disk=[model.TemplateDisk(index=0, name="system", disktype="SAS", size=40, device_use="OS")],
            target_password=PASSWORD)

    first, second, third = (create(f"template-{number}") for number in range(3))
    shown = sms.show_template(model.ShowTemplateRequest(id=first)).template
    assert (shown.name, shown.disk[0].size, shown.publicip.bandwidth_size) == ("template-0", 40, 5), shown
    sms.update_template(model.UpdateTemplateRequest(id=first, body=model.UpdateTemplateReq(template=spec("renamed"))))
    listed = sms.list_templates(model.ListTemplatesRequest(name="renamed", region=REGION))
    assert [template.id for template in listed.templates] == [first], listed
    kept = sms.show_target_password(model.ShowTargetPasswordRequest(id=first))
    assert kept.target_password == PASSWORD, "the password is not the one that was sent"
    sms.delete_template(model.DeleteTemplateRequest(id=second))
    sms.delete_templates(model.DeleteTemplatesRequest(body=model.DeletetemplatesReq(ids=[third])))
    refused(lambda: sms.show_template(model.ShowTemplateRequest(id=third)), 404, "SMS.")
    assert sms.list_templates(model.ListTemplatesRequest()).count == 1


def registration(name, mac):
    return model.PostSourceServerBody(
        name=name, ip="192.168.7.7", hostname=name, os_type="LINUX", os_version="CENTOS_7_6_64BIT", firmware="BIOS",
        boot_loader="GRUB", has_rsync=True, has_tc=True, paravirtualization=False, agent_version="25.2.0",
        cpu_quantity=2, memory=4018196480, platform="other", volume_groups=[], btrfs_list=[],
        networks=[model.NetWork(name="eth0", ip="192.168.7.7", mac=mac)],
        disks=[disk("/dev/vda")])


def disk(name):
    return model.ServerDisk(
        name=name, partition_style="MBR", device_use="BOOT", size=42949672960, used_size=500000, os_disk=True,
        physical_volumes=[model.PhysicalVolume(
            name=f"{name}1", device_use="OS", file_system="ext4", index=0, mount_point="/", size=42949672960,
            used_size=500000)])


def servers(sms):
    def register(name, mac):
        return sms.register_server(model.RegisterServerRequest(body=registration(name, mac))).id

    def show(source):
        return sms.show_server(model.ShowServerRequest(source_id=source))

    own = register("own-1", "fa:16:3e:aa:00:01")
    assert register("own-1", "fa:16:3e:aa:00:01") == own, "the same server is registered once"
    others = [register(f"own-{number}", f"fa:16:3e:aa:00:0{number}") for number in (2, 3)]
    assert (show(own).state, show(own).memory, show(own).disks[0].name) == ("waiting", 4018196480, "/dev/vda")
    sms.update_server_name(model.UpdateServerNameRequest(
        source_id=own, body=model.PutSourceServerBody(name="renamed-1")))
    found = sms.list_servers(model.ListServersRequest(name="renamed-1", state="waiting", limit=0, offset=0))
    assert [server.id for server in found.source_servers] == [own], found
    sms.update_disk_info(model.UpdateDiskInfoRequest(
        source_id=own, body=model.PutDiskInfoReq(disks=[disk("/dev/vdb")], volumegroups=[], btrfs_list=[])))
    assert show(own).disks[0].name == "/dev/vdb", show(own)
    sms.update_copy_state(model.UpdateCopyStateRequest(
        source_id=own, body=model.PutCopyStateReq(copystate="waiting", migrationcycle="setting")))
    assert sms.show_overview(model.ShowOverviewRequest()).unconfigured == 5
    sms.delete_server(model.DeleteServerRequest(source_id=others[0]))
    sms.delete_servers(model.DeleteServersRequest(body=model.DeleteIds(ids=[others[1]])))
    refused(lambda: show(others[0]), 404, "SMS.")
    return own


def new_task(source, **more):
    return model.CreateTaskRequest(body=model.PostTask(
        name="tour_task", type="MIGRATE_FILE", os_type="LINUX",
        source_server=model.SourceServerByTask(id=source),
        target_server=model.TargetServerByTask(name="target", vm_id=f"vm-of-{source}"),
        region_name="region", region_id=REGION, project_name="project", project_id=PROJECT, exist_server=True, **more))


class Task:
    """A task and the calls about it."""

    def __init__(self, sms, source, **more):
        self.sms = sms
        self.id = sms.create_task(new_task(source, **more)).id

    def show(self):
        return self.sms.show_task(model.ShowTaskRequest(task_id=self.id))

    def act(self, operation):
        body = model.UpdateTaskStatusReq(operation=operation)
        self.sms.update_task_status(model.UpdateTaskStatusRequest(task_id=self.id, body=body))

    def reaches(self, state):
        return until(f"state {state} of a task", self.show, lambda seen: seen.state == state)

    def delete(self):
        self.sms.delete_task(model.DeleteTaskRequest(task_id=self.id))


def migration(sms):
    source = sms.list_servers(model.ListServersRequest(name="web-1")).source_servers[0].id
    task = Task(sms, source, syncing=True, speed_limit=0)
    assert (task.show().state, task.show().sub_tasks) == ("READY", []), task.show()
    refused(lambda: Task(sms, source), 400, "SMS.")
    sms.update_task(model.UpdateTaskRequest(task_id=task.id, body=model.PutTaskReq(name="renamed_task")))
    sms.update_speed(model.UpdateSpeedRequest(task_id=task.id, body=model.SpeedLimit(speed_limit=[
        model.SpeedLimitlJson(start="00:00", end="23:59", speed=900, over_speed_threshold=50)])))
    limits = sms.shows_speed_limits(model.ShowsSpeedLimitsRequest(task_id=task.id)).speed_limit
    assert [limit.speed for limit in limits] == [900], limits
    sms.upload_special_configuration_setting(model.UploadSpecialConfigurationSettingRequest(
        task_id=task.id, body=model.ConfigurationRequestBody(configurations=[
            model.ConfigBody(config_key="MIGRATE_EXCLUDE_DIR", config_value="/tmp")])))
    options = sms.show_config_setting(model.ShowConfigSettingRequest(task_id=task.id, config_key="MIGRATE_EXCLUDE_DIR"))
    assert (options.migrate_type, options.configurations[0].config_value) == ("LINUX_MIGRATE_FILE", "/tmp"), options
    assert sms.show_passphrase(model.ShowPassphraseRequest(task_id=task.id)).passphrase
    keys = sms.show_cert_key(model.ShowCertKeyRequest(task_id=task.id, enable_ca_cert=True))
    assert "PRIVATE KEY" in keys.private_key and keys.ca, "a key is missing"

    task.act("start")
    synchronising = task.reaches("SYNCING")
    assert [step.name for step in synchronising.sub_tasks] == STEPS_OF_THE_FIRST_RUN, synchronising
    assert {step.user_op for step in synchronising.sub_tasks} == {"REPLICATE"}, synchronising
    refused(task.delete, 400, "SMS.2015")
    listed = sms.list_tasks(model.ListTasksRequest(state="SYNCING", source_server_id=source))
    assert [(seen.id, seen.name) for seen in listed.tasks] == [(task.id, "renamed_task")], listed
    task.act("cutover")
    launched = task.reaches("MIGRATE_SUCCESS")
    assert [step.user_op for step in launched.sub_tasks[4:]] == ["CUTOVER0", "CUTOVER0"], launched
    task.act("restart")
    task.reaches("SYNCING")
    task.act("stop")
    task.reaches("ABORT")

    sms.collect_log(model.CollectLogRequest(task_id=task.id, body=model.UploadLogRequestBody(log_bucket="logs")))
    until("the log", lambda: sms.show_server(model.ShowServerRequest(source_id=source)).current_task,
          lambda seen: seen.log_collect_status == "UPLOADED")
    checked = model.ConsistencyResult(
        dir_check="/data", num_total_files=3, num_different_files=0, num_target_miss_files=0, num_target_more_files=0)
    sms.update_consistency_result(model.UpdateConsistencyResultRequest(
        task_id=task.id, body=model.SetConsistencyResultRequestBody(consistency_result=[checked])))
    results = sms.show_consistency_result(model.ShowConsistencyResultRequest(task_id=task.id)).result_list
    assert len(results) == 1 and "/data" in str(results[0]), results
    file = []
    sms.export_consistency_results(model.ExportConsistencyResultsRequest(
        x_language="en-us", body=model.BatchGetConsistencyResultReq(
            task_info=[model.BatchConsistencyReq(task_id=task.id, source_id=source)]),
    )).consume_download_stream(lambda answer: file.append(answer.content))
    assert b"/data" in file[0], file
    task.delete()
    until("the end of a deleted task", lambda: sms.list_tasks(model.ListTasksRequest(id=task.id)).count,
          lambda count: count == 0)
    refused(task.show, 404, "SMS.7703")


def agent(sms, source):
    """The tour acts as the agent of a server that it registered itself."""

    def command():
        return sms.show_command(model.ShowCommandRequest(server_id=source)).command_name

    def tell(name, result):
        sms.update_command_result(model.UpdateCommandResultRequest(
            server_id=source, body=model.CommandBody(command_name=name, result=result, result_detail={"by": "tour"})))

    def report(step, percent):
        sms.update_task_speed(model.UpdateTaskSpeedRequest(task_id=task.id, body=model.UpdateTaskSpeedReq(
            subtask_name=step, progress=percent, replicatesize=percent * 5000, totalsize=500000, process_trace="",
            migrate_speed=80.0)))

    task = Task(sms, source)
    assert command() == "TASK_NOT_STARTED"
    sms.update_network_check_info(model.UpdateNetworkCheckInfoRequest(
        task_id=task.id, body=model.NetworkCheckInfoRequestBody(
            network_delay=1.5, network_jitter=0.5, migration_speed=80.0, loss_percentage=0.0, cpu_usage=10.0,
            mem_usage=20.0, evaluation_result="good!")))
    assert task.show().network_check_info.migration_speed == 80.0
    task.act("start")
    assert command() == "START"
    refused(lambda: tell("STOP", "success"), 400, "SMS.2009")
    report("SSL_CONFIG", 100)
    report("MIGRATE_LINUX_FILE", 40)
    assert task.show().subtask_info == "MIGRATE_LINUX_FILE-40", task.show()
    tell("START", "fail")
    failed = task.reaches("MIGRATE_FAIL")
    assert "SMS.0007" in failed.error_json, failed
    errors = sms.list_error_servers(model.ListErrorServersRequest(offset=0, limit=10))
    assert [error.source_id for error in errors.migration_errors] == [source], errors
    sms.delete_tasks(model.DeleteTasksRequest(body=model.DeleteTasksReq(ids=[task.id])))


def tour():
    sms = Recorder(build(SmsClient, SmsRegion))
    service(sms)
    projects(sms)
    templates(sms)
    own = servers(sms)
    migration(sms)
    agent(sms, own)
    stranger = build(SmsClient, SmsRegion, secret_key=SECRET_KEY.upper())
    refused(lambda: stranger.list_tasks(model.ListTasksRequest()), 401, "APIGW.")
    return sms
