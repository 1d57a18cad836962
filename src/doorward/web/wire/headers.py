"""Security headers that do not depend on the endpoint.

There is deliberately no ``Cross-Origin-Opener-Policy``: on a login page it cuts a popup off from the
application that opened it, and popup logins then never get their answer.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address

from doorward.web.wire.http import Headers

NOSNIFF = (b"x-content-type-options", b"nosniff")
STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000")
# For an answer in HTML that brings no policy of its own.
INERT_PAGE = (
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
)


def lacks_policy(headers: Headers) -> bool:
    """Whether this is HTML without a Content-Security-Policy."""
    html = False
    for name, value in headers:
        if name == "content-security-policy":
            return False
        html = html or (name == "content-type" and value.startswith("text/html"))
    return html


@lru_cache(1024)
def may_be_strict(host: str) -> bool:
    """Whether ``Strict-Transport-Security`` may be sent for a host: never for loopback names and addresses,
    where it would hold for every port of the machine (RFC 6797 §8.3)."""
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    name = name.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return False
    try:
        ip_address(name)
    except ValueError:
        return True
    return False
