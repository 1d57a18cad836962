"""Liquid, which tenants write their messages and pages in: no files, no code, and an end to everything.

What a message or page costs is bounded as a whole by an ``Allowance``: time of the processor, steps, repetitions and
what is kept meanwhile; filters that multiply text are bounded before they do, and a source is read through once before
it is parsed, which takes a time of its own. Values are plain data, so a template can reach nothing else. In HTML they
are escaped, whatever the template says, but for what is ``Markup`` already; in subjects and text messages nothing is.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from functools import cache, partial
from threading import Lock
from typing import Any, TextIO

from liquid import Environment, RenderContext, Tag, TokenStream
from liquid.ast import Node
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.exceptions import LiquidError, LiquidSyntaxError
from liquid.expression import Expression
from liquid.output import LimitedStringIO
from liquid.template import BoundTemplate
from liquid.undefined import is_undefined
from markupsafe import Markup

MAX_TEXT = 500_000  # of what is put out
MAX_KEPT = 500_000  # in variables
MAX_FILTERED = 100_000
MAX_ITEMS = 1000
MAX_BITS = 256
MAX_CODE = 50_000  # characters between {{ or {% and their ends, altogether
MAX_STEPS = 100_000
MAX_ROUNDS = 10_000
OVERHEAD = 500  # of a template, in such characters
SECONDS = 0.5
LOOK_EVERY = 32  # steps: asking what time it is takes longer than most of them
MAX_COMPILED = 500_000  # such characters of all templates that are kept compiled: some 70 MB
# What these do takes longer than the length of the text tells.
FILTERED = {"date": 200, "strip_html": 20_000}
_OPENING = re.compile(r"\{[{%]")
_VERBATIM = re.compile(r"\{%-?\s*(raw|doc)\s*-?%\}")

# Anything else a template does wrong when it meets data; a text Python will not make of a number is a ValueError.
FAULTS = (LiquidError, ValueError, TypeError, ArithmeticError, RecursionError)


class UnusableTemplate(Exception):
    """A template that cannot be read or filled; says why, and whether because it is ``costly``: in time, steps or
    repetitions."""

    def __init__(self, reason: str, *, costly: bool = False) -> None:
        super().__init__(reason)
        self.costly = costly


class TooCostly(LiquidError):
    """A template wants more than it is allowed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, token=None)


class TooLarge(LiquidError):
    """A value is more than a template may work with. Whoever looks at a page may have brought it, so this says nothing
    of what the template costs otherwise."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, token=None)


class Allowance:
    """What one page or one message may cost, of however many templates it is made. It is of one thread: ``seconds``
    are of its processor time."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._until = time.thread_time() + seconds
        self._steps = 0
        self._rounds = 0

    def look(self) -> None:
        """Raises ``TooCostly`` when the time is over."""
        if time.thread_time() > self._until:
            raise TooCostly("it takes too long")

    def step(self) -> None:
        """Raises ``TooCostly``."""
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise TooCostly(f"more than {MAX_STEPS} steps")
        if not self._steps % LOOK_EVERY:
            self.look()

    def repeat(self, times: int) -> None:
        """Raises ``TooCostly``."""
        self._rounds += times
        if self._rounds > MAX_ROUNDS:
            raise TooCostly(f"more than {MAX_ROUNDS} repetitions")


class _Context(RenderContext):
    """Asks the allowance wherever a template does something."""

    def __init__(self, template: BoundTemplate, values: Mapping[str, Any], allowance: Allowance) -> None:
        self._allowance = allowance
        self._kept: dict[str, int] = {}
        super().__init__(template, globals=template.make_globals(dict(values)))

    @property
    def disabled_tags(self) -> list[str]:  # asked for before every node there is to render
        self._allowance.step()
        return []

    @disabled_tags.setter
    def disabled_tags(self, names: list[str]) -> None:
        pass

    def raise_for_loop_limit(self, length: int = 1) -> None:
        self._allowance.repeat(length)
        super().raise_for_loop_limit(length)

    def assign(self, key: str, val: Any) -> None:
        self._kept[key] = _weight(val)
        if sum(self._kept.values()) > MAX_KEPT:
            raise TooLarge(f"more than {MAX_KEPT} characters in variables")
        self.locals[key] = val

    def filter(self, name: str, token: Any = None) -> Callable[..., Any]:
        return partial(_filtered, self._allowance, name, super().filter(name, token))


class _Environment(Environment):
    loop_iteration_limit = MAX_ITEMS
    context_depth_limit = 8
    block_nesting_limit = 30
    output_stream_limit = MAX_TEXT


class _DebugNode(Node):
    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        return buffer.write(", ".join(sorted(context.globals)))


class _DebugTag(Tag):
    """``debug`` of Auth0's templates: the names of what there is to show."""

    name = "debug"

    def parse(self, stream: TokenStream) -> Node:
        return _DebugNode(stream.current)


class _ShortRange(RangeLiteral):
    """A range nobody can spend a day counting."""

    __slots__ = ()

    def evaluate(self, context: RenderContext) -> range:
        made = super().evaluate(context)
        _weight(made)
        return made


@cache
def _environment(*, html: bool) -> _Environment:
    environment = _Environment(autoescape=html, strict_filters=False)
    environment.add_tag(_DebugTag)
    environment.filters.pop("safe")  # nothing is
    environment.filters["json"] = _json
    if not html:
        environment.filters["escape"] = str
    return environment


