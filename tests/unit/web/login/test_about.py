"""What a tenant's template may tell of the organization somebody logs in to."""

from __future__ import annotations

from typing import Any

import pytest

from doorward.model.directory import TenantDirectory
from doorward.model.document import Document, Documents, Kind
from doorward.model.snapshot import snapshot_of
from doorward.model.tenant import Issuer, Tenant
from doorward.web.login.look import Look
from doorward.web.login.samples import SAMPLES
from doorward.web.login.template_variables import about

BODY: dict[str, Any] = {"id": "org_1", "name": "acme", "display_name": "Acme", "token_quota": {"x": 1},
                        "branding": {"logo_url": "https://acme.test/l.png"}}  # fmt: skip


@pytest.fixture
def directory() -> TenantDirectory:
    document = Document(kind=Kind.ORGANIZATION, id="org_1", body=BODY, unique_key="acme")
    documents = Documents({Kind.ORGANIZATION: {"org_1": document}})
    return snapshot_of(Tenant(id="t", domain="t.test"), documents, b"k" * 32, report=lambda *_: None)


@pytest.mark.parametrize("asked", ["org_1", "acme", "ACME"])
def test_the_organization_is_told_of_by_what_it_was_asked_for(directory: TenantDirectory, asked: str) -> None:
    told = about(directory, Issuer(tenant="t", host="t.test"), SAMPLES["login"], Look(), {"organization": asked})
    assert told["organization"] == {
        "id": "org_1", "name": "acme", "display_name": "Acme", "metadata": {}, "branding": BODY["branding"],
    }  # fmt: skip


@pytest.mark.parametrize("asked", ["", "org_2"])
def test_nothing_is_told_without_one(directory: TenantDirectory, asked: str) -> None:
    told = about(directory, Issuer(tenant="t", host="t.test"), SAMPLES["login"], Look(), {"organization": asked})
    assert told["organization"] == {}
