"""AWS Signature Version 4, against the same steps written out."""

from __future__ import annotations

import hashlib
import hmac

from doorward.backends.outbound.aws_signature import signed_headers


def test_the_signature_is_that_of_the_algorithm_step_by_step() -> None:
    body = b'{"a":1}'
    url = "https://email.us-east-1.amazonaws.com/v2/email/outbound-emails"
    headers = signed_headers(
        url, body, access_key="AKIDEXAMPLE", secret_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", region="us-east-1",
        service="ses", at=1_440_938_160.0,
    )  # fmt: skip
    assert headers["x-amz-date"] == "20150830T123600Z"
    canonical = (
        "POST\n/v2/email/outbound-emails\n\ncontent-type:application/json\nhost:email.us-east-1.amazonaws.com\n"
        "x-amz-date:20150830T123600Z\n\ncontent-type;host;x-amz-date\n" + hashlib.sha256(body).hexdigest()
    )
    to_sign = (
        "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/ses/aws4_request\n"
        + hashlib.sha256(canonical.encode()).hexdigest()
    )
    key = b"AWS4wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    for part in (b"20150830", b"us-east-1", b"ses", b"aws4_request"):
        key = hmac.new(key, part, hashlib.sha256).digest()
    expected = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    assert headers["authorization"].endswith(f"Signature={expected}")
