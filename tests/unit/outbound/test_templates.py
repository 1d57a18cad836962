"""Templates of tenants: they show what they are given, and reach, cost and break nothing (F5, F6)."""

from __future__ import annotations

import time
from typing import Any

import pytest

from doorward import liquid_templates
from doorward.backends.outbound.composing import as_text
from doorward.backends.outbound.letters import mailbox, one_line
from doorward.liquid_templates import Allowance, UnusableTemplate, check, fill


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
        "{% for i in (1..1000) %}{% endfor %}" * 11,
        "{% for i in (1..30) %}" + "{% for j in (1..30) %}{% endfor %}" * 12 + "{% endfor %}",
        "{% for i in (1..9999999999) reversed %}{% endfor %}",
        "{% for i in (1..9999999999) limit: 1 offset: 9999999990 %}{% endfor %}",
        "{% for i in (1..9999999999) limit: 1 %}{% endfor %}",
        "{% if (1..9999999999) contains 'x' %}{% endif %}",
        "{% assign r = (1..9999999999) %}",
        "{% liquid for i in (1..9999999999) reversed\n echo i\n endfor %}",
        "{{ many | join: '' | size }}",
        "{% assign l = big | split: ',' %}" + "{% assign l = l | concat: l %}" * 6 + "{{ l | join }}",
        "{% assign l = 'a,b' | split: ',' %}" + "{% assign l = l | concat: l %}" * 12,
        "".join(f"{{% assign a{n} = half %}}" for n in range(12)),
        "{{ half | date: '%Y' }}",
        "{{ 'now' | date: half }}",
        "{{ half | strip_html }}",
        "{{ nested | json }}",
        "{{" * 100_000,
        "{" * 200_000,
        "{% raw %}" * 20_000,
        "{% comment %}" + "{{" * 90_000,
        "{{ a | b: " + "a," * 90_000 + "1 }}",
        "{{ a }}" * 20_000,
    ],
    ids=lambda template: template[:50],
)  # fmt: skip
def test_f5_what_a_template_may_cost_has_an_end(template: str) -> None:
    began = time.thread_time()
    big, half = "a" * 100_000, "a" * 50_000
    with pytest.raises(UnusableTemplate):
        fill(template, {"big": big, "half": half, "many": [half] * 20, "nested": [{"a": [half]}] * 3}, html=True)
    assert time.thread_time() - began < 3, "what bounds it has to come before it is done"


def test_f5_templates_of_one_page_share_what_they_may_cost() -> None:
    template = "{% for i in (1..1000) %}{% endfor %}" * 4
    assert fill(template, {}) == fill(template, {}) == fill(template, {})
    allowance = Allowance()
    fill(template, {}, allowance=allowance)
    fill(template, {}, allowance=allowance)
    with pytest.raises(UnusableTemplate) as refused:
        fill(template, {}, allowance=allowance)
    assert refused.value.costly


def test_f5_time_is_looked_at_between_any_two_steps() -> None:
    body = "{% if true %}x{% endif %}{{ 1 }}" * 50
    for template in (body, "{{ 'a' | upcase }}"):
        fill(template, {})
        with pytest.raises(UnusableTemplate, match="too long"):
            fill(template, {}, allowance=Allowance(seconds=0))


def test_f5_what_is_kept_compiled_has_an_end_and_is_what_was_used_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liquid_templates, "MAX_COMPILED", 8000)
    compiled = liquid_templates._Compiled()
    used = compiled.get("{{ often }}", html=True)
    for number in range(40):
        compiled.get("{{ a }}" * 24 + str(number), html=True)
        assert compiled.get("{{ often }}", html=True) is used
    kept = list(compiled._ready.values())
    assert sum(code for _, code in kept) == compiled._code <= 8000
    assert len(kept) == 12


def test_what_people_write_is_within_what_is_allowed() -> None:
    row = "{% if o.new %}<td>{{ o.name | upcase | truncate: 20 }}</td>{% endif %}"
    rows = f"{{% for o in orders %}}<tr>{row}</tr>{{% endfor %}}"
    orders = [{"new": True, "name": f"order {n}"} for n in range(300)]
    made = fill("<table>" + rows * 3 + "</table>" + " " * 150_000, {"orders": orders}, html=True)
    assert made.count("<td>ORDER") == 900


def test_what_is_wrong_with_a_template_is_said() -> None:
    assert check("{{ a }} {% if a %}b{% endif %}") is None
    assert check("{% if a %}") is not None
    assert check("{% liquid assign a = 1 %}") is None
    assert check("{{ a | }") == "expected '}}', found end of file"
    assert check("{% if a") == "expected '%}', found end of file"
    assert check("{%- raw -%}{{{% endraw %}{{ a }}{% doc %}{{{% enddoc %}") is None
    assert check("{% raw %}{{ a }}") == "raw tag was never closed"


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
