"""``/prompts/rendering``: screens an application of the tenant's own draws."""

from __future__ import annotations

from typing import Any

from doorward.management.kit.context import Answer, Call
from doorward.management.kit.paging import Paging
from doorward.management.kit.projection import RULES as PROJECTION
from doorward.management.kit.projection import project
from doorward.management.kit.schema import BOOLEAN, Rule, choice, either, items, mapping, record, text
from doorward.management.kit.shapes import Command, Shape, Singleton, View, merged
from doorward.management.kit.writing import commit
from doorward.management.resources.prompts import PROMPT
from doorward.model.document import Document, Put

RENDERING = "screen_rendering"
MAX_SCREENS = 100
SCREENS = (
    "login", "login-id", "login-password", "login-passwordless-email-code", "login-passwordless-email-link",
    "login-passwordless-sms-otp", "login-email-verification", "signup", "signup-id", "signup-password",
    "phone-identifier-enrollment", "phone-identifier-challenge", "email-identifier-challenge",
    "reset-password-request", "reset-password-email", "reset-password", "reset-password-success",
    "reset-password-error", "reset-password-mfa-email-challenge", "reset-password-mfa-otp-challenge",
    "reset-password-mfa-phone-challenge", "reset-password-mfa-push-challenge-push",
    "reset-password-mfa-recovery-code-challenge", "reset-password-mfa-sms-challenge",
    "reset-password-mfa-voice-challenge", "reset-password-mfa-webauthn-platform-challenge",
    "reset-password-mfa-webauthn-roaming-challenge", "custom-form", "consent", "customized-consent", "logout",
    "logout-complete", "logout-aborted", "mfa-push-welcome", "mfa-push-enrollment-qr", "mfa-push-enrollment-code",
    "mfa-push-success", "mfa-push-challenge-push", "mfa-push-list", "mfa-otp-enrollment-qr",
    "mfa-otp-enrollment-code", "mfa-otp-challenge", "mfa-voice-enrollment", "mfa-voice-challenge",
    "mfa-phone-challenge", "mfa-phone-enrollment", "mfa-webauthn-platform-enrollment",
    "mfa-webauthn-roaming-enrollment", "mfa-webauthn-platform-challenge", "mfa-webauthn-roaming-challenge",
    "mfa-webauthn-change-key-nickname", "mfa-webauthn-enrollment-success", "mfa-webauthn-error",
    "mfa-webauthn-not-available-error", "mfa-country-codes", "mfa-sms-enrollment", "mfa-sms-challenge",
    "mfa-sms-list", "mfa-email-challenge", "mfa-email-list", "mfa-recovery-code-enrollment",
    "mfa-recovery-code-challenge-new-code", "mfa-recovery-code-challenge", "mfa-detect-browser-capabilities",
    "mfa-enroll-result", "mfa-login-options", "mfa-begin-enroll-options", "status", "device-code-activation",
    "device-code-activation-allowed", "device-code-activation-denied", "device-code-confirmation",
    "email-verification-result", "email-otp-challenge", "organization-selection", "organization-picker",
    "pre-login-organization-picker", "accept-invitation", "redeem-ticket", "passkey-enrollment",
    "passkey-enrollment-local", "interstitial-captcha", "brute-force-protection-unblock",
    "brute-force-protection-unblock-success", "brute-force-protection-unblock-failure", "async-approval-error",
    "async-approval-accepted", "async-approval-denied", "confirmation", "async-approval-wrong-user",
)  # fmt: skip
CONTEXT = (
    "branding.settings", "branding.themes.default", "client.logo_uri", "client.description",
    "organization.display_name", "organization.branding", "screen.texts", "tenant.name", "tenant.friendly_name",
    "tenant.logo_url", "tenant.enabled_locales", "untrusted_data.submitted_form_data",
    "untrusted_data.authorization_params.login_hint", "untrusted_data.authorization_params.screen_hint",
    "untrusted_data.authorization_params.ui_locales", "user.organizations", "transaction.custom_domain.domain",
    "experiment",
)  # fmt: skip
# Values under a name of the tenant's choosing.
CONTEXT_OF = (
    r"(?:client\.metadata|organization\.metadata|transaction\.custom_domain\.domain_metadata|user\.user_metadata"
    r"|user\.app_metadata)\.[^.]+|untrusted_data\.authorization_params\.ext-[^.]+"
)
SCREEN = choice(*SCREENS)
MODE = choice("advanced", "standard")
DEFAULTS: dict[str, Any] = {
    "rendering_mode": "standard", "context_configuration": [], "default_head_tags_disabled": False,
    "use_page_template": False, "head_tags": [],
}  # fmt: skip


