"""``/branding``: what the tenant's pages look like, and the template around them."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from doorward.management.kit.bodies import require_liquid
from doorward.management.kit.context import Call
from doorward.management.kit.errors import ApiError, not_found
from doorward.management.kit.schema import choice, either, number, record, text
from doorward.management.kit.shapes import Shape, Singleton, without_nulls
from doorward.model.document import Document

MAX_TEMPLATE = 102_400
COLOUR = text(format="html-color")
HTTPS_URL = text(format="strict-https-uri")
GRADIENT = record(
    {"type": choice("linear-gradient"), "start": COLOUR, "end": COLOUR, "angle_deg": number(min=0, max=360)}
)
UPDATE = record(
    {
        "colors": record(
            {"primary": COLOUR.or_null, "page_background": either(COLOUR, GRADIENT).or_null}, min=1
        ).or_null,
        "favicon_url": HTTPS_URL.or_null,
        "logo_url": HTTPS_URL.or_null,
        "font": record({"url": HTTPS_URL.or_null}, min=1).or_null,
    },
    min=1,
)
GROUPS = {"colors", "font"}
TEMPLATE = text(max=MAX_TEMPLATE)
# Where a template wants what every page needs, and the page itself.
PAGE_TAG = re.compile(r"\{%(-?)\s*auth0:(head|widget)\s*(-?)%\}")


def revise(call: Call, before: Document, given: dict[str, Any]) -> Document:
    """Colours and font change property by property; a group that is ``null`` or holds nothing any more goes."""
    body = {**before.body, **given}
    for name in GROUPS & given.keys():
        body[name] = (given[name] and without_nulls({**before.body.get(name, {}), **given[name]})) or None
    return msgspec.structs.replace(before, body=without_nulls(body))


def replaced_template(call: Call, before: Document, given: Any) -> Document:
    template = given if isinstance(given, str) else given["template"]
    tags = [found[2] for found in PAGE_TAG.finditer(template)]
    if tags.count("head") != 1 or "widget" not in tags:
        raise ApiError(400, "The template must contain a single auth0:head tag and at least one auth0:widget tag.")
    require_liquid(call.services.check_template, universal_login=PAGE_TAG.sub("", template))
    return msgspec.structs.replace(before, body={"body": template})


BRANDING = Singleton(
    path="/branding", id="branding", scopes="branding", summary="branding settings", update=UPDATE, revise=revise
)
PAGE_TEMPLATE = Singleton(
    path="/branding/templates/universal-login",
    id="universal_login_template",
    scopes="branding",
    summary="template for the Universal Login pages",
    replace=either(TEMPLATE, record({"template": TEMPLATE}, required=("template",))),
    replaced=replaced_template,
    missing=lambda: not_found("The template does not exist.", "inexistent_templates_universal_login"),
    removable=True,
    gone=204,
    put_created=201,
    put=204,
    answers=lambda call, document: {},
)
RESOURCES: tuple[Shape, ...] = (BRANDING, PAGE_TEMPLATE)
