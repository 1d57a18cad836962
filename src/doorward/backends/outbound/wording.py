"""What messages say where the tenant has no template of its own: Liquid, filled as a tenant's would be."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from msgspec import Struct

APPLICATION = "{{ application.name | default: friendly_name }}"


class Wording(Struct, frozen=True):
    """One e-mail. ``action`` is what the link (``url``) does; a ``code`` is shown where there is one. ``note`` says
    what to do for whoever did not ask for it."""

    subject: str
    paragraphs: tuple[str, ...]
    action: str = ""
    note: str = "If this was not you, you need not do anything."


_VERIFY = "{{ email }} was given as an address at {{ friendly_name }}."
_NOT_VERIFIED = "If you did not give this address there, do nothing: it stays unverified."
_RESET = f"Somebody, hopefully you, wants to choose a new password for {APPLICATION}."
_UNCHANGED = "If it was not you, do nothing: your password stays as it is."
_ONCE = "The link works once, and for a limited time."
_CODE = "The code works once, and only for a few minutes. Nobody will ever ask you for it."

WORDINGS: Mapping[str, Wording] = {
    "verify_email": Wording(
        "Verify your email address",
        (f"{_VERIFY} Is it yours?", _ONCE),
        action="Verify email address",
        note=_NOT_VERIFIED,
    ),
    "verify_email_by_code": Wording(
        "Verify your email address", (f"{_VERIFY} If it is yours, enter this code there.", _CODE), note=_NOT_VERIFIED
    ),
    "auth_email_by_code": Wording(
        f"Log in to {APPLICATION}",
        (
            f"{{% if code %}}Enter this code to log in to {APPLICATION}."
            f"{{% else %}}Follow this link to log in to {APPLICATION}.{{% endif %}}",
            f"{{% if code %}}{_CODE}{{% else %}}{_ONCE}{{% endif %}}",
        ),
        action="Log in",
    ),
    "reset_email": Wording("Choose a new password", (_RESET, _ONCE), action="Choose a new password", note=_UNCHANGED),
    "reset_email_by_code": Wording(
        "Choose a new password", (f"{_RESET} This is the code to enter there.", _CODE), note=_UNCHANGED
    ),
    "welcome_email": Wording(
        "Welcome to {{ friendly_name }}",
        ("{% if user.name %}{{ user.name }}, your{% else %}Your{% endif %} account is ready.",),
        action=f"Go to {APPLICATION}",
        note="",
    ),
    "blocked_account": Wording(
        "Logging in to your account was blocked",
        (
            "Somebody tried to log in to your account at {{ friendly_name }} with a wrong password, again and again"
            "{% if user.source_ip %}, from {{ user.source_ip }}{% endif %}"
            "{% if user.city %} ({{ user.city }}{% if user.country %}, {{ user.country }}{% endif %}){% endif %}. "
            "Logging in from there is blocked for now."
            "{% if url %} If it was you, this link lets you in again.{% endif %}",
        ),
        action="Unblock my account",
        note="If it was not you, do nothing: whoever it was stays out.",
    ),
    "stolen_credentials": Wording(
        "Your password is known to others",
        (
            "Somebody logged in, or tried to, with your password at {{ friendly_name }}. It is among passwords that "
            "were stolen elsewhere and published, so it protects you no longer.",
            "Choose a new one, here and wherever else you use it.",
        ),
        action="Choose a new password",
        note="",
    ),
    "enrollment_email": Wording(
        "Set up a second factor for {{ friendly_name }}",
        ("You are to log in with more than a password from now on. Follow this link to set up how.", _ONCE),
        action="Set up",
        note="",
    ),
    "mfa_oob_code": Wording(
        "Your code for {{ friendly_name }}", (f"Enter this code to go on logging in to {APPLICATION}.", _CODE),
        note="If you are not logging in right now, somebody else knows your password: change it.",
    ),
    "user_invitation": Wording(
        "{% if organization.display_name %}Join {{ organization.display_name }}{% else %}You are invited{% endif %}",
        (
            "{% if inviter.name %}{{ inviter.name }} invites you{% else %}You are invited{% endif %} to join "
            f"{{{{ organization.display_name | default: organization.name }}}} at {APPLICATION}.",
        ),
        action="Accept the invitation",
        note="If you know neither, do nothing.",
    ),
    "change_password": Wording(
        "Your password",
        (
            "{% if url %}Follow this link to confirm your new password for {{ friendly_name }}."
            "{% else %}Your password for {{ friendly_name }} was changed.{% endif %}",
        ),
        action="Confirm",
        note="If it was not you, {% if url %}do nothing: your password stays as it is."
        "{% else %}somebody else did it: choose a new one at once, and tell us.{% endif %}",
    ),
    "password_reset": Wording(
        "Your password was changed",
        ("{% if url %}" + _RESET + "{% else %}Your password for {{ friendly_name }} was changed.{% endif %}",),
        action="Choose a new password",
        note="If it was not you, {% if url %}do nothing: your password stays as it is."
        "{% else %}somebody else did it: choose a new one at once, and tell us.{% endif %}",
    ),
    "email_changed": Wording(
        "Your email address was changed",
        ("Your account at {{ friendly_name }} had this address. It has another one now: mail about it goes there.",),
        note="If it was not you, somebody else did it: tell us at once.",
    ),
    "admin_suspicious_ip": Wording(
        "{{ ip }} tries too often to {{ doing }} at {{ friendly_name }}",
        (
            "The address {{ ip }} tried to {{ doing }} more often than the tenant {{ tenant }} allows one address. "
            "What follows is up to its suspicious IP throttling; what was tried is in its log (limit_mu).",
        ),
        note="You get this mail because the address is the support address of the tenant.",
    ),
    "admin_leaked_password": Wording(
        "A leaked password was used at {{ friendly_name }}",
        (
            "{{ account }} {{ did }} at the tenant {{ tenant }} with a password that is among those that were stolen "
            "elsewhere and published.",
        ),
        note="You get this mail because the address is the support address of the tenant.",
    ),
    "admin_leaked_passwords": Wording(
        "Leaked passwords used at {{ friendly_name }}: {{ count }}",
        (
            "From {{ first }} to {{ last }} (UTC), {{ count }} times somebody used a password at the tenant "
            "{{ tenant }} that is among those that were stolen elsewhere and published.",
        ),
        note="You get this mail because the address is the support address of the tenant.",
    ),
    "async_approval": Wording(
        f"{APPLICATION} asks for your approval",
        (
            f"{APPLICATION} wants to do something for you, and needs you to agree."
            "{% if binding_message %} It shows you: {{ binding_message }}{% endif %}",
        ),
        action="See what it is",
        note="If you expect nothing of this kind, do not agree.",
    ),
}  # fmt: skip


@cache
def html_of(name: str) -> str:
    """The HTML of a message, as Liquid."""
    wording = WORDINGS[name]
    return _laid_out(
        "mail.html", wording, "\n".join(f'<p style="margin:0 0 14px">{text}</p>' for text in wording.paragraphs)
    )


@cache
def text_of(name: str) -> str:
    """The same for who reads text."""
    wording = WORDINGS[name]
    return _laid_out("mail.txt", wording, "\n\n".join(wording.paragraphs))


def _laid_out(name: str, wording: Wording, paragraphs: str) -> str:
    layout = (files("doorward.backends.outbound") / "layout" / name).read_text("utf-8")
    parts = {"title": wording.subject, "paragraphs": paragraphs, "action": wording.action, "note": wording.note}
    for part, text in parts.items():
        layout = layout.replace(f"[[{part}]]", text)
    return layout
