"""What is said to somebody whose cluster has no room, or only just has."""

from __future__ import annotations

from dataclasses import replace

from provisioning import errors
from provisioning.fitting import Pieces
from provisioning.ledger import Ledger, Slot
from provisioning.quota import Limits
from provisioning.reservation import Contended, Exceeded, Granted
from provisioning.usage import Usage
from webhooks import charge as charges
from webhooks.charge import Charge
from webhooks.decision import Allow, Deny

SLOT = "tenantclusters.clusterdesk.dev/tenant-blue/"
SMALL = Usage(nodes=1, vcpu=2000)
CHARGE = Charge(
    tenant="blue",
    hard=Limits({"clusters": 4, "nodes": 10}),
    slot=f"{SLOT}web",
    name="web",
    field="spec.pools",
    before=Usage(clusters=1) + SMALL * 2,
    after=Usage(clusters=1) + SMALL * 6,
    pieces=(Pieces("workers of small", SMALL, 5, 1),),
)
LEDGER = Ledger(
    {
        f"{SLOT}web": Slot(Usage(clusters=1) + SMALL * 2),
        f"{SLOT}shop": Slot(Usage(clusters=1) + SMALL * 3),
        "tenantclusters.clusterdesk.dev/blue-two/shop": Slot(Usage(clusters=1) + SMALL),
        "machinedeployments.cluster.x-k8s.io/tenant-blue/raw": Slot(SMALL * 2),
    }
)


def denied(charge: Charge = CHARGE, ledger: Ledger = LEDGER) -> Deny:
    used = ledger.used()
    found = charge.hard.excess(used, charge.after - charge.before)
    answer = charges.answer(charge, Exceeded(found, used, ledger, "17"))
    assert isinstance(answer, Deny)
    return answer


def test_who_has_no_room_is_told_the_numbers_who_holds_most_and_what_would_fit() -> None:
    assert denied().reason == (
        "the quota of tenant blue has no room for web: nodes: asks for 4, 2 of 10 free (8 used, most by shop with 3, "
        "machinedeployments/raw with 2, web with 2); 3 workers of small would fit"
    )


def test_a_cluster_of_another_namespace_is_named_with_it() -> None:
    elsewhere = Ledger({"tenantclusters.clusterdesk.dev/blue-two/shop": Slot(SMALL * 8)})
    assert "most by shop in blue-two with 8" in denied(ledger=elsewhere).reason


def test_machines_that_are_still_going_after_a_scale_down_are_told_of() -> None:
    machine, guest = "kubevirtmachines.infrastructure.cluster.x-k8s.io", "virtualmachines.kubevirt.io"
    slots = {**LEDGER.slots, f"{machine}/tenant-blue/raw-1": Slot(SMALL), f"{machine}/tenant-blue/raw-0": Slot()}
    assert denied(ledger=Ledger(slots)).reason.endswith("; 1 machine that no pool has any more counts until it is gone")
    # Of one machine, and of another whose KubevirtMachine went first.
    slots |= {f"{guest}/tenant-blue/raw-1": Slot(SMALL), f"{guest}/tenant-blue/raw-2": Slot(SMALL)}
    assert denied(ledger=Ledger(slots)).reason.endswith(
        "; 2 machines that no pool has any more count until they are gone"
    )


def test_what_fits_is_not_told_where_that_is_no_more_than_there_is() -> None:
    full = Ledger({**LEDGER.slots, f"{SLOT}more": Slot(SMALL * 2)})
    assert "would fit" not in denied(ledger=full).reason


def test_every_dimension_is_a_cause_at_its_field() -> None:
    narrow = replace(CHARGE, hard=Limits({"clusters": 3, "nodes": 10}), before=Usage())
    assert [(cause.field, cause.message.partition(":")[0]) for cause in denied(narrow).causes] == [
        ("spec", "clusters"),
        ("spec.pools", "nodes"),
    ]


def test_programs_tell_want_of_room_from_all_other_denials() -> None:
    assert denied().mark == errors.NO_ROOM


def test_the_audit_log_gets_the_tenant_the_change_and_the_version_of_the_ledger() -> None:
    assert denied().audit == {"tenant": "blue", "delta": "nodes=+4 vcpu=+8", "ledger-version": "17"}
    smaller = replace(CHARGE, before=CHARGE.after, after=CHARGE.before)
    assert charges.answer(smaller, Granted(Usage(), "18")).audit == {
        "tenant": "blue",
        "delta": "nodes=-4 vcpu=-8",
        "ledger-version": "18",
    }


def test_who_comes_close_is_warned() -> None:
    assert charges.answer(CHARGE, Granted(Usage(clusters=1, nodes=9))).warnings == (
        "tenant blue comes close to its quota of nodes: it now uses 9 of 10",
    )
    assert charges.answer(CHARGE, Granted(Usage(clusters=4, nodes=8))) == Allow(
        audit={"tenant": "blue", "delta": "nodes=+4 vcpu=+8", "ledger-version": ""}
    )


def test_a_busy_ledger_is_a_no_that_says_when_to_come_back() -> None:
    answer = charges.answer(CHARGE, Contended(5.0))
    assert isinstance(answer, Deny)
    assert (answer.code, answer.retry_after) == (429, 5)
    assert "busy; try again" in answer.reason
