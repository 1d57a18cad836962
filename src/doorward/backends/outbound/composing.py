"""From a message to what is sent: the tenant's words where it has some that can be used, ours otherwise."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

from doorward.backends.outbound.letters import SPACE, Mail, NoWords, Spoken, mailbox, one_line
from doorward.backends.outbound.wording import WORDINGS, html_of, text_of
from doorward.liquid_templates import Allowance, UnusableTemplate, fill
from doorward.management.resources.email_templates import TEMPLATE as EMAIL_TEMPLATE
from doorward.management.resources.phone_notifications import DEFAULTS as PHONE_DEFAULTS
from doorward.management.resources.phone_notifications import TEMPLATE as PHONE_TEMPLATE
from doorward.model import colours
from doorward.model.directory import TenantDirectory
from doorward.model.document import Kind
from doorward.model.message import Channel, Message
from doorward.model.user import User

STOCK_PRIMARY = "#1f4fd8"
LANGUAGE = "en"
PAUSE = "\x00"  # in no text: both databases refuse it
SENT_BY_CONNECTIONS = frozenset({"auth_email_by_code", "otp_verify"})
MACRO = "@@password@@"
# What the settings of second factors say instead of the templates for phones, where there is none of those.
FACTOR_MESSAGES = {"otp_verify": "verification_message", "otp_enroll": "enrollment_message"}


def compose_mail(
    directory: TenantDirectory, message: Message, user: User | None, sender: str
) -> tuple[Mail, UnusableTemplate | None]:
    """An e-mail, and what is wrong with the tenant's template where ours had to stand in. ``sender`` is who it is
    from unless the template says so. Raises ``NoWords``."""
    if message.template not in WORDINGS:
        raise NoWords(message.template)
    values = _values(directory, message, user)
    document = directory.documents[EMAIL_TEMPLATE].get(message.template)
    template = _of_connection(directory, message)
    if template is None and document is not None and document.body.get("enabled"):
        template = document.body
    fault = None
    if template is not None and template.get("body"):
        try:
            return _tenants(template, message, values, sender), None
        except UnusableTemplate as error:
            fault = error
    made = Mail(
        id=message.id,
        sender=sender,
        to=message.to,
        subject=one_line(fill(WORDINGS[message.template].subject, values)),
        html=fill(html_of(message.template), values, html=True),
        text=fill(text_of(message.template), values),
    )
    return made, fault


def _of_connection(directory: TenantDirectory, message: Message) -> Mapping[str, Any] | None:
    """What a passwordless connection says itself when it sends a code: ``options.email``, or ``options.template`` of
    text messages; Liquid, or a text with Auth0's older macros."""
    connection = directory.connections.get(message.connection or "")
    if connection is None or connection.strategy != message.channel or message.template not in SENT_BY_CONNECTIONS:
        return None
    options = connection.options
    email = options.get("email")
    own = email if isinstance(email, dict) else {"body": options.get("template"), "syntax": options.get("syntax")}
    if not isinstance(own.get("body"), str) or not own["body"]:
        return None
    if own.get("syntax") == "liquid":
        return own
    return {name: text.replace(MACRO, "{{ code }}") for name, text in own.items() if isinstance(text, str)}


def _tenants(template: Mapping[str, Any], message: Message, values: Mapping[str, Any], sender: str) -> Mail:
    """The mail in the tenant's words. Raises ``UnusableTemplate``."""
    allowance = Allowance()
    html = fill(template["body"], values, html=True, allowance=allowance)
    subject = fill(template.get("subject") or WORDINGS[message.template].subject, values, allowance=allowance)
    from_ = mailbox(fill(template.get("from") or "", values, allowance=allowance))
    return Mail(
        id=message.id, sender=from_ or sender, to=message.to, subject=one_line(subject), html=html, text=as_text(html)
    )


def _of_phone(directory: TenantDirectory, message: Message) -> Mapping[str, Any] | None:
    """The content of the tenant's own template for a phone, if it has one."""
    own = _of_connection(directory, message)
    if own is not None:
        return {"body": {"text": own["body"]}}
    for document in directory.documents[PHONE_TEMPLATE].values():
        if document.body["type"] == message.template and not document.body["disabled"]:
            content: Mapping[str, Any] = document.body["content"]
            return content
    return None


def _of_factor(directory: TenantDirectory, message: Message) -> str | None:
    """What ``/guardian/factors/phone/templates`` says in a text message of a second factor."""
    document = directory.documents[Kind.CONFIGURATION].get("guardian/phone/templates")
    connection = directory.connections.get(message.connection or "")
    if document is None or (connection is not None and connection.strategy == Channel.SMS):
        return None
    said: str | None = document.body.get(FACTOR_MESSAGES.get(message.template, ""))
    return said


