"""Liquid, which tenants write their messages and pages in: no files, no code, and an end to everything.

A template is bounded in loops (the fewer, the more there is to repeat), depth, time, what it keeps and what it puts
out; filters that multiply text are bounded before they do. Values are plain data, so a template can reach nothing
else. In HTML they are escaped, whatever the template says, but for what is ``Markup`` already; in subjects and text
messages nothing is.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import cache, lru_cache, wraps
from typing import Any, TextIO

from liquid import Environment, RenderContext, Tag, TokenStream
from liquid.ast import Node
from liquid.exceptions import FilterArgumentError, LiquidError, LiquidSyntaxError
from liquid.template import BoundTemplate
from markupsafe import Markup

MAX_TEXT = 500_000
MAX_ITEMS = 1000
MAX_BITS = 256
SECONDS = 1.0
COMPILED = 256
_TAG = re.compile(r"\{[{%]")
_until: ContextVar[float] = ContextVar("until", default=float("inf"))

# Anything else a template does wrong when it meets data; a text Python will not make of a number is a ValueError.
FAULTS = (LiquidError, ValueError, TypeError, ArithmeticError, RecursionError)


class UnusableTemplate(Exception):
    """A template that cannot be read or filled; says where and why."""


class _Bounded(Environment):
    """For templates of up to ``most`` tags."""

    most = 200
    loop_iteration_limit = 1000
    context_depth_limit = 8
    block_nesting_limit = 30
    local_namespace_limit = MAX_TEXT
    output_stream_limit = MAX_TEXT


class _Longer(_Bounded):
    most = 2000
    loop_iteration_limit = 100


class _Longest(_Bounded):
    most = 1_000_000
    loop_iteration_limit = 10


class _DebugNode(Node):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        return buffer.write(", ".join(sorted(context.globals)))


class _DebugTag(Tag):
    """``debug`` of Auth0's templates: the names of what there is to show."""

    name = "debug"

    def parse(self, stream: TokenStream) -> Node:
        return _DebugNode(stream.current)


@cache
def _environment(bounds: type[_Bounded], *, html: bool) -> Environment:
    environment = bounds(autoescape=html, strict_filters=False)
    environment.add_tag(_DebugTag)
    environment.filters.pop("safe")  # nothing is
    environment.filters["json"] = _json
    if not html:
        environment.filters["escape"] = str
    for name, filter_ in environment.filters.items():
        environment.filters[name] = _bounded(name, filter_)
    environment.tags.pop("liquid", None)  # one tag that hides thousands from those who count them
    return environment


def _json(value: Any) -> Markup:
    """JSON that may stand in a script. Raises ``TypeError``."""
    text = json.dumps(value)
    text = re.sub(r"[<>&'\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", text)
    return Markup(text)  # noqa: S704 - nothing in it ends a script


@lru_cache(COMPILED)
def _compiled(source: str, *, html: bool) -> BoundTemplate:
    tags = len(_TAG.findall(source))
    bounds = next(bounds for bounds in (_Bounded, _Longer, _Longest) if tags <= bounds.most)
    return _environment(bounds, html=html).from_string(source)


def check(source: str) -> str | None:
    """What is wrong with a template, or ``None``."""
    try:
        _compiled(source, html=True)
    except LiquidSyntaxError as error:
        return str(error).partition("\n")[0]
    except FAULTS as error:
        return type(error).__name__
    return None


def fill(source: str, values: Mapping[str, Any], *, html: bool = False, seconds: float = SECONDS) -> str:
    """The template with its values. Raises ``UnusableTemplate``, also when it takes more than ``seconds`` of CPU."""
    token = _until.set(time.thread_time() + seconds)
    try:
        return _compiled(source, html=html).render(**values)
    except FAULTS as error:
        raise UnusableTemplate(f"{type(error).__name__}: {str(error).partition(chr(10))[0][:200]}") from None
    finally:
        _until.reset(token)


def _bounded(name: str, filter_: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(filter_)
    def call(*given: Any, **named: Any) -> Any:
        if time.thread_time() > _until.get():
            raise FilterArgumentError("it takes too long", token=None)
        for value in given:
            _refuse_large(value)
        if name == "replace" and len(given) > 2:
            _refuse_length(str(given[0]).count(str(given[1])) * len(str(given[2])))
        if name == "join" and len(given) > 1 and isinstance(given[0], list | tuple | range):
            _refuse_length(len(given[0]) * len(str(given[1])))
        made = filter_(*given, **named)
        _refuse_large(made)
        return made

    return call


def _refuse_large(value: Any) -> None:
    if isinstance(value, str):
        _refuse_length(len(value))
    elif isinstance(value, list | tuple | range) and len(value) > MAX_ITEMS:
        raise FilterArgumentError(f"more than {MAX_ITEMS} items", token=None)
    elif isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise FilterArgumentError("too large a number", token=None)


def _refuse_length(length: int) -> None:
    if length > MAX_TEXT:
        raise FilterArgumentError(f"more than {MAX_TEXT} characters", token=None)
