"""The providers' own CRDs, in an API server of their own, take everything that is rendered, unknown fields and CEL.

Where those CRDs are not at hand, the ones of the playground are held to the same, so that the test never says nothing:
in the control plane that serves them anyway.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import yaml

from playground import apply, controlplane
from playground.controlplane import ControlPlane
from playground.processes import Processes
from provisioning import plan
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.resources import CUSTOM_RESOURCE_DEFINITIONS
from tests import shared_crds
from tests.builders import tweak
from tests.provisioning.manifests.examples import WHOLE_CLUSTERS, rendered
from tests.real import fresh_namespace

pytestmark = pytest.mark.real

KINDS = {kind.kind: kind for kind in plan.KINDS}


def at_hand() -> list[Manifest]:
    """The providers' own, if they are."""
    paths = [path for folder in shared_crds.FOLDERS for path in sorted((shared_crds.SHARED / folder).glob("*.yaml"))]
    return [yaml.load(path.read_bytes(), yaml.CSafeLoader) for path in paths]


@pytest_asyncio.fixture
async def kube(control_plane: ControlPlane, tmp_path: Path) -> AsyncIterator[Kube]:
    """A client of an API server that serves those CRDs and knows nothing of ours."""
    if not (crds := at_hand()):
        async with await Kube.connect(kubeconfig=control_plane.kubeconfig) as client:
            yield client
        return
    processes = Processes(tmp_path / "logs")
    try:
        plane = await controlplane.start(processes, control_plane.binaries, tmp_path / "state")
        async with await Kube.connect(kubeconfig=plane.kubeconfig) as client:
            await apply.define(client, crds)
            yield client
    finally:
        await processes.stop()


@pytest_asyncio.fixture
async def where(kube: Kube) -> AsyncIterator[str]:
    """A namespace of the test's own."""
    async with fresh_namespace(kube) as name:
        yield name


async def test_every_whole_cluster_is_taken_without_a_complaint(kube: Kube, where: str) -> None:
    served = {crd["spec"]["names"]["kind"] for crd in (await kube.list(CUSTOM_RESOURCE_DEFINITIONS)).items}
    taken = set()
    for manifest in (manifest for changes in WHOLE_CLUSTERS.values() for manifest in rendered(**changes)):
        kind = KINDS[manifest["kind"]]
        said = tweak(manifest, "metadata.namespace", where)
        path = kind.path(namespace=where, name=said["metadata"]["name"])
        # Strict: a field that the schema does not know is an error, where kubectl would only warn.
        query = {"fieldManager": "test", "force": "true", "dryRun": "All", "fieldValidation": "Strict"}
        await kube.call("PATCH", path, query=query, body=said, content_type="application/apply-patch+yaml")
        taken.add(kind.kind)
    custom = {kind.kind for kind in plan.KINDS if "." in kind.group} - {"Role", "RoleBinding"}
    assert custom <= taken & served
