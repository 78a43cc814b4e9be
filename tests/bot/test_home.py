"""What stands in App Home, for each who may look at it; and that it stays within what Slack takes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from bot import buttons, commands, docket, home, replies
from bot.answers import Say
from bot.blocks import Block
from bot.cards import card
from provisioning.model import (
    Action,
    Amounts,
    ApprovalPolicy,
    DelegationSpec,
    Delivery,
    EscalationStep,
    LargeRequests,
    Person,
    Phase,
    QuotaSpec,
    RequestStatus,
    Subject,
    Surface,
)
from provisioning.objects import format_time
from provisioning.trouble import Trouble
from provisioning.usage import Usage
from tests.bot import samples, slack_objects
from tests.bot.fake_desk import FakeDesk

ZOE = Person(user="zoe", slack="U0ZOE")
"""Nobody's member and nobody's approver."""


def drawn(person: Person | None, desk: FakeDesk, *, platform: bool = False, now: Any = samples.NOW) -> Block:
    view = home.view(person, desk=desk, now=now, platform=platform)
    assert slack_objects.problems_of_view(view) == []
    return view


def said(view: Block) -> str:
    """Every word, however many there are."""
    return "\n".join(card([part]).text for part in view["blocks"])


def headers(view: Block) -> list[str]:
    return [part["text"]["text"] for part in view["blocks"] if part["type"] == "header"]


def labels(view: Block) -> list[str]:
    return [
        element["text"]["text"] for part in view["blocks"] if part["type"] == "actions" for element in part["elements"]
    ]


def busy() -> FakeDesk:
    desk = FakeDesk(used={"team-a": Usage(clusters=2, nodes=5, vcpu=10_000)})
    desk.put_cluster(samples.cluster(status=samples.ready(), annotations={"clusterdesk.dev/requested-by": "lena"}))
    desk.put_cluster(samples.cluster("alpha", by="cr-other", status=samples.building()))
    desk.put(samples.request("cr-waiting", cluster="build-8"))
    return desk


def test_a_member_sees_clusters_requests_and_quota_and_nothing_to_decide() -> None:
    view = drawn(samples.LENA, busy())

    assert headers(view) == [replies.HOME_CLUSTERS, replies.HOME_REQUESTS, replies.HOME_QUOTA]
    assert replies.APPROVE not in labels(view)


def test_an_approver_decides_here_and_sees_all_of_it_in_a_window() -> None:
    view = drawn(samples.OMAR, busy())

    assert headers(view) == [replies.HOME_WAITING, replies.HOME_QUOTA]
    assert {replies.APPROVE, replies.DENY, replies.DETAILS} <= set(labels(view))
    assert "asks for a new cluster `build-8`" in said(view)
    assert "Nightly builds" in said(view)


def test_what_an_approver_may_not_decide_does_not_wait_for_them() -> None:
    desk = FakeDesk()
    desk.put(samples.request("cr-own", requester=samples.OMAR))
    desk.put(samples.request("cr-ended", status=RequestStatus(phase=Phase.DENIED)))
    desk.tenants["team-b"] = samples.tenant("team-b", approvers=(samples.subject(samples.EVA),))
    desk.put(samples.request("cr-elsewhere", namespace="tenant-team-b"))

    assert docket.waiting(samples.OMAR, desk, now=samples.NOW) == []
    assert replies.HOME_NOTHING_WAITS in said(drawn(samples.OMAR, desk))


def test_what_was_delegated_waits_for_the_delegate() -> None:
    desk = busy()
    ends = format_time(samples.NOW + timedelta(days=1))
    given = DelegationSpec(approver=samples.OMAR, delegate=ZOE, until=ends)
    desk.voting.given["tenant-team-a", "omar"] = given

    assert [sight.request.meta.name for sight in docket.waiting(ZOE, desk, now=samples.NOW)] == ["cr-waiting"]
    assert replies.APPROVE in labels(drawn(ZOE, desk))


def test_who_decides_for_whom_is_seen_by_both_and_stopped_by_one() -> None:
    desk = busy()
    ends = format_time(samples.NOW + timedelta(days=1))
    desk.voting.given["tenant-team-a", "omar"] = DelegationSpec(approver=samples.OMAR, delegate=ZOE, until=ends)

    mine, hers, nobodys = (drawn(who, desk) for who in (samples.OMAR, ZOE, samples.LENA))

    assert headers(mine) == [replies.HOME_WAITING, replies.DELEGATIONS, replies.HOME_QUOTA]
    assert "<@U0ZOE> decides for you until" in said(mine)
    assert "You decide for <@U0OMAR> until" in said(hers)
    assert replies.STOP_DELEGATING in labels(mine)
    assert replies.STOP_DELEGATING not in labels(hers)
    assert replies.DELEGATIONS not in headers(nobodys)


def test_what_a_user_group_of_slack_decides_waits_for_who_is_in_it() -> None:
    desk = busy()
    desk.tenants["team-a"] = samples.tenant(approvers=(Subject(slack_group="S0LEADS"),))

    assert docket.waiting(ZOE, desk, now=samples.NOW) == []
    assert docket.waiting(ZOE, desk, slack_groups=("S0LEADS",), now=samples.NOW)


def test_what_is_handed_on_waits_for_those_it_is_handed_to_from_then_on() -> None:
    desk = busy()
    step = EscalationStep(after="1h", approvers=(samples.subject(ZOE),))
    desk.tenants["team-a"] = samples.tenant(approval=ApprovalPolicy(required=1, escalation=(step,)))

    assert docket.waiting(ZOE, desk, now=samples.NOW) == []
    assert docket.waiting(ZOE, desk, now=samples.NOW + timedelta(hours=1))


def test_what_is_large_waits_for_those_who_decide_about_that_and_for_nobody_else() -> None:
    desk = busy()
    line = LargeRequests(above=Amounts(vcpu=4), approvers=(samples.subject(ZOE),))
    desk.tenants["team-a"] = samples.tenant(approval=ApprovalPolicy(large=line))

    assert docket.waiting(samples.OMAR, desk, now=samples.NOW) == []
    assert [sight.request.meta.name for sight in docket.waiting(ZOE, desk, now=samples.NOW)] == ["cr-waiting"]
    assert "A large request (vCPU 6 is above 4)" in said(drawn(ZOE, desk))


def test_what_is_approved_at_a_terminal_has_no_button_for_it_in_a_home_but_says_how() -> None:
    desk = busy()
    desk.tenants["team-a"] = samples.tenant(approval=ApprovalPolicy(in_slack=False))
    view = drawn(samples.OMAR, desk)

    assert replies.APPROVE not in labels(view)
    assert replies.DENY in labels(view)
    assert "kubectl clusterdesk approve cr-waiting -n tenant-team-a" in said(view)


def test_a_request_whose_time_is_over_waits_for_nobody() -> None:
    later = samples.NOW + timedelta(days=2)

    assert docket.waiting(samples.OMAR, busy(), now=later) == []


def test_a_request_that_a_rule_settles_waits_for_nobody() -> None:
    desk = busy()
    desk.tenants["team-a"] = samples.tenant(approval=ApprovalPolicy(required=0))

    assert docket.waiting(samples.OMAR, desk, now=samples.NOW) == []


def test_clusters_that_people_made_by_hand_are_listed_in_few_words_and_no_more_than_a_few() -> None:
    desk = FakeDesk(by_hand=tuple(samples.hand_made(f"lab-{number}") for number in range(home.BY_HAND + 2)))
    view = drawn(samples.LENA, desk)

    assert replies.HOME_NO_CLUSTER not in said(view)
    assert [number for number in range(home.BY_HAND + 2) if f"`lab-{number}`" in said(view)] == [*range(home.BY_HAND)]
    assert replies.BY_HAND in said(view)
    assert replies.home_more(2, "list") in said(view)
    assert "`lab-0`" not in said(drawn(ZOE, desk))


def test_while_nothing_is_approved_every_home_says_so() -> None:
    desk = busy()
    for person, platform in ((samples.LENA, False), (samples.OMAR, False), (None, True)):
        assert replies.APPROVALS_PAUSED not in said(drawn(person, desk, platform=platform))
    desk.canary.says(Trouble.TAKEN)
    for person, platform in ((samples.LENA, False), (samples.OMAR, False), (None, True)):
        assert replies.APPROVALS_PAUSED in said(drawn(person, desk, platform=platform))


def test_ones_own_clusters_come_first_with_the_life_that_is_left() -> None:
    lines = [line for line in said(drawn(samples.LENA, busy())).splitlines() if "team-a" in line]

    assert "*`build-7`* (yours)" in lines[0]
    assert "24 hours left, until" in lines[0]
    assert "*`alpha`* · Building" in lines[1]


def test_a_cluster_has_the_buttons_that_make_sense() -> None:
    desk = FakeDesk()
    for name, facts in (
        ("ready", {"status": samples.ready()}),
        ("forever", {"status": samples.ready(), "lifetime": None}),
        ("sleeps", {"status": samples.asleep()}),
        ("rises", {"status": samples.building()}),
        ("goes", {"status": samples.ready(), "deleting": True}),
    ):
        desk.put_cluster(samples.cluster(name, **facts))
    verbs: dict[str, list[str]] = {}
    for part in drawn(samples.LENA, desk)["blocks"]:
        for element in part["elements"] if part["type"] == "actions" else ():
            verb, _, place = element["value"].partition(" ")
            verbs.setdefault(place.rpartition("/")[2], []).append(verb)

    assert verbs["ready"][0] == "show"
    assert {"extend", "scale", "hibernate", "delete"} <= set(verbs["ready"])
    assert "extend" not in verbs["forever"]
    assert "wake" in verbs["sleeps"]
    assert "hibernate" not in verbs["sleeps"]
    assert verbs["rises"] == ["show", "cancel"]
    assert verbs["goes"] == ["show", "details"]


def lines(blocks: Iterable[Block]) -> list[str]:
    """What buttons type for whoever presses them."""
    pressed = [e for part in blocks for e in (*part.get("elements", ()), part.get("accessory") or {})]
    return [str(e["value"]) for e in pressed if buttons.RUN.fullmatch(e.get("action_id", ""))]


@pytest.mark.parametrize("protected", [True, False], ids=["protected", "not protected"])
def test_whatever_can_be_typed_about_a_cluster_can_be_pressed_from_home_and_its_details(protected: bool) -> None:
    old: dict[str, Any] = {"version": "v1.33.9", "deletion_protection": protected}
    found: set[str] = set()
    for status in (samples.building(), samples.stuck(), samples.ready(), samples.asleep(), samples.going()):
        desk = FakeDesk()
        desk.put_cluster(samples.cluster(status=status, deleting=status == samples.going(), **old))
        pressed = lines(drawn(samples.LENA, desk)["blocks"])
        shown = next(line for line in pressed if line.startswith("show "))
        answer = commands.answer(shown, desk=desk, person=samples.LENA, now=samples.NOW)
        assert isinstance(answer, Say)
        found |= {line.split()[0] for line in (*pressed, *lines(answer.card.blocks))}

    wanted = {each.name for each in commands.COMMANDS if each.needs_cluster}
    assert wanted - found == ({"protect", "delete"} if protected else {"unprotect"})


def test_all_else_can_be_pressed_from_home_or_slacks_menu() -> None:
    desk = busy()
    people = (samples.LENA, samples.OMAR)
    pressed = {line.split()[0] for who in people for line in lines(drawn(who, desk)["blocks"])}
    menu = {each.name for each in commands.COMMANDS if each.shortcut}

    rest = {each.name for each in commands.COMMANDS if not each.needs_cluster} - pressed - menu
    # The quota stands there; withdrawing and cancelling have buttons of their own; nothing has ended.
    assert rest == {"quota", "withdraw", "again"}


def test_requests_that_wait_can_be_taken_back_and_news_of_others_is_told() -> None:
    desk = FakeDesk()
    decided = {"decided_at": samples.AT}
    desk.put(samples.request("cr-1", cluster="waits"))
    desk.put(samples.request("cr-2", cluster="denied", status=RequestStatus(phase=Phase.DENIED, **decided)))
    desk.put(samples.request("cr-3", cluster="applied", status=RequestStatus(phase=Phase.APPLIED, **decided)))
    desk.put(samples.request("cr-4", cluster="kais", requester=samples.KAI))

    view = drawn(samples.LENA, desk)
    text = said(view)

    assert labels(view).count(replies.WITHDRAW) == 1
    assert "*`waits` is waiting for approval*" in text
    assert "*`denied` was denied*" in text
    assert "applied" not in text
    assert "kais" not in text
    assert "was denied" not in said(drawn(samples.LENA, desk, now=samples.NOW + timedelta(days=8)))


@pytest.mark.parametrize("phase", [Phase.DENIED, Phase.EXPIRED, Phase.FAILED, Phase.APPROVED])
def test_what_nothing_came_of_can_be_asked_for_again(phase: Phase) -> None:
    desk = FakeDesk()
    desk.put(samples.request("cr-2", status=RequestStatus(phase=phase, decided_at=samples.AT)))

    view = drawn(samples.LENA, desk)

    asked_again = [line for line in lines(view["blocks"]) if line.startswith("again ")]
    assert asked_again == ([] if phase is Phase.APPROVED else ["again cr-2"])


def test_whoever_has_nothing_yet_is_told_what_to_do_first() -> None:
    view = drawn(samples.LENA, FakeDesk())

    assert labels(view)[0] == replies.SHORTCUT_CREATE
    assert replies.HOME_NO_CLUSTER in said(view)
    assert replies.HOME_REQUESTS not in headers(view)


def test_words_of_people_are_never_markup() -> None:
    desk = FakeDesk()
    desk.put(samples.request(requester=samples.KAI, reason=samples.HOSTILE))

    text = said(drawn(samples.OMAR, desk))

    assert "<!channel>" not in text
    assert "<https://evil" not in text


def test_the_same_desk_at_the_same_moment_gives_the_same_home() -> None:
    assert drawn(samples.LENA, busy()) == drawn(samples.LENA, busy())


def test_the_refused_read_why_and_what_somebody_has_to_know_to_add_them() -> None:
    view = home.refused(replies.UNMAPPED, account="U0ZOE", ask=["U0PAT"])

    assert slack_objects.problems_of_view(view) == []
    assert replies.UNMAPPED in said(view)
    assert "`U0ZOE`" in said(view)
    assert "<@U0PAT>" in said(view)


def test_the_platform_sees_every_tenant_the_fullest_first_without_being_in_any() -> None:
    desk = busy()
    desk.tenants["team-b"] = samples.tenant("team-b", quota=QuotaSpec(hard=Amounts(clusters=2)))
    desk.used["team-b"] = Usage(clusters=2)
    desk.tenants["team-c"] = samples.tenant("team-c", quota=QuotaSpec())

    view = drawn(None, desk, platform=True)
    lines = [line for line in said(view).splitlines() if line.startswith("*`team-")]

    assert headers(view) == [replies.HOME_STUCK, replies.HOME_TENANTS]
    assert lines == [
        "*`team-b`* · Clusters ▓▓▓▓▓▓▓▓▓▓ *2* of 2 · 0 clusters",
        "*`team-a`* · Clusters ▓▓▓▓░░░░░░ *2* of 5 · 2 clusters · 1 request waits",
        f"*`team-c`* · {replies.NO_QUOTA} · 0 clusters",
    ]


def test_the_platform_sees_what_is_stuck_with_its_reason_and_since_when() -> None:
    desk = FakeDesk()
    desk.put_cluster(samples.cluster("stuck", status=samples.stuck()))
    desk.put_cluster(samples.cluster("slow", status=samples.building()))
    failed = RequestStatus(phase=Phase.FAILED, decided_at=samples.AT, message="quota: vCPU 44 of 40")
    desk.put(samples.request("cr-1", cluster="failed", status=failed))
    lost = (Delivery(surface=Surface.APPROVER, channel="C0TEAMA", ts="", revision="is_archived"),)
    desk.put(samples.request("cr-2", cluster="unheard", status=RequestStatus(deliveries=lost)))

    at_once = said(drawn(None, desk, platform=True))
    later = said(drawn(None, desk, platform=True, now=samples.NOW + timedelta(hours=1)))

    for words in ("finds no room", "vCPU 44 of 40", "is_archived", "tenant-team-a/stuck"):
        assert words in at_once
    assert "tenant-team-a/slow" not in at_once
    assert "*`tenant-team-a/slow`* is being set up · `Workers`" in later


def test_nobody_else_sees_other_tenants() -> None:
    desk = FakeDesk()
    desk.tenants["team-b"] = samples.tenant("team-b", members=(), approvers=())
    desk.put_cluster(samples.cluster("secret", namespace="tenant-team-b", status=samples.stuck()))

    for person in (samples.LENA, samples.OMAR):
        assert "team-b" not in said(drawn(person, desk))
        assert "secret" not in said(drawn(person, desk))


def test_a_home_of_whoever_has_everything_in_plenty_is_one_that_slack_takes() -> None:
    desk = FakeDesk(tenants={})
    everybody = (samples.subject(samples.LENA), samples.subject(samples.OMAR))
    desk.by_hand = tuple(samples.hand_made("c" * 30, namespace=f"tenant-team-{number:02}") for number in range(60))
    desk.canary.says(Trouble.SILENT)
    for number in range(60):
        name, namespace = f"team-{number:02}", f"tenant-team-{number:02}"
        desk.tenants[name] = samples.tenant(name, members=everybody, approvers=everybody)
        desk.put_cluster(samples.cluster("c" * 30, namespace=namespace, status=samples.stuck()))
        desk.put_cluster(samples.cluster("build-7", namespace=namespace, status=samples.ready()))
        ends = format_time(samples.NOW + timedelta(hours=number + 1))
        for one, other in ((samples.LENA, samples.OMAR), (samples.OMAR, samples.LENA)):
            given = DelegationSpec(approver=one, delegate=other, until=ends)
            desk.voting.given[namespace, one.user] = given
        for requester in (samples.LENA, samples.KAI):
            name, why = f"cr-{requester.user[:4]}-{number}", samples.HOSTILE * 10
            desk.put(samples.request(name, action=Action.DELETE, requester=requester, reason=why, namespace=namespace))
        denied = RequestStatus(phase=Phase.DENIED, decided_at=samples.AT)
        desk.put(samples.request(f"cr-denied-{number}", cluster="d" * 30, status=denied, namespace=namespace))

    view = drawn(samples.LENA, desk, platform=True)

    assert len(view["blocks"]) == home.BLOCKS
    assert headers(view)[-1] == replies.HOME_TENANTS
    for hidden, command in (
        (60 - home.WAITING, "requests"),
        (60 - home.REQUESTS, "requests"),
        (60 - home.TENANTS, "quota"),
    ):
        assert replies.home_more(hidden, command) in said(view)
    assert replies.home_more(120 - home.CLUSTERS + 60 - home.BY_HAND, "list") in said(view)
