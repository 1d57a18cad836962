"""Measure what the server does to show a page: ``make bench ARGS="--render"``; ``--help`` tells the rest.

Every screen of the login pages, as it may look in life, is made from its values as for an answer: stock, and in a page
template of the tenant's with partials in every place there is for one.
"""

from __future__ import annotations

import argparse
import statistics
import time

from bench.machine import description, signature_us
from doorward.web.login.look import Look
from doorward.web.login.page_template import ENTRY_POINTS, PageTemplate
from doorward.web.login.pages import Page
from doorward.web.login.render import render
from doorward.web.login.samples import SAMPLES, STOCK

GATE = 1500.0  # us of CPU
WARM, TIMES = 5, 50
LANGUAGE = "en"
TEMPLATE = """<!DOCTYPE html>
<html lang="{{ locale }}" dir="{{ dir }}">
  <head>
    {%- auth0:head -%}
    <title>{{ prompt.screen.texts.pageTitle }}</title>
    <style>body { background: {{ branding.colors.page_background | default: "#eeeeee" }} }</style>
  </head>
  <body class="_widget-auto-layout">
    {%- if prompt.name == "login" -%}<p>{{ tenant.friendly_name | escape }}</p>{%- endif -%}
    {%- auth0:widget -%}
    <footer><a href="https://acme.test/privacy">Privacy</a> <a href="{{ tenant.support_url }}">Help</a></footer>
  </body>
</html>"""
PARTIAL = """<div class="ulp-field"><input type="checkbox" name="ulp-{{ locale }}" id="at-POINT">
<label for="at-POINT">{{ prompt.screen.texts.title | default: "Agree" | escape }}</label></div>"""


def in_a_template() -> Look:
    partials = {point: PARTIAL.replace("POINT", point) for point in ENTRY_POINTS}
    given: dict[str, dict[str, dict[str, str]]] = {}
    for page in SAMPLES.values():
        given.setdefault(page.screen.prompt, {})[page.screen.name] = partials
    return Look(company_name="Acme", template=PageTemplate(TEMPLATE, given))


def cost(page: Page, look: Look, times: int) -> float:
    """The median of CPU us per page."""
    took = []
    for _ in range(WARM + times):
        begun = time.thread_time_ns()
        render(page, look, LANGUAGE)
        took.append((time.thread_time_ns() - begun) / 1000)
    return statistics.median(took[WARM:])


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="make bench ARGS=--render", description=__doc__)
    parser.add_argument("--times", type=int, default=TIMES, help=f"how often each page is made ({TIMES})")
    times = parser.parse_args(arguments).times
    print(description())
    before, looks = signature_us(), {"stock": STOCK, "template": in_a_template()}
    took = {name: {kind: cost(page, look, times) for kind, look in looks.items()} for name, page in SAMPLES.items()}
    print(f"\n| {'page':36} | stock us | template us |\n|---|---|---|")
    for name, one in sorted(took.items(), key=lambda named: -named[1]["template"]):
        print(f"| {name:36} | {one['stock']:8.0f} | {one['template']:11.0f} |")
    print("\n| CPU us per page | median | heaviest | gate |\n|---|---|---|---|")
    heaviest = 0.0
    for kind in looks:
        worst, name = max((one[kind], name) for name, one in took.items())
        heaviest = max(heaviest, worst)
        middle = statistics.median(one[kind] for one in took.values())
        print(f"| {kind:8} | {middle:.0f} | {worst:.0f} ({name}) | {GATE:.0f} |")
    print(f"\nS {before:.0f} us before, {signature_us():.0f} us after; {len(took)} pages, each {times} times")
    return 1 if heaviest > GATE else 0
