"""The providers' own CRDs, in an API server of their own, take everything that is rendered, unknown fields and CEL.

Where those CRDs are not at hand, the ones of the playground are held to the same, so that the test never says nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import yaml

from playground import apply, clusterapi, controlplane, schemas
from playground.binaries import Binaries
from playground.controlplane import ControlPlane
from playground.processes import Processes
from provisioning import plan
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.resources import CUSTOM_RESOURCE_DEFINITIONS
from tests import shared_crds
from tests.provisioning.manifests.examples import WHOLE_CLUSTERS, rendered

pytestmark = pytest.mark.real

KINDS = {kind.kind: kind for kind in plan.KINDS}


def crds(plane: ControlPlane) -> list[Manifest]:
    """The providers' own where they are at hand, else the playground's."""
    paths = [path for folder in shared_crds.FOLDERS for path in sorted((shared_crds.SHARED / folder).glob("*.yaml"))]
    if not paths:
        return schemas.everything(plane.binaries, clusterapi.converters(plane))
    return [yaml.load(path.read_bytes(), yaml.CSafeLoader) for path in paths]


@pytest_asyncio.fixture
async def kube(control_plane_binaries: Binaries, tmp_path: Path) -> AsyncIterator[Kube]:
    """A client of an API server that serves those CRDs and knows nothing of ours."""
    processes = Processes(tmp_path / "logs")
    try:
        plane = await controlplane.start(processes, control_plane_binaries, tmp_path / "state")
        async with await Kube.connect(kubeconfig=plane.kubeconfig) as client:
            await apply.define(client, crds(plane))
            yield client
    finally:
        await processes.stop()


async def test_every_whole_cluster_is_taken_without_a_complaint(kube: Kube) -> None:
    served = {crd["spec"]["names"]["kind"] for crd in (await kube.list(CUSTOM_RESOURCE_DEFINITIONS)).items}
    taken = set()
    for changes in WHOLE_CLUSTERS.values():
        manifests = rendered(**changes)
        namespace = manifests[0]["metadata"]["namespace"]
        await apply.put(kube, [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}])
        for manifest in manifests:
            kind = KINDS[manifest["kind"]]
            path = kind.path(namespace=namespace, name=manifest["metadata"]["name"])
            # Strict: a field that the schema does not know is an error, where kubectl would only warn.
            query = {"fieldManager": "test", "force": "true", "dryRun": "All", "fieldValidation": "Strict"}
            await kube.call("PATCH", path, query=query, body=manifest, content_type="application/apply-patch+yaml")
            taken.add(manifest["kind"])
    custom = {kind.kind for kind in plan.KINDS if "." in kind.group} - {"Role", "RoleBinding"}
    assert custom <= taken & served