def _json(value: Any) -> Markup:
    """JSON that may stand in a script; ``null`` for what there is not. Raises ``TypeError``."""
    text = json.dumps(None if is_undefined(value) else value)
    text = re.sub(r"[<>&'\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", text)
    return Markup(text)  # noqa: S704 - nothing in it ends a script


class _Compiled:
    """Templates that are ready, those used last, as many as fit."""

    def __init__(self) -> None:
        self._ready: dict[tuple[str, bool], tuple[BoundTemplate, int]] = {}
        self._code = 0
        self._lock = Lock()

    def get(self, source: str, *, html: bool) -> BoundTemplate:
        """Raises ``LiquidSyntaxError``, ``TooCostly``."""
        key = (source, html)
        with self._lock:
            known = self._ready.pop(key, None)
            if known is not None:
                self._ready[key] = known  # at the end
                return known[0]
        code = _read_through(source)
        template = _environment(html=html).from_string(source)
        for node in template.nodes:
            _shorten_ranges(node)
        with self._lock:
            if key not in self._ready:
                self._ready[key] = (template, code)
                self._code += code
            while self._code > MAX_COMPILED:
                self._code -= self._ready.pop(next(iter(self._ready)))[1]
        return template


_compiled = _Compiled().get


def _read_through(source: str) -> int:
    """How many characters of a source are code. What takes long to parse is refused: what is opened and never closed
    would be looked for again and again.

    Raises ``LiquidSyntaxError``, ``TooCostly``.
    """
    code, at = 0, 0
    while opening := _OPENING.search(source, at):
        verbatim = _VERBATIM.match(source, opening.start())
        if verbatim is not None:
            end = re.compile(rf"\{{%-?\s*end{verbatim[1]}\s*-?%\}}").search(source, verbatim.end())
            if end is None:
                raise LiquidSyntaxError(f"{verbatim[1]} tag was never closed", token=None)
            code, at = code + len(verbatim[0]) + len(end[0]), end.end()
        else:
            closing = "}}" if opening[0] == "{{" else "%}"
            at = source.find(closing, opening.end())
            if at < 0:
                raise LiquidSyntaxError(f"expected '{closing}', found end of file", token=None)
            at += len(closing)
            code += at - opening.start()
        if code > MAX_CODE:
            raise TooCostly(f"more than {MAX_CODE} characters in tags")
    return code + OVERHEAD


def _shorten_ranges(node: Node) -> None:
    for expression in node.expressions():
        _shorten(expression)
    for child in node.children(None, include_partials=False):  # type: ignore[arg-type]  # only partials need a context
        _shorten_ranges(child)


def _shorten(expression: Expression) -> None:
    if type(expression) is RangeLiteral:
        expression.__class__ = _ShortRange
    for child in expression.children():
        _shorten(child)


def check(source: str) -> str | None:
    """What is wrong with a template, or ``None``."""
    try:
        _compiled(source, html=True)
    except (LiquidSyntaxError, TooCostly, TooLarge) as error:
        return str(error).partition("\n")[0]
    except FAULTS as error:
        return type(error).__name__
    return None


def fill(source: str, values: Mapping[str, Any], *, html: bool = False, allowance: Allowance | None = None) -> str:
    """The template with its values; give templates of one page or message the same ``allowance``.

    Raises ``UnusableTemplate``."""
    allowance = allowance or Allowance()
    buffer = LimitedStringIO(limit=MAX_TEXT)
    try:
        allowance.look()
        template = _compiled(source, html=html)
        template.render_with_context(_Context(template, values, allowance), buffer)
    except FAULTS as error:
        costly = isinstance(error, TooCostly)
        raise UnusableTemplate(
            f"{type(error).__name__}: {str(error).partition(chr(10))[0][:200]}", costly=costly
        ) from None
    return buffer.getvalue()


def _filtered(allowance: Allowance, name: str, filter_: Callable[..., Any], *given: Any, **named: Any) -> Any:
    """What a filter makes. Raises ``TooCostly``, ``TooLarge``."""
    allowance.look()
    for value in (*given, *named.values()):
        _refuse_length(_weight(value), FILTERED.get(name, MAX_FILTERED))
    if name == "replace" and len(given) > 2:
        _refuse_length(str(given[0]).count(str(given[1])) * len(str(given[2])))
    if name == "join" and len(given) > 1 and isinstance(given[0], list | tuple | range):
        _refuse_length(len(given[0]) * len(str(given[1])))
    made = filter_(*given, **named)
    _refuse_length(_weight(made))
    return made


def _weight(value: Any) -> int:
    """About how many characters a value is. Raises ``TooLarge`` for long lists and large numbers."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, range | list | tuple):
        if _items(value) > MAX_ITEMS:
            raise TooLarge(f"more than {MAX_ITEMS} items")
        return len(value) + (0 if isinstance(value, range) else sum(map(_weight, value)))
    if isinstance(value, dict):
        return len(json.dumps(value, default=str))
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise TooLarge("too large a number")
    return 1


def _items(value: Any) -> int:
    """How many items a list has for a filter: they look into lists of lists."""
    if isinstance(value, list | tuple):
        return sum(map(_items, value))
    return len(value) if isinstance(value, range) else 1


def _refuse_length(length: int, most: int = MAX_FILTERED) -> None:
    if length > most:
        raise TooLarge(f"more than {most} characters")
