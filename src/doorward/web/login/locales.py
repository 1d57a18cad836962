"""Which language a page speaks (BCP 47 tags, RFC 4647 §3.4 lookup)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur"})
MAX_WISHES = 20


def choose(enabled: Sequence[str], ui_locales: str | None = None, accept_language: str | None = None) -> str:
    """The locale to use of those a tenant has ``enabled``, its first being the default.

    ``ui_locales`` (OpenID Connect Core §3.1.2.1, blank-separated) goes before the browser's
    ``Accept-Language``. A wish matches exactly, else by its language; Chinese also by its script.
    """
    for wish in (*_named(ui_locales), *_accepted(accept_language)):
        found = match(wish, enabled)
        if found is not None:
            return found
    return enabled[0] if enabled else "en"


def match(wish: str, available: Iterable[str]) -> str | None:
    """The one of ``available`` that speaks ``wish``, or ``None``."""
    wish, known = wish.lower(), {tag.lower(): tag for tag in available}
    if wish in known:
        return known[wish]
    key = _key(wish)
    # The bare language suits every region better than another region's variant.
    alike = sorted((tag for tag in known if _key(tag) == key), key=len)
    return known[alike[0]] if alike else None


def direction(locale: str) -> str:
    """``rtl`` or ``ltr``."""
    return "rtl" if locale.lower().partition("-")[0] in RIGHT_TO_LEFT else "ltr"


def _key(tag: str) -> tuple[str, str]:
    language, *rest = tag.split("-")
    script = next((part for part in rest if len(part) == 4 and part.isalpha()), "")
    if language == "zh" and not script:
        script = "hant" if {"tw", "hk", "mo"} & set(rest) else "hans"
    return language, script


def _named(ui_locales: str | None) -> list[str]:
    return (ui_locales or "").split()[:MAX_WISHES]


def _accepted(header: str | None) -> Iterator[str]:
    """The languages of an ``Accept-Language`` header (RFC 9110 §12.5.4), best first."""
    weighed: list[tuple[float, str]] = []
    for part in (header or "").split(",")[:MAX_WISHES]:
        tag, _, parameter = part.partition(";")
        weight = 1.0
        name, _, value = parameter.strip().partition("=")
        if name.strip().lower() == "q":
            try:
                weight = float(value)
            except ValueError:
                weight = 0.0
        if tag.strip() and weight > 0:
            weighed.append((weight, tag.strip()))
    weighed.sort(key=lambda pair: -pair[0])
    return (tag for _, tag in weighed)
