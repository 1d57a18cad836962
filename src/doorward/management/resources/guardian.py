"""``/guardian``: which second factors the tenant offers, when they are asked for, and who delivers them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from doorward.management.kit.context import Call
from doorward.management.kit.operation import Effect
from doorward.management.kit.schema import BOOLEAN, Record, Rule, choice, items, record, text
from doorward.management.kit.shapes import Shape, Show, Singleton, View, as_is
from doorward.model.document import Document, Kind
from doorward.oauth.login_assessment import NoAssessment

FACTORS = (
    "sms", "push-notification", "otp", "email", "duo", "webauthn-roaming", "webauthn-platform", "recovery-code",
)  # fmt: skip
FACTOR = "guardian/factors/{name}"
AWS_REGION = r"(?:us-east|us-west|ap-southeast|ap-northeast|ap-central|eu-west|eu-central)-[0-9]{1,2}"
NAME = text(min=1, max=1000).or_null
KEY = text(max=10_000)


def needed(**properties: Rule) -> Record:
    return record(properties, required=tuple(properties))


def setting(
    path: str,
    summary: str,
    body: Record,
    *,
    default: Mapping[str, Any] | None = None,
    store: str | None = None,
    patched: bool = False,
    readable: bool = True,
    effect: Effect = Effect.STORED,
    secret: tuple[str, ...] = (),
    write_only: tuple[str, ...] = (),
    show: Show = as_is,
    answers: Show | None = None,
) -> Singleton:
    """Settings of a factor, put as a whole. ``store`` names them where a path is another's former name."""
    return Singleton(
        path=f"/guardian/factors/{path}",
        id=f"guardian/{store or path}",
        scopes="guardian_factors",
        summary=summary,
        replace=body,
        update=body if patched else None,
        default=default or {},
        readable=readable,
        secret=secret,
        write_only=write_only,
        show=show,
        answers=answers,
        effect=effect,
    )


# ── factors and policies ──


def _enabled(call: Call, name: str) -> bool:
    factor = call.directory.documents[Kind.CONFIGURATION].get(FACTOR.format(name=name))
    return factor is not None and bool(factor.body["enabled"])


async def _factors(call: Call) -> Any:
    return [{"name": name, "enabled": _enabled(call, name), "trial_expired": False} for name in FACTORS]


def _policies(call: Call, before: Document, given: Any) -> Document:
    return msgspec.structs.replace(before, body={"policies": given})


def _asks_nobody(call: Call, document: Document) -> str:
    """What a policy promises that is not kept."""
    adaptive = "confidence-score" in document.body["policies"] and "all-applications" not in document.body["policies"]
    adaptive = adaptive and isinstance(call.services.ports.login_assessor, NoAssessment)
    return "confidence-score asks nobody for a second factor: no risk is assessed here" if adaptive else ""


# ── how a factor reaches people ──


def _nothing(call: Call, document: Document) -> dict[str, Any]:
    return {}


def _sent(call: Call, document: Document) -> dict[str, Any]:
    """What the request named, secrets among it: the answer to who just told them."""
    return {name: value for name, value in document.body.items() if name in call.body or name not in document.secrets}


def _apns(call: Call, document: Document) -> dict[str, Any]:
    return {**document.body, "enabled": "p12" in document.secrets}


PHONE_PROVIDER = needed(provider=choice("auth0", "twilio", "phone-message-hook"))
TEMPLATES = needed(enrollment_message=text(), verification_message=text())
TWILIO = record({"from": text(max=64).or_null, "messaging_service_sid": NAME, "auth_token": NAME, "sid": NAME})
SMS = "{{code}} is your verification code for {{tenant.friendly_name}}."
WEBAUTHN = {"overrideRelyingParty": BOOLEAN, "relyingPartyIdentifier": text(max=253).or_null}

RESOURCES: tuple[Shape, ...] = (
    View(
        path="/guardian/factors",
        scopes=("read:guardian_factors",),
        summary="Get factors and multi-factor authentication details",
        answer=_factors,
    ),
    Singleton(
        path="/guardian/factors/{name}",
        id=FACTOR,
        scopes="guardian_factors",
        summary="multi-factor authentication type",
        replace=needed(enabled=BOOLEAN),
        readable=False,
        parameters={"name": choice(*FACTORS)},
    ),
    Singleton(
        path="/guardian/policies",
        id="guardian/policies",
        scopes="mfa_policies",
        summary="multi-factor authentication policies",
        replace=items(choice("all-applications", "confidence-score"), unique=True),
        replaced=_policies,
        default={"policies": []},
        show=lambda call, document: document.body["policies"],
        warns=_asks_nobody,
    ),
    setting(
        "duo/settings",
        "DUO configuration",
        record({"ikey": KEY, "skey": text(min=1, max=10_000), "host": KEY}),
        patched=True,
        secret=("skey",),
    ),
    setting(
        "phone/message-types",
        "enabled phone factors",
        needed(message_types=items(choice("sms", "voice"))),
        default={"message_types": []},
        effect=Effect.ACTS,
    ),
    *(
        shape
        for path in ("phone", "sms")
        for shape in (
            setting(
                f"{path}/selected-provider",
                "phone provider configuration",
                PHONE_PROVIDER,
                default={"provider": "auth0"},
                store="phone/selected-provider",
            ),
            setting(
                f"{path}/templates",
                "enrollment and verification phone templates",
                TEMPLATES,
                default={"enrollment_message": SMS, "verification_message": SMS},
                store="phone/templates",
            ),
            setting(
                f"{path}/providers/twilio",
                "Twilio configuration",
                TWILIO,
                store="phone/providers/twilio",
                secret=("auth_token",),
            ),
        )
    ),
    setting(
        "push-notification/selected-provider",
        "push notification provider",
        needed(provider=choice("guardian", "sns", "direct")),
        default={"provider": "guardian"},
    ),
    setting(
        "push-notification/providers/apns",
        "APNS push notification configuration",
        record({"sandbox": BOOLEAN, "bundle_id": NAME, "p12": text(min=1, max=10_000).or_null}),
        default={"sandbox": False, "bundle_id": ""},
        patched=True,
        write_only=("p12",),
        show=_apns,
    ),
    setting(
        "push-notification/providers/fcm",
        "FCM configuration",
        record({"server_key": text(min=1, max=152).or_null}),
        patched=True,
        readable=False,
        write_only=("server_key",),
        answers=_nothing,
    ),
    setting(
        "push-notification/providers/fcmv1",
        "FCMV1 configuration",
        record({"server_credentials": text(min=1, max=10_000).or_null}),
        patched=True,
        readable=False,
        write_only=("server_credentials",),
        answers=_nothing,
    ),
    setting(
        "push-notification/providers/sns",
        "AWS SNS configuration",
        record(
            {
                "aws_access_key_id": NAME,
                "aws_secret_access_key": NAME,
                "aws_region": text(min=1, max=1000, pattern=AWS_REGION).or_null,
                "sns_apns_platform_application_arn": NAME,
                "sns_gcm_platform_application_arn": NAME,
            }
        ),
        patched=True,
        write_only=("aws_secret_access_key",),
        answers=_sent,
    ),
    setting(
        "webauthn-platform/settings",
        "WebAuthn platform settings",
        record(WEBAUTHN),
        default={"overrideRelyingParty": False},
        effect=Effect.ACTS,
    ),
    setting(
        "webauthn-roaming/settings",
        "WebAuthn roaming settings",
        record({**WEBAUTHN, "userVerification": choice("discouraged", "preferred", "required")}),
        default={"userVerification": "preferred", "overrideRelyingParty": False},
        effect=Effect.ACTS,
    ),
)
