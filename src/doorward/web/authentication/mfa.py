"""``/mfa/*``: Auth0's MFA API. The token comes in the header, or for a challenge in the body."""

from __future__ import annotations

from typing import Any

from doorward.model.client import Client
from doorward.oauth.client_authentication import authenticate, trusted_context
from doorward.oauth.errors import InvalidRequest
from doorward.oauth.mfa_api import Caller, MfaApi
from doorward.ports import Ports
from doorward.web.router import Readers, Route
from doorward.web.wire.http import NO_STORE, Request, Response, json_response
from doorward.web.wire.parameters import basic_credentials, bearer_token, body_parameters, json_object

MAX_ITEMS = 10


class MfaHandlers:
    """The endpoints."""

    def __init__(self, ports: Ports, api: MfaApi) -> None:
        self._ports = ports
        self._api = api

    def routes(self) -> list[Route]:
        return [
            Route("POST", "/mfa/challenge", self.challenge, readers=Readers.REGISTERED),
            Route("POST", "/mfa/associate", self.associate, readers=Readers.REGISTERED),
            Route("GET", "/mfa/authenticators", self.authenticators, readers=Readers.REGISTERED),
            Route("DELETE", "/mfa/authenticators/{id}", self.remove, readers=Readers.REGISTERED),
            Route("POST", "/mfa/recovery-code-regeneration", self.renew_recovery_code, readers=Readers.REGISTERED),
        ]

    async def challenge(self, request: Request) -> Response:
        parameters = body_parameters(request)
        caller = await self._caller(request, parameters, parameters.get("mfa_token"))
        types = (parameters.get("challenge_type") or "").split()
        answer = await self._api.challenge(caller, types, parameters.get("authenticator_id"))
        return json_response(answer, 200, NO_STORE)

    async def associate(self, request: Request) -> Response:
        body = json_object(request.body) if request.body else {}
        parameters = {name: value for name, value in body.items() if isinstance(value, str) and value}
        caller = await self._caller(request, parameters)
        types, channels = _texts(body, "authenticator_types"), _texts(body, "oob_channels")
        phone_number, email = parameters.get("phone_number"), parameters.get("email")
        answer = await self._api.associate(caller, types, channels, phone_number, email)
        return json_response(answer, 200, NO_STORE)

    async def authenticators(self, request: Request) -> Response:
        return json_response(await self._api.authenticators(await self._caller(request)), 200, NO_STORE)

    async def remove(self, request: Request) -> Response:
        await self._api.remove(await self._caller(request), request.path_parameters["id"])
        return Response(204, b"", NO_STORE)

    async def renew_recovery_code(self, request: Request) -> Response:
        return json_response(await self._api.renew_recovery_code(await self._caller(request)), 200, NO_STORE)

    async def _caller(
        self, request: Request, parameters: dict[str, str] | None = None, token: str | None = None
    ) -> Caller:
        """Whom the token speaks for; a client that names itself has to prove it, as at the token endpoint."""
        issuer, context = request.issuer, request.context
        client: Client | None = None
        basic = basic_credentials(request)
        if parameters and ("client_id" in parameters or "client_assertion" in parameters or basic is not None):
            directory = self._ports.directory.tenant(issuer.tenant)
            authenticated = await authenticate(parameters, basic, issuer, directory, self._ports)
            client, context = authenticated.client, trusted_context(context, authenticated)
        return await self._api.caller(token or bearer_token(request), client, context, issuer)


def _texts(body: dict[str, Any], name: str) -> list[str]:
    """A list of texts. Raises ``InvalidRequest`` for anything else."""
    value = body.get(name) or []
    if not isinstance(value, list) or len(value) > MAX_ITEMS or not all(isinstance(one, str) for one in value):
        raise InvalidRequest(f"Parameter {name} must be an array of strings")
    return value
