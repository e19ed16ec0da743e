"""What the tours of all services share: the emulator, the watching of calls, waiting, refusals."""

import json
import os
import subprocess
import time

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions.exceptions import ServiceResponseException
from huaweicloudsdkcore.http.http_config import HttpConfig

REGION = "cn-north-4"
PROJECT = "0215ef11e49d4743be23dd97a1561e91"
ACCESS_KEY = "MADEUPACCESSKEY00001"
SECRET_KEY = "made-up-secret-key-of-the-tour-0000000001"
PATIENCE = 120.0


class Recorder:
    """Passes every call on and remembers its name."""

    def __init__(self, client):
        self.client = client
        self.called = set()

    def __getattr__(self, name):
        method = getattr(self.client, name)

        def call(*arguments):
            answer = method(*arguments)
            self.called.add(name)
            return answer

        return call

    def never_called(self):
        """The operations that the vendor's client has and nobody asked for."""
        names = {name.removesuffix("_invoker") for name in dir(type(self.client)) if name.endswith("_invoker")}
        return names - self.called


def until(what, look, wanted):
    """Looks again until `wanted` accepts the answer; says what it saw last when it gives up."""
    end = time.monotonic() + PATIENCE
    while True:
        seen = look()
        if wanted(seen):
            return seen
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen in {PATIENCE:.0f} s, last seen: {seen}")
        time.sleep(0.02)


def refused(call, status, code):
    """The call must be refused with this HTTP status and error code, and carry a request id."""
    try:
        answer = call()
    except ServiceResponseException as error:
        assert error.status_code == status, (error.status_code, error.error_code, error.error_msg)
        assert error.error_code.startswith(code), (error.error_code, error.error_msg)
        assert error.error_msg, "the refusal has no message"
        assert error.request_id, "the refusal has no request id"
        return error
    raise AssertionError(f"accepted what had to be refused: {answer}")


def start_emulator(binary, root):
    command = [binary, "emulator", "--quiet", "--listen", "127.0.0.1:0", "--state", str(root / "state")]
    for bucket in ("source", "destination"):
        (root / bucket).mkdir()
        command += ["--bucket", f"{bucket}={root / bucket}"]
    command += ["--project-id", PROJECT, "--region", REGION]
    command += ["--source-server", "web-1,used=1000000", "--source-server", "desk-1,windows,used=1000000"]
    command += ["--sms-step", "20ms", "--sms-rate", "10000"]
    command += ["--user", "tour-domain/tour-user=env:TOUR_PASSWORD", "--access-key", f"{ACCESS_KEY}=env:TOUR_SECRET_KEY"]
    environment = dict(os.environ, TOUR_PASSWORD="made-up-password", TOUR_SECRET_KEY=SECRET_KEY)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True)
    line = process.stdout.readline()
    if not line:
        raise AssertionError(f"the emulator ended with {process.wait()} before it was ready")
    return process, json.loads(line)["url"]


def build(kind, region, secret_key=SECRET_KEY, project=PROJECT):
    return (
        kind.new_builder()
        .with_http_config(HttpConfig.get_default_config())
        .with_credentials(BasicCredentials(ACCESS_KEY, secret_key, project))
        .with_region(region.value_of(REGION))
        .build()
    )
