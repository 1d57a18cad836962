"""The certificate of ``doorward dev`` follows the domains it serves, seen by a real TLS client."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import pytest
from tests.dev_server import DevServer, dev_server
from tests.sdk_tenant import sdk_tenant

pytestmark = pytest.mark.xdist_group("dev-certificate")
FROM_FILE, NEW = "login.file.test", "login.new.test"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    tenant = sdk_tenant() | {"customDomains": [{"domain": FROM_FILE, "type": "self_managed_certs"}]}
    with dev_server(tenant, tmp_path_factory.mktemp("dev-certificate")) as running:
        yield running


def request(server: DevServer, host: str, method: str, path: str, body: Any = None, token: str = "") -> tuple[int, Any]:
    """One request to ``host`` over a connection of its own; the certificate has to be good for that name."""
    port = int(server.domain.rpartition(":")[2])
    context = ssl.create_default_context(cafile=server.ca)
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_STRICT
    connection = http.client.HTTPSConnection(host, port, context=context, timeout=10)
    plain = socket.create_connection(("127.0.0.1", port), timeout=10)
    try:
        connection.sock = context.wrap_socket(plain, server_hostname=host)
        headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
        plain.close()
    return response.status, json.loads(content) if content.startswith((b"{", b"[")) else content.decode()


def management_token(server: DevServer) -> str:
    body = {
        "grant_type": "client_credentials",
        "client_id": server.management.client_id,
        "client_secret": server.management.client_secret,
        "audience": server.management_audience,
    }
    return str(request(server, "localhost", "POST", "/oauth/token", body)[1]["access_token"])


def issuer_at(server: DevServer, host: str) -> str:
    status, metadata = request(server, host, "GET", "/.well-known/openid-configuration")
    assert status == 200, metadata
    return str(metadata["issuer"])


def test_a_domain_of_the_file_is_served_from_the_start(server: DevServer) -> None:
    port = server.domain.rpartition(":")[2]
    assert issuer_at(server, FROM_FILE) == f"https://{FROM_FILE}:{port}/"


def test_a_domain_that_becomes_ready_is_served_over_tls_at_once(server: DevServer) -> None:
    token = management_token(server)
    with pytest.raises(ssl.SSLCertVerificationError):
        issuer_at(server, NEW)
    status, made = request(
        server, "localhost", "POST", "/api/v2/custom-domains", {"domain": NEW, "type": "self_managed_certs"}, token
    )
    assert status == 201, made
    with pytest.raises(ssl.SSLCertVerificationError):
        issuer_at(server, NEW)
    path = f"/api/v2/custom-domains/{made['custom_domain_id']}"
    assert request(server, "localhost", "POST", f"{path}/verify", {}, token)[1]["status"] == "ready"
    port = server.domain.rpartition(":")[2]
    assert issuer_at(server, NEW) == f"https://{NEW}:{port}/"
    assert issuer_at(server, FROM_FILE) == f"https://{FROM_FILE}:{port}/"
    assert request(server, "localhost", "DELETE", path, token=token)[0] == 204
    assert request(server, NEW, "GET", "/.well-known/openid-configuration")[0] == 404
