"""Answers of ``/authorize`` that carry themselves to the application."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class FormPostDocument(Struct, frozen=True):
    """Posts ``parameters`` to ``redirect_uri`` (OAuth 2.0 Form Post Response Mode)."""

    redirect_uri: str
    parameters: Mapping[str, str]


class WebMessageDocument(Struct, frozen=True):
    """Posts ``parameters`` as a message to the opener or parent window, if that is of ``origin``
    (the exact origin of the redirect URI, as ``AuthorizationResponse.origin`` has it; rendering
    raises ``ValueError`` for anything that is no origin)."""

    origin: str
    parameters: Mapping[str, str]
