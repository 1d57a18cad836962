"""A small tree of a page's elements, enough to ask for what the contract names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from html.parser import HTMLParser
from inspect import signature
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from doorward.web.login.look import Look
from doorward.web.login.pages import Page
from doorward.web.login.render import render

VOID = {"meta", "link", "img", "input", "br", "hr"}
ACME = Look(company_name="Acme")
T = TypeVar("T")
_DOCUMENTS: dict[tuple[int, int, str], tuple[Page, Look, Element]] = {}  # with what they are made of, or ids come again


class Element:
    def __init__(self, tag: str, attributes: dict[str, str], parent: Element | None) -> None:
        self.tag, self.attributes, self.parent = tag, attributes, parent
        self.children: list[Element | str] = []

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    def __contains__(self, name: str) -> bool:
        return name in self.attributes

    @property
    def classes(self) -> set[str]:
        return set(self.attributes.get("class", "").split())

    @property
    def text(self) -> str:
        return " ".join("".join(self._texts()).split())

    @property
    def own_text(self) -> str:
        return "".join(c for c in self.children if isinstance(c, str)).strip()

    def _texts(self) -> Iterator[str]:
        for child in self.children:
            if isinstance(child, str):
                yield child
            else:
                yield from child._texts()

    def walk(self) -> Iterator[Element]:
        for child in self.children:
            if isinstance(child, Element):
                yield child
                yield from child.walk()

    def all(self, tag: str = "", **attributes: str | bool) -> list[Element]:
        """Elements below with this tag and these attributes (``_`` for ``-``, ``True``: present)."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            element
            for element in self.walk()
            if (not tag or element.tag == tag)
            and all(
                name in element if value is True else element.attributes.get(name) == value
                for name, value in wanted.items()
            )
        ]

    def one(self, tag: str = "", **attributes: str | bool) -> Element:
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} of {tag} {attributes}"
        return found[0]

    def ancestors(self) -> Iterator[Element]:
        if self.parent is not None:
            yield self.parent
            yield from self.parent.ancestors()


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self.current = Element("", {}, None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"a repeated attribute in {attrs}"
        element = Element(tag, {name: value or "" for name, value in attrs}, self.current)
        self.current.children.append(element)
        if tag not in VOID:
            self.current = element

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.current.tag, f"</{tag}> closes <{self.current.tag}>"
        assert self.current.parent is not None
        self.current = self.current.parent

    def handle_data(self, data: str) -> None:
        self.current.children.append(data)


def parse(html: str) -> Element:
    """The document of ``html``; tags that do not match fail the test."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    assert builder.current is builder.root, f"<{builder.current.tag}> is never closed"
    return builder.root


def document(page: Page, look: Look = ACME, locale: str = "en") -> Element:
    """The tree of a page, which nobody is to change: each is made once."""
    key = id(page), id(look), locale
    if key not in _DOCUMENTS:
        _DOCUMENTS[key] = page, look, parse(render(page, look, locale).body.decode())
    return _DOCUMENTS[key][-1]


def submitted(form: Element, filled: dict[str, str], button: Element | None) -> dict[str, str]:
    """What a browser without scripts would post: each field once."""
    pairs = [
        (field["name"], filled.get(field["name"], field.attributes.get("value", "")))
        for field in form.all("input")
        if field.attributes.get("type") not in ("checkbox", "radio", "search") or "checked" in field.attributes
    ]
    if button is not None and "name" in button:
        pairs.append((button["name"], button["value"]))
    assert len(dict(pairs)) == len(pairs), f"a field is posted twice: {pairs}"
    return dict(parse_qsl(urlencode(pairs), keep_blank_values=True))


def of_every(names: Iterable[str]) -> Callable[[T], T]:
    """Ask a test, or each of a class, of all of these in turn (``name``): a case for each would take longer to tell of
    than to run."""

    def decorate(test: Any) -> Any:
        if isinstance(test, type):
            for attribute, method in list(vars(test).items()):
                if attribute.startswith("test_"):
                    setattr(test, attribute, decorate(method))
            return test
        asked = signature(test)

        def every(*given: Any, **named: Any) -> None:
            for name in names:
                try:
                    test(*given, name=name, **named)
                except AssertionError as error:
                    error.add_note(f"name = {name!r}")
                    raise

        every.__name__, every.__doc__ = test.__name__, test.__doc__
        every.__signature__ = asked.replace(  # type: ignore[attr-defined]
            parameters=[parameter for parameter in asked.parameters.values() if parameter.name != "name"]
        )
        return every

    return decorate
