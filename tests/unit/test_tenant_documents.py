"""Reading a tenant file: keywords, and what is no tenant."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from doorward.cli.tenant_documents import MAPPINGS, parse_tenant, read_tenant_file, yaml_text
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


WRITTEN = """
yes: yes
off: off
day: 2024-01-01
hour: 12:30
octal: 0o17
zeros: 010
thousand: 1_000
hex: 0x1F
real: 1.5e3
none: ~
nothing:
truth: [true, False]
same: &same {a: 1}
merged: {<<: *same, b: -2}
"""


def test_yaml_is_read_as_auth0_deploy_cli_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "tenant.yaml"
    path.write_text(WRITTEN)
    assert read_tenant_file(path) == {
        "yes": "yes", "off": "off", "day": "2024-01-01", "hour": "12:30", "octal": 15, "zeros": 10,
        "thousand": 1000, "hex": 31, "real": 1500.0, "none": None, "nothing": None, "truth": [True, False],
        "same": {"a": 1}, "merged": {"a": 1, "b": -2},
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["yes", "true", "12:30", "1e3", "0o17", "010", "1_000", "-.5", "._", "2024-01-01", "~", "null", "", "=", "<<",
     ".nan", ".inf", "a\r\nb", "x \ny", "a\u2028b\n", "a: b", "x\ny", " x", "#", "0x1F", "1.", "+1", "é",
     "\x85", "- a", "@@A@@", "'"],
)  # fmt: skip
def test_a_text_comes_back_from_yaml_as_it_was(text: str) -> None:
    document = {"tenant": {"friendly_name": text, "numbers": [1, -2, 1.5, 1e30, True, None]}}
    written = yaml_text(document)
    assert parse_tenant(written, "tenant.yaml") == document
    assert yaml.safe_load(written) == document


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("clients:\n  - name: A\n   callbacks: []\n", "line 3, column 4: expected <block end>"),
        ("? [a]\n: b\n", "line 1, column 3: found unhashable key"),
        ("a: !!binary aGk=\n", "line 1, column 4: tag:yaml.org,2002:binary is nothing that JSON has"),
        ("a: !!int many\n", "many"),
        ("a: \x01\n", "special characters are not allowed"),
    ],
)
def test_a_fault_of_yaml_is_told_in_a_sentence_with_its_place(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "tenant.yaml"
    path.write_text(text)
    with pytest.raises(Problem) as refused:
        read_tenant_file(path)
    assert why in refused.value.why


@pytest.mark.parametrize(
    "text",
    ["databases: [{name: A, options: [1]}]", "prompts: {screenRenderers: [{login-id: A}]}", "actions: [5, {code: 5}]"],
)
def test_a_wrong_shape_is_for_the_server_to_refuse(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tenant.yaml"
    path.write_text(text)
    assert read_tenant_file(path) == yaml.safe_load(text)


def test_files_beside_a_tenant_file_are_told_of_in_words(tmp_path: Path) -> None:
    path = tmp_path / "tenant.yaml"
    path.write_text("actions: [{name: A, code: ./absent.js}]")
    with pytest.raises(Problem) as refused:
        read_tenant_file(path)
    assert (refused.value.what, refused.value.why) == (
        "actions A: ./absent.js cannot be read",
        "No such file or directory",
    )
    (tmp_path / "list.json").write_text("[1]")
    path.write_text("flows: [{name: A, body: ./list.json}]")
    with pytest.raises(Problem, match="has to hold a JSON object"):
        read_tenant_file(path)


def test_an_empty_file_is_an_empty_tenant(tmp_path: Path) -> None:
    path = tmp_path / "tenant.yaml"
    path.write_text("# nothing\n")
    assert read_tenant_file(path) == {}
