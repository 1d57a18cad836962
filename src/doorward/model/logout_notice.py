"""What an application is told when a session ended: OpenID Connect Back-Channel Logout 1.0."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from doorward.model.session_end import Initiator


class LogoutNotice(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The end of one session, for one client that signed the person in with it.

    ``host`` is where the session was made. ``session_metadata`` is there where the client wants it. ``id`` is the
    ``jti`` of the logout token, the same however often it is sent; ``trace_id`` is that of all notices of one end.
    """

    client_id: str
    host: str
    user_id: str
    sid: str
    initiator: Initiator
    id: str
    trace_id: str
    session_metadata: Mapping[str, str] = {}
