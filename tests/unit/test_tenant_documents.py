"""Reading a tenant file: keywords, and what is no tenant."""

from __future__ import annotations

from pathlib import Path

import pytest

from doorward.cli.tenant_documents import MAPPINGS, read_tenant_file
from doorward.cli.terminal import Problem

FILE = """
tenant:
  friendly_name: "##NAME## of ##TOWN##"
  allowed_logout_urls: @@URLS@@
  flags: "@@FLAGS@@"
  support_email: @@UNKNOWN@@
clients:
  - name: ##UNKNOWN##
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "tenant.yaml"
    path.write_text(FILE.replace("- name: ##UNKNOWN##", "- name: '##UNKNOWN##'"))
    return path


def test_keywords_are_texts_or_values_and_unknown_ones_stay(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mappings = '{"NAME": "Acme", "TOWN": 5, "URLS": ["https://a.test"], "FLAGS": {"enable_sso": true}}'
    monkeypatch.setenv(MAPPINGS, mappings)
    assert read_tenant_file(file) == {
        "tenant": {
            "friendly_name": "Acme of 5",
            "allowed_logout_urls": ["https://a.test"],
            "flags": {"enable_sso": True},
            "support_email": "@@UNKNOWN@@",
        },
        "clients": [{"name": "##UNKNOWN##"}],
    }


@pytest.mark.parametrize("mappings", ["{", "[]", "5"])
def test_mappings_that_are_no_object_are_refused(file: Path, monkeypatch: pytest.MonkeyPatch, mappings: str) -> None:
    monkeypatch.setenv(MAPPINGS, mappings)
    with pytest.raises(Problem, match=MAPPINGS):
        read_tenant_file(file)


@pytest.mark.parametrize("text", ["a: [", "- a", "5"])
def test_what_is_no_tenant_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tenant.yaml"
    path.write_text(text)
    with pytest.raises(Problem):
        read_tenant_file(path)


def test_an_empty_file_is_an_empty_tenant(tmp_path: Path) -> None:
    path = tmp_path / "tenant.yaml"
    path.write_text("# nothing\n")
    assert read_tenant_file(path) == {}
