"""A server with one tenant, its applications and one user: Ada."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.integration.door import Door

from doorward.web.login import visit

TENANT = """
tenant:
  default_directory: people
  friendly_name: Example
  allowed_logout_urls: ["https://www.test/bye"]
prompts: {identifier_first: false}
resourceServers:
  - name: Items
    identifier: https://api.test
    allow_offline_access: true
    skip_consent_for_verifiable_first_party_clients: true
    scopes: [{value: "read:items", description: "See items"}, {value: "write:items"}]
  - name: Careful
    identifier: https://careful.test
    scopes: [{value: "read:secrets", description: "See secrets"}]
clients:
  - name: Spa
    app_type: spa
    token_endpoint_auth_method: none
    grant_types: [authorization_code, refresh_token, implicit]
    callbacks: ["https://app.test/callback", "http://localhost:3000/callback"]
    web_origins: ["https://app.test"]
    allowed_logout_urls: ["https://app.test/bye"]
    refresh_token: {rotation_type: rotating, expiration_type: expiring}
  - name: Web
    app_type: regular_web
    grant_types: [authorization_code, refresh_token, implicit, password]
    callbacks: ["https://app.test/callback"]
    allowed_logout_urls: ["https://app.test/bye", "https://app.test/bye?a=1"]
  - name: Partner
    is_first_party: false
    third_party_security_mode: permissive
    app_type: regular_web
    grant_types: [authorization_code]
    callbacks: ["https://app.test/callback"]
databases:
  - name: people
    strategy: auth0
    enabled_clients: [Spa, Web]
    is_domain_connection: true
    options: {passwordPolicy: good, brute_force_protection: true}
users:
  - {email: ada@example.test, password: correct-horse-9, connection: people, email_verified: true, name: Ada Example}
"""


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A form waits for its twin however slow this machine is."""
    monkeypatch.setattr(visit, "LOOKS", 400)


@pytest.fixture
async def door(database: str) -> AsyncIterator[Door]:
    door = await Door(database).start()
    await door.tenant(TENANT)
    yield door
    await door.stop()
