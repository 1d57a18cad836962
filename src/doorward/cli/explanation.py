"""An explanation for the eye: what comes out, what was lost and why, and what decided it."""

from __future__ import annotations

import json
import shutil
import textwrap
from typing import Any

import click

from doorward.cli.terminal import colour

FORMATS = {"opaque": "an opaque token", "jwt": "a JWT", "jwe": "an encrypted JWT"}
PAGES = {
    "login": "log in", "signup": "sign up", "mfa": "prove a second factor", "passkey": "be offered a passkey",
    "consent": "consent", "confirmation": "confirm the callback",
}  # fmt: skip
PAGE_STAGES = ("login", "mfa", "consent", "confirmation")
REFRESH = {
    "issue": "yes",
    "rotate": "yes, a successor",
    "replace": "yes, of the other kind",
    "reuse": "the same one stays",
    None: "no",
}
SEEN = {
    "page": "the person sees an error page",
    "redirect": "what the client gets at its redirect_uri",
    "response": "what the client gets, unchanged",
}
LABEL = 15
WIDEST = 110
LONGEST_BODY = 400
LONGEST_VALUE = 60


def show(
    answer: dict[str, Any], parameters: dict[str, str], client: str, *, everything: bool, help_address: str
) -> None:
    """Print the answer of the explain endpoint to ``parameters``, asked for the application ``client``.

    ``help_address`` is where the server's help on a rule begins.
    """
    _Page(answer, parameters, client, everything, help_address).print()


