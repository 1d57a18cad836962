"""The reference says what the code does: it is made from the same tables, and this is held here."""

from __future__ import annotations

import fnmatch
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from doorward.oauth.explain_fixes import FIXES
from doorward.oauth.request_rules import ALL_RULES, REQUEST_RULES
from doorward.oauth.token_rules import FIELDS, RULES
from doorward.web.login.samples import SAMPLES

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PAGES = ("token-rules.md", "settings.md", "commands.md", "management-api.md", "log-events.md", "what-ends.md")


@pytest.mark.parametrize("name", PAGES)
def test_the_reference_is_up_to_date(generate: ModuleType, name: str) -> None:
    """Run ``python docs/generate.py`` after a change of what it is made from."""
    assert tuple(generate.PAGES) == PAGES
    assert (generate.REFERENCE / name).read_text("utf-8") == generate.PAGES[name]()


@pytest.mark.parametrize("rule", sorted(ALL_RULES))
def test_every_rule_has_an_anchor(generate: ModuleType, rule: str) -> None:
    assert generate.TOKEN_RULES.read_text("utf-8").count(f'<a id="{generate.anchor(rule)}"></a>') == 1


def test_anchors_are_unique(generate: ModuleType) -> None:
    anchors = re.findall(r'<a id="([^"]+)">', generate.TOKEN_RULES.read_text("utf-8"))
    assert len(anchors) == len(set(anchors))


def test_links_between_pages_lead_somewhere() -> None:
    for page in (*DOCS.rglob("*.md"), *DOCS.parent.glob("*.md")):
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
            if "://" in target:
                continue
            path, _, fragment = target.partition("#")
            linked = (page.parent / path).resolve() if path else page
            assert linked.exists(), f"{page.name}: {target}"
            if fragment:
                assert fragment in anchors_of(linked.read_text("utf-8")), f"{page.name}: {target}"


def test_every_screen_is_photographed_by_a_command_that_some_page_names() -> None:
    text = "\n".join(page.read_text("utf-8") for page in DOCS.rglob("*.md"))
    commands = re.findall(r"tests\.e2e\.screens OUT ([^\[\n-].*)$", text, re.MULTILINE)
    patterns = [pattern.strip("'") for command in commands for pattern in command.split()]
    assert len(patterns) > 20
    assert [pattern for pattern in patterns if not fnmatch.filter(SAMPLES, pattern)] == []
    assert [name for name in SAMPLES if not any(fnmatch.fnmatch(name, pattern) for pattern in patterns)] == []


def anchors_of(text: str) -> set[str]:
    """The anchors of a page: those written out, and those GitHub gives to headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return slugs | set(re.findall(r'<a id="([^"]+)">', text))


def test_the_tables_do_not_overlap_and_sentences_are_sentences() -> None:
    assert not set(RULES) & set(REQUEST_RULES)
    for rule_id, rule in ALL_RULES.items():
        assert rule.sentence.endswith("."), rule_id
        assert rule.source, rule_id
    assert {rule.field for rule in RULES.values()} == set(FIELDS)


def test_every_fix_belongs_to_a_rule() -> None:
    assert set(FIXES) <= set(ALL_RULES)
