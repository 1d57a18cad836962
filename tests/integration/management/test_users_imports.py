"""``/jobs/users-imports``: rows of a file become users, what cannot be one is told row by row."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from doorward.management.new_tenant import DEFAULT_CONNECTION
from doorward.management.users_import import running
from doorward.ports import StorageUnavailable

from .conftest import START, A, Api, B, House

pytestmark = pytest.mark.anyio
BCRYPT = "$2b$10$C9hB01.YxRSTcn/ZOOo4j.TW7xCKKFKBSF.C7E0xiUwumqIDqWUXG"


async def connection_id(api: Api, name: str = DEFAULT_CONNECTION) -> str:
    found = (await api.get("/connections", name=name))[0]
    if not found["enabled_clients"]:
        client = (await api.post("/clients", {"name": "Web"}))["client_id"]
        await api.call("PATCH", f"/connections/{found['id']}/clients", [{"client_id": client, "status": True}])
    id_: str = found["id"]
    return id_


async def send(api: Api, users: Any, **fields: str) -> httpx2.Response:
    """The form as curl sends it; ``users`` is encoded unless it is bytes already."""
    content = users if isinstance(users, bytes) else json.dumps(users).encode()
    if "connection_id" not in fields:
        fields["connection_id"] = await connection_id(api)
    fields.setdefault("send_completion_email", "false")
    return await api.http.post(
        "/api/v2/jobs/users-imports",
        data={name: value for name, value in fields.items() if value != "-"},
        files={"users": ("users.json", content, "application/json")},
        headers={"authorization": f"Bearer {api.token}"},
    )


async def imported(api: Api, users: Any, **fields: str) -> dict[str, Any]:
    """The job when it is over: an import of a few rows is, before it is answered."""
    answer = await send(api, users, **fields)
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = await api.get(f"/jobs/{answer.json()['id']}")
    assert job["status"] == "completed", job
    return job


async def errors_of(api: Api, job: dict[str, Any]) -> Any:
    answer = await api.call("GET", f"/jobs/{job['id']}/errors")
    return answer.json() if answer.status_code == 200 else answer.status_code


def counts(inserted: int = 0, updated: int = 0, failed: int = 0) -> dict[str, int]:
    return {"failed": failed, "updated": updated, "inserted": inserted, "total": failed + updated + inserted}


async def test_rows_become_users(api: Api) -> None:
    given = [
        {"email": "Ada@Example.test", "user_id": "7", "email_verified": True, "app_metadata": {"plan": "gold"}},
        {"email": "bob@example.test", "username": "bob", "given_name": "Bob", "name": "Bob B", "nickname": "b",
         "picture": "https://example.test/b.png", "blocked": True, "user_metadata": {"a": {"b": [1, None]}, "c": None},
         "phone_number": "+4912345", "phone_verified": True, "password_hash": BCRYPT},
    ]  # fmt: skip
    answer = await send(api, given, external_id="first")
    assert answer.status_code == 202
    job = answer.json()
    assert job.pop("id").startswith("job_")
    assert job == {
        "type": "users_import",
        "status": "pending",
        "connection_id": await connection_id(api),
        "connection": DEFAULT_CONNECTION,
        "external_id": "first",
        "created_at": "2023-11-14T22:13:20.000Z",
    }
    done = await api.get(f"/jobs/{answer.json()['id']}")
    assert (done["status"], done["summary"], done["external_id"]) == ("completed", counts(inserted=2), "first")
    assert await errors_of(api, done) == 204
    ada = await api.get("/users/auth0|7")
    assert (
        ada
        | {
            "email": "ada@example.test",
            "email_verified": True,
            "name": "ada@example.test",
            "nickname": "ada",
            "app_metadata": {"plan": "gold"},
            "identities": [{"connection": DEFAULT_CONNECTION, "user_id": "7", "provider": "auth0", "isSocial": False}],
            "created_at": "2023-11-14T22:13:20.000Z",
        }
        == ada
    )
    (bob,) = await api.get("/users-by-email", email="bob@example.test")
    assert bob | {**given[1], "user_metadata": {"a": {"b": [1, None]}}} == {**bob, "password_hash": BCRYPT}
    assert bob["email_verified"] is False
    people = await api.get("/users")
    assert [person["email"] for person in people] == ["ada@example.test", "bob@example.test"]


async def test_who_is_there_already_is_left_alone(api: Api) -> None:
    await api.post("/users", {"connection": DEFAULT_CONNECTION, "email": "ada@example.test", "password": "Secret-99x"})
    job = await imported(api, [{"email": "ada@example.test", "name": "Countess"}, {"email": "new@example.test"}])
    assert job["summary"] == counts(inserted=1, failed=1)
    assert await errors_of(api, job) == [
        {
            "user": {"email": "ada@example.test", "name": "Countess"},
            "errors": [{"code": "DUPLICATED_USER", "message": "The user already exist and upsert parameter is false"}],
        }
    ]
    assert (await api.get("/users-by-email", email="ada@example.test"))[0]["name"] == "ada@example.test"


@pytest.mark.parametrize("upsert", ["true", "false"])
async def test_nobody_is_given_twice(api: Api, upsert: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BATCH", 2)
    users = [
        {"email": "ada@example.test", "user_id": "1", "username": "ada"},
        {"email": "ADA@example.test"},
        {"email": "b@example.test", "user_id": "1"},
        {"email": "c@example.test", "username": "Ada"},
        {"email": "ada@example.test"},
        {"email": "d@example.test"},
    ]  # fmt: skip
    job = await imported(api, users, upsert=upsert)
    assert job["summary"] == counts(inserted=2, failed=4)
    told = [one["errors"][0] for one in await errors_of(api, job)]
    assert {one["code"] for one in told} == {"DUPLICATED_USER"}
    assert [one["message"].split("[")[0] for one in told] == [
        "A user with this email was already provided.",
        "A user with this user_id was already provided.",
        "A user with this username was already provided.",
        "A user with this email was already provided.",
    ]


async def test_with_upsert_a_known_address_is_updated(api: Api) -> None:
    given = {"connection": DEFAULT_CONNECTION, "email": "ada@example.test", "username": "ada", "password": "Secret-99x"}
    made = await api.post("/users", {**given, "user_metadata": {"old": 1}, "app_metadata": {"kept": 1}})
    await api.post("/users", {**given, "email": "eve@example.test", "username": "eve"})
    job = await imported(
        api,
        [
            {"email": "ADA@example.test", "name": "Ada", "email_verified": True, "user_metadata": {"new": 2},
             "blocked": True, "username": "other"},
            {"email": "new@example.test", "username": "EVE"},
            {"email": "eve@example.test", "username": "ada"},
            {"email": "fresh@example.test"},
        ],
        upsert="true",
    )  # fmt: skip
    assert job["summary"] == counts(inserted=1, updated=1, failed=2)
    ada = await api.get(f"/users/{made['user_id']}")
    assert (ada["name"], ada["email_verified"], ada["user_metadata"]) == ("Ada", True, {"new": 2})
    assert (ada["app_metadata"], ada["blocked"], ada["username"]) == ({"kept": 1}, False, "ada")
    assert [one["errors"][0]["code"] for one in await errors_of(api, job)] == ["CONFLICT_USERNAME"] * 2


@pytest.mark.parametrize(
    ("row", "code", "path"),
    [
        ({"name": "x"}, "OBJECT_REQUIRED", None),
        ({"email": "nobody"}, "INVALID_FORMAT", "email"),
        ({"email": 5}, "INVALID_TYPE", "email"),
        ({"email": "a@b.test", "birthday": "1"}, "OBJECT_ADDITIONAL_PROPERTIES", None),
        ({"email": "a@b.test", "blocked": "no"}, "INVALID_TYPE", "blocked"),
        ({"email": "a@b.test", "name": "x" * 301}, "MAX_LENGTH", "name"),
        ({"email": "a@b.test", "user_id": "x@clients"}, "PATTERN", "user_id"),
        ({"email": "a@b.test", "app_metadata": {"email": 1}}, "NOT_PASSED", "app_metadata"),
        ({"email": "a@b.test", "name": "x\0y"}, "NOT_PASSED", None),
        ({"email": "a@b.test", "user_metadata": {"n": 2**60}}, "NOT_PASSED", None),
        ({"email": "a@b.test", "mfa_factors": [{}]}, "MFA_FACTORS_FAILED", "mfa_factors[0]"),
        ({"email": "a@b.test", "mfa_factors": [{"totp": {"secret": "0"}}]}, "PATTERN", "mfa_factors[0].totp.secret"),
        (
            {"email": "a@b.test", "mfa_factors": [{"totp": {"secret": "JBSWY3DP"}}] * 2},
            "MFA_FACTORS_FAILED",
            "mfa_factors[1]",
        ),
        ({"email": "a@b.test", "mfa_factors": []}, "ARRAY_LENGTH_SHORT", "mfa_factors"),
        (5, "INVALID_TYPE", None),
        (None, "INVALID_TYPE", None),
    ],
)
async def test_a_row_that_is_no_user_is_told(api: Api, row: Any, code: str, path: str | None) -> None:
    job = await imported(api, [row, {"email": "good@example.test"}])
    assert job["summary"] == counts(inserted=1, failed=1)
    (told,) = await errors_of(api, job)
    assert (told["errors"][0]["code"], told["errors"][0].get("path")) == (code, path), told
    assert isinstance(told["user"], dict)


async def test_a_number_without_bounds_is_no_value(api: Api) -> None:
    job = await imported(api, b'[{"email": "a@b.test", "user_metadata": {"n": 1e999}}]')
    assert job["summary"] == counts(failed=1)


async def test_a_hash_or_key_that_is_refused_is_not_repeated(api: Api) -> None:
    hashed, key = "$2y$10$notquiteabcrypthash", "jbswy3dpehpk3pxp"
    rows = [
        {"email": "a@b.test", "password_hash": hashed},
        {"email": "a@b.test", "mfa_factors": [{"totp": {"secret": key}}]},
    ]
    told = await errors_of(api, await imported(api, rows))
    assert [one["errors"][0]["code"] for one in told] == ["PATTERN"] * 2
    assert hashed not in str(told)
    assert key not in str(told)


async def test_second_factors_come_along(api: Api, house: House) -> None:
    factors = [
        {"totp": {"secret": "JBSWY3DPEHPK3PXP"}}, {"phone": {"value": "+15551112233"}},
        {"email": {"value": "ada@elsewhere.test"}},
    ]  # fmt: skip
    row = {"email": "ada@example.test", "user_id": "1", "mfa_factors": factors}
    assert (await imported(api, [row, {"email": "b@example.test"}]))["summary"] == counts(inserted=2)
    kept = await house.ports.authentication_methods.of_user(A, "auth0|1")
    assert [(method.type, method.properties) for method in kept] == [
        ("totp", {}),
        ("phone", {"phone_number": "+15551112233", "preferred_authentication_method": "sms"}),
        ("email", {"email": "ada@elsewhere.test"}),
    ]
    secrets = [await house.ports.authentication_methods.secrets(A, method.id) for method in kept]
    assert secrets == [{"totp_secret": "JBSWY3DPEHPK3PXP"}, {}, {}]
    shown = await api.get("/users/auth0|1/authentication-methods")
    assert [method["type"] for method in shown] == ["totp", "phone", "email"]
    changed = {**row, "mfa_factors": [{"phone": {"value": "+15550000000"}}]}
    assert (await imported(api, [changed], upsert="true"))["summary"] == counts(updated=1)
    assert await house.ports.authentication_methods.of_user(A, "auth0|1") == kept


async def test_what_is_told_of_a_row_holds_no_secret(api: Api, house: House) -> None:
    secret = "cafebabe" * 8
    row = {
        "email": "broken", "password": f"p-{secret}", "password_hash": f"$2b${secret}",
        "custom_password_hash": {
            "algorithm": "hmac", "hash": {"value": secret, "encoding": "hex", "key": {"value": secret}},
            "salt": {"value": secret, "position": "suffix"},
        },
        "mfa_factors": [{"totp": {"secret": secret}}],
    }  # fmt: skip
    job = await imported(api, [row])
    (told,) = await errors_of(api, job)
    assert secret not in json.dumps(told)
    assert told["user"]["custom_password_hash"] == {
        "algorithm": "hmac",
        "hash": {"value": "*****", "encoding": "hex", "key": {"value": "*****"}},
        "salt": {"value": "*****", "position": "suffix"},
    }
    for event in await house.log():
        assert secret not in str(event)


@pytest.mark.parametrize(
    "content",
    [b"{}", b"[", b'[{"email": "a@example.test"}', b'[{"email": "a@example.test"},]', b'[{"email": "a@b.test"}] x',
     b'[{"email": "\xff"}]', b"null", b'[{"email": NaN}]', b'[{"email": "a@example.test"} {"email": "b@example.test"}]',
     b"[" * 100_000],
)  # fmt: skip
async def test_a_file_that_is_no_array_imports_nobody(api: Api, content: bytes) -> None:
    answer = await send(api, content)
    assert answer.status_code == 202
    job = await api.get(f"/jobs/{answer.json()['id']}")
    assert (job["status"], job["summary"]) == ("failed", counts())
    assert job["status_details"].startswith("Failed to parse users file")
    assert await api.get("/users") == []


async def test_an_empty_array_and_a_byte_order_mark_are_fine(api: Api) -> None:
    assert (await imported(api, b" [ ] "))["summary"] == counts()
    marked = b'\xef\xbb\xbf[ {"email": "a@example.test"} ,\n{"email": "b@example.test"}\t]\n'
    assert (await imported(api, marked))["summary"] == counts(inserted=2)


async def test_what_is_wrong_with_the_form_is_said(api: Api) -> None:
    async def refusal(users: Any = ({"email": "a@example.test"},), **fields: str) -> tuple[int, str, str | None]:
        body = (await send(api, users, **fields)).json()
        return body["statusCode"], body["message"], body.get("errorCode")

    social = (await api.post("/connections", {"name": "g", "strategy": "google-oauth2"}))["id"]
    idle = (await api.post("/connections", {"name": "idle", "strategy": "auth0"}))["id"]
    invalid = "Payload validation error: 'String does not match pattern ^con_[A-Za-z0-9]{16}$: x' on property"
    assert await refusal(connection_id="x") == (400, f"{invalid} connection_id.", "invalid_body")
    assert await refusal(connection_id="con_" + "x" * 16) == (
        400, "The connection does not exist.", "inexistent_connection",
    )  # fmt: skip
    assert await refusal(connection_id=social) == (
        400, "Connection must be a database connection", "operation_not_supported",
    )  # fmt: skip
    assert await refusal(connection_id=idle) == (400, "Connection must be enabled", "operation_not_supported")
    assert await refusal(connection_id="-") == (
        400, "Must provide 'connection_id' as multipart part.", "invalid_body",
    )  # fmt: skip
    assert await refusal(b"") == (400, "Users file must not be empty.", "invalid_body")
    assert (await refusal(upsert="perhaps"))[0] == 400
    head = {"authorization": f"Bearer {api.token}"}
    path = "/api/v2/jobs/users-imports"
    without = await api.http.post(path, files={"upsert": (None, "true")}, headers=head)
    assert without.json()["message"] == "Must provide 'users' file as multipart part."
    form = {**head, "content-type": "multipart/form-data; boundary=b"}
    good = b'--b\r\ncontent-disposition: form-data; name="users"\r\n\r\n[]\r\n'
    for kind, content in (
        ("application/json", b"{}"),
        ("multipart/form-data", good + b"--b--\r\n"),
        (form["content-type"], good),
        (form["content-type"], good + good + b"--b--\r\n"),
        (form["content-type"], b"nonsense"),
        (form["content-type"], b""),
    ):
        answer = await api.http.post(path, content=content, headers={**head, "content-type": kind})
        assert answer.status_code == 400, (kind, content)
        assert answer.json()["message"] == "Payload validation error: 'Invalid multipart payload format'."


async def test_an_upload_is_bounded(api: Api) -> None:
    answer = await send(api, b"[" + b" " * 512_000 + b"]")
    assert answer.status_code == 413
    assert answer.json()["message"] == "Payload content length greater than maximum allowed: 512000"
    assert (await imported(api, b"[" + b" " * 500_000 + b"]"))["summary"] == counts()


async def test_it_takes_the_scope_and_stays_in_its_tenant(api: Api, house: House) -> None:
    narrow = await house.api(scopes=["read:users"])
    refused = await send(Api(api.http, narrow.token), [], connection_id="x")
    assert (refused.status_code, refused.json()["errorCode"]) == (403, "insufficient_scope")
    assert (await send(Api(api.http, ""), [], connection_id="x")).status_code == 401
    job = await imported(api, [{"email": "broken"}])
    other = await house.api(B)
    for path in (f"/jobs/{job['id']}", f"/jobs/{job['id']}/errors", "/jobs/job_0000000000000001"):
        assert await other.refused("GET", path) == (404, "inexistent_job")


async def test_progress_shows_and_a_third_import_has_to_wait(
    api: Api, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BATCH", 10)
    house.server.background.patience = 0
    first, second = [
        (await send(api, [{"email": f"{name}{n}@example.test"} for n in range(100)])).json() for name in "ab"
    ]
    third = await send(api, [])
    assert third.status_code == 429
    assert third.json() == {
        "statusCode": 429,
        "error": "Too Many Requests",
        "message": "There are 2 active import users jobs, please wait until some of them are finished and try again",
    }
    other = await house.api(B)
    assert (await send(other, [])).status_code == 202
    seen = []
    while (job := await api.get(f"/jobs/{second['id']}"))["status"] == "pending":
        seen.append((job.get("percentage_done"), job.get("summary", {}).get("inserted")))
        house.clock.time += 0.001
    assert job["summary"] == counts(inserted=100)
    assert seen == sorted(seen, key=lambda one: one[0] or 0)
    assert any(done == inserted and done for done, inserted in seen)
    assert (await api.get(f"/jobs/{first['id']}"))["status"] == "completed"
    assert (await send(api, [])).status_code == 202


async def test_a_job_without_a_sign_of_life_is_failed_and_makes_room(
    api: Api, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BATCH", 2)
    house.server.background.patience = 0
    jobs = house.ports.jobs
    write = jobs.import_users

    async def stalls(*args: Any) -> Any:
        done = await write(*args)
        house.clock.time += 61
        await house.ports.jobs.find(A, args[1].id, at=house.clock.now())
        return done

    monkeypatch.setattr(jobs, "import_users", stalls)
    job = (await send(api, [{"email": f"{n}@example.test"} for n in range(10)])).json()
    await house.server.background.stop()
    job = await api.get(f"/jobs/{job['id']}")
    assert (job["status"], job["summary"]) == ("failed", counts(inserted=2))
    assert "ended before the job did" in job["status_details"]
    assert len(await api.get("/users")) == 2  # what was reported, and no more


@pytest.mark.parametrize("written", [True, False])
async def test_a_database_that_was_away_for_a_moment_costs_nothing(
    api: Api, house: House, monkeypatch: pytest.MonkeyPatch, written: bool
) -> None:
    monkeypatch.setattr(running, "BATCH", 2)
    monkeypatch.setattr(running, "RECOVERY_SECONDS", 0)
    write = house.ports.jobs.import_users
    calls = 0

    async def breaks(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        done = await write(*args) if calls != 2 or written else None
        if calls == 2:
            raise StorageUnavailable("the connection was lost")
        return done

    monkeypatch.setattr(house.ports.jobs, "import_users", breaks)
    job = await imported(api, [{"email": f"{n}@example.test"} for n in range(6)])
    assert job["summary"] == counts(inserted=6)
    assert await errors_of(api, job) == 204


async def test_rows_that_take_too_long_together_are_written_apart(
    api: Api, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "RECOVERY_SECONDS", 0)
    write = house.ports.jobs.import_users
    sizes = []

    async def slow(tenant: str, job: Any, connection: Any, identifiers: Any, decide: Any) -> Any:
        sizes.append(len(identifiers["email"]))
        if sizes[-1] > 3:
            raise StorageUnavailable("canceling statement due to statement timeout")
        return await write(tenant, job, connection, identifiers, decide)

    monkeypatch.setattr(house.ports.jobs, "import_users", slow)
    users = [{"email": f"{n}@example.test"} for n in range(9)]
    assert (await imported(api, [*users, users[0]]))["summary"] == counts(inserted=9, failed=1)
    assert sizes == [10, 5, 2, 3, 5, 2, 3]


async def test_a_database_that_stays_away_fails_the_job(
    api: Api, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "RECOVERY_SECONDS", 0)

    async def breaks(*args: Any) -> Any:
        raise StorageUnavailable("the connection was lost")

    monkeypatch.setattr(house.ports.jobs, "import_users", breaks)
    job = await api.get(f"/jobs/{(await send(api, [{'email': 'a@example.test'}])).json()['id']}")
    assert (job["status"], job["status_details"]) == ("failed", "The database was not available")


async def test_an_import_ends_with_its_connection(api: Api, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "BATCH", 2)
    where = (await api.post("/connections", {"name": "short-lived", "strategy": "auth0"}))["id"]
    client = (await api.post("/clients", {"name": "Web"}))["client_id"]
    await api.call("PATCH", f"/connections/{where}/clients", [{"client_id": client, "status": True}])
    write = house.ports.jobs.import_users
    calls = 0

    async def meanwhile(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            await api.call("DELETE", f"/connections/{where}")
            await api.post("/connections", {"name": "short-lived", "strategy": "auth0"})
        return await write(*args)

    monkeypatch.setattr(house.ports.jobs, "import_users", meanwhile)
    answer = await send(api, [{"email": f"{n}@example.test"} for n in range(6)], connection_id=where)
    job = await api.get(f"/jobs/{answer.json()['id']}")
    assert (job["status"], job["status_details"]) == ("failed", "The connection does not exist.")
    assert await api.get("/users") == []


async def test_a_job_is_gone_after_a_day(api: Api, house: House) -> None:
    job = await imported(api, [{"email": "broken"}])
    house.clock.time += 24 * 3600 + 1
    fresh = await house.api()
    assert await fresh.refused("GET", f"/jobs/{job['id']}") == (404, "inexistent_job")
    assert await house.server.storage.sweep(house.clock.now()) > 0


async def test_that_nobody_was_told_by_mail_is_in_the_log(api: Api, house: House) -> None:
    await imported(api, [], send_completion_email="true")
    await imported(api, [], send_completion_email="false")
    (event,) = await house.log(type_="fn")
    assert event.description.startswith("Completion of job job_")
    assert event.date == START


async def test_past_a_bound_errors_are_only_counted(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "MAX_ERROR_BYTES", 400)
    job = await imported(api, [{"email": f"broken{n}"} for n in range(10)])
    assert job["summary"] == counts(failed=10)
    assert job["status_details"] == "There were too many errors to keep them all"
    assert 0 < len(await errors_of(api, job)) < 10


async def test_when_a_password_was_chosen_comes_along(api: Api, house: House) -> None:
    row = {"email": "old@example.test", "password_hash": BCRYPT, "password_set_date": "2019-05-01T12:00:00+02:00"}
    await imported(api, [row])
    (user,) = await api.get("/users-by-email", email="old@example.test")
    assert user["last_password_reset"] == "2019-05-01T10:00:00.000Z"
    (password,) = await house.ports.users.passwords(A, "auth0", user["identities"][0]["user_id"])
    assert password.set_at == 1_556_704_800