class _Page:
    def __init__(
        self, answer: dict[str, Any], parameters: dict[str, str], client: str, everything: bool, help_address: str
    ) -> None:
        self._help_address = help_address
        self._decision = answer["decision"]
        self._error = answer["error"]
        self._steps = answer["steps"]
        self._parameters = parameters
        self._client = client
        self._everything = everything
        self._width = min(shutil.get_terminal_size((100, 24)).columns, WIDEST)

    def print(self) -> None:
        if self._error is not None:
            self._refusal()
        else:
            self._token()
            self._losses()
        if self._everything or self._error is not None:
            self._every_step()

    # ── what comes out, each line with what decided it ──

    def _token(self) -> None:
        made = self._decision
        aud = [made["aud"]] if isinstance(made["aud"], str) else made["aud"]
        what = FORMATS[made["format"]] if made.get("access_token", True) else "an ID token"
        grant = self._parameters.get("grant_type") or self._parameters.get("response_type", "")
        say(f"{good('✓')} {bold(f'{self._client} gets {what} for {aud[0]}')}  {dim(grant.rpartition('/')[2])}")
        say()
        if made.get("pages"):
            shown = f"the person has to {', then '.join(PAGES[page] for page in made['pages'])}"
            self._row("first", shown, *(step for step in self._steps if step["stage"] in PAGE_STAGES and step["after"]))
        self._row("iss", made["issuer"], *self._of("issuer"))
        self._row("aud", " + ".join(aud), *self._of("audience"), *self._of("access"), *self._of("aud"))
        self._row("scope", made["scope"] or "none", *self._of("scope.requested"), *self._changed_scopes())
        if made["permissions"] is not None or self._everything:
            self._row("permissions", self._short(made["permissions"] or []) or "none", *self._of("permissions"))
        self._row("form", self._form(made), *self._of("format"), *self._of("signing"), *self._of("dialect"))
        self._row("lives", lifetime(made["lifetime"]), *self._of("lifetime"))
        self._row("ID token", "yes" if made["id_token"] else "no", *self._of("id_token"))
        self._row("refresh token", REFRESH[made["refresh_token"]], *self._of("refresh_token"))
        assumed = [s["because"]["sentence"] for s in self._steps if s["because"]["code"].startswith("assumed.")]
        if assumed:
            say()
            self._line("assumed", dim(self._wrap(" ".join(assumed), 2 + LABEL)))

    def _of(self, stage: str) -> list[dict[str, Any]]:
        return [step for step in self._steps if step["stage"] == stage]

    def _changed_scopes(self) -> list[dict[str, Any]]:
        later = [step for step in self._steps if step["stage"].startswith("scope.") and step["outcome"] == "changed"]
        return [step for step in later if step["stage"] != "scope.requested"]

    def _form(self, made: dict[str, Any]) -> str:
        parts = [{"opaque": "opaque", "jwt": "JWT", "jwe": "JWT in a JWE"}[made["format"]], made["alg"]]
        if made["dialect"]:
            parts.append(f"dialect {made['dialect']}")
        return " · ".join([*parts, f"about {made['bytes']:,} bytes".replace(",", " ")])

    def _short(self, values: list[str]) -> str:
        return " ".join(values[:8]) + (f" … ({len(values)} in all)" if len(values) > 8 else "")

    def _row(self, label: str, value: str, *steps: dict[str, Any]) -> None:
        """A value, and under it what decided it: a sentence each, and where the setting is."""
        self._line(label, value)
        for step in steps:
            gone = step["because"].get("args", {}).get("dropped") if step["outcome"] == "changed" else None
            text = step["because"].get("sentence", "") + (f" Lost: {self._short(gone)}." if gone else "")
            where = setting_in_words(step.get("setting"))
            fits = len(text) + len(where) + 2 <= self._width - 2 - LABEL
            for line in filter(None, (f"{text}  {where}".rstrip(),) if fits else (text, where)):
                self._line("", dim(self._wrap(line, 2 + LABEL)))

    # ── what was lost, what was refused ──

    def _losses(self) -> None:
        wanted = {"warning", "note"} if self._everything else {"warning"}
        for step in self._steps:
            mend = step.get("fix")
            if mend is None or mend["level"] not in wanted:
                continue
            say()
            mark = warn("!") if mend["level"] == "warning" else dim("·")
            say(f"{mark} {bold(self._wrap(mend['why'], 2))}")
            self._mending(step)

    def _refusal(self) -> None:
        error, last = self._error, self._steps[-1]
        headline = f"{error['error']}: {error['error_description']}"
        seen = f"({self._client}; {SEEN[error['delivered']]})"
        say(f"{bad('✗')} {bad(self._wrap(headline, 2))}")
        say(f"  {dim(seen)}")
        mend = last.get("fix")
        if mend is not None and mend["why"] not in ("", error["error_description"]):
            self._line("why", mend["why"])
        else:
            self._line("why", last["because"].get("sentence", ""))
        self._mending(last)

    def _mending(self, step: dict[str, Any]) -> None:
        for number, text in enumerate((step.get("fix") or {}).get("do", [])):
            self._line("fix" if number == 0 else "", text)
        change = step.get("change")
        if change is not None:
            body = json.dumps(change["body"], ensure_ascii=False) if change.get("body") else ""
            self._line("call", f"{change['api']} {body if len(body) <= LONGEST_BODY else ''}".rstrip())
        say(f"  {dim('more'.ljust(LABEL))}{self._help_address}/{step['because']['code']}")

    # ── step by step ──

    def _every_step(self) -> None:
        say()
        say(f"  {bold('step by step')}")
        for step in self._steps:
            mark = {"refused": bad("✗ "), "changed": warn("~ ")}.get(step["outcome"], "")
            self._line(step["stage"], mark + step["because"].get("sentence", ""), indent=4, room=17)
            where = self._setting(step)
            if where and self._everything:
                self._line("", dim(where), indent=4, room=17)

    def _setting(self, step: dict[str, Any]) -> str:
        setting = step.get("setting")
        where = f"{setting['object']} {setting['id']} · {setting['field']}  " if setting is not None else ""
        return f"{where}[{step['because']['code']}]"

    # ── laying out ──

    def _line(self, label: str, text: str, *, indent: int = 2, room: int = LABEL) -> None:
        say(f"{' ' * indent}{dim(label.ljust(room))}{self._wrap(text, indent + room)}")

    def _wrap(self, text: str, hang: int) -> str:
        if "\n" in text:
            return text
        room = max(self._width - hang, 30)
        lines = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]
        return f"\n{' ' * hang}".join(lines)


OBJECTS = {"resource_server": "API", "client": "application", "tenant": "tenant", "client_grant": "client grant"}


def setting_in_words(setting: dict[str, Any] | None) -> str:
    """``(API: token_lifetime = 86400)``; long values are left out."""
    if setting is None:
        return ""
    value = json.dumps(setting["value"], ensure_ascii=False)
    shown = f" = {value}" if len(value) <= LONGEST_VALUE else ""
    return f"({OBJECTS.get(setting['object'], setting['object'])}: {setting['field']}{shown})"


def lifetime(seconds: int) -> str:
    """``86400 s (1 day)``."""
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            count = seconds // size
            return f"{seconds} s ({count} {name}{'s' if count > 1 else ''})"
    return f"{seconds} s"


def say(text: str = "") -> None:
    click.echo(text, color=colour())


def bold(text: str) -> str:
    return click.style(text, bold=True)


def dim(text: str) -> str:
    return click.style(text, dim=True) if text.strip() else text


def good(text: str) -> str:
    return click.style(text, fg="green", bold=True)


def bad(text: str) -> str:
    return click.style(text, fg="red", bold=True)


def warn(text: str) -> str:
    return click.style(text, fg="yellow", bold=True)
