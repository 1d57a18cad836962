"""The ``format`` names of Auth0's schemas that are enforced here."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

from doorward.oauth.redirect_uri import LOOPBACK_HOSTS, refusal

MAX_EMAIL = 320
MAX_URL = 2048
LOCAL_PART = re.compile(r"[^\s@<>\"(),:;\[\]\\\x00-\x1f\x7f]{1,64}")
HTML_COLOR = re.compile("#(?:[0-9A-Fa-f]{3,4}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})")
LABEL = re.compile(r"[^\W_](?:[^\W_]|-){0,62}")


def is_email(value: str) -> bool:
    """One address: a local part and a host name with at least one dot or a single label."""
    local, at, host = value.rpartition("@")
    if not at or len(value) > MAX_EMAIL or not LOCAL_PART.fullmatch(local):
        return False
    return all(LABEL.fullmatch(label) and not label.endswith("-") for label in host.split("."))


def is_hostname(value: str) -> bool:
    labels = value.split(".")
    return len(value) <= 253 and all(LABEL.fullmatch(label) and not label.endswith("-") for label in labels)


def is_url(value: str) -> bool:
    """An absolute URL with a host, http or https."""
    if len(value) > MAX_URL or any(c <= " " or c in "\x7f\\" for c in value):
        return False
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False


def is_https_url(value: str) -> bool:
    return value.startswith("https://") and is_url(value)


def is_backchannel_logout_url(value: str) -> bool:
    """By https; on the developer's own machine without."""
    return is_https_url(value) or (is_url(value) and urlsplit(value).hostname in LOOPBACK_HOSTS)


def is_picture(value: str) -> bool:
    return is_url(value)


def is_usable_redirect(value: str) -> bool:
    """What ``oauth.redirect_uri`` would refuse at use is refused at registration."""
    return refusal(value) is None


def is_callback(value: str) -> bool:
    """A redirect URI; the ``{organization_name}`` placeholder and a left-most ``*`` label are allowed."""
    return is_usable_redirect(value)


def is_html_color(value: str) -> bool:
    return HTML_COLOR.fullmatch(value) is not None


def is_date_time(value: str) -> bool:
    """RFC 3339 with a zone."""
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def is_network(value: str) -> bool:
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return True


def or_empty(check: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda value: not value or check(value)


ID_FORMS = {
    "organization-id": r"org_[A-Za-z0-9]{16}",
    "organization-name": r"(?!org_[a-z0-9]{16}$)[a-z0-9][a-z0-9_-]*",
    "client-id": r"[A-Za-z0-9_-]{1,64}",
    "event-stream-id": r"est_[1-9A-HJ-NP-Za-km-z]{22}",
    "user-attribute-profile-id": r"uap_[1-9a-km-zA-HJ-NP-Z]{21,22}",
    "connection-profile-id": r"cop_[1-9a-km-zA-HJ-NP-Z]{21,22}",
}


def _form(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


FORMATS: dict[str, Callable[[str], bool]] = {
    "email": is_email,
    "email-or-empty": or_empty(is_email),
    "hostname": is_hostname,
    "url": is_url,
    "strict-uri": is_picture,
    "strict-https-uri": is_https_url,
    "html-color": is_html_color,
    "absolute-uri-or-empty": or_empty(is_url),
    "absolute-https-uri-or-empty": or_empty(is_https_url),
    "absolute-https-uri-with-placeholders-or-empty": or_empty(is_https_url),
    "backchannel-logout-url-or-empty": or_empty(is_backchannel_logout_url),
    "callback-url": is_callback,
    "url-with-placeholders": is_usable_redirect,
    "date-time": is_date_time,
    "ip-or-network": is_network,
}
FORMATS.update(dict.fromkeys(("ipv4", "ipv6", "cidr", "ipv6_cidr"), is_network))
for _name, _pattern in ID_FORMS.items():
    FORMATS[_name] = _form(_pattern)
