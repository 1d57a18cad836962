"""Users with what belongs to them: sessions, tokens, second factors, memberships, jobs, tickets and logs."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterator
from typing import Any

import httpx2
from tests.scripted_login import ScriptedLogin, authorize_url
from tests.sdk_families.scenario import Sdk, assert_shows, scenario
from tests.sdk_tenant import AUDIENCE, CONNECTION, NEVER_CALLED, SECOND_AUDIENCE, WEB

PHRASE = "Tabulating-Machine-90"


@contextlib.contextmanager
def user(sdk: Sdk, **more: Any) -> Iterator[dict[str, Any]]:
    """A person, gone after the block."""
    address = f"{uuid.uuid4().hex}@sdk.test"
    asked = {"connection": CONNECTION, "email": address, "password": PHRASE, "name": "Herman", **more}
    made = sdk("users.create", asked)
    assert_shows(made, {"email": address, "name": "Herman", **more})
    yield made
    sdk("users.delete", made["user_id"])
    assert sdk.refusal("users.get", made["user_id"]) == 404


def signed_in(sdk: Sdk, person: dict[str, Any]) -> None:
    """Begin a session, and a refresh token in it."""
    client = sdk.door.clients[WEB]
    asked = authorize_url(sdk.door, WEB, scope="openid offline_access read:items", audience=AUDIENCE)
    with ScriptedLogin(sdk.door, person["email"], PHRASE) as browser:
        code = browser.answer(asked)["code"]
    form = {
        "grant_type": "authorization_code",
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "code": code,
        "redirect_uri": NEVER_CALLED,
    }
    with httpx2.Client(verify=sdk.door.tls, trust_env=False) as http:
        assert "refresh_token" in http.post(sdk.door.url("oauth/token"), data=form).json()


@scenario("users", "users-by-email")
def users(sdk: Sdk) -> None:
    with user(sdk, user_metadata={"theme": "dark", "size": {"w": 1}}) as person, user(sdk) as other:
        id_, address = person["user_id"], person["email"]
        change = {"family_name": "Hollerith", "user_metadata": {"theme": None, "size": {"h": 2}}}
        changed = sdk("users.update", id_, change)
        assert (changed["family_name"], changed["user_metadata"]) == ("Hollerith", {"size": {"h": 2}})
        assert sdk("users.get", id_, {"fields": "family_name", "include_fields": True}) == {"family_name": "Hollerith"}
        assert [one["user_id"] for one in sdk("users.list", {"q": f'email:"{address}"'})] == [id_]
        assert {id_, other["user_id"]} <= {one["user_id"] for one in sdk("users.list", {"per_page": 2})}
        assert [one["user_id"] for one in sdk("users.list_users_by_email", {"email": address.upper()})] == [id_]
        taken = {"connection": CONNECTION, "email": address, "password": PHRASE}
        assert sdk.refusal("users.create", taken) == 409


@scenario("users", "roles")
def access(sdk: Sdk) -> None:
    with user(sdk) as person:
        id_, role = person["user_id"], sdk("roles.create", {"name": "Reader of items"})["id"]
        permission = {"resource_server_identifier": AUDIENCE, "permission_name": "read:items"}
        sdk("roles.permissions.add", role, {"permissions": [permission]})
        sdk("users.roles.assign", id_, {"roles": [role]})
        assert [one["id"] for one in sdk("users.roles.list", id_)] == [role]
        assert [one["user_id"] for one in sdk("roles.users.list", role)] == [id_]
        sdk("users.permissions.create", id_, {"permissions": [permission]})
        (held,) = sdk("users.permissions.list", id_)
        assert_shows(held, permission)
        assert [source["source_type"] for source in held["sources"]] == ["DIRECT", "ROLE"]
        sdk("users.permissions.delete", id_, {"permissions": [permission]})
        sdk("users.roles.delete", id_, {"roles": [role]})
        assert sdk("users.permissions.list", id_) == sdk("users.roles.list", id_) == []
        sdk("roles.users.assign", role, {"users": [id_]})
        assert [one["id"] for one in sdk("users.roles.list", id_)] == [role]
        assert_shows(sdk("roles.permissions.list", role), [permission])
        sdk("roles.permissions.delete", role, {"permissions": [permission]})
        assert sdk("roles.permissions.list", role) == []
        sdk("roles.delete", role)
        assert sdk("users.roles.list", id_) == []


@scenario("grants", "users")
def grants(sdk: Sdk) -> None:
    with user(sdk) as person:
        asked = authorize_url(sdk.door, WEB, audience=SECOND_AUDIENCE, scope="openid read:items")
        query = {"user_id": person["user_id"], "audience": SECOND_AUDIENCE}
        for delete, argument in (("delete", None), ("delete_by_user_id", {"user_id": person["user_id"]})):
            with ScriptedLogin(sdk.door, person["email"], PHRASE) as browser:
                assert "code" in browser.answer(asked)
            (grant,) = sdk("user_grants.list", query)
            assert grant["clientID"] == sdk.door.clients[WEB].client_id
            assert (grant["audience"], grant["scope"]) == (SECOND_AUDIENCE, ["openid", "read:items"])
            sdk(f"user_grants.{delete}", argument or grant["id"])
            assert sdk("user_grants.list", query) == []


@scenario("users")
def identities(sdk: Sdk) -> None:
    with user(sdk, user_metadata={"a": 1}) as first:
        second = sdk("users.create", {"connection": CONNECTION, "email": f"2{first['email']}", "password": PHRASE})
        local = second["user_id"].removeprefix("auth0|")
        linked = sdk("users.identities.link", first["user_id"], {"provider": "auth0", "user_id": local})
        assert [one["user_id"] for one in linked] == [first["user_id"].removeprefix("auth0|"), local]
        assert linked[1]["profileData"]["email"] == second["email"]
        assert sdk.refusal("users.get", second["user_id"]) == 404
        left = sdk("users.identities.delete", first["user_id"], "auth0", local)
        assert [one["user_id"] for one in left] == [first["user_id"].removeprefix("auth0|")]
        assert sdk("users.get", second["user_id"])["email"] == second["email"]
        sdk("users.delete", second["user_id"])


@scenario("users", "guardian")
def authentication_methods(sdk: Sdk) -> None:
    with user(sdk) as person:
        id_, methods = person["user_id"], "users.authentication_methods"
        made = sdk(f"{methods}.create", id_, {"type": "phone", "name": "Mine", "phone_number": "+44207183875044"})
        assert (made["type"], made["name"]) == ("phone", "Mine")
        assert sdk(f"{methods}.update", id_, made["id"], {"name": "Yours"})["name"] == "Yours"
        assert sdk(f"{methods}.get", id_, made["id"])["name"] == "Yours"
        assert [one["id"] for one in sdk(f"{methods}.list", id_)] == [made["id"]]
        (enrollment,) = sdk("users.enrollments.get", id_)
        assert (enrollment["type"], enrollment["status"]) == ("sms", "confirmed")
        assert sdk("guardian.enrollments.get", enrollment["id"])["id"] == enrollment["id"]
        sdk("guardian.enrollments.delete", enrollment["id"])
        assert sdk.refusal("guardian.enrollments.get", enrollment["id"]) == 404
        ticket = sdk("guardian.enrollments.create_ticket", {"user_id": id_, "factor": "otp"})
        assert ticket["ticket_url"] == sdk.door.url(f"u/mfa-enrollment?ticket={ticket['ticket_id']}#")
        chosen = [
            {"type": "email", "name": "Post", "email": person["email"]},
            {"type": "totp", "totp_secret": "A" * 32},
        ]
        assert [one["type"] for one in sdk(f"{methods}.set", id_, chosen)] == ["email", "totp"]
        assert len(sdk("users.regenerate_recovery_code", id_)["recovery_code"]) == 24
        first = sdk(f"{methods}.list", id_)[0]
        sdk(f"{methods}.delete", id_, first["id"])
        assert sdk.refusal(f"{methods}.get", id_, first["id"]) == 404
        sdk(f"{methods}.delete_all", id_)
        assert sdk(f"{methods}.list", id_) == []
        sdk(f"{methods}.create", id_, {"type": "totp"})
        sdk("users.authenticators.delete_all", id_)
        assert sdk(f"{methods}.list", id_) == []


@scenario("sessions", "users")
def sessions(sdk: Sdk) -> None:
    with user(sdk) as person:
        for _ in range(3):
            signed_in(sdk, person)
        first, second, third = sdk("users.sessions.list", person["user_id"])
        shown = sdk("sessions.get", first["id"])
        assert (shown["user_id"], shown["clients"]) == (
            person["user_id"],
            [{"client_id": sdk.door.clients[WEB].client_id}],
        )
        noted = {"session_metadata": {"desk": "7"}}
        assert_shows(sdk("sessions.update", first["id"], noted), noted)
        assert_shows(sdk("sessions.get", first["id"]), noted)
        sdk("sessions.delete", first["id"])
        sdk("sessions.revoke", second["id"])
        assert [one["id"] for one in sdk("users.sessions.list", person["user_id"])] == [third["id"]]
        assert sdk.refusal("sessions.get", second["id"]) == 404
        sdk("users.sessions.delete", person["user_id"])
        assert sdk("users.sessions.list", person["user_id"]) == []


@scenario("refresh-tokens", "users", "device-credentials")
def refresh_tokens(sdk: Sdk) -> None:
    with user(sdk) as person:
        id_, client = person["user_id"], sdk.door.clients[WEB].client_id
        for _ in range(4):
            signed_in(sdk, person)
        first, *others = sdk("users.refresh_token.list", id_)
        assert len(others) == 3
        shown = sdk("refresh_tokens.get", first["id"])
        assert (shown["user_id"], shown["client_id"], shown["rotating"]) == (id_, client, False)
        assert shown["resource_servers"] == [{"audience": AUDIENCE, "scopes": "openid offline_access read:items"}]
        noted = {"refresh_token_metadata": {"desk": "7"}}
        assert_shows(sdk("refresh_tokens.update", first["id"], noted), noted)
        assert_shows(sdk("refresh_tokens.get", first["id"]), noted)
        held = sdk("device_credentials.list", {"user_id": id_, "type": "refresh_token"})
        assert len(held) == 4
        sdk("device_credentials.delete", held[0]["id"])
        left = [one["id"] for one in sdk("refresh_tokens.list", {"user_id": id_, "client_id": client})]
        assert len(left) == 3
        sdk("refresh_tokens.delete", left[0])
        sdk("refresh_tokens.revoke", {"ids": [left[1]]})
        assert [one["id"] for one in sdk("users.refresh_token.list", id_)] == left[2:]
        assert sdk.refusal("refresh_tokens.get", left[0]) == 404
        sdk("users.refresh_token.delete", id_)
        assert sdk("users.refresh_token.list", id_) == []
        signed_in(sdk, person)
        sdk("users.revoke_access", id_)
        assert sdk("users.sessions.list", id_) == sdk("users.refresh_token.list", id_) == []


@scenario("logs", "users")
def what_happened(sdk: Sdk) -> None:
    with user(sdk) as person:
        signed_in(sdk, person)
        query = f'user_id:"{person["user_id"]}"'
        found = sdk("logs.list", {"search": query, "sort": "date:1"})
        assert {"s", "seacft"} <= {event["type"] for event in found}
        (login,) = [event for event in found if event["type"] == "s"]
        assert sdk("logs.get", login["log_id"])["user_name"] == person["email"]
        assert login["log_id"] in [event["log_id"] for event in sdk("users.logs.list", person["user_id"])]


@scenario("user-blocks", "attack-protection")
def blocks(sdk: Sdk) -> None:
    protection = "attack_protection.brute_force_protection.update"
    client = sdk.door.clients[WEB]
    with user(sdk) as person:
        form = {
            "grant_type": "http://auth0.com/oauth/grant-type/password-realm",
            "realm": CONNECTION,
            "client_id": client.client_id,
            "client_secret": client.client_secret,
            "username": person["email"],
            "password": "wrong",
        }
        sdk(protection, {"max_attempts": 1})
        by_address = {"identifier": person["email"]}
        for path, argument in (("{}", person["user_id"]), ("{}_by_identifier", by_address)):
            with httpx2.Client(verify=sdk.door.tls, trust_env=False) as http:
                assert http.post(sdk.door.url("oauth/token"), data=form).status_code == 403
                assert http.post(sdk.door.url("oauth/token"), data=form).status_code == 429
            for listing in (
                sdk("user_blocks.list", person["user_id"]),
                sdk("user_blocks.list_by_identifier", by_address),
            ):
                (block,) = listing["blocked_for"]
                assert (block["identifier"], block["connection"]) == (person["email"], CONNECTION)
            sdk(f"user_blocks.{path.format('delete')}", argument)
            assert sdk("user_blocks.list", person["user_id"])["blocked_for"] == []
        sdk(protection, {"max_attempts": 10})


@scenario("stats", "users")
def how_many(sdk: Sdk) -> None:
    with user(sdk) as person:
        active, days = sdk("stats.get_active_users_count"), sdk("stats.get_daily")
        signed_in(sdk, person)
        assert sdk("stats.get_active_users_count") == active + 1
        counted = sdk("stats.get_daily", {"from": days[0]["date"][:10].replace("-", "")})
        assert sum(day["logins"] for day in counted) == sum(day["logins"] for day in days) + 1
        assert [day["leaked_passwords"] for day in counted] == [0] * len(counted)


@scenario("organizations", "users")
def members(sdk: Sdk) -> None:
    with user(sdk) as person, user(sdk) as other:
        id_ = sdk("organizations.create", {"name": "members"})["id"]
        role = sdk("roles.create", {"name": "Member of the board"})["id"]
        who = person["user_id"]
        sdk("organizations.members.create", id_, {"members": [who, other["user_id"]]})
        sdk("organizations.members.delete", id_, {"members": [other["user_id"]]})
        assert_shows(sdk("organizations.members.list", id_), [{"user_id": who, "email": person["email"]}])
        assert [one["id"] for one in sdk("users.organizations.list", who)] == [id_]
        sdk("organizations.members.roles.assign", id_, who, {"roles": [role]})
        assert [one["id"] for one in sdk("organizations.members.roles.list", id_, who)] == [role]
        assert sdk("users.roles.list", who) == []
        sdk("organizations.members.roles.delete", id_, who, {"roles": [role]})
        assert sdk("organizations.members.roles.list", id_, who) == []
        sdk("organizations.delete", id_)
        sdk("roles.delete", role)


@scenario("organizations")
def invitations(sdk: Sdk) -> None:
    id_ = sdk("organizations.create", {"name": "invitations"})["id"]
    asked = {"name": "Inviting", "app_type": "regular_web", "initiate_login_uri": "https://sdk.test/login"}
    client = sdk("clients.create", asked)["client_id"]
    body = {"inviter": {"name": "Ada"}, "invitee": {"email": "new@sdk.test"}, "client_id": client}
    made = sdk("organizations.invitations.create", id_, {**body, "send_invitation_email": False, "ttl_sec": 60})
    assert_shows(made, {**body, "organization_id": id_})
    assert made["invitation_url"].startswith("https://sdk.test/login?invitation=")
    assert_shows(sdk("organizations.invitations.get", id_, made["id"]), body)
    assert [one["id"] for one in sdk("organizations.invitations.list", id_)] == [made["id"]]
    sdk("organizations.invitations.delete", id_, made["id"])
    assert sdk("organizations.invitations.list", id_) == []
    sdk("organizations.delete", id_)
    sdk("clients.delete", client)


@scenario("jobs", "connections")
def imports_and_exports(sdk: Sdk) -> None:
    connection = sdk("connections.create", {"name": "imported-people", "strategy": "auth0"})["id"]
    client = sdk.door.clients[WEB].client_id
    sdk("connections.clients.update", connection, [{"client_id": client, "status": True}])
    rows = [{"email": "one@imported.test", "user_metadata": {"n": 1}}, {"email": "two@imported.test"}]
    form = {"connection_id": connection, "external_id": "first", "send_completion_email": False}

    def imported(users: list[dict[str, Any]]) -> dict[str, Any]:
        file = sdk.folder / "users.json"
        file.write_text(json.dumps(users))
        started = sdk("jobs.users_imports.create", {**form, "users": file})
        assert_shows(started, {"type": "users_import", "connection_id": connection, "external_id": "first"})
        job: dict[str, Any] = sdk("jobs.get", started["id"])
        assert job["status"] == "completed"
        return job

    job = imported(rows)
    assert job["summary"] == {"failed": 0, "updated": 0, "inserted": 2, "total": 2}
    assert not sdk("jobs.errors.get", job["id"])
    job = imported([rows[0], {"email": "three@imported.test"}])
    assert job["summary"] == {"failed": 1, "updated": 0, "inserted": 1, "total": 2}
    (failed,) = sdk("jobs.errors.get", job["id"])
    assert (failed["user"]["email"], failed["errors"][0]["code"]) == ("one@imported.test", "DUPLICATED_USER")
    fields = [{"name": "email"}, {"name": "user_metadata.n", "export_as": "n"}]
    export = sdk("jobs.users_exports.create", {"connection_id": connection, "format": "csv", "fields": fields})
    assert_shows(export, {"type": "users_export", "format": "csv", "connection_id": connection})
    done = sdk("jobs.get", export["id"])
    assert done["status"] == "completed"
    assert done["location"].startswith(sdk.door.issuer)
    sdk("connections.users.delete_by_email", connection, {"email": "one@imported.test"})
    assert sdk("users.list_users_by_email", {"email": "one@imported.test"}) == []
    sdk("connections.delete", connection)


@scenario("jobs", "tickets")
def jobs_and_tickets_of_a_user(sdk: Sdk) -> None:
    with user(sdk) as person:
        who = {"user_id": person["user_id"]}
        job = sdk("jobs.verification_email.create", who)
        assert job["type"] == "verification_email"
        assert sdk("jobs.get", job["id"])["id"] == job["id"]
        verify = sdk("tickets.verify_email", {**who, "result_url": "https://sdk.test/done", "ttl_sec": 60})
        assert verify["ticket"].startswith(sdk.door.url("u/email-verification?ticket="))
        change = sdk("tickets.change_password", {**who, "mark_email_as_verified": True})
        assert change["ticket"].startswith(sdk.door.url("u/reset-password?ticket="))


SCENARIOS = [
    users,
    access,
    grants,
    identities,
    authentication_methods,
    sessions,
    refresh_tokens,
    what_happened,
    blocks,
    how_many,
    members,
    invitations,
    imports_and_exports,
    jobs_and_tickets_of_a_user,
]
