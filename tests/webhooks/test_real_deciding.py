"""Who may decide, on a real API server: instead of an approver, alone in an emergency, and votes taken back."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from provisioning import audit, errors, giving_up, told, unattended
from provisioning.clearance import Clearance
from provisioning.events import Recorder
from provisioning.kube import Kube
from provisioning.landscape import Landscape
from provisioning.model import Delivery, Surface, TenantCluster
from provisioning.names import RECONCILE_ANNOTATION, REQUEST_ANNOTATION, TOLD_ANNOTATION
from provisioning.objects import format_time, read
from provisioning.resources import APPROVAL_DELEGATIONS, CLUSTER_REQUESTS, TENANT_CLUSTERS, TENANTS
from tests.provisioning.waiting import running
from tests.webhooks.test_real import LEAN, SYSTEM, Desk, House
from tests.webhooks.test_real_requests import APPROVE, house, kubectl, refused, status, vote, wish
from webhooks.trusted import Trusted

pytestmark = [pytest.mark.real, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]

__all__ = ["house"]

KIM = {"user": "kim", "slack": "UKIM"}
MEMBERS = [{"user": "ann", "slack": "UANN"}, KIM]
BACK: Any = {"status": {"votes": []}}


def instead(desk: Desk, **spec: Any) -> Any:
    until = format_time(datetime.now(UTC) + timedelta(days=1))
    wanted = {"approver": {"user": "bob"}, "delegate": KIM, "until": until, **spec}
    return desk.new(APPROVAL_DELEGATIONS, "holidays", wanted)


async def test_who_decides_instead_of_an_approver_does_so_as_long_as_it_lasts(house: House) -> None:
    desk = await house.tenant(members=MEMBERS, approval={"required": 2})
    await kubectl(desk, "ann", "create", "--filename=-", sent=wish(desk))
    assert "kim is not an approver" in await vote(desk, "kim")
    assert "must be kim, who sends this" in await kubectl(desk, "kim", "create", "--filename=-", sent=instead(desk))
    eve = instead(desk, delegate={"user": "eve"})
    assert "eve is not listed by name in any tenant" in await kubectl(desk, "bob", "create", "--filename=-", sent=eve)
    own = instead(desk, delegate={"user": "bob"})
    assert "one decides for oneself" in await kubectl(desk, "bob", "create", "--filename=-", sent=own)
    assert "holidays created" in await kubectl(desk, "bob", "create", "--filename=-", sent=instead(desk))

    assert "patched" in await vote(desk, "kim")
    assert "bob has voted already" in await vote(desk, "bob")
    assert "patched" in await vote(desk, "cyd")
    found = await status(desk)
    assert (found["phase"], found["votes"][0]["insteadOf"]) == ("Approved", {"user": "bob"})

    backed = desk.new(TENANT_CLUSTERS, "web", LEAN, annotations={REQUEST_ANNOTATION: "mine"})
    async with desk.person("ann") as ann:
        await ann.create(TENANT_CLUSTERS, backed, dry_run=True)
        assert "deleted" in await kubectl(desk, "bob", "delete", "approvaldelegation", "holidays")
        too_few = "2 must agree, and of those who did only cyd may still decide"
        await refused(too_few, lambda: ann.create(TENANT_CLUSTERS, backed, dry_run=True))


async def test_the_bot_writes_what_slack_alone_knows_and_nobody_else_does(house: House) -> None:
    leads = [{"user": "bob", "slack": "UBOB"}, {"slackGroup": "S0LEADS"}]
    desk = await house.tenant(members=MEMBERS, approvers=leads, channels={"approvals": "C0LEADS"})
    await kubectl(desk, "ann", "create", "--filename=-", sent=wish(desk))
    at = format_time(datetime.now(UTC))
    by_leads = {"voter": KIM, "decision": "Approve", "at": at, "slackGroup": "S0LEADS"}
    decided = {"status": {"phase": "Approved", "decidedAt": at, "votes": [by_leads]}}
    where: dict[str, Any] = {"namespace": desk.namespace, "subresource": "status"}
    async with desk.person("kim") as kim, desk.person(Trusted().bot) as bot:
        by_hand = {"status": {"votes": [{"decision": "Approve", "slackGroup": "S0LEADS"}]}}
        await refused("kim is not an approver", lambda: kim.merge(CLUSTER_REQUESTS, "mine", by_hand, **where))
        await bot.merge(CLUSTER_REQUESTS, "mine", decided, **where)
    assert (await status(desk))["votes"] == [by_leads]


async def test_the_bot_has_a_cluster_put_there_anew_and_nothing_else(house: House) -> None:
    """`/cluster retry`, and what it has told of one, are all that it writes into a TenantCluster."""
    desk = await house.tenant(approval={"required": 0})
    where: dict[str, Any] = {"namespace": desk.namespace}
    async with desk.person("ann") as ann, desk.person(Trusted().bot) as bot:
        await ann.create(TENANT_CLUSTERS, desk.new(TENANT_CLUSTERS, "web", LEAN))
        mark = {"metadata": {"annotations": {RECONCILE_ANNOTATION: format_time(datetime.now(UTC))}}}
        await bot.merge(TENANT_CLUSTERS, "web", mark, **where)
        for more in ({**mark, "spec": {"lifetime": "48h"}}, {"metadata": {"labels": {"a": "b"}}}):
            await refused("the bot only asks", partial(bot.merge, TENANT_CLUSTERS, "web", more, **where))


async def test_what_the_bot_has_told_of_a_cluster_it_alone_notes_and_nobody_loses(house: House) -> None:
    desk = await house.tenant(members=MEMBERS, approval={"required": 0})
    async with desk.person("ann") as ann, desk.person(Trusted().bot) as bot:
        made = read(TenantCluster, await ann.create(TENANT_CLUSTERS, desk.new(TENANT_CLUSTERS, "web", LEAN)))
        notes = [Delivery(surface=Surface.NEWS, channel=channel, ts="1.0") for channel in ("C0A", "C0B")]
        await asyncio.gather(*(told.note(bot, made, each) for each in notes))

        for note in ("[]", None):
            mark = {"metadata": {"annotations": {TOLD_ANNOTATION: note}}}
            await ann.merge(TENANT_CLUSTERS, "web", mark, namespace=desk.namespace)
        found = read(TenantCluster, await ann.get(TENANT_CLUSTERS, "web", namespace=desk.namespace))
        assert sorted(each.channel for each in told.of(found.meta)) == ["C0A", "C0B"]

        copied = desk.new(TENANT_CLUSTERS, "copy", LEAN, annotations={TOLD_ANNOTATION: "[]"})
        copy = read(TenantCluster, await ann.create(TENANT_CLUSTERS, copied))
        assert TOLD_ANNOTATION not in copy.meta.annotations


async def test_the_bot_decides_for_nobody_whom_the_tenant_lists_without_an_account(house: House) -> None:
    await house.tenant(members=MEMBERS)  # Another tenant ties the account to the name.
    desk = await house.tenant(approvers=[{"user": "kim"}])
    await kubectl(desk, "ann", "create", "--filename=-", sent=wish(desk))
    at = format_time(datetime.now(UTC))
    status = {"phase": "Approved", "decidedAt": at, "votes": [{"voter": KIM, "decision": "Approve", "at": at}]}
    where: dict[str, Any] = {"namespace": desk.namespace, "subresource": "status"}
    async with desk.person(Trusted().bot) as bot:
        approve = partial(bot.merge, CLUSTER_REQUESTS, "mine", {"status": status}, **where)
        await refused("not with this Slack account", approve)
    assert "patched" in await vote(desk, "kim")


async def test_a_request_is_taken_through_alone_where_the_tenant_lets_somebody_and_only_with_a_reason(
    house: House,
) -> None:
    desk = await house.tenant(approval={"required": 2, "breakGlass": [{"user": "ann"}]})
    await kubectl(desk, "ann", "create", "--filename=-", sent=wish(desk))

    def alone(**more: Any) -> Any:
        return {"status": {"votes": [{"decision": "Approve", "breakGlass": True, **more}]}}

    assert "ann must say why" in await vote(desk, "ann", "mine", alone())
    assert "bob may not take a request" in await vote(desk, "bob", "mine", alone(reason="prod is down"))
    assert "patched" in await vote(desk, "ann", "mine", alone(reason="prod is down"))
    assert (await status(desk))["phase"] == "Approved"
    backed = desk.new(TENANT_CLUSTERS, "web", LEAN, annotations={REQUEST_ANNOTATION: "mine"})
    assert "web created" in await kubectl(desk, "ann", "create", "--filename=-", sent=backed)


async def test_a_vote_is_taken_back_by_whose_it_is_until_the_last_one(house: House) -> None:
    desk = await house.tenant(approval={"required": 2})
    await kubectl(desk, "ann", "create", "--filename=-", sent=wish(desk))
    assert "patched" in await vote(desk, "bob")
    assert "cyd has no vote to take back" in await vote(desk, "cyd", "mine", BACK)
    assert "patched" in await vote(desk, "bob", "mine", BACK)
    assert "patched" in await vote(desk, "cyd")
    assert (await status(desk)).get("phase", "Pending") == "Pending"
    assert "patched" in await vote(desk, "bob")
    assert "the request is decided" in await vote(desk, "bob", "mine", BACK)


@pytest.mark.parametrize("times", range(2))
async def test_of_a_denial_and_the_last_approval_in_one_moment_one_decides_and_the_other_is_told(
    house: House, times: int
) -> None:
    desk = await house.tenant(approval={"required": 2}, approvers=[{"user": user} for user in ("bob", "cyd", "dan")])
    await kubectl(desk, "ann", "create", "--filename=-", sent=wish(desk))
    assert "patched" in await vote(desk, "bob")
    deny = {"status": {"votes": [{"decision": "Deny", "reason": "no"}]}}

    async def decide(kube: Kube, patch: Any) -> str:
        while True:
            with contextlib.suppress(errors.Conflict):
                try:
                    await kube.merge(CLUSTER_REQUESTS, "mine", patch, namespace=desk.namespace, subresource="status")
                except errors.Forbidden as error:
                    return error.message
                return "decided"

    async with desk.person("cyd") as cyd, desk.person("dan") as dan:
        said = await asyncio.gather(decide(cyd, APPROVE), decide(dan, deny))
    found = await status(desk)
    assert len(found["votes"]) == 2
    assert sorted(one == "decided" for one in said) == [False, True]
    assert any("comes too late: the request is decided" in one for one in said)
    assert found["phase"] == ("Denied" if found["votes"][1]["decision"] == "Deny" else "Approved")


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"members": [{"slackGroup": "S0LEADS"}]}, "name its people as members"),
        ({"approvers": [{"slackGroup": "S0LEADS"}]}, "is asked in a channel"),
        ({"approvers": [{"slackGroup": "S0LEADS", "user": "bob"}]}, "either a user, a group or a Slack user group"),
        ({"approval": {"breakGlass": [{"slackGroup": "S0LEADS"}]}}, "who may break the glass"),
        ({"channels": {"notified": ["lena"]}}, "should match"),
    ],
)
async def test_a_tenant_says_only_what_can_be_done(house: House, spec: Any, why: str) -> None:
    with pytest.raises(errors.Invalid, match=why):
        await house.tenant(**spec)
    house.made.pop()


async def test_a_request_in_the_place_of_another_is_decided_once_that_one_is_taken_back_for_it(house: House) -> None:
    desk = await house.tenant()
    await kubectl(desk, "ann", "create", "--filename=-", sent=wish(desk))
    newer = wish(desk, name="newer", replaces="mine")
    assert "mine is somebody else's request" in await kubectl(desk, "bob", "create", "--filename=-", sent=newer)
    assert "newer created" in await kubectl(desk, "ann", "create", "--filename=-", sent=newer)
    assert "comes too early" in await vote(desk, "bob", "newer")

    at = format_time(datetime.now(UTC))
    replaced = {"status": {"phase": "Withdrawn", "decidedAt": at, "replacedBy": "newer"}}
    where: dict[str, Any] = {"namespace": desk.namespace, "subresource": "status"}
    async with desk.person("ann") as ann, desk.person(Trusted().provisioner) as provisioner:
        await refused("status.replacedBy", lambda: ann.merge(CLUSTER_REQUESTS, "mine", replaced, **where))
        await provisioner.merge(CLUSTER_REQUESTS, "mine", replaced, **where)
    assert "the request is decided" in await vote(desk, "bob")
    assert "patched" in await vote(desk, "bob", "newer")


async def test_whoever_a_request_is_handed_on_to_decides_from_then_on(house: House) -> None:
    steps = [{"after": "1s", "approvers": [{"user": "eve"}]}, {"after": "9h", "approvers": [{"user": "kim"}]}]
    desk = await house.tenant(
        approval={"required": 1, "escalation": steps, "reminders": {"days": ["Mon"], "end": "12:00"}}
    )
    await kubectl(desk, "ann", "create", "--filename=-", sent=wish(desk))
    await asyncio.sleep(1.1)

    assert "kim is not an approver" in await vote(desk, "kim")
    assert "patched" in await vote(desk, "eve")
    assert (await status(desk))["phase"] == "Approved"


async def test_a_cluster_is_given_up_until_it_was_ready_once_and_whoever_comes_first_has_come_first(
    house: House,
) -> None:
    new_ones = {"required": 1, "waivers": [{"name": "new ones", "actions": ["Create"]}]}
    desk = await house.tenant(approval=new_ones)
    for name in ("web", "api"):
        await kubectl(desk, "ann", "create", "--filename=-", sent=desk.new(TENANT_CLUSTERS, name, LEAN))
    where: dict[str, Any] = {"namespace": desk.namespace}

    async def noted(name: str, *, initialized: bool) -> None:
        """As the provisioner has it, and nobody else."""
        patch = {"status": {"initialized": initialized}}
        async with desk.person("ann") as ann, desk.person(Trusted().provisioner) as provisioner:
            lie = partial(ann.merge, TENANT_CLUSTERS, name, patch, subresource="status", **where)
            await refused("is written by clusterdesk itself", lie)
            await provisioner.merge(TENANT_CLUSTERS, name, patch, subresource="status", **where)

    must_agree = "1 approver of tenant"
    assert must_agree in await kubectl(desk, "ann", "delete", "tenantcluster", "web"), "nobody knows whether it was"
    for name in ("web", "api"):
        await noted(name, initialized=False)
    assert must_agree in await kubectl(desk, "eve", "delete", "tenantcluster", "web")
    asked = wish(desk, action="Delete", cluster="web")
    del asked["spec"]["desired"]
    assert "mine created" in await kubectl(desk, "ann", "create", "--filename=-", sent=asked)
    waived = {"status": {"phase": "Approved", "waiver": giving_up.RULE, "decidedAt": format_time(datetime.now(UTC))}}
    async with desk.person(Trusted().provisioner) as provisioner:
        await provisioner.merge(CLUSTER_REQUESTS, "mine", waived, subresource="status", **where)
        delete = partial(provisioner.delete, TENANT_CLUSTERS, "web", **where)
        await noted("web", initialized=True)
        await refused(giving_up.TOO_LATE, delete)
        await noted("web", initialized=False)
        await delete()
    assert '"api" deleted' in await kubectl(desk, "ann", "delete", "tenantcluster", "api")


async def test_what_nobody_chose_about_is_given_up_by_the_provisioner_and_by_nobody_else(house: House) -> None:
    new_ones = {"required": 1, "waivers": [{"name": "new ones", "actions": ["Create"]}]}
    desk = await house.tenant(approval=new_ones, lifetime={"failed": "1h"})
    where: dict[str, Any] = {"namespace": desk.namespace}
    must_agree = "1 approver of tenant"
    await kubectl(desk, "ann", "create", "--filename=-", sent=desk.new(TENANT_CLUSTERS, "web", LEAN))
    since = {"status": "True", "lastTransitionTime": format_time(datetime.now(UTC) - timedelta(hours=2))}
    failed = {"type": "Stalled", "reason": "WorkersFailed", "message": "no room", **since}
    waits = {"type": unattended.CONDITION, "reason": unattended.WAITS, "message": "", **since}
    noted = {"initialized": False, "hadReadyNode": False, "observedGeneration": 1, "conditions": [failed, waits]}
    async with desk.person(Trusted().provisioner) as provisioner:
        await provisioner.merge(TENANT_CLUSTERS, "web", {"status": noted}, subresource="status", **where)
        landscape = Landscape(provisioner, namespace=SYSTEM)
        async with running(landscape.run()):
            await landscape.synced()
            there = landscape.tenant_cluster((desk.namespace, "web"))
        assert there is not None
        recorder = Recorder(provisioner, now=provisioner.now)
        clearance = Clearance(provisioner, landscape, recorder, now=provisioner.now, tell=audit.untold)
        assert must_agree in await kubectl(desk, "eve", "delete", "tenantcluster", "web")

        grown = {**LEAN, "pools": [{**LEAN["pools"][0], "replicas": 2}]}
        asked = wish(desk, action="Change", desired=grown, baseGeneration=1)
        assert "mine created" in await kubectl(desk, "ann", "create", "--filename=-", sent=asked)
        await clearance.act(there)
        await refused(must_agree, partial(provisioner.delete, TENANT_CLUSTERS, "web", **where))

        await desk.admin.delete(CLUSTER_REQUESTS, "mine", **where)
        await clearance.act(there)
        assert await desk.admin.find(TENANT_CLUSTERS, "web", **where) is None


async def test_a_working_day_starts_before_it_ends(house: House) -> None:
    desk = await house.tenant()
    backwards = {"spec": {"approval": {"reminders": {"start": "19:00"}}}}
    with pytest.raises(errors.Invalid, match="a working day starts before it ends"):
        await desk.admin.merge(TENANTS, desk.tenant, backwards)
