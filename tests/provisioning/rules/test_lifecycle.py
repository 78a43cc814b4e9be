"""The table of a request's life, cell by cell."""

from __future__ import annotations

import itertools

import pytest

from provisioning import lifecycle
from provisioning.lifecycle import Event, Reason, Refused
from provisioning.model import Phase, RequestStatus
from provisioning.objects import format_time
from tests.builders import MADE, NOW

FOLLOWS = {
    (Phase.PENDING, Event.VOTED): Phase.PENDING,
    (Phase.PENDING, Event.TAKEN_BACK): Phase.PENDING,
    (Phase.PENDING, Event.APPROVED): Phase.APPROVED,
    (Phase.PENDING, Event.WAIVED): Phase.APPROVED,
    (Phase.PENDING, Event.DENIED): Phase.DENIED,
    (Phase.PENDING, Event.WITHDRAWN): Phase.WITHDRAWN,
    (Phase.PENDING, Event.EXPIRED): Phase.EXPIRED,
    (Phase.APPROVED, Event.APPLIED): Phase.APPLIED,
    (Phase.APPROVED, Event.FAILED): Phase.FAILED,
    (Phase.APPROVED, Event.WITHDRAWN): Phase.WITHDRAWN,
}
"""All that can happen. Written out once more on purpose: a changed table must be a changed test."""
CELLS = list(itertools.product(Phase, Event))
LAST = (Phase.APPLIED, Phase.DENIED, Phase.WITHDRAWN, Phase.EXPIRED, Phase.FAILED)


@pytest.mark.parametrize(("phase", "event"), CELLS)
def test_each_event_in_each_phase_leads_where_the_table_says_or_is_refused(phase: Phase, event: Event) -> None:
    status = RequestStatus(phase=phase)
    if (phase, event) in FOLLOWS:
        assert lifecycle.step(status, event, now=NOW).phase is FOLLOWS[phase, event]
        return
    with pytest.raises(Refused) as refused:
        lifecycle.step(status, event, now=NOW)
    assert refused.value.reason is Reason.ALREADY_DECIDED


@pytest.mark.parametrize("phase", LAST)
def test_nothing_follows_the_end(phase: Phase) -> None:
    assert not lifecycle.TRANSITIONS[phase]


def test_a_new_request_waits() -> None:
    assert RequestStatus().phase is Phase.PENDING


def test_the_time_of_the_decision_is_noted_once() -> None:
    approved = lifecycle.step(RequestStatus(), Event.APPROVED, now=MADE)
    assert approved.decided_at == format_time(MADE)
    assert lifecycle.step(approved, Event.APPLIED, now=NOW).decided_at == format_time(MADE)


def test_who_takes_back_what_was_approved_decides_anew() -> None:
    approved = lifecycle.step(RequestStatus(), Event.APPROVED, now=MADE)
    assert lifecycle.step(approved, Event.WITHDRAWN, now=NOW).decided_at == format_time(NOW)


def test_one_vote_of_several_decides_nothing() -> None:
    assert lifecycle.step(RequestStatus(), Event.VOTED, now=NOW) == RequestStatus()


def test_the_reason_of_a_failure_is_kept() -> None:
    approved = lifecycle.step(RequestStatus(), Event.APPROVED, now=NOW)
    assert lifecycle.step(approved, Event.FAILED, now=NOW, message="no room").message == "no room"


def test_every_phase_has_a_row() -> None:
    assert set(lifecycle.TRANSITIONS) == set(Phase)
