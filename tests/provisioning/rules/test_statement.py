"""What people read of their tenant's ledger."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from provisioning import statement
from provisioning.ledger import Ledger
from provisioning.model import Condition
from provisioning.model.tenant import TenantStatus
from provisioning.statement import NAMED, Count
from provisioning.usage import Usage
from tests import builders

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


def status(count: Count | None = None) -> TenantStatus:
    there = Ledger().settle("a/b/c", charge=Usage(clusters=1, nodes=3), uid="u", revision="1")
    return statement.of_ledger(builders.stored_tenant(), there, None, count=count or Count(), now=NOW)


def condition(of: TenantStatus, type_: str) -> Condition:
    return next(each for each in of.conditions if each.type == type_)


def test_drift_is_told_with_its_direction_and_in_peoples_units() -> None:
    found = condition(status(Count(NOW, Usage(nodes=3, vcpu=-1500))), "Counted")
    assert (found.status, found.reason) == ("False", "Drift")
    assert "nodes: 3 too much; vCPU: 1.5 too little" in found.message


@pytest.mark.parametrize(("many", "ending"), [(NAMED, f"s{NAMED - 1}"), (NAMED + 2, "and 2 more")])
def test_what_cannot_be_measured_is_named_as_far_as_a_message_goes(many: int, ending: str) -> None:
    found = condition(status(Count(unmeasured=tuple(f"s{number}" for number in range(many)))), "Counted")
    assert (found.status, found.reason) == ("False", "Unmeasurable")
    assert found.message.endswith(ending)


def test_the_time_of_the_last_recount_stays_until_there_is_another() -> None:
    first = status(Count(NOW))
    assert first.quota.counted_at == "2026-11-02T09:00:00Z"
    tenant = builders.stored_tenant()
    later = tenant.it.model_copy(update={"status": first})
    again = statement.of_ledger(type(tenant)(tenant.meta, later), Ledger(), None, count=Count(), now=NOW)
    assert again.quota.counted_at == first.quota.counted_at


def test_without_a_ledger_the_numbers_stay_and_are_said_to_be_old() -> None:
    tenant = builders.stored_tenant()
    before = type(tenant)(tenant.meta, tenant.it.model_copy(update={"status": status()}))
    lost = statement.without_ledger(before, now=NOW)
    assert lost.quota.used.nodes == 3
    assert {(each.type, each.status, each.reason) for each in lost.conditions} == {
        ("Ready", "False", "LedgerLost"),
        ("Counted", "False", "LedgerLost"),
    }
