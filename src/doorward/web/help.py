"""``/_doorward/help``: what a rule of the decision trace means, for whoever met its id in a log or a terminal."""

from __future__ import annotations

from itertools import groupby

from doorward.oauth.request_rules import ALL_RULES
from doorward.oauth.token_rules import Rule
from doorward.web.login.documents import HelpDocument
from doorward.web.login.presenter import Presenter
from doorward.web.router import Handler
from doorward.web.wire.http import Request, Response, text_response

PATH = "/_doorward/help"


def every_rule(presenter: Presenter) -> Handler:
    """All rules, by the field they decide."""

    async def handler(request: Request) -> Response:
        return presenter.help(request, HelpDocument(_by_field(ALL_RULES)))

    return handler


def one_rule(presenter: Presenter) -> Handler:
    """One rule among those that decide the same field; 404 for an id no rule has."""

    async def handler(request: Request) -> Response:
        asked = request.path_parameters["rule"]
        rule = ALL_RULES.get(asked)
        if rule is None:
            return text_response("No rule has this id\n", 404)
        siblings = {code: other for code, other in ALL_RULES.items() if other.field == rule.field}
        return presenter.help(request, HelpDocument({rule.field: siblings}, asked))

    return handler


def _by_field(rules: dict[str, Rule]) -> dict[str, dict[str, Rule]]:
    fields: dict[str, dict[str, Rule]] = {}
    for field, entries in groupby(rules.items(), key=lambda entry: entry[1].field):
        fields.setdefault(field, {}).update(entries)
    return fields
