"""The page of the audit trail has every code, and what is on it is what the program says."""

from __future__ import annotations

from collections.abc import Iterator

from provisioning import audit
from provisioning.audit_heads import KEPT, SERVICES, name_of
from provisioning.audit_proof import Wrong
from tests.docs.generated import stands
from tests.docs.pages import ROOT

PAGE = ROOT / "docs" / "audit.md"


def codes() -> Iterator[str]:
    yield from ("| code | what happened |", "|---|---|")
    yield from (f"| `{code.value}` | {meaning} |" for code, meaning in audit.MEANING.items())


def test_every_code_is_on_the_page() -> None:
    assert stands(PAGE, "codes", codes())


def test_every_fault_and_every_object_that_heads_are_in_is_on_the_page() -> None:
    text = PAGE.read_text()
    assert [wrong for wrong in Wrong if f"| `{wrong.value}` |" not in text] == []
    assert [service for service in SERVICES if f"`{name_of(service)}`" not in text] == []
    assert f"the last {KEPT} processes" in text
