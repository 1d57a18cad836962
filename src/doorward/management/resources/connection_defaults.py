"""What the server adds to a connection's options: the settings Auth0 shows although nobody sent them.

Social connections describe the scopes they ask for with one switch each (``email: true``); the scopes
themselves are derived here.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from doorward.model.connection import DATABASE_STRATEGY

DATABASE: dict[str, Any] = {
    "mfa": {"active": True, "return_enroll_settings": True},
    "passwordPolicy": "good",
    "strategy_version": 2,
    "brute_force_protection": True,
    "disable_self_service_change_password": False,
    "authentication_methods": {
        "password": {"enabled": True, "api_behavior": "required", "signup_behavior": "allow"},
        "passkey": {"enabled": False},
    },
    "passkey_options": {
        "challenge_ui": "both",
        "local_enrollment_enabled": True,
        "progressive_enrollment_enabled": True,
    },
}
PASSWORD_OPTIONS: dict[str, dict[str, Any]] = {
    "complexity": {
        "min_length": 8,
        "character_types": [],
        "character_type_rule": "all",
        "identical_characters": "allow",
        "sequential_characters": "allow",
        "max_length_exceeded": "error",
    },
    "dictionary": {"active": False, "custom": [], "default": "en_10k"},
    "history": {"active": False, "size": 5},
    "profile_data": {"active": False, "blocked_fields": []},
}
FEDERATED: dict[str, Any] = {
    "type": "back_channel",
    "schema_version": "oidc-V4",
    "attribute_map": {"mapping_mode": "bind_all"},
    "connection_settings": {"pkce": "auto"},
}
# What a provider supports when its metadata does not say (OpenID Connect Discovery 1.0, section 3).
METADATA: dict[str, Any] = {
    "claims_parameter_supported": False,
    "request_parameter_supported": False,
    "request_uri_parameter_supported": True,
    "require_request_uri_registration": False,
}
FROM_METADATA = ("issuer", "jwks_uri", "authorization_endpoint", "token_endpoint", "userinfo_endpoint")
# Strategy: how the scopes are written (a list, or joined), those always asked for, and those of switches.
_GOOGLE = "https://www.googleapis.com/auth/"
SOCIAL: dict[str, tuple[str | None, tuple[str, ...], dict[str, str]]] = {
    "apple": (" ", (), {"name": "name", "email": "email"}),
    "facebook": (
        ",",
        ("public_profile",),
        {
            name: name
            for name in (
                "email", "user_birthday", "user_friends", "user_gender", "user_hometown", "user_likes", "user_link",
                "user_location", "user_photos", "user_posts", "user_videos", "groups_access_member_info",
            )
        },
    ),
    "github": (
        None,
        (),
        {
            "email": "user:email", "read_user": "read:user", "follow": "user:follow", "public_repo": "public_repo",
            "repo": "repo", "repo_deployment": "repo_deployment", "repo_status": "repo:status",
            "delete_repo": "delete_repo", "notifications": "notifications", "gist": "gist",
            "read_repo_hook": "read:repo_hook", "write_repo_hook": "write:repo_hook",
            "admin_repo_hook": "admin:repo_hook", "read_org": "read:org", "admin_org": "admin:org",
            "write_org": "write:org", "read_public_key": "read:public_key", "write_public_key": "write:public_key",
            "admin_public_key": "admin:public_key", "profile": "user",
        },
    ),
    "google-oauth2": (
        None,
        ("email", "profile"),
        {
            name: _GOOGLE + name
            for name in ("calendar", "contacts", "drive", "youtube", "analytics", "tasks", "blogger", "adsense")
        },
    ),
    "google-apps": (
        None,
        (_GOOGLE + "userinfo.profile", _GOOGLE + "userinfo.email"),
        {
            "ext_groups": _GOOGLE + "admin.directory.group.readonly",
            "api_enable_users": _GOOGLE + "admin.directory.user.readonly",
            "api_enable_groups": _GOOGLE + "admin.directory.group.member.readonly",
        },
    ),
    "line": (None, ("profile",), {"email": "email"}),
    "linkedin": (None, ("openid", "profile"), {"email": "email"}),
    "salesforce": (None, (), {"profile": "id"}),
    "windowslive": (None, (), {"signin": "wl.signin", "graph_user": "User.Read", "email": "wl.emails"}),
    "wordpress": (None, ("auth",), {}),
}  # fmt: skip


def completed(strategy: str, options: Mapping[str, Any], *, new: bool) -> dict[str, Any]:
    """The options as they are kept; ``new`` ones also get the settings of their strategy."""
    full = dict(options)
    if new:
        for name, value in _beginning(strategy, options).items():
            if full.get(name) is None:
                full[name] = value
    if strategy == DATABASE_STRATEGY:
        _complete_database(full)
    elif strategy in ("okta", "oidc"):
        full = {**FEDERATED, **{name: value for name, value in full.items() if name not in FEDERATED or value}}
        if full.get("oidc_metadata"):
            _complete_metadata(full)
    elif strategy in SOCIAL and full.get("scope") is None:
        full["scope"] = _scope(strategy, full)
        if strategy == "google-apps":
            full.setdefault("map_user_id_to_id", False)
    elif strategy == "samlp" and "signingCert" in full and "cert" not in options:
        certificate = _certificate(full["signingCert"])
        if certificate is not None:
            full["cert"] = certificate
    return full


def _beginning(strategy: str, options: Mapping[str, Any]) -> dict[str, Any]:
    if strategy == DATABASE_STRATEGY:
        return DATABASE
    if strategy == "ad":
        return {"brute_force_protection": True}
    if strategy == "google-apps":
        return {"email": True, "profile": True}
    if strategy not in ("okta", "oidc"):
        return {}
    domain = options.get("domain")
    if strategy == "oidc" or not isinstance(domain, str) or not domain:
        return {}
    return {
        "issuer": f"https://{domain}",
        "authorization_endpoint": f"https://{domain}/oauth2/v1/authorize",
        "token_endpoint": f"https://{domain}/oauth2/v1/token",
        "userinfo_endpoint": f"https://{domain}/oauth2/v1/userinfo",
        "jwks_uri": f"https://{domain}/oauth2/v1/keys",
    }


def _complete_database(options: dict[str, Any]) -> None:
    given = options.get("password_options")
    if given:
        options["password_options"] = {
            name: {**default, **(given.get(name) or {})} for name, default in PASSWORD_OPTIONS.items()
        }
    methods = options.get("authentication_methods")
    if methods:
        defaults = DATABASE["authentication_methods"]
        options["authentication_methods"] = {
            **methods,
            **{name: {**default, **(methods.get(name) or {})} for name, default in defaults.items()},
        }
    email = (options.get("attributes") or {}).get("email")
    if email:
        options["attributes"] = {**options["attributes"], "email": {"unique": True, **email}}


def _complete_metadata(options: dict[str, Any]) -> None:
    """The provider's metadata names the endpoints that are not set."""
    metadata = options["oidc_metadata"] = {**METADATA, **options["oidc_metadata"]}
    for name in FROM_METADATA:
        if options.get(name) is None and metadata.get(name) is not None:
            options[name] = metadata[name]


def _scope(strategy: str, options: Mapping[str, Any]) -> Any:
    separator, always, switches = SOCIAL[strategy]
    asked = list(dict.fromkeys([*always, *(scope for name, scope in switches.items() if options.get(name) is True)]))
    return asked if separator is None else separator.join(asked)


def _certificate(signing_certificate: Any) -> str | None:
    """The certificate a SAML connection verifies with: PEM, or PEM in base64."""
    text = str(signing_certificate)
    if "-----BEGIN" not in text:
        try:
            text = base64.b64decode(text, validate=True).decode("ascii")
        except (binascii.Error, ValueError):
            return None
    return text if "-----BEGIN" in text else None
