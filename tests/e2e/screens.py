"""Every screen of Universal Login as a page value, and a command that photographs them.

    python -m tests.e2e.screens OUT_DIR [NAME ...]

writes one PNG per screen, colour scheme and width. The tests of the pages use the same screens.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from doorward.web.login import pages
from doorward.web.login.look import Look
from doorward.web.login.pages import (
    ConnectionButton,
    ConsentPage,
    ConsentScope,
    ErrorPage,
    FieldError,
    Identifier,
    LoginConfirmationPage,
    LoginIdPage,
    LoginPage,
    LoginPasswordPage,
    LogoutAbortedPage,
    LogoutCompletePage,
    LogoutPage,
    Page,
    PasswordRule,
    SignupIdPage,
    SignupPage,
    SignupPasswordPage,
)

STATE = "hKFo2SBDb1pXeHlrU3RhdGVPZkFUcmFuc2FjdGlvbqFupWxvZ2lu"
CALLBACK = "http://localhost:3000/callback"
ORIGIN = "https://login.acme.test"

STOCK = Look(company_name="Acme")
BRANDED = Look(
    company_name="Kinderladen Süd",
    primary="#e4b400",
    background="#2a1e5c",
    background_end="#4b1d3f",
    background_angle=35,
    support_email="help@example.com",
)

RULES = (
    PasswordRule("lengthAtLeast", 8),
    PasswordRule(
        "containsAtLeast",
        3,
        (
            PasswordRule("lowerCase"),
            PasswordRule("upperCase"),
            PasswordRule("numbers"),
            PasswordRule("specialCharacters"),
        ),
    ),
)
BROKEN_RULES = (
    msgspec.structs.replace(RULES[0], met=False),
    msgspec.structs.replace(
        RULES[1],
        met=True,
        items=tuple(
            msgspec.structs.replace(r, met=m) for r, m in zip(RULES[1].items, (True, True, True, False), strict=True)
        ),
    ),
)
SOCIAL = (
    ConnectionButton("google-oauth2", "google-oauth2", "Google"),
    ConnectionButton("acme-workforce", "oidc", "Acme Workforce"),
)
SHOP = {"client_name": "Acme Shop", "state": STATE, "redirect_uri": CALLBACK}

SCREENS: dict[str, Page] = {
    "login": LoginPage(**SHOP, signup_allowed=True),
    "login-social": LoginPage(**SHOP, signup_allowed=True, connections=SOCIAL),
    "login-username": LoginPage(**SHOP, identifier=Identifier.USERNAME),
    "login-wrong": LoginPage(
        **SHOP,
        signup_allowed=True,
        username="ada@example.com",
        errors=(FieldError("password", Identifier.EMAIL.wrong_credentials),),
    ),
    "login-blocked": LoginPage(**SHOP, username="ada@example.com", errors=(FieldError("", "user-blocked"),)),
    "login-id": LoginIdPage(**SHOP, signup_allowed=True),
    "login-id-username": LoginIdPage(**SHOP, identifier=Identifier.USERNAME_OR_EMAIL, connections=SOCIAL),
    "login-id-wrong": LoginIdPage(
        **SHOP, signup_allowed=True, username="ada", errors=(FieldError("username", "invalid-email-format"),)
    ),
    "login-password": LoginPasswordPage(**SHOP, username="ada.lovelace@example.com", signup_allowed=True),
    "login-password-wrong": LoginPasswordPage(
        **SHOP,
        username="ada",
        identifier=Identifier.USERNAME,
        errors=(FieldError("password", "wrong-username-credentials"),),
    ),
    "signup": SignupPage(**SHOP, password_rules=RULES),
    "signup-username": SignupPage(**SHOP, username_required=True, connections=SOCIAL),
    "signup-weak": SignupPage(
        **SHOP,
        email="ada@example.com",
        password_rules=BROKEN_RULES,
        errors=(FieldError("password", "password-policy-not-conformant"),),
    ),
    "signup-id": SignupIdPage(**SHOP),
    "signup-id-username": SignupIdPage(**SHOP, username_required=True, connections=SOCIAL),
    "signup-password": SignupPasswordPage(**SHOP, email="ada@example.com", username="ada", password_rules=RULES),
    "consent": ConsentPage(
        **SHOP,
        user_name="Ada",
        scopes=(
            ConsentScope("openid"),
            ConsentScope("profile"),
            ConsentScope("email"),
            ConsentScope("read:messages"),
            ConsentScope("write:messages"),
            ConsentScope("offline_access"),
        ),
        audience="https://api.acme.test/",
        audience_name="Acme Messages",
        receiver="localhost:3000",
    ),
    "consent-described": ConsentPage(
        **SHOP,
        user_name="ada@example.com",
        scopes=(ConsentScope("read:posts", "Read your posts"), ConsentScope("admin")),
    ),
    "login-confirmation": LoginConfirmationPage(**SHOP, user_name="Ada", receiver="http://localhost:3000"),
    "logout": LogoutPage(**SHOP, user_name="Ada"),
    "logout-complete": LogoutCompletePage(),
    "logout-aborted": LogoutAbortedPage(),
    "error": ErrorPage(error="access_denied", description="Service not found", tracking="9c1f77d0a3e84b52b1c0"),
    "error-developer": ErrorPage(
        client_name="Acme Shop",
        error="invalid_request",
        description="Callback URL mismatch. The provided redirect_uri is not in the list of allowed callback URLs.",
        tracking="9c1f77d0a3e84b52b1c0",
        hint="The application sent http://localhost:3000/cb/ and has registered http://localhost:3000/cb: "
        "there is a slash at the end.",
        start_again="https://shop.acme.test/login",
    ),
    "error-expired": ErrorPage(
        error="invalid_request", expired=True, tracking="9c1f77d0a3e84b52b1c0", start_again="https://shop.acme.test/"
    ),
}
PAGE_TYPES = {
    value
    for value in vars(pages).values()
    if isinstance(value, type) and issubclass(value, Page) and hasattr(value, "screen")
}


def photograph(folder: Path, only: set[str]) -> None:
    from playwright.sync_api import sync_playwright
    from tests import chromium
    from tests.e2e.login_pages.site import serve

    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver, chromium.browser(driver) as browser:
        for scheme in ("light", "dark"):
            for device, (width, height) in {"desktop": (1280, 860), "phone": (390, 780)}.items():
                context = browser.new_context(
                    viewport={"width": width, "height": height}, color_scheme=scheme, device_scale_factor=1.5
                )
                page = context.new_page()
                for name, screen in SCREENS.items():
                    if only and name not in only:
                        continue
                    for suffix, look in {"": STOCK, "-branded": BRANDED}.items():
                        if suffix and name not in ("login-wrong", "consent"):
                            continue
                        serve(page, screen, look)
                        page.goto(f"{ORIGIN}/u/page")
                        page.screenshot(path=folder / f"{name}{suffix}-{scheme}-{device}.png", full_page=True)
                context.close()


if __name__ == "__main__":
    photograph(Path(sys.argv[1]), set(sys.argv[2:]))
