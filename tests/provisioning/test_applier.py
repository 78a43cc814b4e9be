"""What is applied, when it is not applied again, and in which order, on a fake API server."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from provisioning import errors, names, resources
from provisioning.applier import KINDS, Applier
from provisioning.kube import Kube, Manifest
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
        await (applier or Applier(self.kube)).bring(KEY, wanted, present=self.there())
        return len(self.server.requests) - before

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
    with pytest.raises(errors.Forbidden, match="no templates today"):
        await site.bring(rendered())
    assert site.server.get(resources.KUBEVIRT_CLUSTERS, "web", NAMESPACE) is not None
    assert site.server.all(resources.MACHINE_DEPLOYMENTS) == []
    site.server.objects.admission.clear()
    await site.bring(rendered())
    assert len(site.there()) == len(rendered())


async def test_what_is_rendered_stays_as_it_was(site: Site) -> None:
    wanted = rendered()
    before = copy.deepcopy(wanted)
    await site.bring(wanted)
    assert wanted == before