def _entities() -> Rule:
    by_id = record({"id": text(min=1, max=255)}, required=("id",))
    by_metadata = record({"metadata": mapping(text(max=255), max=1)}, required=("metadata",))
    return items(either(by_id, by_metadata))


SETTINGS: dict[str, Rule] = {
    "rendering_mode": MODE,
    "context_configuration": items(either(choice(*CONTEXT), text(max=512, pattern=CONTEXT_OF))).or_null,
    "default_head_tags_disabled": BOOLEAN.or_null,
    "use_page_template": BOOLEAN.or_null,
    "head_tags": items(
        record({"tag": text(max=64), "attributes": mapping(max=10), "content": text(max=100_000)}, open=True)
    ).or_null,
    "filters": record(
        {
            "match_type": choice("includes_any", "excludes_any"),
            "clients": _entities(),
            "organizations": _entities(),
            "domains": _entities(),
        }
    ).or_null,
}
SCREEN_SETTINGS = record({"prompt": PROMPT, "screen": SCREEN, **SETTINGS}, required=("prompt", "screen"))
PAGING = Paging(key="configs")


def settings(call: Call, document: Document) -> dict[str, Any]:
    return {**DEFAULTS, **document.body}


def show(call: Call, document: Document) -> dict[str, Any]:
    prompt, _, screen = document.id.partition("/")
    return {"tenant": call.tenant, "prompt": prompt, "screen": screen, **settings(call, document)}


ONE = Singleton(
    path="/prompts/{prompt}/screen/{screen}/rendering",
    kind=RENDERING,
    id="{prompt}/{screen}",
    scopes="prompts",
    summary="render settings for a screen",
    update=record(SETTINGS),
    show=show,
    answers=settings,
    parameters={"prompt": PROMPT, "screen": SCREEN},
)


async def _list(call: Call) -> Any:
    wanted = {name: call.query[name] for name in ("prompt", "screen", "rendering_mode") if name in call.query}
    written = [show(call, document) for document in call.directory.documents[RENDERING].values()]
    found = [entry for entry in written if wanted.items() <= entry.items()]
    return PAGING.of(found, call.query, lambda entry: project(entry, call.query))


async def _update_many(call: Call) -> Answer:
    """All of them or none."""
    documents = dict(call.directory.documents[RENDERING])
    for given in call.body["configs"]:
        changes = dict(given)
        id_ = f"{changes.pop('prompt')}/{changes.pop('screen')}"
        before = documents.get(id_) or Document(kind=RENDERING, id=id_, body={})
        documents[id_] = merged(call, before, changes)
    ids = dict.fromkeys(f"{given['prompt']}/{given['screen']}" for given in call.body["configs"])
    puts = [Put(document=documents[id_], expected_revision=documents[id_].revision or None) for id_ in ids]
    directory = await commit(call, puts)
    return Answer(body={"configs": [show(call, directory.documents[RENDERING][id_]) for id_ in ids]})


RESOURCES: tuple[Shape, ...] = (
    ONE,
    View(
        path="/prompts/rendering",
        scopes=("read:prompts",),
        summary="Get render settings of all screens",
        answer=_list,
        query={
            **PAGING.rules,
            **PROJECTION,
            "prompt": text(max=255),
            "screen": text(max=255),
            "rendering_mode": MODE,
        },
    ),
    Command(
        method="PATCH",
        path="/prompts/rendering",
        scopes=("update:prompts",),
        summary="Update render settings of several screens",
        run=_update_many,
        body=record({"configs": items(SCREEN_SETTINGS, min=1, max=MAX_SCREENS)}, required=("configs",)),
    ),
)
