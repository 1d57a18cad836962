"""Pages where none may be shown: login, consent, confirmation (``prompt=none``)."""

from __future__ import annotations

from doorward.oauth.fixes.facts import NOTE, REFUSED, Facts, patch_api, patch_client
from doorward.oauth.trace import Fix


def login(facts: Facts) -> Fix:
    hours = facts.directory.settings
    texts = {
        "login.no_session": (
            "The browser sent no cookie of a live session: it never logged in here, the session ended (idle for "
            f"{hours.idle_session_lifetime:g} h, or after {hours.session_lifetime:g} h), or application and login are "
            "different sites, so the browser kept the cookie back (third-party cookies).",
            (
                "Send the user through an interactive login.",
                "For renewal use refresh tokens, or a custom domain on the application's site.",
            ),
        ),
        "login.max_age": ("The last login is older than max_age.", ("Ask interactively, or raise max_age.",)),
        "login.sso_disabled": (f"{facts.name} has sso_disabled: every login asks.", ("Switch sso_disabled off.",)),
        "login.other_connection": (
            "The session came through another connection.",
            ("Leave connection out, or log in with it.",),
        ),
    }
    why, do = texts.get(facts.reason.rule, ("prompt asks for a page.", ("Leave prompt out.",)))
    change = None
    if facts.reason.rule == "login.sso_disabled" and facts.client is not None:
        change = patch_client(facts.client, sso_disabled=False)
    return Fix(REFUSED if facts.error is not None else NOTE, why, do, change)


def consent(facts: Facts) -> Fix:
    level = REFUSED if facts.error is not None else NOTE
    again = "Send the user through an interactive login once: consent is remembered."
    if facts.reason.rule == "consent.first_party_api" and facts.api is not None:
        change = patch_api(facts.api, skip_consent_for_verifiable_first_party_clients=True)
        return Fix(
            level, "The API asks first-party applications for consent too.", (again, "Or let the API skip it."), change
        )
    if facts.reason.rule == "consent.prompt_consent":
        return Fix(level, "prompt=consent asks again.", ("Leave it out.",))
    return Fix(level, "A third-party application needs consent that covers every scope.", (again,))


def confirmation(facts: Facts) -> Fix:
    change = None
    if facts.client is not None:
        change = patch_client(facts.client, skip_non_verifiable_callback_uri_confirmation_prompt=True)
    return Fix(
        REFUSED if facts.error is not None else NOTE,
        "Anybody on the device could answer a loopback or custom-scheme callback, so the person confirms it.",
        (
            "Use an https callback (names under localhost count), or ask interactively.",
            "Or skip the page for the application.",
        ),
        change,
    )
