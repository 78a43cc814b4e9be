"""What is asked of the API server about a cluster, on a real one: it alone knows by which fields Events are chosen."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from provisioning import errors, names, resources
from provisioning.diagnosis import Diagnosis
from provisioning.insight import Insight
from provisioning.kube import Kube
from provisioning.losses import Losses
from tests.provisioning.waiting import REAL_PATIENCE

OURS = {names.CLUSTER_LABEL: "web", names.CAPI_CLUSTER_LABEL: "web"}


def event(namespace: str, about: str, *, kind: str, type_: str) -> dict[str, Any]:
    return {
        "apiVersion": resources.EVENTS.api_version,
        "kind": resources.EVENTS.kind,
        "metadata": {"name": f"{about}.{type_.lower()}", "namespace": namespace},
        "regarding": {"kind": kind, "name": about, "namespace": namespace, "apiVersion": "v1"},
        "type": type_,
        "reason": "Tried",
        "action": "Try",
        "note": f"{about} was tried",
        "eventTime": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "reportingController": "example.com/tests",
        "reportingInstance": "one",
    }


def deployment(namespace: str) -> dict[str, Any]:
    """The pool of the cluster, after which its machines are called."""
    machine = {
        "clusterName": "web",
        "bootstrap": {"dataSecretName": "x"},
        "infrastructureRef": {
            "apiGroup": resources.KUBEVIRT_MACHINE_TEMPLATES.group,
            "kind": resources.KUBEVIRT_MACHINE_TEMPLATES.kind,
            "name": "x",
        },
    }
    spec = {
        "clusterName": "web",
        "selector": {"matchLabels": OURS},
        "template": {"metadata": {"labels": OURS}, "spec": machine},
    }
    kind = resources.MACHINE_DEPLOYMENTS
    meta = {"name": "web-md0", "namespace": namespace, "labels": OURS}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": meta, "spec": spec}


async def looked(admin: Kube, namespace: str) -> Diagnosis:
    """What it says once kinds that were defined a moment ago are served."""
    async with asyncio.timeout(REAL_PATIENCE):
        while True:
            try:
                return await Insight(admin).diagnosis(namespace, "web", others=("other",))
            except errors.Throttled:
                await asyncio.sleep(0.2)


async def test_of_a_cluster_all_events_are_told_and_of_its_parts_what_went_wrong(admin: Kube, namespace: str) -> None:
    assert (await looked(admin, namespace)).happenings == ()
    await admin.create(resources.MACHINE_DEPLOYMENTS, deployment(namespace))
    for about, kind in (("web", "TenantCluster"), ("web-md0-x", "KubevirtMachine"), ("other-md0-x", "KubevirtMachine")):
        for type_ in ("Normal", "Warning"):
            await admin.create(resources.EVENTS, event(namespace, about, kind=kind, type_=type_))

    found = await looked(admin, namespace)

    told = {(it.name, it.warning) for it in found.happenings}
    assert told == {("web", False), ("web", True), ("web-md0-x", True)}


async def test_what_goes_with_a_cluster_is_counted(admin: Kube, namespace: str) -> None:
    meta = {"namespace": namespace, "labels": OURS}
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}}
    ports = [{"port": 80}]
    for kind, name, spec in (
        (resources.PERSISTENT_VOLUME_CLAIMS, "pvc-1", claim),
        (resources.SERVICES, "shop", {"type": "LoadBalancer", "ports": ports}),
        (resources.SERVICES, "inside", {"ports": ports}),
    ):
        named = {**meta, "name": name}
        await admin.create(kind, {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": named, "spec": spec})

    assert await Insight(admin).losses(namespace, "web") == Losses(volumes=1, storage=2 * 2**30, load_balancers=1)
