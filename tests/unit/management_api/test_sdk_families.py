"""No family of the Management API that Auth0's tools use is left out of the tests of the SDKs."""

from __future__ import annotations

from pathlib import Path

from tests.sdk_families import SCENARIOS

from doorward.management.ledger import entries

TESTS = Path(__file__).parents[2]
FAMILIES = {
    "actions", "attack-protection", "branding", "client-grants", "clients", "connection-profiles", "connections",
    "connections-directory-provisionings", "custom-domains", "device-credentials", "email-templates", "emails",
    "event-streams", "flows", "forms", "grants", "guardian", "hooks", "jobs", "keys", "log-streams", "logs",
    "network-acls", "organizations", "prompts", "rate-limit-policies", "refresh-tokens", "resource-servers",
    "risk-assessments", "roles", "rules", "rules-configs", "self-service-profiles", "sessions", "stats",
    "supplemental-signals", "tenants", "tickets", "token-exchange-profiles", "user-attribute-profiles", "user-blocks",
    "users", "users-by-email",
}  # fmt: skip
UNUSED = {
    "anomaly", "blacklists", "connections-scim-configurations", "events", "experimentation", "groups",
    "verifiable-credentials",
}  # fmt: skip
# Tried with each SDK apart, as they change what the tests themselves stand on.
APART = {"keys": "keys.signing.rotate(", "tenants": "tenants.settings.update("}
PYTHON = TESTS / "integration" / "sdk_python" / "test_auth0_management.py"
NODE = TESTS / "sdk" / "test_node_management.py"


def test_every_family_is_tried() -> None:
    assert {entry.path.split("/")[1] for entry in entries()} == FAMILIES | UNUSED
    tried = {family for scenario in SCENARIOS for family in scenario.families}
    assert tried == FAMILIES - APART.keys()
    for call in APART.values():
        assert f"api.{call}" in PYTHON.read_text()
        assert f'management("{call[:-1]}"' in NODE.read_text()


def test_every_scenario_has_a_name_of_its_own() -> None:
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)
