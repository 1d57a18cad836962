"""Templates of tenants: they show what they are given, and reach, cost and break nothing (F5, F6)."""

from __future__ import annotations

from typing import Any

import pytest

from doorward.backends.outbound.composing import as_text
from doorward.backends.outbound.letters import mailbox, one_line
from doorward.liquid_templates import UnusableTemplate, check, fill


@pytest.mark.parametrize(
    ("template", "values", "html"),
    [
        ("{{ a }}", {"a": "<b>&"}, "&lt;b&gt;&amp;"),
        ("{{ a | escape }}", {"a": "<b>&"}, "&lt;b&gt;&amp;"),
        ("{{ a | safe }}{{ a | raw }}{{ a | upcase }}", {"a": "<b>"}, "&lt;b&gt;&lt;b&gt;&lt;B&gt;"),
        ("<i>{{ a.b.c }}{{ a['b'].d }}</i>", {"a": {"b": {"c": 1}}}, "<i>1</i>"),
        ("{% if a == 'it' %}Ciao{% else %}Hi{% endif %}", {"a": "it"}, "Ciao"),
        ("{% assign b = a | split: ',' %}{% for c in b %}{{ c }};{% endfor %}", {"a": "1,2"}, "1;2;"),
        ("{{ a.__class__ }}{{ a.keys }}{{ a.items }}", {"a": {}}, ""),
        ("{% debug %}", {"a": 1, "b": 2}, "a, b"),
    ],
)
def test_f6_values_are_shown_and_escaped(template: str, values: dict[str, Any], html: str) -> None:
    assert fill(template, values, html=True) == html


def test_in_text_nothing_is_escaped() -> None:
    assert fill("{{ a }} {{ a | escape }}", {"a": "A & <B>"}) == "A & <B> A & <B>"


@pytest.mark.parametrize(
    "template",
    [
        "{% for i in (1..100000) %}{% endfor %}",
        "{% for i in (1..100) %}{% for j in (1..100) %}{% endfor %}{% endfor %}",
        "{% tablerow i in (1..100000000) %}{% endtablerow %}",
        "{% assign s = (1..100000000) %}{{ s | join: 'x' }}",
        "{{ (1..100000000) | size }}",
        "{{ big | replace: 'a', big }}",
        "{{ big | replace: '', big }}",
        "{{ big | append: big | append: big | append: big | append: big | append: big }}",
        "{{ big | split: '' }}",
        "{% assign a = 'xx' %}{% for i in (1..100) %}{% assign a = a | append: a %}{% endfor %}",
        "{% capture a %}{% for i in (1..900) %}{{ big }}{% endfor %}{% endcapture %}",
        "{% for i in (1..900) %}{{ big }}{% endfor %}",
        "{{ 99999999999999999999 " + "| times: 99999999999999999999" * 4 + " }}",
        "{% for i in (1..1000) %}" + "{{ big | upcase | downcase | size }}" * 199 + "{% endfor %}",
        "{% for i in (1..1000) %}" + "{% if a %}{% endif %}" * 5000 + "{% endfor %}",
        "{% include '/etc/passwd' %}",
        "{% render 'other' %}",
        "{{ 1 | divided_by: 0 }}",
        "{% if a %}" * 40 + "{% endif %}" * 40,
        "{% nonsense %}",
    ],
)  # fmt: skip
def test_f5_what_a_template_may_cost_has_an_end(template: str) -> None:
    with pytest.raises(UnusableTemplate):
        fill(template, {"big": "a" * 100_000}, html=True)


def test_what_is_wrong_with_a_template_is_said() -> None:
    assert check("{{ a }} {% if a %}b{% endif %}") is None
    assert check("{% if a %}") is not None
    assert check("{% liquid assign a = 1 %}") is not None, "what is in it would not be counted"
    assert check("{{ a | }") == "expected '}}', found end of file"


@pytest.mark.parametrize(
    ("text", "mailbox_"),
    [
        ("a@b.test", "a@b.test"),
        ("Acme <a@b.test>", "Acme <a@b.test>"),
        ('"Acme, Inc." <a@b.test>', '"Acme, Inc." <a@b.test>'),
        ("Acme\r\nBcc: eve@evil.test <a@b.test>", '"Acme Bcc: eve@evil.test" <a@b.test>'),
        ("a@b.test, c@d.test", ""),
        ("nobody", ""),
        ("", ""),
    ],
)
def test_f6_a_from_is_one_mailbox_in_one_line(text: str, mailbox_: str) -> None:
    made = mailbox(text)
    assert "\r" not in made
    assert "\n" not in made
    assert made in (mailbox_, ""), made


def test_f6_a_subject_is_one_line() -> None:
    assert one_line("a\r\nBcc: b\x00\u2028c\t d ") == "a Bcc: b c d"


def test_html_is_read_as_text() -> None:
    html = "<head><title>T</title><style>x{}</style></head><h1>Hello</h1><p>a <b>b</b></p><a href='https://x/'>go</a>"
    assert as_text(html) == "Hello\n\na b\ngo <https://x/>\n"
