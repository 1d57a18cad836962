"""AWS Signature Version 4, for one request with a JSON body."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from urllib.parse import urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"


def signed_headers(
    url: str, body: bytes, *, access_key: str, secret_key: str, region: str, service: str, at: float
) -> dict[str, str]:
    """The headers that make a POST of ``body`` to ``url`` this account's. ``at`` in epoch seconds."""
    moment = datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")
    parts = urlsplit(url)
    headers = {"content-type": "application/json", "host": parts.netloc, "x-amz-date": moment}
    names = ";".join(headers)
    canonical = "\n".join(
        (
            "POST",
            parts.path,
            parts.query,
            *(f"{name}:{value}" for name, value in headers.items()),
            "",
            names,
            _hex(body),
        )
    )
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    to_sign = "\n".join((ALGORITHM, moment, scope, _hex(canonical.encode())))
    key = f"AWS4{secret_key}".encode()
    for step in scope.split("/"):
        key = hmac.digest(key, step.encode(), hashlib.sha256)
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    credential = f"{ALGORITHM} Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**headers, "authorization": credential}


def _hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
