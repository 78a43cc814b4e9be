"""CRDs of a management cluster of the older generation: Cluster API's v1beta1, v1alpha1 of Kamaji's provider, no other.

Cluster API's are those of the playground without their newer version, which the older one is served beside until 1.15.
Kamaji's are the provider's own where they are at hand, else the playground's small ones: only the status differs.
"""

from __future__ import annotations

import copy

import yaml

from playground import schemas
from playground.binaries import Binaries
from provisioning import legacy, resources
from provisioning.manifest import Manifest
from tests import shared_crds

KAMAJI = f"{resources.KAMAJI_CONTROL_PLANES.plural}.{resources.KAMAJI_CONTROL_PLANES.group}"


def crds(binaries: Binaries) -> list[Manifest]:
    return [
        _kamaji(crd) if crd["metadata"]["name"] == KAMAJI else _older(crd) for crd in schemas.everything(binaries, {})
    ]


def _older(crd: Manifest) -> Manifest:
    """Without the versions of the newer generation; the one that is left is the one that is stored."""
    spec = crd["spec"]
    left = [version for version in spec["versions"] if f"{spec['group']}/{version['name']}" not in legacy.OLD]
    if left == spec["versions"]:
        return crd
    (only,) = (version for version in left if f"{spec['group']}/{version['name']}" in legacy.NEW)
    return {**crd, "spec": {**spec, "versions": [{**only, "served": True, "storage": True}]}}


def _kamaji(crd: Manifest) -> Manifest:
    at_hand = (
        shared_crds.SHARED
        / shared_crds.OLD_KAMAJI
        / f"{resources.KAMAJI_CONTROL_PLANES.group}_kamajicontrolplanes.yaml"
    )
    if at_hand.is_file():
        made: Manifest = yaml.load(at_hand.read_bytes(), yaml.CSafeLoader)
        return made
    made = copy.deepcopy(crd)
    made["metadata"]["labels"] = {"cluster.x-k8s.io/v1beta1": "v1alpha1"}
    (version,) = made["spec"]["versions"]
    version["name"] = "v1alpha1"
    status = version["schema"]["openAPIV3Schema"]["properties"]["status"]["properties"]
    for newer in ("initialization", "availableReplicas", "upToDateReplicas"):
        status.pop(newer, None)
    status |= {"initialized": {"type": "boolean"}}
    status |= {name: {"type": "integer"} for name in ("unavailableReplicas", "updatedReplicas")}
    return made
