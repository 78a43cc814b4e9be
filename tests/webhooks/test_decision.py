"""Several answers as one."""

from __future__ import annotations

from provisioning.errors import Cause
from webhooks.decision import Allow, Deny, merge, refuse


def test_all_yes_is_yes_with_every_warning_once() -> None:
    merged = merge([Allow(("a",), {"x": "1"}), Allow(("a", "b"), {"y": "2"})])
    assert merged == Allow(("a", "b"), {"x": "1", "y": "2"})


def test_nobody_asked_is_yes() -> None:
    assert merge([]) == Allow()


def test_every_denial_is_told_at_once() -> None:
    merged = merge([Allow(), refuse(Cause("a", "x")), refuse(Cause("b", "y"), code=422)])
    assert isinstance(merged, Deny)
    assert (merged.reason, merged.code) == ("for 2 reasons:\n- a: x\n- b: y", 403)
    assert merged.causes == (Cause("a", "x"), Cause("b", "y"))


def test_a_denial_among_others_is_told_cause_by_cause() -> None:
    merged = merge(
        [refuse(Cause("a", "x"), Cause("", "y")), Deny("no room: z", (Cause("c", "z"),)), refuse(Cause("a", "x"))]
    )
    assert isinstance(merged, Deny)
    assert merged.reason == "for 3 reasons:\n- a: x\n- y\n- no room: z"


def test_a_denial_alone_is_told_in_one_line() -> None:
    merged = merge([refuse(Cause("a", "x"), Cause("b", "y"))])
    assert isinstance(merged, Deny)
    assert merged.reason == "a: x; b: y"


def test_denials_of_one_sort_keep_its_mark_and_among_others_it_is_lost() -> None:
    full, wrong = Deny("full", (Cause("a", "x"),), mark="full"), refuse(Cause("b", "y"))
    alone, among = merge([full, Deny("full too", mark="full"), Allow()]), merge([full, wrong])
    assert isinstance(alone, Deny)
    assert isinstance(among, Deny)
    assert (alone.mark, among.mark) == ("full", "")


def test_of_very_many_causes_some_are_told_and_how_many_more_there_are() -> None:
    found = refuse(*(Cause(f"a[{number}]", "x") for number in range(80_000)))
    assert found.reason.endswith("a[19]: x; and 79980 more")
    merged = merge([found, refuse(*(Cause(f"b[{number}]", "x") for number in range(80_000)))])
    assert isinstance(merged, Deny)
    assert merged.reason.splitlines()[-1] == "- and 21 more"
    assert len(merged.reason) < 1000


def test_what_a_reason_quotes_is_cut_short() -> None:
    assert len(refuse(Cause("a", "x" * 3_000_000)).reason) < 1100


def test_when_all_say_that_the_object_is_wrong_it_is_422() -> None:
    merged = merge([refuse(Cause("a", "x"), code=422), refuse(Cause("b", "y"), code=422)])
    assert isinstance(merged, Deny)
    assert merged.code == 422


def test_who_is_refused_anyway_is_not_told_to_come_back() -> None:
    merged = merge([Deny("busy", code=429, retry_after=1), refuse(Cause("a", "x"))])
    assert merged == Deny("a: x", (Cause("a", "x"),))


def test_what_only_failed_for_now_says_when_to_come_back() -> None:
    merged = merge([Deny("busy", code=429, retry_after=1), Deny("unknown", code=503, retry_after=3)])
    assert isinstance(merged, Deny)
    assert (merged.code, merged.retry_after) == (429, 3)
