"""The part of the desk about approvers, on a small API server: what is there, what somebody does, what follows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from provisioning import errors
from provisioning.desk import Desk
from provisioning.kube import Kube
from provisioning.lifecycle import Reason, Refused
from provisioning.model import Action, Decision, Person, Phase
from provisioning.objects import format_time
from provisioning.resources import APPROVAL_DELEGATIONS
from provisioning.wish import Wish
from tests.bot.fake_voting import ToldGroups
from tests.builders import ANN, BEN, CLEO, DAVE, NAMESPACE, NOW, TENANT, tweak
from tests.fakes.api_server import ApiServer, Fault
from tests.provisioning.rules.test_desk import DIGEST, NAME, Stage

TWO = tweak(TENANT, "spec.approval", {"required": 2})
LISTED = tweak(TENANT, "spec.members", [{"user": "ann", "slack": "U0ANN"}, {"user": "dave", "slack": "U0DAVE"}])


class Deciding(Stage):
    """A desk that knows user groups of Slack, with a second replica of it."""

    def __init__(self, server: ApiServer, kube: Kube) -> None:
        self.groups = ToldGroups({"S0LEADS": {"U0DAVE"}})
        super().__init__(server, kube, groups=self.groups)
        self.other: Desk = Stage(server, kube).desk
        self.voting = self.desk.voting

    @property
    def written(self) -> list[Any]:
        return [each["spec"] for each in self.server.all(APPROVAL_DELEGATIONS, NAMESPACE)]

    async def delegate(self, *, days: int = 1, tenants: tuple[str, ...] = ("blue",)) -> tuple[str, ...]:
        return await self.voting.delegate(BEN, DAVE, tenants=tenants, until=NOW + timedelta(days=days), reason="")


@pytest_asyncio.fixture
async def stage() -> AsyncIterator[Deciding]:
    async with ApiServer() as server, server.kube() as kube:
        yield Deciding(server, kube)


async def test_an_approver_has_somebody_decide_in_every_namespace_and_the_newer_word_holds(stage: Deciding) -> None:
    stage.tenant(tweak(LISTED, "spec.namespaces", [NAMESPACE, "team-a-2"]))
    assert await stage.delegate() == ("blue",)
    assert await stage.delegate(days=3) == ("blue",)
    assert [spec["until"] for spec in stage.written] == [format_time(NOW + timedelta(days=3))]
    (given,) = stage.voting.delegations("team-a-2")
    assert (given.approver, given.delegate) == (BEN, DAVE)
    assert [t.meta.name for t in stage.desk.approvals_of(DAVE)] == ["blue"]


async def test_who_decides_for_nobody_by_name_delegates_nothing(stage: Deciding) -> None:
    until = NOW + timedelta(days=1)
    assert await stage.voting.delegate(ANN, DAVE, tenants=("blue",), until=until, reason="") == ()
    assert stage.written == []


async def test_a_delegate_votes_until_it_is_stopped(stage: Deciding) -> None:
    stage.tenant(tweak(LISTED, "spec.approval", {"required": 2}))
    stage.asked()
    assert await stage.refused(DAVE) is Reason.NOT_AN_APPROVER
    await stage.delegate()
    assert (await stage.vote(DAVE)).status.votes[0].instead_of == BEN
    assert [each.delegate for each in await stage.voting.stop(BEN)] == [DAVE]
    assert await stage.voting.stop(BEN) == ()
    assert (await stage.vote(CLEO)).status.phase is Phase.PENDING


async def test_it_holds_in_the_tenants_that_were_chosen_and_is_ended_in_those_that_are_named(stage: Deciding) -> None:
    green = tweak(tweak(LISTED, "metadata.name", "green"), "spec.namespaces", ["team-b"])
    stage.tenant(tweak(green, "metadata.uid", "uid-green"))
    stage.tenant(LISTED)
    assert await stage.delegate(tenants=("green",)) == ("green",)
    assert (stage.written, len(stage.voting.everybodys())) == ([], 1)

    assert sorted(await stage.delegate(tenants=("blue", "green", "of nobody"))) == ["blue", "green"]
    assert [each.delegate for each in await stage.voting.stop(BEN, tenants=("green",))] == [DAVE]
    assert [each.meta.namespace for each in stage.voting.everybodys()] == [NAMESPACE]


async def test_what_is_over_lets_nobody_decide(stage: Deciding) -> None:
    stage.asked()
    await stage.delegate(days=-1)
    assert stage.voting.delegations(NAMESPACE) == ()
    assert await stage.refused(DAVE) is Reason.NOT_AN_APPROVER


async def test_a_delegation_that_the_api_server_does_not_take_is_told(stage: Deciding) -> None:
    stage.server.fail(Fault.LOST, method="POST", plural="approvaldelegations")
    with pytest.raises(errors.Unavailable):
        await stage.delegate()
    assert await stage.delegate() == ("blue",)
    assert len(stage.written) == 1


async def test_who_is_in_a_group_is_asked_where_nothing_else_lets_them_decide(stage: Deciding) -> None:
    approvers = [{"user": "ben", "slack": "U0BEN"}, {"slackGroup": "S0LEADS"}]
    stage.tenant(tweak(LISTED, "spec.approvers", approvers))
    stage.asked()
    assert await stage.voting.groups_of(NAMESPACE, DAVE) == ("S0LEADS",)
    assert await stage.voting.groups_of(NAMESPACE, BEN) == ()
    assert (await stage.vote(DAVE)).status.votes[0].slack_group == "S0LEADS"


async def test_where_slack_does_not_say_nothing_is_counted(stage: Deciding) -> None:
    stage.tenant(tweak(LISTED, "spec.approvers", [{"user": "ben"}, {"slackGroup": "S0LEADS"}]))
    stage.asked()
    stage.groups.silent = True
    assert await stage.refused(DAVE) is Reason.GROUP_UNKNOWN
    assert (await stage.vote(Person(user="ben"))).status.phase is Phase.APPROVED


async def test_whether_a_vote_would_count_is_told_without_casting_it(stage: Deciding) -> None:
    stage.asked()
    assert (await stage.voting.check(NAMESPACE, NAME, BEN, digest=DIGEST)).meta.name == NAME
    for person, digest, reason in (
        (ANN, DIGEST, Reason.OWN_REQUEST),
        (DAVE, DIGEST, Reason.NOT_AN_APPROVER),
        (BEN, "sha256:" + "0" * 64, Reason.CHANGED),
    ):
        with pytest.raises(Refused) as refused:
            await stage.voting.check(NAMESPACE, NAME, person, digest=digest)
        assert refused.value.reason is reason
    with pytest.raises(Refused) as gone:
        await stage.voting.check(NAMESPACE, "cr-gone", BEN, digest=DIGEST)
    assert gone.value.reason is Reason.GONE
    assert stage.stored().status.votes == ()


async def test_a_vote_is_taken_back_and_cast_again(stage: Deciding) -> None:
    stage.tenant(TWO)
    stage.asked()
    await stage.vote(BEN)
    await stage.voting.take_back(NAMESPACE, NAME, BEN)
    assert stage.stored().status.votes == ()
    with pytest.raises(Refused) as refused:
        await stage.voting.take_back(NAMESPACE, NAME, BEN)
    assert refused.value.reason is Reason.NOT_VOTED
    await stage.vote(CLEO)
    assert (await stage.vote(BEN)).status.phase is Phase.APPROVED


async def test_a_glass_is_broken_by_whom_the_tenant_lets_and_with_a_reason(stage: Deciding) -> None:
    stage.tenant(tweak(TENANT, "spec.approval", {"required": 2, "breakGlass": [{"user": "ann", "slack": "U0ANN"}]}))
    stage.asked()

    async def broken(person: Person, reason: str) -> Phase:
        how: dict[str, Any] = {"reason": reason, "digest": DIGEST, "break_glass": True}
        return (await stage.desk.vote(NAMESPACE, NAME, person, Decision.APPROVE, **how)).it.status.phase

    for person, reason, why in ((BEN, "down", Reason.NO_BREAK_GLASS), (ANN, "", Reason.NO_REASON)):
        with pytest.raises(Refused) as refused:
            await broken(person, reason)
        assert refused.value.reason is why
    assert await broken(ANN, "down") is Phase.APPROVED


@pytest.mark.parametrize("first", [Decision.APPROVE, Decision.DENY])
async def test_of_the_last_approval_and_a_denial_on_two_replicas_one_decides_and_the_other_is_told(
    stage: Deciding, first: Decision
) -> None:
    stage.tenant(TWO)
    stage.asked()
    await stage.vote(BEN)
    stage.tenant(tweak(TWO, "spec.approvers", [each.wire() for each in (BEN, CLEO, DAVE)]))
    second = Decision.DENY if first is Decision.APPROVE else Decision.APPROVE
    desks = ((stage.desk, CLEO, first), (stage.other, DAVE, second))
    answers = await asyncio.gather(
        *(desk.vote(NAMESPACE, NAME, who, what, reason="no", digest=DIGEST) for desk, who, what in desks),
        return_exceptions=True,
    )

    status = stage.stored().status
    assert len(status.votes) == 2
    told = [answer.reason for answer in answers if isinstance(answer, Refused)]
    assert told == [Reason.ALREADY_DECIDED]
    last = status.votes[-1].decision
    assert status.phase is (Phase.DENIED if last is Decision.DENY else Phase.APPROVED)


async def test_a_vote_taken_back_in_the_moment_of_the_last_approval_is_either_counted_or_gone(stage: Deciding) -> None:
    stage.tenant(TWO)
    stage.asked()
    await stage.vote(BEN)
    await asyncio.gather(
        stage.voting.take_back(NAMESPACE, NAME, BEN),
        stage.other.vote(NAMESPACE, NAME, CLEO, Decision.APPROVE, digest=DIGEST),
        return_exceptions=True,
    )
    status = stage.stored().status
    both, one = {"ben", "cleo"}, {"cleo"}
    assert {v.voter.user for v in status.votes} == (both if status.phase is Phase.APPROVED else one)


async def test_whom_this_tenant_lists_without_an_account_decides_by_kubectl_only_and_is_told(stage: Deciding) -> None:
    """Another tenant may list the account: that is how the bot knows them at all."""
    stage.tenant(tweak(TENANT, "spec.approvers", [{"user": "dave"}]))
    stage.asked()
    assert await stage.refused(DAVE) is Reason.NOT_BY_SLACK
    with pytest.raises(Refused) as refused:
        await stage.voting.check(NAMESPACE, NAME, DAVE, digest=DIGEST)
    assert refused.value.reason is Reason.NOT_BY_SLACK
    assert (await stage.vote(Person(user="dave"))).status.phase is Phase.APPROVED


LARGE = {"above": {"nodes": 2}, "required": 2, "approvers": [{"user": "dave", "slack": "U0DAVE"}, {"user": "eve"}]}
"""The cluster that is asked for here has 3 machines at most."""


async def test_a_large_request_is_decided_by_those_whom_the_tenant_names_for_it(stage: Deciding) -> None:
    stage.tenant(tweak(TENANT, "spec.approval", {"large": LARGE}))
    stage.asked()
    assert await stage.refused(BEN) is Reason.NOT_AN_APPROVER
    assert (await stage.vote(DAVE)).status.phase is Phase.PENDING
    assert (await stage.vote(Person(user="eve"))).status.phase is Phase.APPROVED
    assert [t.meta.name for t in stage.desk.approvals_of(DAVE)] == ["blue"]
    assert stage.desk.person("U0DAVE") == DAVE


async def test_a_request_that_is_not_large_is_decided_as_ever(stage: Deciding) -> None:
    stage.tenant(tweak(TENANT, "spec.approval", {"large": {**LARGE, "above": {"nodes": 3}}}))
    stage.asked()
    assert await stage.refused(DAVE) is Reason.NOT_AN_APPROVER
    assert (await stage.vote(BEN)).status.phase is Phase.APPROVED


async def test_a_deletion_is_as_large_as_what_is_deleted(stage: Deciding) -> None:
    stage.tenant(tweak(TENANT, "spec.approval", {"large": LARGE}))
    stage.built("web", minutes=1)
    wish = Wish(ANN, "blue", NAMESPACE, Action.DELETE, "web", None)
    asked = await stage.desk.ask(wish, name="cr-delete")
    for person, verdict in ((BEN, Reason.NOT_AN_APPROVER), (DAVE, None)):
        how = {"digest": asked.it.spec.digest}
        if verdict is None:
            assert (await stage.voting.check(NAMESPACE, "cr-delete", person, **how)).key == asked.key
            continue
        with pytest.raises(Refused) as refused:
            await stage.voting.check(NAMESPACE, "cr-delete", person, **how)
        assert refused.value.reason is verdict


async def test_who_is_listed_for_small_requests_decides_about_large_ones_by_a_group_of_slack(stage: Deciding) -> None:
    by_group = {**LARGE, "required": 1, "approvers": [{"slackGroup": "S0LEADS"}]}
    approvers = [*TENANT["spec"]["approvers"], {"user": "dave", "slack": "U0DAVE"}]
    stage.tenant(tweak(tweak(TENANT, "spec.approval", {"large": by_group}), "spec.approvers", approvers))
    stage.asked()
    assert await stage.voting.groups_of(NAMESPACE, DAVE) == ("S0LEADS",)
    assert (await stage.vote(DAVE)).status.votes[0].slack_group == "S0LEADS"


async def test_what_is_not_approved_in_slack_is_refused_there_and_denied_there_all_the_same(stage: Deciding) -> None:
    stage.tenant(tweak(TENANT, "spec.approval", {"inSlack": False}))
    stage.asked()
    assert await stage.refused(BEN) is Reason.NOT_IN_SLACK
    assert (await stage.vote(BEN, Decision.DENY)).status.phase is Phase.DENIED
