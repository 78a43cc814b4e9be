"""Everything rendered fits the CRDs that it is written for, field by field."""

from __future__ import annotations

import copy

import pytest

from provisioning import plan
from provisioning.manifest import Manifest
from tests import shared_crds
from tests.provisioning.manifests.examples import WHOLE_CLUSTERS, only, rendered

CUSTOM = {
    "KubevirtCluster",
    "KamajiControlPlane",
    "Cluster",
    "KubevirtMachineTemplate",
    "KubeadmConfigTemplate",
    "MachineDeployment",
    "MachineHealthCheck",
    "ClusterResourceSet",
    "HelmRepository",
    "OCIRepository",
    "HelmRelease",
    "HelmChartProxy",
}


def all_rendered() -> list[Manifest]:
    return [manifest for changes in WHOLE_CLUSTERS.values() for manifest in rendered(**changes)]


def test_every_kind_that_is_rendered_is_named_in_the_plan() -> None:
    assert {m["kind"] for m in all_rendered()} == {kind.kind for kind in plan.KINDS}


def test_what_is_rendered_fits_the_crds_of_this_project() -> None:
    schemas = shared_crds.project_schemas()
    seen = set()
    for manifest in all_rendered():
        schema = schemas.get((manifest["apiVersion"], manifest["kind"]))
        if schema is not None:
            seen.add(manifest["kind"])
            assert shared_crds.problems(manifest, schema) == []
    assert seen == {"KubevirtCluster", "KamajiControlPlane", "KubevirtMachineTemplate", "HelmChartProxy"}


def test_what_is_rendered_fits_the_crds_of_the_providers_wherever_those_are_at_hand() -> None:
    schemas = shared_crds.shared_schemas()
    seen = set()
    for manifest in all_rendered():
        schema = schemas.get((manifest["apiVersion"], manifest["kind"]))
        if schema is not None:
            seen.add(manifest["kind"])
            assert shared_crds.problems(manifest, schema) == []
    assert not shared_crds.SHARED.is_dir() or seen == CUSTOM


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (("spec", "version"), None, ".spec.version: required"),
        (("spec", "replicas"), "two", ".spec.replicas: 'two' is no integer"),
        (("spec", "controlPlaneEndpoint"), {"host": "", "port": 1}, ".spec.controlPlaneEndpoint.host: too small, 0"),
        (("spec", "controlPlaneEndpoint"), {"port": 70_000}, ".spec.controlPlaneEndpoint.port: 70000 is out of bounds"),
        (("spec", "colour"), "blue", ".spec.colour: unknown field"),
        (("spec", "kubelet"), {"cgroupfs": "x"}, ".spec.kubelet.cgroupfs: 'x' is none of ['systemd', 'cgroupfs']"),
    ],
)
def test_the_check_notices_what_does_not_fit(path: tuple[str, str], value: object, problem: str) -> None:
    broken = copy.deepcopy(only(rendered(), "KamajiControlPlane"))
    if value is None:
        del broken[path[0]][path[1]]
    else:
        broken[path[0]][path[1]] = value
    schema = shared_crds.project_schemas()[broken["apiVersion"], broken["kind"]]
    assert shared_crds.problems(broken, schema) == [problem]
