"""Write the parts of the reference that come from tables in the code: ``python docs/generate.py``.

A test compares what is written here with what the tables say today.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from pathlib import Path

import click

from doorward.cli import commands as doorward_commands
from doorward.management.kit.operation import Effect
from doorward.management.ledger import DOCUMENTED, Entry, entries
from doorward.model.log_event import EVENT_TYPES
from doorward.model.session_end import ENDS, Reach
from doorward.oauth.explain_fixes import FIXES
from doorward.oauth.request_rules import ALL_RULES
from doorward.oauth.token_rules import FIELDS
from doorward.settings import DESCRIPTIONS, default, kinds, variable

REFERENCE = Path(__file__).parent / "reference"
TOKEN_RULES = REFERENCE / "token-rules.md"
WRITTEN = "This page is written by `docs/generate.py`.\n"

FIELD_SENTENCES = {
    "request": "What the request is, before anything is decided; and what a dry run took for granted.",
    "proof": "Whether what was presented (a code, a refresh token, a password) is good.",
    "user": "Whether the person may be given anything at all.",
    "login": "Whether the person has to log in.",
    "mfa": "Whether the person has to prove a second factor.",
    "passkey": "Whether the person is offered a passkey.",
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
ORDER = ("request", "proof", "user", "login", "mfa", "passkey", *FIELDS, "consent", "confirmation", "size")

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


def settings() -> str:
    """The reference of the production settings, by table."""
    page = [
        "# Settings of a production server\n\n",
        "`doorward serve`, `migrate`, `tenants`, `root`, `keys` and `users` read one TOML file (`--config FILE`, or "
        "the variable `DOORWARD_CONFIG`) and the environment, which wins. An unknown setting is refused. Lists are "
        f"separated by commas in the environment.\n\n{WRITTEN}",
    ]
    for table, names in groupby(kinds(), key=lambda name: name.partition(".")[0]):
        page.append(f"\n## `[{table}]`\n\n| Setting | Variable | Default | |\n|---|---|---|---|\n")
        for name in names:
            value = default(name)
            shown = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
            cells = (f"`{name.partition('.')[2]}`", f"`{variable(name)}`", f"`{shown}`" if shown else "")
            page.append(f"| {' | '.join(cells)} | {DESCRIPTIONS[name]} |\n")
    return "".join(page)


def commands() -> str:
    """The reference of the commands, from their own help."""
    page = [
        "# Commands\n\n",
        "Exit codes: 0 all went well, 1 it failed or the answer is no, 2 the command or the settings are wrong, 3 no "
        "server or database answers, 4 not authorized. Every failure is told as *what*, *why*, *fix* and *more*. "
        f"`NO_COLOR` is honoured.\n\n{WRITTEN}",
    ]
    page += _command("doorward", doorward_commands, None, depth=1)
    return "".join(page)


def _command(name: str, command: click.Command, parent: click.Context | None, depth: int) -> list[str]:
    context = click.Context(command, info_name=name, parent=parent, terminal_width=100, max_content_width=100)
    page = []
    if parent is not None:
        lines = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
        page.append(f"\n{'#' * depth} {context.command_path}\n\n```text\n{lines}\n```\n")
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            if found is not None:
                page += _command(below, found, context, depth + 1)
    return page


EFFECTS = {
    Effect.ACTS: "performed",
    Effect.STORED: "kept",
    Effect.EMPTY: "empty",
    Effect.REFUSED: "not planned",
}


def management_api() -> str:
    """What is made of every operation of the Management API v2."""
    everything = list(entries())
    documented = len(list(entries(DOCUMENTED)))
    counts = ", ".join(f"{sum(e.effect is effect for e in everything)} {name}" for effect, name in EFFECTS.items())
    page = [
        "# Management API v2: operation by operation\n\n",
        f"The {documented} operations of Auth0's OpenAPI document and {len(everything) - documented} that it leaves "
        f"out: {counts}.\n\n"
        "* **performed**: does what it says.\n"
        "* **kept**: what is written is checked, kept, returned and exported, and nothing acts on it yet.\n"
        "* **empty**: answers what a tenant without such a thing would.\n"
        "* **not planned**: 403 `insufficient_scope`, as Auth0 answers for what a tenant may not use: configuration "
        'tools take that as "skip this".\n\n'
        "A path that Auth0 does not have is 404. A running server describes what it performs in OpenAPI at "
        f"`/_doorward/api/v1/openapi.json`.\n\n{WRITTEN}",
    ]
    families: dict[str, list[Entry]] = {}
    for entry in everything:
        families.setdefault(entry.path.split("/")[1], []).append(entry)
    for family in sorted(families):
        page.append(f"\n## {family}\n\n| Operation | | |\n|---|---|---|\n")
        for entry in sorted(families[family], key=lambda entry: entry.path):
            page.append(f"| `{entry.method} {entry.path}` | {EFFECTS[entry.effect]} | {entry.reason} |\n")
    return "".join(page)


def log_events() -> str:
    """The codes of the tenant log."""
    page = [
        "# Tenant log events\n\n",
        "The `type` of an entry of `GET /api/v2/logs`, with Auth0's codes. Events of a token, a login or a refusal "
        f"carry the [decision trace](../explanation/why-this-token.md#in-the-log).\n\n{WRITTEN}",
        "\n| Code | Event |\n|---|---|\n",
    ]
    page += [f"| `{code}` | {sentence} |\n" for code, sentence in EVENT_TYPES.items()]
    return "".join(page)


REACHES = {Reach.NONE: "", Reach.SESSION: "that one", Reach.ALL: "all", Reach.ASKED: "if told"}


def what_ends() -> str:
    """What ends with what."""
    page = [
        "# What ends with what\n\n",
        "Whatever happens to an account or a session, sessions and what came of them end by this table. With a session "
        "its unspent codes end. The initiator is what [applications are told](../how-to/log-out-everywhere.md) over "
        "the back channel, if they want to hear of it.\n\n"
        "*If told*: revoking somebody's access ends refresh tokens unless `preserve_refresh_tokens` is true, another "
        f"password with the setting `passwords.change_revokes_refresh_tokens`.\n\n{WRITTEN}",
        "\n| What happens | Sessions | Refresh tokens | Remembered browsers | Initiator |\n|---|---|---|---|---|\n",
    ]
    for cause, ends in ENDS.items():
        browsers = "all" if ends.remembered_browsers else ""
        initiator = f"`{ends.initiator}`" if ends.initiator is not None else ""
        cells = (cause.value.capitalize(), REACHES[ends.sessions], REACHES[ends.refresh_tokens], browsers, initiator)
        page.append(f"| {' | '.join(cells)} |\n")
    return "".join(page)


PAGES: dict[str, Callable[[], str]] = {
    "token-rules.md": token_rules,
    "settings.md": settings,
    "commands.md": commands,
    "management-api.md": management_api,
    "log-events.md": log_events,
    "what-ends.md": what_ends,
}


if __name__ == "__main__":
    REFERENCE.mkdir(exist_ok=True)
    for name, written in PAGES.items():
        (REFERENCE / name).write_text(written(), "utf-8")
