"""What the door refuses on the real API server is in its audit trail, and the heads in the cluster prove the lines."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from playground import apply
from playground.controlplane import ControlPlane
from provisioning import errors
from provisioning.audit_heads import KubeHeads, name_of
from provisioning.audit_proof import Line, check
from provisioning.kube import Kube
from provisioning.resources import CONFIG_MAPS, TENANT_CLUSTERS
from tests.provisioning.waiting import REAL_PATIENCE, until
from tests.webhooks.test_real import LEAN, SYSTEM, Desk, behind_the_door

TIMES = 12


@pytest.fixture
async def desk(control_plane: ControlPlane, admin: Kube, tmp_path: Path) -> AsyncIterator[Desk]:
    async with behind_the_door(control_plane, admin, tmp_path) as desk:
        meta = {"name": name_of("webhooks"), "namespace": SYSTEM}
        await apply.put(admin, [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta}])
        yield desk
        await admin.delete(CONFIG_MAPS, name_of("webhooks"), namespace=SYSTEM)


async def test_each_refusal_is_in_the_trail_as_a_line_or_as_a_number_and_a_dry_run_is_not(desk: Desk) -> None:
    unknown = {"pools": [{**LEAN["pools"][0], "flavor": "no-such-size"}]}
    async with desk.person("ann") as ann:
        for number in range(TIMES):
            with pytest.raises(errors.Invalid):
                await ann.create(TENANT_CLUSTERS, desk.new(TENANT_CLUSTERS, f"web-{number}", unknown))
            with pytest.raises(errors.Invalid):
                await ann.create(TENANT_CLUSTERS, desk.new(TENANT_CLUSTERS, "tried", unknown), dry_run=True)

    replicas = len(desk.processes.children)
    lines = await lines_of(desk)

    assert {(line.content["code"], line.content["who"]) for line in lines} == {("admission-denied", "ann")}
    assert {line.content["facts"]["tenant"] for line in lines} == {desk.tenant}
    assert {line.content["facts"]["refused-by"] for line in lines} == {"cluster_shape"}
    # However the replicas share them, none is lost and none is told twice.
    assert sum(map(_times, lines)) == TIMES
    assert len(lines) <= 2 * replicas


async def test_what_somebody_does_by_kubectl_is_told_once_when_it_is_stored_and_what_never_was_is_not(
    desk: Desk,
) -> None:
    wide = {"pools": [{**LEAN["pools"][0], "replicas": 2}]}
    codes = ("cluster-made", "cluster-changed", "cluster-ended")
    async with desk.person("ann") as ann:
        made = await ann.create(TENANT_CLUSTERS, desk.new(TENANT_CLUSTERS, "let-in", LEAN))
        with pytest.raises(errors.AlreadyExists):
            await ann.create(TENANT_CLUSTERS, desk.new(TENANT_CLUSTERS, "let-in", LEAN))
        await ann.replace(TENANT_CLUSTERS, {**made, "spec": wide}, dry_run=True)
        await told(desk, codes[:1])
        wider = await ann.replace(TENANT_CLUSTERS, {**made, "spec": {**made["spec"], **wide}})
        with pytest.raises(errors.Conflict):
            await ann.replace(TENANT_CLUSTERS, made)
        await told(desk, codes[:2])
        await ann.delete(TENANT_CLUSTERS, "let-in", namespace=desk.namespace, uid=wider["metadata"]["uid"])
        await told(desk, codes)

    lines = await lines_of(desk)

    assert sorted(line.content["code"] for line in lines) == sorted(codes)
    assert {(line.content["who"], line.content["where"]) for line in lines} == {("ann", "kubectl")}
    assert {line.content["about"] for line in lines} == {f"{desk.namespace}/let-in"}
    assert [line for line in lines if "stored" in line.content["facts"]] == []


async def told(desk: Desk, codes: tuple[str, ...]) -> None:
    """Wait until each of these has its line. Others, whose clusters go meanwhile, have theirs in the same logs."""

    def mine() -> str:
        logs = "".join(child.log.read_text() for child in desk.processes.children.values())
        return "".join(line for line in logs.splitlines() if desk.namespace in line)

    await until(lambda: all(code in mine() for code in codes), seconds=REAL_PATIENCE)


async def lines_of(desk: Desk) -> tuple[Line, ...]:
    """What the trail says of this namespace, when every replica has ended; the heads in the cluster prove all of it."""
    logs = [child.log for child in desk.processes.children.values()]
    await desk.processes.stop()
    heads = await KubeHeads(desk.admin, SYSTEM, "webhooks").load()
    proof = check("".join(log.read_text() for log in logs).splitlines(), heads)
    assert (proof.flaw, proof.loose) == (None, 0)
    return tuple(line for line in proof.lines if desk.namespace in str(line.content))


def _times(line: Line) -> int:
    return int(line.content["facts"].get("times", "1"))
