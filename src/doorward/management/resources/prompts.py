"""``/prompts``: how the pages ask, and the texts and markup a tenant puts in place of the stock ones."""

from __future__ import annotations

from typing import Any

import msgspec

from doorward.management.kit.bodies import require_liquid
from doorward.management.kit.context import Call
from doorward.management.kit.errors import invalid_body
from doorward.management.kit.operation import Effect
from doorward.management.kit.schema import BOOLEAN, choice, mapping, record, text
from doorward.management.kit.shapes import Shape, Singleton
from doorward.management.resources.tenant_settings_body import LOCALES
from doorward.model.document import Document

CUSTOM_TEXT, PARTIALS = "prompt_custom_text", "prompt_partials"
MAX_TEXT, MAX_MARKUP = 20_000, 100_000
PROMPTS = (
    "login", "login-id", "login-password", "login-passwordless", "login-email-verification", "signup", "signup-id",
    "signup-password", "phone-identifier-enrollment", "phone-identifier-challenge", "email-identifier-challenge",
    "reset-password", "custom-form", "consent", "customized-consent", "logout", "mfa-push", "mfa-otp", "mfa-voice",
    "mfa-phone", "mfa-webauthn", "mfa-sms", "mfa-email", "mfa-recovery-code", "mfa", "status", "device-flow",
    "email-verification", "email-otp-challenge", "organizations", "invitation", "common", "passkeys", "captcha",
    "brute-force-protection", "async-approval-flow", "confirmation",
)  # fmt: skip
WITH_PARTIALS = (
    "login", "login-id", "login-password", "login-passwordless", "signup", "signup-id", "signup-password",
    "customized-consent", "passkeys",
)  # fmt: skip
PROMPT = choice(*PROMPTS)
DEFAULTS = {"universal_login_experience": "new", "identifier_first": True}
# The application people approve a login with: there is none until the tenant names one.
APPLICATION = dict.fromkeys(("app_name", "apple_app_link", "google_app_link"), "")


def show(call: Call, document: Document) -> dict[str, Any]:
    return {**DEFAULTS, **document.body}


def filled(call: Call, before: Document, given: dict[str, Any]) -> Document:
    """A screen without anything is as if nobody had written it."""
    return msgspec.structs.replace(before, body={screen: inside for screen, inside in given.items() if inside})


SETTINGS = Singleton(
    path="/prompts",
    id="prompts",
    scopes="prompts",
    summary="prompt settings",
    update=record(
        {
            "universal_login_experience": choice("new", "classic"),
            "identifier_first": BOOLEAN.or_null,
            "webauthn_platform_first_factor": BOOLEAN.or_null,
        },
        min=1,
    ),
    show=show,
)


def readable(call: Call, before: Document, given: dict[str, Any]) -> Document:
    if sum(len(partial) for partials in given.values() for partial in partials.values()) > MAX_MARKUP:
        raise invalid_body(f"The partials of a prompt hold more than {MAX_MARKUP} characters")
    for partials in given.values():
        require_liquid(call.services.check_template, **partials)
    return filled(call, before, given)


CUSTOM_TEXTS = Singleton(
    path="/prompts/{prompt}/custom-text/{language}",
    kind=CUSTOM_TEXT,
    id="{prompt}/{language}",
    scopes="prompts",
    summary="custom text for a prompt",
    replace=mapping(mapping(text(max=MAX_TEXT)), max=100),
    replaced=filled,
    parameters={"prompt": PROMPT, "language": choice(*LOCALES)},
)
PROMPT_PARTIALS = Singleton(
    path="/prompts/{prompt}/partials",
    kind=PARTIALS,
    id="{prompt}",
    scopes="prompts",
    summary="partials for a prompt",
    replace=mapping(mapping(text(max=MAX_MARKUP)), max=100),
    replaced=readable,
    parameters={"prompt": choice(*WITH_PARTIALS)},
)
MFA_PUSH = Singleton(
    path="/prompts/mfa-push",
    id="mfa_push_application",
    scopes="prompts",
    summary="application for push notifications",
    update=record({name: text(max=2048).or_null for name in APPLICATION}, min=1),
    show=lambda call, document: {**APPLICATION, **document.body},
    effect=Effect.STORED,
)
RESOURCES: tuple[Shape, ...] = (SETTINGS, CUSTOM_TEXTS, PROMPT_PARTIALS, MFA_PUSH)
