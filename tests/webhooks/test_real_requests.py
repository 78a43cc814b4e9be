"""Requests, votes, defaults and access on a real API server, as people with `kubectl` meet them.

One boot of two replicas and many stories. Each has a tenant of its own: what nobody has seen yet is in no cache.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from playground.controlplane import ControlPlane
from provisioning import errors
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.names import REQUEST_ANNOTATION, REQUESTED_BY_ANNOTATION
from provisioning.resources import (
    CATALOGS,
    CLUSTER_ACCESSES,
    CLUSTER_REQUESTS,
    CLUSTERS,
    KAMAJI_CONTROL_PLANES,
    KUBEVIRT_CLUSTERS,
    TENANT_CLUSTERS,
)
from tests.provisioning import accesses
from tests.provisioning.waiting import eventually
from tests.webhooks.test_real import LEAN, Desk, House, housed
from webhooks import registration
from webhooks.trusted import Trusted

Write = Callable[[], Awaitable[Any]]

pytestmark = [pytest.mark.real, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]

APPROVE = {"status": {"votes": [{"decision": "Approve"}]}}
PEOPLE = {
    "quota": {"hard": {"clusters": 9}},
    "members": [{"user": "ann", "slack": "UANN"}, {"group": "makers"}],
    "approvers": [{"user": "bob", "slack": "UBOB"}, {"user": "cyd"}, {"group": "leads"}],
    "approval": {"required": 1},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with (
        await Kube.connect(kubeconfig=control_plane.kubeconfig) as admin,
        housed(control_plane, admin, tmp_path_factory.mktemp("webhooks"), usual=PEOPLE) as house,
    ):
        yield house


async def kubectl(desk: Desk, user: str, *arguments: str, groups: tuple[str, ...] = (), sent: Any = None) -> str:
    """What kubectl says to somebody: its output, or what went wrong."""
    command = [
        str(desk.plane.binaries["kubectl"]),
        f"--kubeconfig={desk.plane.kubeconfig_for(user, ['webhook-testers', *groups])}",
        f"--namespace={desk.namespace}",
        "--request-timeout=30s",
        *arguments,
    ]
    text = json.dumps(sent) if sent is not None else ""
    done = await asyncio.to_thread(
        subprocess.run, command, input=text, capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout or done.stderr


async def vote(desk: Desk, user: str, request: str = "mine", patch: Any = APPROVE, *groups: str) -> str:
    how = ("patch", "clusterrequest", request, "--subresource=status", "--type=merge", f"--patch={json.dumps(patch)}")
    return await kubectl(desk, user, *how, groups=groups)


def wish(desk: Desk, name: str = "mine", **spec: Any) -> Manifest:
    return desk.new(CLUSTER_REQUESTS, name, {"action": "Create", "cluster": "web", "desired": LEAN, **spec})


async def status(desk: Desk, name: str = "mine") -> Manifest:
    found = await desk.admin.get(CLUSTER_REQUESTS, name, namespace=desk.namespace)
    return dict(found.get("status") or {})


async def refused(words: str, *writes: Write) -> None:
    for write in writes:
        with pytest.raises((errors.Forbidden, errors.Invalid), match=words):
            await write()


async def test_a_request_and_a_vote_with_kubectl_need_no_more_than_what_is_meant(house: House) -> None:
    desk = await house.tenant()
    said = await kubectl(desk, "ann", "create", "--filename=-", sent=wish(desk))
    assert "mine created" in said
    stored = await desk.admin.get(CLUSTER_REQUESTS, "mine", namespace=desk.namespace)
    assert stored["spec"]["requester"] == {"user": "ann"}
    assert stored["spec"]["desired"]["version"] == "v1.34.2"

    assert "eve is not an approver of this tenant" in await vote(desk, "eve")
    assert "gus is not an approver of this tenant" in await vote(desk, "gus", "mine", APPROVE, "makers")
    assert "patched" in await vote(desk, "bob")
    found = await status(desk)
    assert found["phase"] == "Approved"
    assert found["decidedAt"] == found["votes"][0]["at"]
    assert [one["voter"] for one in found["votes"]] == [{"user": "bob"}]
    assert "comes too late: the request is decided" in await vote(desk, "cyd")

    backed = desk.new(TENANT_CLUSTERS, "web", LEAN, annotations={REQUEST_ANNOTATION: "mine"})
    assert "web created" in await kubectl(desk, "ann", "create", "--filename=-", sent=backed)


async def test_who_asks_does_not_decide_and_takes_back_what_is_theirs(house: House) -> None:
    desk = await house.tenant(approvers=[{"user": "ann", "slack": "UANN"}, {"user": "bob"}])
    await kubectl(desk, "ann", "create", "--filename=-", sent=wish(desk))
    assert "ann asked for it, and somebody else must decide" in await vote(desk, "ann")
    withdrawn = {"status": {"phase": "Withdrawn"}}
    assert "bob did not ask for it" in await vote(desk, "bob", "mine", withdrawn)
    assert "patched" in await vote(desk, "ann", "mine", withdrawn)
    assert (await status(desk))["phase"] == "Withdrawn"


async def test_two_of_several_agree_and_only_as_long_as_they_decide(house: House) -> None:
    desk = await house.tenant(approval={"required": 2})
    await kubectl(desk, "ann", "create", "--filename=-", sent=wish(desk))
    assert "patched" in await vote(desk, "bob")
    assert (await status(desk)).get("phase", "Pending") == "Pending"
    assert "bob has voted already" in await vote(desk, "bob")

    await desk.policy(approvers=[{"user": "cyd"}, {"group": "leads"}])
    await _decides_no_more(desk, "bob")
    assert "patched" in await vote(desk, "cyd")
    assert (await status(desk)).get("phase", "Pending") == "Pending", "bob has not agreed any more"
    assert "patched" in await vote(desk, "lea", "mine", APPROVE, "leads")
    found = await status(desk)
    assert [one["voter"]["user"] for one in found["votes"]] == ["bob", "cyd", "lea"]
    assert (found["phase"], found["votes"][2]["group"]) == ("Approved", "leads")

    backed = desk.new(TENANT_CLUSTERS, "web", LEAN, annotations={REQUEST_ANNOTATION: "mine"})
    async with desk.person("ann") as ann:
        await ann.create(TENANT_CLUSTERS, backed, dry_run=True)
        await desk.policy(approvers=[{"user": "cyd"}])
        too_few = "2 must agree, and of those who did only cyd may still decide"
        await _sooner_or_later(too_few, lambda: ann.create(TENANT_CLUSTERS, backed, dry_run=True))


async def test_of_votes_that_come_in_one_moment_none_is_lost(house: House) -> None:
    voters = [f"v{number}" for number in range(4)]
    desk = await house.tenant(approvers=[{"user": user} for user in voters], approval={"required": len(voters)})
    await kubectl(desk, "ann", "create", "--filename=-", sent=wish(desk))

    async def approve(kube: Kube) -> None:
        while True:
            with contextlib.suppress(errors.Conflict):
                await kube.merge(CLUSTER_REQUESTS, "mine", APPROVE, namespace=desk.namespace, subresource="status")
                return

    async with contextlib.AsyncExitStack() as stack:
        people = [await stack.enter_async_context(desk.person(user)) for user in voters]
        await asyncio.gather(*map(approve, people))
    found = await status(desk)
    assert sorted(one["voter"]["user"] for one in found["votes"]) == voters
    assert found["phase"] == "Approved"


async def _decides_no_more(desk: Desk, user: str) -> None:
    """Return when every replica has heard that this person is no approver."""
    async with desk.person("ann") as ann, desk.person(user) as kube:
        probe = await ann.create(CLUSTER_REQUESTS, wish(desk, "probe", cluster="other"))

        async def told() -> bool:
            for _ in range(8):
                try:
                    await kube.replace(CLUSTER_REQUESTS, {**probe, **APPROVE}, subresource="status", dry_run=True)
                except errors.Forbidden:
                    continue
                return False
            return True

        await eventually(told)


async def _sooner_or_later(words: str, write: Write) -> None:
    """Wait until a dry run is refused in these words: what tightens a policy is heard of by watches."""

    heard = {"nothing"}

    async def said() -> bool:
        try:
            await write()
        except (errors.Forbidden, errors.Invalid) as error:
            heard.add(str(error))
        return any(words in one for one in heard)

    try:
        await eventually(said)
    except TimeoutError:
        pytest.fail(f"{words!r} was not said, but {heard}")


async def test_nothing_is_written_into_a_status_but_what_follows_from_votes(house: House) -> None:
    desk = await house.tenant()
    async with desk.person("ann") as ann, desk.person("bob") as bob, desk.person(Trusted().bot) as bot:
        await ann.create(CLUSTER_REQUESTS, wish(desk))

        def patch(kube: Kube, **status: Any) -> Write:
            where = {"namespace": desk.namespace, "subresource": "status"}
            return lambda: kube.merge(CLUSTER_REQUESTS, "mine", {"status": status}, **where)

        by_slack = {"voter": {"user": "bob", "slack": "UBOB"}, "decision": "Approve", "at": "2020-01-01T00:00:00Z"}
        await refused("decided by votes", patch(bob, phase="Approved"), patch(bob, waiver="x", phase="Approved"))
        await refused("decided by votes", patch(bot, phase="Approved"), patch(bot, phase="Applied"))
        await refused("cast now", patch(bob, votes=[{"decision": "Approve", "at": "2020-01-01T00:00:00Z"}]))
        await refused("cast now", patch(bot, votes=[by_slack]))
        await refused("the voter must be ann", patch(ann, votes=[{"decision": "Approve", "voter": {"user": "bob"}}]))
        await refused("no Slack account of cyd is known", patch(bot, votes=[{**by_slack, "voter": {"user": "cyd"}}]))
        await refused("expiresAt: is written by clusterdesk", patch(bob, expiresAt="2030-01-01T00:00:00Z"))
        await refused("expiresAt: is written by clusterdesk", patch(bot, expiresAt="2030-01-01T00:00:00Z"))
        card = {"surface": "Approver", "channel": "C1", "ts": "1.2"}
        await refused("deliveries: is written by clusterdesk", patch(bob, deliveries=[card]))
        await patch(bot, deliveries=[card])()
        await refused("message: comes with a decision", patch(bob, message="fine by me"))
    assert (await status(desk)) == {"deliveries": [card]}


async def test_a_request_says_the_truth_whoever_writes_it(house: House) -> None:
    desk = await house.tenant()
    async with desk.person("ann") as ann, desk.person("eve") as eve, desk.person(Trusted().bot) as bot:
        forged = await ann.create(CLUSTER_REQUESTS, wish(desk, requester={"user": "bob", "slack": "UBOB"}))
        assert forged["spec"]["requester"] == {"user": "ann"}

        def ask(kube: Kube, **spec: Any) -> Write:
            return lambda: kube.create(CLUSTER_REQUESTS, wish(desk, "another", **spec))

        await refused("neither a member nor an approver", ask(eve))
        await refused("does not fit what is asked for", ask(ann, digest=f"sha256:{'1' * 64}"))
        await refused("there is no cluster web", ask(ann, action="Change", baseGeneration=1))
        await refused("is not on offer", ask(ann, desired={**LEAN, "version": "v1.2.3"}))
        for requester in ({"user": "bob", "slack": "UANN"}, {"user": "eve", "slack": "UEVE"}):
            await refused("is not listed as the account of", ask(bot, requester=requester))
        await refused("from which Slack account", ask(bot, requester={"user": "ann"}))
        await ask(bot, requester={"user": "ann", "slack": "UANN"})()

        # The bot's token does nothing but ask.
        free = await house.tenant(approval={"required": 0})
        cluster = free.new(TENANT_CLUSTERS, "web", LEAN)
        await bot.create(TENANT_CLUSTERS, cluster, dry_run=True)
        await refused("the bot only asks", lambda: bot.create(TENANT_CLUSTERS, cluster))
        made = await ann.create(TENANT_CLUSTERS, cluster)
        change = free.new(CLUSTER_REQUESTS, "change", {"action": "Change", "cluster": "web", "desired": LEAN})
        await refused("but the cluster is at generation 1", lambda: ann.create(CLUSTER_REQUESTS, change))
        change["spec"]["baseGeneration"] = made["metadata"]["generation"]
        await ann.create(CLUSTER_REQUESTS, change)


async def test_whoever_applies_the_same_file_twice_changes_nothing(house: House) -> None:
    desk = await house.tenant(approval={"required": 0}, lifetime={"default": "24h"})
    written = desk.new(TENANT_CLUSTERS, "web", {**LEAN, "addOns": [{"name": "metrics", "values": {"a": 1}}]})
    for name, flags in (("web", ()), ("two", ("--server-side", "--field-manager=git"))):
        file = {**written, "metadata": {**written["metadata"], "name": name}}
        said = await kubectl(desk, "ann", "apply", *flags, "--filename=-", sent=file)
        assert "created" in said or "serverside-applied" in said
        stored = await desk.admin.get(TENANT_CLUSTERS, name, namespace=desk.namespace)
        assert stored["spec"]["addOns"] == [{"name": "metrics", "values": {"a": 1}}, {"name": "cilium"}]
        assert (stored["spec"]["version"], stored["spec"]["lifetime"]) == ("v1.34.2", "24h")
        assert stored["metadata"]["annotations"][REQUESTED_BY_ANNOTATION] == "ann"
        assert await kubectl(desk, "cyd", "diff", *flags, "--filename=-", sent=file) == ""
        await kubectl(desk, "cyd", "apply", *flags, "--filename=-", sent=file)
        again = await desk.admin.get(TENANT_CLUSTERS, name, namespace=desk.namespace)
        assert again["spec"] == stored["spec"]
        assert again["metadata"]["generation"] == stored["metadata"]["generation"]
        assert again["metadata"]["annotations"][REQUESTED_BY_ANNOTATION] == "ann"
    mine = f"{REQUESTED_BY_ANNOTATION}=eve"
    await kubectl(desk, "eve", "annotate", "--overwrite", "tenantcluster", "web", mine)
    kept = await desk.admin.get(TENANT_CLUSTERS, "web", namespace=desk.namespace)
    assert kept["metadata"]["annotations"][REQUESTED_BY_ANNOTATION] == "ann"


async def test_without_the_defaults_nothing_half_said_is_let_in(house: House) -> None:
    desk = await house.tenant(approval={"required": 0})
    admin = desk.admin
    async with desk.person("ann") as ann, desk.person("bob") as bob, _maker(desk) as gus:
        asked = await ann.create(CLUSTER_REQUESTS, wish(desk))
        mutating = await admin.get(registration.MUTATING, registration.NAME)
        reference = {"apiGroup": KUBEVIRT_CLUSTERS.group, "kind": KUBEVIRT_CLUSTERS.kind, "name": "raw"}
        forged = desk.new(
            CLUSTERS, "raw", {"infrastructureRef": reference}, annotations={REQUESTED_BY_ANNOTATION: "root"}
        )
        try:
            await admin.merge(registration.MUTATING, registration.NAME, {"webhooks": []})
            for words, kube, resource, body in (
                ("spec.version: was not filled in", ann, TENANT_CLUSTERS, desk.new(TENANT_CLUSTERS, "web", LEAN)),
                ("is written by clusterdesk, and is ann here", ann, CLUSTERS, forged),
                ("spec.addons: was not filled in", ann, KAMAJI_CONTROL_PLANES, _control_plane(desk)),
                ("must be kamaji", ann, KUBEVIRT_CLUSTERS, desk.new(KUBEVIRT_CLUSTERS, "raw", {})),
                ("spec.group: must be makers", gus, CLUSTER_ACCESSES, _access(desk, "gus")),
            ):
                await _sooner_or_later(words, partial(kube.create, resource, body, dry_run=True))
            alone = {**asked, **APPROVE}
            await refused("voter", lambda: bob.replace(CLUSTER_REQUESTS, alone, subresource="status", dry_run=True))
        finally:
            await admin.merge(registration.MUTATING, registration.NAME, {"webhooks": mutating["webhooks"]})

        async def completed() -> bool:
            try:
                await ann.create(TENANT_CLUSTERS, desk.new(TENANT_CLUSTERS, "web", LEAN), dry_run=True)
            except errors.Invalid:
                return False
            return True

        await eventually(completed)


def _control_plane(desk: Desk) -> Manifest:
    return desk.new(KAMAJI_CONTROL_PLANES, "raw", {"version": "v1.34.2"})


@contextlib.asynccontextmanager
async def _maker(desk: Desk) -> AsyncIterator[Kube]:
    """Gus, who belongs to the tenant by a group only."""
    kubeconfig = desk.plane.kubeconfig_for("gus", ["webhook-testers", "makers"])
    async with await Kube.connect(kubeconfig=kubeconfig) as kube:
        yield kube


def _access(desk: Desk, user: str, **spec: Any) -> Manifest:
    found = accesses.access(f"{user}-{secrets.token_hex(2)}", namespace=desk.namespace, **spec)
    return {**found, "spec": {**found["spec"], "user": user}}


async def test_what_no_approver_has_seen_is_not_made_by_hand_where_that_is_closed(house: House) -> None:
    desk = await house.tenant(handMade={"allowed": False})
    reference = {"apiGroup": KUBEVIRT_CLUSTERS.group, "kind": KUBEVIRT_CLUSTERS.kind, "name": "raw"}
    raw = desk.new(CLUSTERS, "raw", {"infrastructureRef": reference})
    said = await kubectl(desk, "ann", "apply", "--filename=-", sent=raw)
    assert f"tenant {desk.tenant} may have nothing made by hand; make a TenantCluster, or ask for one in Slack" in said
    opened = await house.tenant()
    assert "created" in await kubectl(opened, "ann", "apply", "--filename=-", sent={**raw, **_at(opened, raw)})


async def test_what_was_approved_is_not_taken_apart_behind_its_back(house: House) -> None:
    desk = await house.tenant(approval={"required": 1, "waivers": [{"name": "new ones", "actions": ["Create"]}]})
    await kubectl(desk, "ann", "create", "--filename=-", sent=desk.new(TENANT_CLUSTERS, "web", LEAN))
    front = desk.new(KAMAJI_CONTROL_PLANES, "web", {"version": "v1.34.2", "replicas": 1})
    await desk.admin.create(KAMAJI_CONTROL_PLANES, front)
    said = await kubectl(desk, "eve", "delete", "kamajicontrolplane", "web")
    assert "this KamajiControlPlane is what the cluster web stands on; to delete this cluster 1 approver" in said
    async with desk.person("eve") as eve:
        raised = {"spec": {"version": "v1.99.0"}}
        raise_ = partial(eve.merge, KAMAJI_CONTROL_PLANES, "web", raised, namespace=desk.namespace)
        with pytest.raises(errors.Forbidden, match="change the TenantCluster instead"):
            await raise_()
    async with desk.person("system:serviceaccount:capi-system:capi-manager") as capi:
        await capi.delete(KAMAJI_CONTROL_PLANES, "web", namespace=desk.namespace)


def _at(desk: Desk, manifest: Manifest) -> Manifest:
    return {"metadata": {**manifest["metadata"], "namespace": desk.namespace}}


async def test_clusters_keep_off_the_management_clusters_ranges_and_their_neighbours_names(house: House) -> None:
    desk = await house.tenant(approval={"required": 0})
    async with desk.person("ann") as ann:

        def make(name: str, *, dry_run: bool = True, **spec: Any) -> Write:
            body = desk.new(TENANT_CLUSTERS, name, {**LEAN, **spec})
            return lambda: ann.create(TENANT_CLUSTERS, body, dry_run=dry_run)

        await make("web", dry_run=False)()
        await refused("what the cluster-autoscaler of cluster web is called here", make("web-cluster-autoscaler"))
        await refused("a cluster's name", make("web.7"))
        await refused("31 characters|at most 30|<= 30", make("w" * 31))
        await desk.admin.merge(CATALOGS, "default", {"spec": {"network": {"reserved": ["10.40.0.0/13"]}}})
        try:
            inside = make("new", network={"pods": "10.44.0.0/16"})
            await _sooner_or_later("10.44.0.0/16 overlaps 10.40.0.0/13, which is for the management cluster", inside)
            await make("new", network={"pods": "10.48.0.0/16"})()
        finally:
            await desk.admin.merge(CATALOGS, "default", {"spec": {"network": None}})


async def test_access_is_for_oneself_and_bounded(house: House) -> None:
    desk = await house.tenant(approval={"required": 0})
    async with desk.person("ann") as ann, _maker(desk) as gus:
        await ann.create(TENANT_CLUSTERS, desk.new(TENANT_CLUSTERS, "web", LEAN))
        made = await gus.create(CLUSTER_ACCESSES, _access(desk, "gus"))
        assert made["spec"]["group"] == "makers"
        name, where = made["metadata"]["name"], {"namespace": desk.namespace}
        await refused("only revoked", lambda: gus.merge(CLUSTER_ACCESSES, name, {"spec": {"group": "leads"}}, **where))
        await refused("one makes access for oneself", lambda: ann.create(CLUSTER_ACCESSES, _access(desk, "gus")))
        await refused(
            "not known to be in makers", lambda: ann.create(CLUSTER_ACCESSES, _access(desk, "ann", group="makers"))
        )
        for _ in range(9):
            await gus.create(CLUSTER_ACCESSES, _access(desk, "gus"))
        await refused(
            "gus has 10 accesses to web that last", lambda: gus.create(CLUSTER_ACCESSES, _access(desk, "gus"))
        )
        await ann.create(CLUSTER_ACCESSES, _access(desk, "ann"))
        await ann.merge(CLUSTER_ACCESSES, name, {"spec": {"revoked": True}}, **where)
        await gus.create(CLUSTER_ACCESSES, _access(desk, "gus"))
