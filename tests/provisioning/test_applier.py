"""What is applied, when it is not applied again, and in which order, on a fake API server."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from provisioning import errors, names, quarrels, resources
from provisioning.applier import KINDS, Applier, Outcome
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from tests.fakes.api_server import ApiServer, connected
from tests.fakes.objects import Kind, Refused
from tests.provisioning.manifests.examples import NAMESPACE, only, rendered

KEY = (NAMESPACE, "web")


@dataclass
class Site:
    """A server, and appliers of it: each a process that was started anew."""

    server: ApiServer
    kube: Kube

    def there(self) -> list[Manifest]:
        return [manifest for kind in KINDS.values() for manifest in self.server.all(kind)]

    async def bring(self, wanted: list[Manifest], applier: Applier | None = None) -> int:
        """Bring it about; how many requests that took."""
        before = len(self.server.requests)
        await self.outcome(wanted, applier)
        return len(self.server.requests) - before

    async def outcome(self, wanted: list[Manifest], applier: Applier | None = None, *, anew: bool = False) -> Outcome:
        return await (applier or Applier(self.kube)).bring(KEY, wanted, present=self.there(), anew=anew)

    def deployment(self) -> Manifest:
        found = self.server.get(resources.MACHINE_DEPLOYMENTS, "web-md0", NAMESPACE)
        assert found is not None
        return found

    def patch(self, patch: Manifest) -> None:
        self.server.patch(resources.MACHINE_DEPLOYMENTS, "web-md0", NAMESPACE, patch)


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    async with connected() as (server, kube):
        yield Site(server, kube)


async def test_who_is_started_anew_writes_nothing_where_all_is_in_place(site: Site) -> None:
    assert await site.bring(rendered()) == len(rendered())
    assert await site.bring(rendered()) == 0


async def test_fields_that_others_add_are_no_reason_to_write(site: Site) -> None:
    await site.bring(rendered())
    site.patch({"metadata": {"labels": {"theirs": "x"}}, "spec": {"template": {"spec": {"defaulted": 1}}}})
    assert await site.bring(rendered()) == 0


async def test_a_field_that_somebody_changed_is_put_back_by_who_is_started_anew(site: Site) -> None:
    await site.bring(rendered())
    site.patch({"spec": {"replicas": 50}})
    assert await site.bring(rendered()) == 1
    assert site.deployment()["spec"]["replicas"] == 2


async def test_a_field_that_is_not_wanted_any_more_is_taken_away_by_who_is_started_anew(site: Site) -> None:
    wanted = rendered()
    only(wanted, "MachineDeployment")["spec"]["paused"] = True
    await site.bring(wanted)
    assert await site.bring(rendered()) == 1
    assert "paused" not in site.deployment()["spec"]


async def test_what_the_server_writes_in_other_words_is_applied_once_by_each_process(site: Site) -> None:
    def normalises(_: str, kind: Kind, new: Manifest | None, *__: Any) -> None:
        if kind.plural == "machinedeployments" and new is not None:
            new["spec"]["template"]["spec"]["version"] = new["spec"]["template"]["spec"]["version"].upper()

    site.server.objects.admission.append(normalises)
    applier = Applier(site.kube)
    await site.bring(rendered(), applier)
    assert await site.bring(rendered(), applier) == 0
    site.patch({"spec": {"replicas": 50}})
    assert await site.bring(rendered(), applier) == 1
    site.patch({"metadata": {"labels": {names.TENANT_LABEL: "other"}}})
    assert await site.bring(rendered(), applier) == 1
    assert await site.bring(rendered()) == 1


async def test_nothing_is_pointed_to_a_template_that_was_refused(site: Site) -> None:
    def refuses(operation: str, kind: Kind, *_: Any) -> None:
        if kind.plural == "kubevirtmachinetemplates":
            raise Refused(403, "Forbidden", "no templates today")

    site.server.objects.admission.append(refuses)
    outcome = await site.outcome(rendered())
    (refusal,) = outcome.refusals
    assert str(refusal).startswith("KubevirtMachineTemplate web-md0-")
    assert "no templates today" in str(refusal)
    assert site.server.get(resources.KUBEVIRT_CLUSTERS, "web", NAMESPACE) is not None
    assert site.server.all(resources.MACHINE_DEPLOYMENTS) == []
    site.server.objects.admission.clear()
    await site.bring(rendered())
    assert len(site.there()) == len(rendered())


async def test_one_that_is_refused_keeps_no_other_from_being_applied_and_is_tried_again_later(site: Site) -> None:
    def refuses(operation: str, kind: Kind, *_: Any) -> None:
        if kind.plural == "helmreleases":
            raise Refused(500, "InternalError", "failed calling webhook releases.example.org: no answer")

    site.server.objects.admission.append(refuses)
    now = [0.0]
    applier = Applier(site.kube, clock=lambda: now[0])
    outcome = await site.outcome(rendered(), applier)
    assert {refusal.name for refusal in outcome.refusals} == {"web-cilium", "web-metrics-server"}
    assert len(site.there()) == len(rendered()) - 2 == len(outcome.applied)
    assert outcome.again is not None
    assert 0.0 < outcome.again <= 1.0
    assert await site.bring(rendered(), applier) == 0, "not before it is time"
    assert (await site.outcome(rendered(), applier)).refusals == outcome.refusals
    site.server.objects.admission.clear()
    mended = [*rendered()]
    only_cilium = next(m for m in mended if m["metadata"]["name"] == "web-cilium" and m["kind"] == "HelmRelease")
    only_cilium["spec"]["interval"] = "7m"
    assert await site.bring(mended, applier) == 1, "another content may be tried at once"
    now[0] += 1.0
    assert (await site.outcome(mended, applier)).refusals == ()
    assert len(site.there()) == len(rendered())


async def test_a_server_that_has_a_bad_moment_is_no_refusal(site: Site) -> None:
    site.server.fail(503, method="PATCH", plural="helmreleases")
    with pytest.raises(errors.Unavailable):
        await site.outcome(rendered())


async def test_what_somebody_changed_is_told_and_what_they_added_is_left(site: Site) -> None:
    applier = Applier(site.kube)
    assert (await site.outcome(rendered(), applier)).restored == ()
    site.patch({"spec": {"replicas": 9}, "metadata": {"labels": {"team": "a"}}})
    outcome = await site.outcome(rendered(), applier)
    assert [manifest["metadata"]["name"] for manifest in outcome.restored] == ["web-md0"]
    assert site.deployment()["spec"]["replicas"] == 2
    assert site.deployment()["metadata"]["labels"]["team"] == "a"
    site.patch({"metadata": {"labels": {names.TENANT_LABEL: None}}})
    assert len((await site.outcome(rendered(), Applier(site.kube))).restored) == 1
    site.patch({"metadata": {"labels": {"team": "b"}}})
    assert (await site.outcome(rendered(), applier)).restored == ()


async def test_who_changes_it_again_and_again_is_answered_less_and_less_often_and_keeps_no_other_waiting(
    site: Site,
) -> None:
    now = [0.0]
    applier = Applier(site.kube, clock=lambda: now[0])
    await site.bring(rendered(), applier)
    for number in range(quarrels.AT_ONCE):
        site.patch({"spec": {"replicas": 50 + number}})
        assert await site.bring(rendered(), applier) == 1
    site.patch({"spec": {"replicas": 50}})
    outcome = await site.outcome(rendered(), applier)
    assert outcome.again is not None
    assert 0.0 < outcome.again <= 1.0
    assert outcome.restored == ()
    assert site.deployment()["spec"]["replicas"] == 50

    three = rendered(pools=[{"name": "md0", "flavor": "small", "replicas": 3}])
    assert await site.bring(three, applier) == 2, "another content, its health check too, is no quarrel"
    site.patch({"spec": {"replicas": 50}})
    other = next(m["metadata"]["name"] for m in three if m["kind"] == "HelmRepository")
    site.server.patch(resources.HELM_REPOSITORIES, other, NAMESPACE, {"spec": {"url": "https://elsewhere.example.org"}})
    outcome = await site.outcome(three, applier)
    assert [manifest["metadata"]["name"] for manifest in outcome.restored] == [other]

    waits = []
    for _ in range(12):
        now[0] += outcome.again or 0.0
        outcome = await site.outcome(three, applier)
        assert [manifest["metadata"]["name"] for manifest in outcome.restored] == ["web-md0"]
        site.patch({"spec": {"replicas": 50}})
        outcome = await site.outcome(three, applier)
        assert outcome.again is not None
        waits.append(outcome.again)
    assert waits[-1] > 10 * waits[0]
    assert max(waits) <= quarrels.AGAIN.most

    now[0] += quarrels.PEACE + 1.0
    await site.bring(three, applier)
    site.patch({"spec": {"replicas": 50}})
    assert await site.bring(three, applier) == 1, "nobody remembers"


async def test_a_look_that_has_not_heard_of_the_one_before_is_no_quarrel(site: Site) -> None:
    applier = Applier(site.kube)
    await site.bring(rendered(), applier)
    site.patch({"spec": {"replicas": 50}})
    before = site.there()
    for _ in range(2 * quarrels.AT_ONCE):
        await applier.bring(KEY, rendered(), present=before)
    site.patch({"spec": {"replicas": 50}})
    assert await site.bring(rendered(), applier) == 1


async def test_a_change_of_ours_puts_nothing_right(site: Site) -> None:
    await site.bring(rendered())
    three = rendered(pools=[{"name": "md0", "flavor": "small", "replicas": 3}])
    assert (await site.outcome(three)).restored == ()
    assert site.deployment()["spec"]["replicas"] == 3


async def test_whoever_asks_for_it_has_everything_applied_anew(site: Site) -> None:
    applier = Applier(site.kube)
    await site.bring(rendered(), applier)
    before = len(site.server.requests)
    await site.outcome(rendered(), applier, anew=True)
    assert len(site.server.requests) - before == len(rendered())


async def test_what_is_rendered_stays_as_it_was(site: Site) -> None:
    wanted = rendered()
    before = copy.deepcopy(wanted)
    await site.bring(wanted)
    assert wanted == before
