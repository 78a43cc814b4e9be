"""What somebody types to have another one decide, the form that it opens, and what there is to see of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot import commands, delegate_forms, replies, suggestions
from bot.answers import Open, Say, StopDelegating
from bot.commands.command import Filled
from bot.ends import ends
from provisioning.model import Amounts, ApprovalPolicy, DelegationSpec, LargeRequests
from provisioning.objects import format_time
from tests.bot import samples, slack_objects
from tests.bot.fake_desk import FakeDesk
from tests.bot.samples import EVA, LENA, NOW, OMAR, PAT

THURSDAY = datetime(2026, 3, 5, 13, tzinfo=UTC)
BERLIN, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")
LARGE_APART = ApprovalPolicy(large=LargeRequests(above=Amounts(vcpu=4), in_slack=False))


@pytest.mark.parametrize(
    ("word", "end"),
    [
        ("3d", datetime(2026, 3, 8, 13, tzinfo=UTC)),
        ("60m", datetime(2026, 3, 5, 14, tzinfo=UTC)),
        ("12h", datetime(2026, 3, 6, 1, tzinfo=UTC)),
        ("2w", datetime(2026, 3, 19, 13, tzinfo=UTC)),
        ("1d12h", datetime(2026, 3, 7, 1, tzinfo=UTC)),
        ("Fri", datetime(2026, 3, 7, tzinfo=UTC)),
        ("friday", datetime(2026, 3, 7, tzinfo=UTC)),
        ("Thu", datetime(2026, 3, 6, tzinfo=UTC)),
        ("wed", datetime(2026, 3, 12, tzinfo=UTC)),
        ("2026-12-24", datetime(2026, 12, 25, tzinfo=UTC)),
        *((word, None) for word in ("", "0d", "w", "soon", "frittata", "24.12.", "9999d9", "5s", "59m")),
        *((word, None) for word in ("2026-13-01", "9999-12-31")),
    ],
)
def test_a_day_is_over_when_it_is_and_what_is_no_end_is_none(word: str, end: datetime | None) -> None:
    assert ends(word, now=THURSDAY, zone=UTC) == end


@pytest.mark.parametrize(
    ("word", "now", "zone", "end"),
    [
        ("Fri", THURSDAY, BERLIN, datetime(2026, 3, 6, 23, tzinfo=UTC)),
        ("Fri", THURSDAY, NEW_YORK, datetime(2026, 3, 7, 5, tzinfo=UTC)),
        # Where somebody is it may be another day already; and the clock may have gone forward until then.
        ("Fri", THURSDAY.replace(hour=23, minute=30), BERLIN, datetime(2026, 3, 6, 23, tzinfo=UTC)),
        ("Thu", THURSDAY.replace(hour=23, minute=30), BERLIN, datetime(2026, 3, 12, 23, tzinfo=UTC)),
        ("2026-03-30", THURSDAY, BERLIN, datetime(2026, 3, 30, 22, tzinfo=UTC)),
        ("3d", THURSDAY, BERLIN, datetime(2026, 3, 8, 13, tzinfo=UTC)),
    ],
)
def test_a_day_ends_where_somebody_is_who_says_it(word: str, now: datetime, zone: ZoneInfo, end: datetime) -> None:
    assert ends(word, now=now, zone=zone) == end


# The form


def desk_of(*tenants: str, **policy: Any) -> FakeDesk:
    """Omar approves in these; Pat is a member of team-a."""
    desk = FakeDesk(tenants={name: samples.tenant(name, **policy) for name in tenants})
    desk.tenants["team-a"] = samples.tenant(members=(samples.subject(LENA), samples.subject(PAT)), **policy)
    return desk


def opened(line: str, desk: FakeDesk, zone: Any = UTC) -> dict[str, Any]:
    """The elements of the form that opened, by block id, and its other words under the empty one."""
    answer = commands.answer(line, desk=desk, person=OMAR, now=NOW, zone=zone)
    assert isinstance(answer, Open), answer
    assert slack_objects.problems_of_view(answer.view) == []
    blocks = answer.view["blocks"]
    found = {block["block_id"]: block for block in blocks if block["type"] == "input"}
    words = "\n".join(block["elements"][0]["text"] for block in blocks if block["type"] == "context")
    return {**found, "": words}


def said(line: str, desk: FakeDesk, person: Any = OMAR) -> str:
    answer = commands.answer(line, desk=desk, person=person, now=NOW)
    assert isinstance(answer, Say), answer
    assert slack_objects.problems_of_card(answer.card) == []
    return answer.card.text


def test_without_words_the_form_is_empty_but_for_a_day_and_all_tenants() -> None:
    form = opened("delegate", desk_of("team-a", "team-b"))

    assert "initial_user" not in form["who"]["element"]
    assert form["until"]["element"]["initial_date_time"] == int(datetime(2026, 3, 6, 14, tzinfo=UTC).timestamp())
    assert [it["value"] for it in form["tenants"]["element"]["initial_options"]] == ["team-a", "team-b"]


def test_what_the_line_says_stands_in_the_form_with_the_most_there_is_in_ones_own_zone() -> None:
    form = opened("delegate <@U0PAT> until Fri", desk_of("team-a"), BERLIN)

    assert form["who"]["element"]["initial_user"] == "U0PAT"
    assert form["until"]["element"]["initial_date_time"] == int(datetime(2026, 3, 6, 23, tzinfo=UTC).timestamp())
    assert "92 days at most, so until 2026-06-05 15:00 your time" in form["until"]["hint"]["text"]
    assert "tenants" not in form
    assert f"{replies.TENANT}: `Team A`" in form[""]


def test_the_form_says_who_decides_so_far() -> None:
    desk = desk_of("team-a")
    spec = DelegationSpec(approver=OMAR, delegate=EVA, until=format_time(NOW + timedelta(days=1)))
    desk.voting.given["tenant-team-a", OMAR.user] = spec

    assert "As yet: <@U0EVA> decides for you until" in opened("delegate <@U0PAT>", desk)[""]


def test_where_a_word_in_slack_does_not_count_the_form_and_the_list_say_so() -> None:
    desk = desk_of("team-a", "team-b")
    desk.tenants["team-b"] = samples.tenant("team-b", approval=LARGE_APART)
    desk.tenants["team-c"] = samples.tenant("team-c", approval=ApprovalPolicy(in_slack=False))
    form = opened("delegate", desk)

    assert [it["value"] for it in form["tenants"]["element"]["options"]] == ["team-a", "team-b"]
    for words in (form[""], said("delegate show", desk)):
        assert replies.not_heard_here(["team-c"]) in words
        assert replies.large_not_heard_here(["team-b"]) in words


def test_who_decides_in_more_tenants_than_a_menu_holds_finds_theirs_by_typing() -> None:
    desk = desk_of(*(f"team-{number:03}" for number in range(120)))
    element = opened("delegate", desk)["tenants"]["element"]
    view = {"id": "V1", "private_metadata": "", "state": {"values": {}}}
    form = Filled(desk=desk, person=OMAR, team="T1", view=view, now=NOW)

    assert element["type"] == "multi_external_select"
    assert [it.value for it in suggestions.options(form, "tenants", "Team 117")] == ["team-117"]
    assert suggestions.options(Filled(desk=desk, person=LENA, team="T1", view=view, now=NOW), "tenants", "Team") == ()


def test_only_tenants_in_which_somebody_decides_are_offered() -> None:
    desk = desk_of("team-a", "team-b")

    assert [option.value for option in delegate_forms.options(desk, OMAR)] == ["team-a", "team-b"]
    assert delegate_forms.options(desk, LENA) == ()


# What there is, and its end


def both_ways() -> FakeDesk:
    """Pat decides for Omar in two tenants, and Omar for Eva in one of them."""
    desk, ends_at = desk_of("team-a", "team-b"), format_time(NOW + timedelta(days=1))
    for namespace in ("tenant-team-a", "tenant-team-b"):
        desk.voting.given[namespace, OMAR.user] = DelegationSpec(approver=OMAR, delegate=PAT, until=ends_at)
    desk.voting.given["tenant-team-a", EVA.user] = DelegationSpec(approver=EVA, delegate=OMAR, until=ends_at)
    return desk


def test_both_sides_see_it_and_who_gave_it_can_stop_it() -> None:
    desk = both_ways()
    answer = commands.answer("delegate show", desk=desk, person=OMAR, now=NOW)
    assert isinstance(answer, Say)
    lines = [b["elements"][0]["value"] for b in answer.card.blocks if b["type"] == "actions"]

    assert "<@U0PAT> decides for you until" in answer.card.text
    assert "You decide for <@U0EVA> until" in answer.card.text
    assert lines == ["delegate stop team-a team-b", "delegate"]
    assert "You decide for <@U0OMAR> until" in said("delegate show", desk, PAT)
    assert replies.NO_DELEGATION in said("delegate show", desk, LENA)


def test_what_does_not_count_gives_nobody_a_say_and_can_be_stopped_all_the_same() -> None:
    desk = both_ways()
    for name in ("team-a", "team-b"):
        people_ = (samples.subject(OMAR), samples.subject(PAT), samples.subject(EVA))
        desk.tenants[name] = samples.tenant(name, approvers=(samples.subject(EVA),), members=people_)
    assert "You decide for <@U0OMAR>" not in said("delegate show", desk, PAT)
    assert "<@U0PAT> decides for you until" in said("delegate show", desk, OMAR)


def test_one_in_very_many_tenants_has_a_button_for_each_part_of_them() -> None:
    names = [f"team-{number:03}" for number in range(45)]
    desk, until = desk_of(*names), format_time(NOW + timedelta(days=1))
    for name in names:
        spec = DelegationSpec(approver=OMAR, delegate=PAT, until=until)
        desk.voting.given[f"tenant-{name}", OMAR.user] = spec
    answer = commands.answer("delegate show", desk=desk, person=OMAR, now=NOW)
    assert isinstance(answer, Say)
    lines = [b["elements"][0]["value"] for b in answer.card.blocks if b["type"] == "actions"]

    assert slack_objects.problems_of_card(answer.card) == []
    assert [name for line in lines for name in line.split()[2:]] == names


def test_it_is_stopped_everywhere_or_in_the_tenants_named() -> None:
    desk = both_ways()

    for line, tenants in (("stop", ()), ("Stop team-a", ("team-a",)), ("stop TEAM-A team-b", ("team-a", "team-b"))):
        answer = commands.answer(f"delegate {line}", desk=desk, person=OMAR, now=NOW)
        assert answer == StopDelegating(OMAR, tenants)
    assert "There is no tenant `team-x` for you. Did you mean `team-" in said("delegate stop team-x", desk)
