"""Every URL of the product, on one screen."""

from __future__ import annotations

from doorward.identity.sign_in import HostedSignIn
from doorward.management.kit.admission import Admission
from doorward.management.kit.context import Services
from doorward.management.tenant_file import wire as tenant_file
from doorward.oauth.authorization import Authorization
from doorward.oauth.bearer import BearerTokens
from doorward.oauth.mfa_api import MfaApi
from doorward.web import demo, doorward_api, help, inbox, preview
from doorward.web.authentication import authorize, dbconnections, passkey, passwordless, token, userinfo, well_known
from doorward.web.authentication.authorize import AuthorizeHandlers
from doorward.web.authentication.logout import LogoutHandlers
from doorward.web.authentication.mfa import MfaHandlers
from doorward.web.exports import exports
from doorward.web.login.dispatcher import login_pages
from doorward.web.login.kept_assets import KeptAssets
from doorward.web.login.presenter import Presenter
from doorward.web.login.visit import UniversalLogin
from doorward.web.management import description, management, own_api
from doorward.web.my_account import my_account
from doorward.web.router import Mount, Readers, Route
from doorward.web.tenants import TenantHandlers
from doorward.web.wire.cors import across_origins


def routes(services: Services, *, development: bool) -> list[Route | Mount]:
    """``development``: error pages tell what to mend, and loopback callbacks are not confirmed unless
    tenant or client ask for it."""
    ports = services.ports
    bearer_tokens, admission = BearerTokens(ports.clock, ports.jose), Admission(services)
    about_me = userinfo.userinfo(ports, bearer_tokens)
    explain = doorward_api.explain(services, admission, confirms_callbacks=not development)
    files = doorward_api.tenant_file(services, admission)
    everything: list[Route | Mount] = [
        Route("POST", "/oauth/token", token.token(ports), readers=Readers.REGISTERED),
        Route("POST", "/oauth/revoke", token.revoke(ports), readers=Readers.REGISTERED),
        Route("POST", "/oauth/par", authorize.push(ports)),
        *MfaHandlers(ports, MfaApi(ports, bearer_tokens)).routes(),
        *my_account(services, bearer_tokens),
        Route("GET", "/userinfo", about_me, readers=Readers.WITH_TOKEN),
        Route("POST", "/userinfo", about_me, readers=Readers.WITH_TOKEN),
        Route("GET", "/.well-known/openid-configuration", well_known.metadata(ports), readers=Readers.EVERYBODY),
        Route("GET", "/.well-known/oauth-authorization-server", well_known.metadata(ports), readers=Readers.EVERYBODY),
        Route("GET", "/.well-known/jwks.json", well_known.key_set(ports), readers=Readers.EVERYBODY),
        Route("POST", "/_doorward/api/v1/explain", explain),
        Route("GET", "/_doorward/api/v1/openapi.json", description(admission)),
        *TenantHandlers(ports).routes(),
        *management(services, admission),
        *own_api(services, admission),
        *exports(ports),
        Route("GET", tenant_file.PATH, files),
        Route("POST", tenant_file.PATH, files),
        *_in_the_browser(services, development=development),
    ]
    return across_origins(everything, ports)


def _in_the_browser(services: Services, *, development: bool) -> list[Route]:
    ports, people = services.ports, services.people
    sign_in = HostedSignIn(ports.clock, ports.entropy, ports.authenticator, ports.sessions, ports.transactions)
    authorization = Authorization(ports, confirms_callbacks=not development)
    presenter = Presenter(ports.directory, ports.log, ports.clock, shows_hints=development)
    authorizing = AuthorizeHandlers(ports, authorization, presenter)
    login = UniversalLogin(
        ports=ports,
        authorization=authorization,
        sign_in=sign_in,
        people=people,
        presenter=presenter,
        finish=authorizing.answer,
    )
    leaving = LogoutHandlers(ports, presenter)

    developing = [
        Route("GET", "/", demo.front(ports.directory, presenter)),
        Route("GET", demo.PATH, demo.callback(ports.directory, presenter)),
        Route("GET", demo.LOGIN, demo.login(ports.directory)),
        *preview.routes(ports.directory, presenter),
        *(inbox.routes(ports.inbox, presenter) if ports.inbox is not None else ()),
    ]
    return [
        Route("GET", "/authorize", authorizing.authorize),
        Route("POST", "/authorize", authorizing.authorize),
        Route("GET", "/authorize/resume", authorizing.resume),
        *login_pages(login),
        Route("GET", "/v2/logout", leaving.auth0),
        Route("GET", "/oidc/logout", leaving.oidc),
        Route("POST", "/oidc/logout", leaving.oidc),
        Route(
            "POST",
            "/dbconnections/signup",
            dbconnections.signup(ports, people.signup, people.bots),
            readers=Readers.REGISTERED,
        ),
        Route(
            "POST",
            "/dbconnections/change_password",
            dbconnections.change_password(ports, people.password_change, people.bots),
        ),
        Route("POST", "/passkey/challenge", passkey.challenge(ports), readers=Readers.REGISTERED),
        Route("POST", "/passkey/register", passkey.register(ports), readers=Readers.REGISTERED),
        Route(
            "POST",
            "/passwordless/start",
            passwordless.start(ports, people.passwordless, people.bots, presenter),
            readers=Readers.REGISTERED,
        ),
        Route("POST", "/passwordless/verify", passwordless.verify, readers=Readers.REGISTERED),
        Route("GET", help.PATH, help.every_rule(presenter)),
        Route("GET", f"{help.PATH}/{{rule}}", help.one_rule(presenter)),
        Route("GET", "/_doorward/static/{digest}/{name}", presenter.static_file),
        *KeptAssets(ports.directory, ports.assets).routes(),
        *(developing if development else ()),
    ]
