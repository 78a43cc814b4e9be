"""The help: all of it, or what belongs to one command or topic."""

from __future__ import annotations

import pytest

from bot import commands, replies, topics
from bot.answers import Say
from bot.commands.command import Command
from bot.topics import Topic
from provisioning.model import Action
from provisioning.model.tenant import Amounts, ApprovalPolicy, LargeRequests, LifetimePolicy, Waiver
from tests.bot import samples
from tests.bot.fake_desk import FakeDesk


def told(line: str, desk: FakeDesk | None = None) -> str:
    answer = commands.answer(line, desk=desk or FakeDesk(), person=samples.LENA, now=samples.NOW)
    assert isinstance(answer, Say)
    return answer.card.text


@pytest.mark.parametrize("command", commands.COMMANDS, ids=lambda it: it.name)
def test_every_command_has_its_own_page(command: Command) -> None:
    assert f"`{command.line}`\n{command.summary}" in told(f"help {command.name}")


@pytest.mark.parametrize("topic", topics.TOPICS, ids=lambda it: it.name)
def test_every_topic_has_a_page_by_each_of_its_names_with_the_commands_that_belong_to_it(topic: Topic) -> None:
    for name in (topic.name, *topic.also):
        page = told(f"help {name.upper()}")
        assert topic.words in page
        for command in topic.commands:
            assert f"`/cluster {command}" in page


def test_no_word_means_two_topics_and_every_command_of_a_topic_is_one() -> None:
    words = [word for topic in topics.TOPICS for word in (topic.name, *topic.also)]

    assert len(set(words)) == len(words)
    assert {name for topic in topics.TOPICS for name in topic.commands} <= {it.name for it in commands.COMMANDS}


@pytest.mark.parametrize(("word", "meant"), [("lifetme", "lifetime"), ("aprovals", "approvals"), ("scal", "scale")])
def test_a_slip_is_answered_with_what_was_meant(word: str, meant: str) -> None:
    assert f"I have no topic `{word}`. Did you mean `/cluster help {meant}`?" in told(f"help {word}")


def test_what_is_like_nothing_gets_the_topics() -> None:
    assert "Topics: `approvals`, `quota`" in told("help xyzzy")


def test_a_topic_says_what_holds_in_ones_own_tenants() -> None:
    desk = FakeDesk()
    waiver = Waiver(name="small clusters", actions=(Action.CREATE,))
    policy = LifetimePolicy(default="24h", longest="168h", hibernation="48h")
    desk.tenants["team-b"] = samples.tenant(
        "team-b", lifetime=policy, approval=ApprovalPolicy(required=2, waivers=(waiver,))
    )
    desk.tenants["team-c"] = samples.tenant("team-c", members=(samples.subject(samples.PAT),))

    lifetime, approvals = told("help lifetime", desk), told("help approvals", desk)

    assert "`team-b`: 24 hours unless you say otherwise, 7 days at most. It sleeps for 2 days then" in lifetime
    assert "`team-b`: 2 approvers must agree, within 24 hours." in approvals
    assert "Nobody has to, by the rules `small clusters`." in approvals
    assert "team-c" not in lifetime + approvals


def test_the_topic_of_approvals_says_what_is_large_and_what_is_not_approved_in_slack() -> None:
    others = LargeRequests(above=Amounts(vcpu=32, memory="64Gi"), required=2, approvers=(samples.subject(samples.PAT),))
    for large, in_slack, said in (
        (others, True, "What is above 32 vCPU or 64Gi memory is large: 2 approvers named for that must agree."),
        (LargeRequests(above=Amounts(nodes=9)), True, "What is above 9 nodes is large: 1 approver must agree."),
        (
            LargeRequests(above=Amounts(nodes=9), in_slack=False),
            True,
            "is large: 1 approver must agree, with kubectl and not in Slack.",
        ),
        (None, False, replies.APPROVED_AT_TERMINAL),
    ):
        policy = ApprovalPolicy(large=large, in_slack=in_slack)
        desk = FakeDesk(tenants={"team-a": samples.tenant(approval=policy)})
        assert said in told("help approvals", desk)


def test_more_than_one_word_is_told_how_it_goes() -> None:
    assert "`/cluster help [TOPIC]`" in told("help scale workers")
