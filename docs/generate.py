"""Write the parts of the reference that come from tables in the code: ``python docs/generate.py``.

A test compares what is written here with what the tables say today.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from doorward.oauth.explain_fixes import FIXES
from doorward.oauth.request_rules import ALL_RULES
from doorward.oauth.token_rules import FIELDS

REFERENCE = Path(__file__).parent / "reference"
TOKEN_RULES = REFERENCE / "token-rules.md"

FIELD_SENTENCES = {
    "request": "What the request is, before anything is decided; and what a dry run took for granted.",
    "proof": "Whether what was presented (a code, a refresh token, a password) is good.",
    "user": "Whether the person may be given anything at all.",
    "login": "Whether the person has to sign in.",
    "issuer": "`iss`: who issues the token.",
    "audience": "Which API is addressed.",
    "access": "Whether this application may have a token for that API.",
    "format": "Opaque, JWT, or an encrypted JWT.",
    "dialect": "Which claims the token carries.",
    "signing": "The algorithm, and whose key.",
    "scope.requested": "What is asked for.",
    "scope.defined": "What of it exists.",
    "scope.grant": "What of it the client grant covers.",
    "scope.rbac": "What of it the user's permissions cover.",
    "scope.consent": "What of it the person agreed to.",
    "refresh_token": "Whether a refresh token comes with it.",
    "scope": "What is granted in the end.",
    "aud": "The `aud` claim: one audience, or two.",
    "permissions": "The `permissions` claim.",
    "lifetime": "Seconds until the token expires.",
    "id_token": "Whether an ID token comes with it.",
    "consent": "Whether the person is asked for consent.",
    "confirmation": "Whether the person confirms the callback.",
    "size": "How large the access token is.",
}
ORDER = ("request", "proof", "user", "login", *FIELDS, "consent", "confirmation", "size")

HEAD = """\
# Rules of the token policy

Every decision about a token is taken by exactly one of these rules per field. `doorward explain`,
`POST /_doorward/api/v1/explain` and the details of tenant log events name them by id; see
[why this token](../explanation/why-this-token.md) for how to read them.

This page is written by `docs/generate.py` from `oauth/token_rules.py` and `oauth/request_rules.py`. A wrench
(🔧) marks the rules for which explain says what to change.

| Field | What it decides |
|---|---|
"""


def anchor(name: str) -> str:
    """The anchor of a rule or a field."""
    return name.replace(".", "-")


def token_rules() -> str:
    """The reference of all rules, by field."""
    page = [HEAD]
    page += [f"| [{field}](#field-{anchor(field)}) | {FIELD_SENTENCES[field]} |\n" for field in ORDER]
    rules = sorted(ALL_RULES.items(), key=lambda item: ORDER.index(item[1].field))
    for field, members in groupby(rules, key=lambda item: item[1].field):
        page.append(f'\n<a id="field-{anchor(field)}"></a>\n\n## {field}\n\n{FIELD_SENTENCES[field]}\n\n')
        page.append("| Rule | What it says | Where it comes from |\n|---|---|---|\n")
        for rule_id, rule in members:
            mark = " 🔧" if rule_id in FIXES else ""
            page.append(f'| <a id="{anchor(rule_id)}"></a>`{rule_id}`{mark} | {rule.sentence} | {rule.source} |\n')
    return "".join(page)


if __name__ == "__main__":
    REFERENCE.mkdir(exist_ok=True)
    TOKEN_RULES.write_text(token_rules(), "utf-8")
