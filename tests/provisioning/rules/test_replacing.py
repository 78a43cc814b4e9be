"""One request in the place of another: never are both approved."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from provisioning import approval, replacing
from provisioning.lifecycle import Reason, Refused
from provisioning.model import Action, ClusterRequest, Phase
from provisioning.objects import Stored
from tests import builders
from tests.builders import BEN, CLEO, NOW, vote

OLD, NEW = "cr-old", "cr-new"


def named(name: str, request: Stored[ClusterRequest], **spec: Any) -> Stored[ClusterRequest]:
    it = request.it.model_copy(update={"spec": request.it.spec.model_copy(update=spec)})
    return Stored(replace(request.meta, name=name), it)


def old(**status: Any) -> Stored[ClusterRequest]:
    return named(OLD, builders.request(status=status or None))


def new(**spec: Any) -> Stored[ClusterRequest]:
    return named(NEW, builders.request(), replaces=OLD, **spec)


def after(request: Stored[ClusterRequest], status: Any) -> Stored[ClusterRequest]:
    return Stored(request.meta, request.it.model_copy(update={"status": status}))


def test_the_old_one_is_withdrawn_and_names_the_new_one_in_one_write() -> None:
    status = replacing.taken_back(old(), new(), now=NOW)

    assert (status.phase, status.replaced_by) == (Phase.WITHDRAWN, NEW)


def test_the_new_one_can_be_decided_once_the_old_one_names_it() -> None:
    assert not replacing.stands(new(), old())
    with pytest.raises(Refused) as refused:
        replacing.check_stands(new(), old())
    assert refused.value.reason is Reason.REPLACING

    assert replacing.stands(new(), after(old(), replacing.taken_back(old(), new(), now=NOW)))
    assert replacing.stands(new(), None)
    for phase in ("Denied", "Withdrawn", "Expired"):
        assert replacing.stands(new(), old(phase=phase))
    for phase in ("Approved", "Applied", "Failed"):
        assert not replacing.stands(new(), old(phase=phase))
    assert replacing.stands(builders.request(), old())


@pytest.mark.parametrize("what", [{"requester": CLEO}, {"action": Action.DELETE}])
def test_another_request_that_took_the_name_of_the_old_one_holds_nothing_up(what: Any) -> None:
    """The old one was deleted meanwhile. Nobody could ever take the other one back for the new one."""
    another = named(OLD, builders.request(**what))

    assert replacing.stands(new(), another)
    with pytest.raises(Refused):
        replacing.taken_back(another, new(), now=NOW)


@pytest.mark.parametrize("first", ["approval", "replacement"])
def test_whichever_comes_first_the_other_cannot_come_any_more(first: str) -> None:
    before, it = old(), builders.tenant()
    if first == "approval":
        approved = after(before, approval.cast(before, vote(BEN), tenant=it, now=NOW))
        with pytest.raises(Refused):
            replacing.taken_back(approved, new(), now=NOW)
        assert not replacing.stands(new(), approved)
        assert replacing.came_too_late(new(), approved, now=NOW).phase is Phase.WITHDRAWN
    else:
        replaced = after(before, replacing.taken_back(before, new(), now=NOW))
        with pytest.raises(Refused) as refused:
            approval.cast(replaced, vote(BEN), tenant=it, now=NOW)
        assert refused.value.reason is Reason.ALREADY_DECIDED


def test_of_two_in_the_same_place_the_first_has_it() -> None:
    other = named("cr-other", new())
    taken = after(old(), replacing.taken_back(old(), other, now=NOW))

    assert not replacing.stands(new(), taken)
    status = replacing.came_too_late(new(), taken, now=NOW)
    assert status.message == "it was to replace cr-old, which is replaced by cr-other already"


def test_what_may_still_get_its_place_has_not_come_too_late() -> None:
    for before in (old(), None, after(old(), replacing.taken_back(old(), new(), now=NOW))):
        with pytest.raises(Refused):
            replacing.came_too_late(new(), before, now=NOW)


@pytest.mark.parametrize(
    ("request_", "before", "why"),
    [
        (new(), None, "there is no request cr-old"),
        (new(requester=CLEO), old(), "somebody else's"),
        (new(action=Action.DELETE), old(), "asks for something else"),
        (new(), old(phase="Denied"), "does not wait any more: it is Denied"),
        (new(), old(), ""),
    ],
)
def test_only_ones_own_waiting_request_of_the_same_kind_is_replaced(
    request_: Stored[ClusterRequest], before: Stored[ClusterRequest] | None, why: str
) -> None:
    found = replacing.why_not(request_.it.spec, before)

    assert why in found
    assert bool(found) is bool(why)
