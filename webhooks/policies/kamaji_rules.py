"""A KamajiControlPlane is one that Kamaji will build, and that shows nobody the management cluster.

Kamaji has no webhook for this kind: what is wrong with it surfaces minutes later, in a condition, when Cluster API has
long begun. And whatever it mounts is mounted in the management cluster, beside the credentials of the data store.
Source: clastix/kamaji, internal/webhook/handlers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from provisioning import names, upgrades
from provisioning.errors import Cause
from provisioning.resources import KAMAJI_CONTROL_PLANES
from webhooks import difference, extent, reading, tree
from webhooks.decision import INVALID, Allow, Verdict, refuse
from webhooks.facts import Facts
from webhooks.policy import CREATE, UPDATE, Policy, Rule
from webhooks.review import Request
from webhooks.tree import Tree

VERSION: Final = re.compile(r"v?[0-9]+\.[0-9]+\.[0-9]+")
MOUNTED: Final = frozenset(("configMap", "secret"))
"""Kinds of volume that hold nothing of the management cluster's nodes, and no account's token."""
KEPT: Final = ("dataStoreName", "dataStoreSchema", "dataStoreUsername")


def check(request: Request, facts: Facts) -> Verdict:
    manifest = request.object
    if manifest is None or extent.goes_as_it_is(request) or reading.is_platforms(facts, request):
        return Allow()
    if reading.tenant_of(facts, request.namespace) is None:
        return Allow()
    spec = tree.dig(manifest, "spec")
    volumes = _volumes(spec, tree.dig(request.old, "spec"))
    found = [*_version(spec, request), *_kept(spec, request), *_network(spec), *volumes, *_name(request)]
    return refuse(*found, code=INVALID) if found else Allow()


def _name(request: Request) -> Iterator[Cause]:
    if request.old is None and not names.DNS_LABEL.fullmatch(request.name):
        text = f"{request.name} cannot be a Service's name, which Kamaji makes of it: start with a letter, and no dots"
        yield Cause("metadata.name", text)


def _version(spec: Tree, request: Request) -> Iterator[Cause]:
    version = tree.text(spec.get("version"))
    before = tree.text(tree.dig(request.old, "spec").get("version"))
    if version == before and before:
        return
    if not VERSION.fullmatch(version):
        yield Cause("spec.version", f"{version!r} is no version, such as v1.34.4")
        return
    # To take back what has not been reached is no way back.
    reached = tree.text(tree.dig(request.old, "status").get("version"))
    if not VERSION.fullmatch(before) or _same(version, before) or (reached and _same(version, reached)):
        return
    if not upgrades.is_step(before, version):
        yield Cause(
            "spec.version", f"a control plane cannot go from {before} to {version}: one minor at a time, and up"
        )


def _kept(spec: Tree, request: Request) -> Iterator[Cause]:
    for field in KEPT:
        before = tree.dig(request.old, "spec").get(field)
        if before and spec.get(field) != before and (field != "dataStoreName" or not spec.get(field)):
            yield Cause(f"spec.{field}", f"must stay {before}: there the cluster's data is")


def _network(spec: Tree) -> Iterator[Cause]:
    network = tree.dig(spec, "network")
    if network.get("ingress") and network.get("gateway"):
        yield Cause("spec.network", "has an ingress and a gateway; Kamaji takes one of them")


def _volumes(spec: Tree, before: Tree) -> Iterator[Cause]:
    deployment, was = (tree.dig(each, "deployment") for each in (spec, before))
    for number, volume in difference.fresh(deployment, was, "extraVolumes"):
        for source in sorted(volume.keys() - MOUNTED - {"name"}):
            at = f"spec.deployment.extraVolumes[{number}].{source}"
            yield Cause(at, f"would be mounted in the management cluster; take {' or '.join(sorted(MOUNTED))}")


def _same(one: str, other: str) -> bool:
    return one.removeprefix("v") == other.removeprefix("v")


POLICY = Policy("kamaji_rules", (Rule(KAMAJI_CONTROL_PLANES, (CREATE, UPDATE)),), check)
