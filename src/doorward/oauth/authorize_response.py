"""The authorization response: which parameters, by which mode (RFC 6749 §4.1.2, OAuth 2.0
Multiple Response Types, Form Post Response Mode, RFC 9207)."""

from __future__ import annotations

from urllib.parse import urlencode

from msgspec import Struct

from doorward.model.directory import TenantDirectory
from doorward.model.printable import quotable
from doorward.model.tenant import Issuer
from doorward.oauth.authorize_request import ResponseTarget
from doorward.oauth.errors import OAuthError
from doorward.oauth.redirect_uri import origin


class AuthorizationResponse(Struct, frozen=True, kw_only=True):
    """An answer ready for delivery.

    ``location`` is the full URL for query and fragment; ``parameters`` go into the page for
    form_post and web_message; ``origin`` is the one target of a web_message.
    """

    mode: str
    redirect_uri: str
    parameters: dict[str, str]
    location: str | None = None
    origin: str | None = None


def respond(
    target: ResponseTarget, parameters: dict[str, str], issuer: Issuer, directory: TenantDirectory
) -> AuthorizationResponse:
    """Answer at ``target``: adds ``state`` and, if the tenant says so, ``iss``."""
    if target.state is not None:
        parameters["state"] = target.state
    if directory.settings.authorization_response_iss_parameter_supported:
        parameters["iss"] = issuer.url
    mode, uri = target.response_mode, target.redirect_uri
    location, to = None, None
    if mode == "query":
        location = f"{uri}{'&' if '?' in uri else '?'}{urlencode(parameters)}"
        if uri.endswith(("?", "&")):
            location = f"{uri}{urlencode(parameters)}"
    elif mode == "fragment":
        location = f"{uri}#{urlencode(parameters)}"
    elif mode == "web_message":
        to = origin(uri)
    return AuthorizationResponse(mode=mode, redirect_uri=uri, parameters=parameters, location=location, origin=to)


def error_parameters(error: OAuthError) -> dict[str, str]:
    """``error`` and an ``error_description`` reduced to the characters RFC 6749 §4.1.2.1 allows."""
    text = quotable(error.description)
    return {"error": error.error, "error_description": text}
