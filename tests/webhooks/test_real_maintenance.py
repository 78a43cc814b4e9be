"""The procedure of `docs/admission.md`, run once: the door is opened on purpose, things come, and it is closed again.

Nothing that came is over-admitted silently. The second line holds all the while, what came is charged and found, and
what is there already can be taken away, also what nobody can read any more.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from playground import apply
from playground.controlplane import ADMIN, ControlPlane
from playground.processes import answers
from provisioning import errors
from provisioning.canary import Canary
from provisioning.kube import Kube
from provisioning.landscape import Landscape
from provisioning.manifest import Manifest
from provisioning.resources import (
    APPROVAL_DELEGATIONS,
    CUSTOM_RESOURCE_DEFINITIONS,
    EVENTS,
    HELM_RELEASES,
    KUBEVIRT_MACHINE_TEMPLATES,
    TENANT_CLUSTERS,
    TENANTS,
    Resource,
)
from provisioning.trouble import Trouble
from tests.charts.test_second_line import BINDINGS, POLICIES
from tests.docs.pages import ROOT, Page
from tests.provisioning.waiting import REAL_PATIENCE, eventually, running
from tests.webhooks.office import Lossy, Office
from tests.webhooks.test_real import LEAN, SYSTEM, Desk, shared_desk
from tests.webhooks.test_real_answers import Terminal
from tests.webhooks.test_real_ways import insisting, refused, template
from webhooks import registration, second_line
from webhooks.standing import FORBIDDEN_FOUND
from webhooks.trusted import Trusted

pytestmark = [pytest.mark.real, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]

PLACES = ROOT / "docs" / "policies"
SCALER = {
    "interval": "5m",
    "kubeConfig": {"secretRef": {"name": "web-kubeconfig"}},
    "chart": {"spec": {"chart": "cluster-autoscaler", "sourceRef": {"kind": "HelmRepository", "name": "x"}}},
}


@dataclass
class Days:
    """The door on days like these: what was seen while it was open, and the door as it is now, closed again."""

    desk: Desk
    office: Office
    eve: Kube
    seen: dict[str, Any] = field(default_factory=dict)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def days(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Days]:
    async with shared_desk(control_plane, tmp_path_factory, hard={"clusters": 2}, replicas=1) as desk:
        source = Lossy(desk.admin)
        landscape = Landscape(source, namespace=SYSTEM)
        office = Office(desk, source, landscape, namespaces=[desk.namespace])
        async with desk.person("eve") as eve, _second_line(desk), running(landscape.run()):
            await landscape.synced()
            days = Days(desk, office, eve)
            assert "created" in await Terminal(desk, "eve").apply(template(desk, "web-md0"))
            await _opened(days)
            yield days


@contextlib.asynccontextmanager
async def _second_line(desk: Desk) -> AsyncIterator[None]:
    """As the chart brings it, for as long as the block lasts. Who may do anything here stands for our own accounts."""
    names = []
    for policy in second_line.policies(Trusted(provisioner=ADMIN[0], webhooks=ADMIN[0])):
        names.append(name := f"clusterdesk-{policy['name']}")
        binding = {"policyName": name, "validationActions": ["Deny"]}
        wide = ((POLICIES, policy["spec"]), (BINDINGS, binding))
        about = ({"apiVersion": kind.api_version, "kind": kind.kind, "spec": spec} for kind, spec in wide)
        await apply.put(desk.admin, [{**each, "metadata": {"name": name}} for each in about])
    try:
        yield
    finally:
        for name in names:
            for kind in (BINDINGS, POLICIES):
                await desk.admin.delete(kind, name)


async def _opened(days: Days) -> None:
    """Open the door as the page says, let things come, and close it again."""
    desk, admin = days.desk, days.desk.admin
    children = list(desk.processes.children.values())
    canary = Canary(admin, namespace="default")
    await _answering(admin, "Ignore")
    await desk.processes.stop()
    async with asyncio.timeout(REAL_PATIENCE):
        while canary.trouble() is None:
            await canary.look()
    days.seen["trouble"] = canary.trouble()
    for number in range(3):
        await admin.create(TENANT_CLUSTERS, desk.new(TENANT_CLUSTERS, f"moved{number}", _full()))
    await admin.create(HELM_RELEASES, desk.new(HELM_RELEASES, "scaler", SCALER))
    await _of_another_shape(days, TENANT_CLUSTERS, desk.new(TENANT_CLUSTERS, "odd", {**_full(), "version": "newest"}))
    away = {"approver": {"user": "bob"}, "delegate": {"user": "ann"}, "until": 7}
    await _of_another_shape(days, APPROVAL_DELEGATIONS, desk.new(APPROVAL_DELEGATIONS, "odd", away))
    bigger = {"spec": {"template": {"spec": {"virtualMachineBootstrapCheck": {"checkStrategy": "none"}}}}}
    try:
        await admin.merge(KUBEVIRT_MACHINE_TEMPLATES, "web-md0", bigger, namespace=desk.namespace)
    except errors.Invalid as error:
        days.seen["line"] = error.message
    await days.office.keep()
    await _answering(admin, "Fail")
    for child in children:
        again = desk.processes.again(child)
        port = (again.environment or {})["CLUSTERDESK_HEALTH_PORT"]
        await answers(again, f"http://127.0.0.1:{port}/readyz")


def _full() -> Manifest:
    """A cluster that needs no default: nobody fills any in."""
    pool = {"name": "md0", "flavor": "small", "replicas": 1}
    return {"version": "v1.34.2", "pools": [pool], "network": {"pods": "10.243.0.0/16", "services": "10.95.0.0/16"}}


async def _answering(admin: Kube, policy: str) -> None:
    """What `helm upgrade --set webhooks.validating.failurePolicy` changes."""
    found = await admin.get(registration.VALIDATING, registration.NAME)
    webhooks = [{**webhook, "failurePolicy": policy} for webhook in found["webhooks"]]
    await admin.merge(registration.VALIDATING, registration.NAME, {"webhooks": webhooks})


async def _of_another_shape(days: Days, kind: Resource, manifest: Manifest) -> None:
    """Store what our CRD does not take, as an older version of it would have."""
    admin, name = days.desk.admin, f"{kind.plural}.{kind.group}"
    ours = await admin.get(CUSTOM_RESOURCE_DEFINITIONS, name)
    loose = copy.deepcopy(ours["spec"]["versions"])
    for version in loose:
        version["schema"] = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    await admin.merge(CUSTOM_RESOURCE_DEFINITIONS, name, {"spec": {"versions": loose}})

    async def stored() -> bool:
        try:
            await admin.create(kind, manifest)
        except errors.Invalid:
            return False
        return True

    async def strict() -> bool:
        try:
            await admin.create(kind, {**manifest, "metadata": {**manifest["metadata"], "name": "odd2"}}, dry_run=True)
        except errors.Invalid:
            return True
        return False

    try:
        await eventually(stored)
    finally:
        await admin.merge(CUSTOM_RESOURCE_DEFINITIONS, name, {"spec": {"versions": ours["spec"]["versions"]}})
    await eventually(strict)


async def test_while_it_is_open_the_second_line_holds_and_the_canary_knows(days: Days) -> None:
    assert days.seen["trouble"] is Trouble.TAKEN
    assert "the template web-md0 cannot be changed" in days.seen["line"]


async def test_what_came_is_charged_and_counts_against_whoever_comes_next(days: Days) -> None:
    assert (await days.office.ledger()).used().clusters >= 3
    tenant = await days.desk.admin.get(TENANTS, days.desk.tenant)
    assert tenant["status"]["quota"]["used"]["clusters"] >= 3
    one_more = days.desk.new(TENANT_CLUSTERS, "one-more", LEAN)
    await refused("clusters: asks for 1, 0 of 2 free", lambda: days.eve.create(TENANT_CLUSTERS, one_more))
    # What is above the quota may change in all that costs nothing, and go.
    labels, namespace = {"metadata": {"labels": {"a": "b"}}}, days.desk.namespace
    await insisting(partial(days.eve.merge, TENANT_CLUSTERS, "moved0", labels, namespace=namespace))
    await insisting(partial(days.eve.delete, TENANT_CLUSTERS, "moved0", namespace=namespace))


async def test_what_is_forbidden_and_came_meanwhile_is_found_and_told_at_the_object(days: Days) -> None:
    async def told() -> list[Manifest]:
        events = (await days.desk.admin.list(EVENTS, namespace=days.desk.namespace)).items
        return [event for event in events if event["reason"] == FORBIDDEN_FOUND]

    (event,) = await eventually(told)
    assert (event["regarding"]["kind"], event["regarding"]["name"]) == (HELM_RELEASES.kind, "scaler")
    assert "the chart cluster-autoscaler is the cluster autoscaler" in event["note"]
    assert event["reportingController"] == "clusterdesk.dev/webhooks"
    there = await days.desk.admin.find(HELM_RELEASES, "scaler", namespace=days.desk.namespace)
    assert there is not None
    await insisting(partial(days.eve.delete, HELM_RELEASES, "scaler", namespace=days.desk.namespace))


async def test_what_cannot_be_read_any_more_goes_by_the_platforms_word_and_is_shown_to_nobody_for_another(
    days: Days,
) -> None:
    namespace = days.desk.namespace
    await days.desk.policy(approval={"required": 1})
    try:
        await refused(
            "cannot be read any more; the platform may delete it",
            lambda: days.eve.delete(TENANT_CLUSTERS, "odd", namespace=namespace),
        )
        await insisting(lambda: days.desk.admin.delete(TENANT_CLUSTERS, "odd", namespace=namespace))
    finally:
        await days.desk.policy(approval={"required": 0})
    assert await days.desk.admin.find(TENANT_CLUSTERS, "odd", namespace=namespace) is None
    # To end a delegation is never refused, whatever it says.
    await days.eve.delete(APPROVAL_DELEGATIONS, "odd", namespace=namespace)
    assert await days.desk.admin.find(APPROVAL_DELEGATIONS, "odd", namespace=namespace) is None


@pytest.mark.parametrize(
    ("page", "change"),
    [
        ("immutable_templates", {"virtualMachineBootstrapCheck": {"checkStrategy": "none"}}),
        ("own_infrastructure", {"virtualMachineTemplate": {"metadata": {"namespace": "kube-system"}}}),
    ],
)
async def test_the_pages_show_the_words_of_whoever_answers_first(days: Days, page: str, change: Manifest) -> None:
    eve = Terminal(days.desk, "eve")
    new = template(days.desk, "web-md0" if page == "immutable_templates" else "web-md1")
    new["spec"]["template"]["spec"] = _merged(new["spec"]["template"]["spec"], change)
    shown = await eventually(partial(_told, eve, new))
    fence = "\n".join(Page(PLACES / f"{page}.md").fences("console"))
    quoted = fence.replace("tenant-team-a", "tenant-blue").replace("-f template.yaml", "-f -")
    assert shown.strip() in quoted


async def _told(eve: Terminal, manifest: Manifest) -> str:
    """Once the API server has heard of its policies."""
    shown = await eve.apply(manifest)
    return shown if "ValidatingAdmissionPolicy" in shown else ""


def _merged(into: Manifest, change: Manifest) -> Manifest:
    return {**into, **{key: {**into.get(key, {}), **value} for key, value in change.items()}}
