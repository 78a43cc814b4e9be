"""Every CustomResourceDefinition of the playground: Cluster API's and Flux's from their modules, our small ones of
Kamaji, the KubeVirt provider and KubeVirt, and clusterdesk's own from its models. Values only, nothing is applied here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from playground.binaries import Binaries
from playground.upstream import read_all
from provisioning.manifest import Manifest
from provisioning.model import definitions

OURS = Path(__file__).parent / "crds"


def everything(binaries: Binaries, converters: Mapping[str, Manifest]) -> list[Manifest]:
    """All CRDs. `converters` maps a group's ending to the clientConfig of what converts between its versions."""
    crds = [*upstream_crds(binaries), *stand_ins(), *definitions.definitions()]
    return [converted(crd, converters) for crd in crds]


def upstream_crds(binaries: Binaries) -> list[Manifest]:
    crds: list[Manifest] = json.loads((binaries.manifests / "crds.json").read_text())
    return crds


def stand_ins() -> Iterator[Manifest]:
    """Our CRDs of what cannot be had as a Go module."""
    for path in sorted(OURS.glob("*.yaml")):
        for document in read_all(path):
            yield from document["items"] if document["kind"] == "List" else [document]


def converted(crd: Manifest, converters: Mapping[str, Manifest]) -> Manifest:
    """The CRD with its conversion webhook, if it has several versions and somebody converts its group."""
    spec = crd["spec"]
    client = converters.get(spec["group"])
    if client is None or len(spec["versions"]) == 1:
        return crd
    webhook = {"conversionReviewVersions": ["v1"], "clientConfig": client}
    return {**crd, "spec": {**spec, "conversion": {"strategy": "Webhook", "webhook": webhook}}}
