"""A tenant's machines stand in the tenant's own namespace of this management cluster, and Kamaji minds their front.

KubeVirt's provider takes a namespace and even another cluster's credentials from the object: by either, machines would
escape the quota. A KubevirtCluster that is not marked as Kamaji's gets load balancers and a finalizer nobody removes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from provisioning.errors import Cause
from provisioning.manifest import Manifest
from provisioning.resources import KUBEVIRT_CLUSTERS, KUBEVIRT_MACHINE_TEMPLATES, KUBEVIRT_MACHINES
from webhooks import extent, marks, reading, tree
from webhooks.decision import INVALID, Allow, Verdict, refuse
from webhooks.facts import Facts
from webhooks.policy import Policy, Rule
from webhooks.review import Request
from webhooks.tree import Tree

MANAGED_BY = "cluster.x-k8s.io/managed-by"
KAMAJI = "kamaji"
MOVED_AWAY: Final = "clusterctl.cluster.x-k8s.io/delete-for-move"
"""`clusterctl move` puts it in the place of all other annotations, a moment before it deletes what it has moved."""

HERE: Final = "machines of a tenant run in this management cluster only; leave it out"
OWN: Final = "must be {own}, the object's own, and not {elsewhere}"


def check(request: Request, facts: Facts) -> Verdict:
    manifest = request.object
    if manifest is None or extent.goes_as_it_is(request) or reading.tenant_of(facts, request.namespace) is None:
        return Allow()
    if request.resource == KUBEVIRT_CLUSTERS.plural:
        gone = facts.trusted.is_platform(request.user) and MOVED_AWAY in tree.dig(manifest, "metadata", "annotations")
        causes = list(_of_cluster(manifest, request.old, is_moved=gone))
    else:
        path = ("spec",) if request.resource == KUBEVIRT_MACHINES.plural else ("spec", "template", "spec")
        causes = list(_of_machine(tree.dig(manifest, *path), ".".join(path), request.namespace))
    return refuse(*causes, code=INVALID) if causes else Allow()


def _of_cluster(manifest: Manifest, old: Manifest | None, *, is_moved: bool) -> Iterator[Cause]:
    if tree.dig(manifest, "spec").get("infraClusterSecretRef"):
        yield Cause("spec.infraClusterSecretRef", HERE)
    # One that was there before the tenant was goes on as it is: its provider writes it all the time.
    was_so = old is None or marks.annotation(old, MANAGED_BY) == KAMAJI
    if was_so and not is_moved and marks.annotation(manifest, MANAGED_BY) != KAMAJI:
        yield Cause(
            f"metadata.annotations[{MANAGED_BY}]",
            f"must be {KAMAJI}, from the beginning to the end: the control plane comes with its own address here",
        )


def _of_machine(machine: Tree, at: str, namespace: str) -> Iterator[Cause]:
    if machine.get("infraClusterSecretRef"):
        yield Cause(f"{at}.infraClusterSecretRef", HERE)
    elsewhere = tree.dig(machine, "virtualMachineTemplate", "metadata").get("namespace") or namespace
    if elsewhere != namespace:
        yield Cause(
            f"{at}.virtualMachineTemplate.metadata.namespace",
            OWN.format(own=namespace, elsewhere=elsewhere),
        )


POLICY = Policy(
    "own_infrastructure", (Rule(KUBEVIRT_CLUSTERS), Rule(KUBEVIRT_MACHINE_TEMPLATES), Rule(KUBEVIRT_MACHINES)), check
)
