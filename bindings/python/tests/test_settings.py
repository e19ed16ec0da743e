"""Settings that decide how a client logs in, and for whom it speaks."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Iterator

import hwmigrate
import pytest
from hwmigrate import Client, Credentials

KEYS = {
    "credential": {
        "access": "CANARYMETA",
        "secret": "canary-meta-secret",
        "securitytoken": "canary-session",
        "expires_at": "2099-01-08T03:50:07.574000Z",
    }
}


class Cloud(BaseHTTPRequestHandler):
    """The metadata service of a cloud server, and the service beside it."""

    def answer(self) -> None:
        self.server.asked.append((f"{self.command} {self.path}", dict(self.headers)))  # type: ignore[attr-defined]
        body: Any = {"waiting": 1}
        if self.path == "/openstack/latest/securitykey":
            body = KEYS
        elif self.path.startswith("/v3/projects"):
            body = {"projects": [{"id": "p-1", "name": "cn-north-4"}]}
        sent = b"canary-meta" if self.path.endswith("/api/token") else json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    do_GET = do_PUT = do_POST = answer

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def cloud() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Cloud)
    server.asked = []  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def client_of(cloud: ThreadingHTTPServer, **settings: Any) -> Client:
    url = f"http://127.0.0.1:{cloud.server_port}"
    endpoints = {"iam": url, "oms": url, "sms": url}
    fixed = {"region": "cn-north-4", "project_id": "p-1", "domain_id": "d-1", "endpoints": endpoints}
    return Client(**{"environment": {}, **fixed, **settings})  # type: ignore[arg-type]


def headers(cloud: ThreadingHTTPServer) -> dict[str, str]:
    """Those of the last request."""
    _, found = cloud.asked[-1]  # type: ignore[attr-defined]
    return {name.lower(): value for name, value in found.items()}


def test_a_cloud_server_gets_its_keys_from_its_metadata(cloud: ThreadingHTTPServer) -> None:
    endpoint = f"http://127.0.0.1:{cloud.server_port}"
    client = client_of(cloud, credentials=Credentials.metadata(endpoint))
    assert client.login().kind == "metadata" == Credentials.metadata().kind
    client.sms.servers.overview()
    asked = [what for what, _ in cloud.asked]  # type: ignore[attr-defined]
    assert asked[:2] == ["PUT /meta-data/latest/api/token", "GET /openstack/latest/securitykey"]
    assert headers(cloud)["x-security-token"] == "canary-session"
    assert "Access=CANARYMETA" in headers(cloud)["authorization"]
    assert "canary" not in repr(client).lower()


def test_metadata_can_be_a_setting(cloud: ThreadingHTTPServer) -> None:
    variables = {"HWMIGRATE_METADATA_ENDPOINT": f"http://127.0.0.1:{cloud.server_port}"}
    assert client_of(cloud, environment=variables, metadata=True).login().kind == "metadata"
    with pytest.raises(hwmigrate.ConfigError):
        client_of(cloud, environment={**variables, "HWMIGRATE_METADATA": "true"}, metadata=False).login()


def test_metadata_is_asked_on_this_machine_only(cloud: ThreadingHTTPServer) -> None:
    with pytest.raises(hwmigrate.ConfigError, match="loopback or link-local"):
        client_of(cloud, credentials=Credentials.metadata("http://203.0.113.1")).login()


def test_calls_to_sms_are_for_a_project_or_the_account(cloud: ThreadingHTTPServer) -> None:
    keys = Credentials.access_key("CANARY", "canary")
    client_of(cloud, credentials=keys, sms_scope="project").sms.servers.overview()
    assert headers(cloud)["x-project-id"] == "p-1" and "x-domain-id" not in headers(cloud)
    client_of(cloud, credentials=keys, sms_scope="domain").sms.servers.overview()
    assert headers(cloud)["x-domain-id"] == "d-1" and "x-project-id" not in headers(cloud)
    with pytest.raises(hwmigrate.ConfigError, match='sms_scope is "planet"; use "project" or "domain"'):
        client_of(cloud, credentials=keys, sms_scope="planet")
