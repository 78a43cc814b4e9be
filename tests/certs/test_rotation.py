"""When to renew and when to rotate: a view and a moment in, steps out."""

from datetime import timedelta

import pytest

from certs import authority, rotation
from certs.bundle import Bundle
from certs.rotation import Announce, Drop, Reason, Renew, Restore, Retire, View
from tests.certs.fakes import START

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
OLD = authority.found(now=START)
NEW = authority.found(now=START + 250 * DAY)
LEAF = authority.issue(OLD, ["desk"], now=START)
LATE_LEAF = authority.issue(OLD, ["desk"], now=START + 250 * DAY)
MINUTE = rotation.PROPAGATION


def test_first_look_at_an_empty_world_founds_an_authority() -> None:
    assert rotation.plan(View(Bundle(), None), now=START) == (Announce(Reason.MISSING),)


def test_first_authority_signs_at_once() -> None:
    assert rotation.plan(View(Bundle((OLD,)), None), now=START) == (Renew(Reason.MISSING),)


def test_nothing_is_done_while_all_is_well() -> None:
    assert rotation.plan(View(Bundle((OLD,)), LEAF, settled=DAY), now=START + DAY) == ()


@pytest.mark.parametrize(("after", "reason"), [(19, None), (20, Reason.DUE), (40, Reason.DUE)])
def test_leaf_is_renewed_at_two_thirds_of_its_thirty_days(after: int, reason: Reason | None) -> None:
    assert rotation.why_renew(LEAF, now=START + after * DAY) == reason


def test_leaf_from_the_future_is_renewed_for_a_clock_that_was_set_back() -> None:
    assert rotation.why_renew(LEAF, now=START - timedelta(hours=2)) == Reason.NOT_YET_VALID


@pytest.mark.parametrize(("after", "reason"), [(243, None), (244, Reason.DUE)])
def test_new_authority_is_announced_at_two_thirds_of_a_year(after: int, reason: Reason | None) -> None:
    assert rotation.why_rotate(Bundle((OLD,)), now=START + after * DAY) == reason


def test_authority_whose_key_is_gone_is_replaced() -> None:
    assert rotation.why_rotate(Bundle((OLD.retired(),)), now=START) == Reason.KEY_LOST


def test_authority_from_the_future_is_replaced_too() -> None:
    assert rotation.why_rotate(Bundle((NEW,)), now=START) == Reason.NOT_YET_VALID


def test_announced_authority_waits_a_minute_after_everybody_was_seen_with_it() -> None:
    announced, now = Bundle((OLD, NEW)), START + 250 * DAY
    assert rotation.plan(View(announced, LATE_LEAF, settled=MINUTE - SECOND), now=now) == ()
    assert rotation.plan(View(announced, LATE_LEAF, settled=MINUTE), now=now) == (Retire(),)


def test_who_starts_while_a_newcomer_waits_is_signed_by_the_old_authority() -> None:
    announced = Bundle((OLD, NEW))
    assert rotation.plan(View(announced, None), now=START + 250 * DAY) == (Renew(Reason.MISSING),)
    assert announced.signer == OLD


def test_signer_about_to_end_is_replaced_even_when_not_everybody_could_be_told() -> None:
    view = View(Bundle((OLD, NEW)), LATE_LEAF, settled=timedelta(0))
    assert Retire() not in rotation.plan(view, now=OLD.ends - DAY - SECOND)
    assert rotation.plan(view, now=OLD.ends - DAY) == (Retire(),)


def test_ended_authority_is_dropped() -> None:
    leaf = authority.issue(NEW, ["desk"], now=OLD.ends)
    view = View(Bundle((OLD, NEW)).retiring(), leaf)
    assert rotation.plan(view, now=OLD.ends) == ()
    assert rotation.plan(view, now=OLD.ends + SECOND) == (Drop(),)


def test_authority_of_what_is_served_is_restored_when_the_secret_was_deleted() -> None:
    assert rotation.plan(View(Bundle(), LEAF), now=START) == (Restore(LEAF.issuer),)
    restored = Bundle().restoring(LEAF.issuer)
    assert rotation.plan(View(restored, LEAF), now=START) == (Announce(Reason.KEY_LOST),)
    assert rotation.plan(View(restored.adding(authority.found(now=START)), LEAF), now=START) == ()


def test_authority_whose_leaf_has_ended_is_not_restored() -> None:
    assert rotation.plan(View(Bundle(), LEAF), now=LEAF.ends + SECOND) == (Announce(Reason.MISSING),)