def compose_spoken(
    directory: TenantDirectory, message: Message, user: User | None, sender: str
) -> tuple[Spoken, UnusableTemplate | None]:
    """A text message or a call, in the same way."""
    if message.template not in PHONE_DEFAULTS:
        raise NoWords(message.template)
    values = {**_values(directory, message, user), "pause": PAUSE}
    part = "voice" if message.channel is Channel.VOICE else "text"
    ours = dict(zip(("text", "voice"), PHONE_DEFAULTS[message.template], strict=True))[part]
    content = _of_phone(directory, message)
    if content is None and (factor := _of_factor(directory, message)) is not None:
        content = {"body": {"text": factor}}
        values["tenant"] = {"name": values["tenant"], "friendly_name": values["friendly_name"]}
    content = content or {}
    fault = None
    try:
        said = fill((content.get("body") or {}).get(part) or ours, values)
    except UnusableTemplate as error:
        fault, said = error, fill(ours, values)
    parts = tuple(line for line in map(one_line, said.split(PAUSE)) if line)
    made = Spoken(
        id=message.id, channel=message.channel, sender=content.get("from") or sender, to=message.to, parts=parts
    )
    return made, fault


# ── what a template can show ──


def _values(directory: TenantDirectory, message: Message, user: User | None) -> dict[str, Any]:
    """The variables Auth0 gives to templates, under its names."""
    settings, given = directory.settings, dict(message.values)
    branding = directory.documents[Kind.CONFIGURATION].get("branding")
    look = dict(branding.body) if branding is not None else {}
    primary = colours.parse((look.get("colors") or {}).get("primary")) or STOCK_PRIMARY
    application = _application(directory, message.client_id)
    link = given.get("url") or given.get("link")
    connection = directory.connections.get(message.connection or "")
    return {
        "tenant": directory.tenant.id,
        "domain": directory.tenant.domain,
        "friendly_name": settings.friendly_name or directory.tenant.domain,
        "support_email": settings.support_email or None,  # in Liquid an empty text is true
        "support_url": settings.support_url or None,
        "request_language": message.locale,
        "language": LANGUAGE,
        "branding": look,
        "primary": primary,
        "primary_ink": colours.ink_on(primary),
        "application": application,
        "client": application,
        "connection": {"name": message.connection, "display_name": connection.display_name if connection else None},
        "organization": _organization(directory, message.organization_id),
        **({"email": message.to} if message.channel is Channel.EMAIL else {"phone_number": message.to}),
        **given,
        **({"url": link, "link": link} if link else {}),
        "user": {**_user(message, user), **(given.get("user") or {})},
    }


def _user(message: Message, user: User | None) -> dict[str, Any]:
    if user is None:
        return {"email" if message.channel is Channel.EMAIL else "phone_number": message.to}
    known = {"user_id": user.user_id, "user_metadata": user.user_metadata, "app_metadata": user.app_metadata}
    return {**user.profile, **known}


def _application(directory: TenantDirectory, client_id: str | None) -> dict[str, Any]:
    document = directory.documents[Kind.CLIENT].get(client_id or "")
    if document is None:
        return {}
    metadata = document.body.get("client_metadata") or {}
    return {**document.body, "client_id": client_id, "clientID": client_id, "metadata": metadata}


def _organization(directory: TenantDirectory, organization_id: str | None) -> dict[str, Any]:
    document = directory.documents[Kind.ORGANIZATION].get(organization_id or "")
    return {} if document is None else {"id": document.id, **document.body}


# ── text of HTML ──


class _Text(HTMLParser):
    """What there is to read in HTML, links with where they lead."""

    BLOCKS = frozenset(
        ("p", "div", "br", "tr", "table", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "blockquote")
    )
    UNREAD = frozenset(("style", "script", "head", "title"))

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._unread = 0
        self._links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self.UNREAD:
            self._unread += 1
        elif tag in self.BLOCKS:
            self.pieces.append("\n")
        elif tag == "a":
            self._links.append(dict(attrs).get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag in self.UNREAD:
            self._unread = max(0, self._unread - 1)
        elif tag in self.BLOCKS:
            self.pieces.append("\n")
        elif tag == "a" and self._links:
            target = self._links.pop()
            if target and target not in "".join(self.pieces[-3:]):
                self.pieces.append(f" <{target}>")

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.pieces.append(SPACE.sub(" ", data))


def as_text(html: str) -> str:
    """The text part of a mail that was written as HTML only."""
    parser = _Text()
    parser.feed(html)
    parser.close()
    lines = [line.strip() for line in "".join(parser.pieces).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"
