"""Text messages and calls: Twilio, and the gateways of passwordless SMS connections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode
from xml.sax.saxutils import escape

import msgspec

from doorward.backends.outbound.email_providers import JSON, Way, basic
from doorward.backends.outbound.letters import Spoken
from doorward.backends.outbound.sending import NotSent
from doorward.model.message import Channel

API = "https://api.twilio.com/2010-04-01/Accounts"
PAUSE = '<Pause length="1"/>'


async def send_by_twilio(way: Way, account: Mapping[str, Any], spoken: Spoken) -> None:
    """``account``: ``sid`` and ``auth_token``, and ``mssid`` where a messaging service chooses the sender.
    Raises ``NotSent``."""
    sid, secret, service = (str(account.get(name) or "") for name in ("sid", "auth_token", "mssid"))
    if not sid or not secret:
        raise NotSent("Twilio has no sid or no auth_token", final=True)
    is_call = spoken.channel is Channel.VOICE
    if not spoken.sender and (is_call or not service):
        raise NotSent("nobody said which number sends it", final=True)
    form = {"To": spoken.to}
    if service and not is_call and not spoken.sender:
        form["MessagingServiceSid"] = service
    else:
        form["From"] = spoken.sender
    if is_call:
        said = PAUSE.join(f"<Say>{escape(part)}</Say>" for part in spoken.parts)
        form["Twiml"] = f"<Response>{said}</Response>"
    else:
        form["Body"] = spoken.text
    url = f"{API}/{quote(sid, safe='')}/{'Calls' if is_call else 'Messages'}.json"
    headers = {"authorization": basic(sid, secret), "content-type": "application/x-www-form-urlencoded"}
    await way.post("Twilio", url, headers, urlencode(form).encode())


async def send_by_gateway(way: Way, url: str, spoken: Spoken) -> None:
    """A gateway of the tenant's own takes ``recipient``, ``body`` and ``sender`` as JSON. Raises ``NotSent``."""
    if spoken.channel is Channel.VOICE:
        raise NotSent("the SMS gateway makes no calls", final=True)
    body = {"recipient": spoken.to, "body": spoken.text, "sender": spoken.sender}
    await way.post("the SMS gateway", url, JSON, msgspec.json.encode(body))
