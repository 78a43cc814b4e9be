"""What is hosted beside one cluster touches that cluster's things, and not those of another in the same namespace.

A Role holds for a whole namespace, and a tenant's clusters may share one: a cloud controller manager that went astray,
or whoever got hold of its token, could take another cluster's load balancer, scale its workers or delete its volumes.
So what the account `<cluster>-<component>` writes must belong to that cluster, before and after.
"""

from __future__ import annotations

from collections.abc import Iterator

from provisioning import addons
from provisioning.addons import hosted
from provisioning.errors import Cause
from provisioning.manifest import Manifest
from provisioning.names import CAPI_CLUSTER_LABEL, CLUSTER_LABEL
from provisioning.resources import (
    DATA_VOLUMES,
    MACHINE_DEPLOYMENTS,
    MACHINE_SETS,
    MACHINES,
    PERSISTENT_VOLUME_CLAIMS,
    SERVICES,
)
from webhooks import marks, tree
from webhooks.decision import Allow, Verdict, refuse
from webhooks.facts import Facts
from webhooks.policy import CREATE, DELETE, UPDATE, Policy, Reach, Rule
from webhooks.review import Request, User

SCALED = (MACHINE_DEPLOYMENTS, MACHINE_SETS)


def check(request: Request, facts: Facts) -> Verdict:
    cluster = _hosted_beside(request.user, request.namespace)
    if not cluster:
        return Allow()
    others = sorted({found for found in _clusters(request, facts) if found != cluster})
    if not others:
        return Allow()
    account = request.user.name.rpartition(":")[2]
    whose = f"of the cluster {others[0]}" if others[0] else "of no cluster"
    return refuse(Cause("", f"{account} may write what belongs to the cluster {cluster} only, and this is {whose}"))


def _hosted_beside(user: User, namespace: str) -> str:
    """The cluster whose hosted component asks; empty for everybody else."""
    account = user.name.removeprefix(f"system:serviceaccount:{namespace}:")
    suffixes = [hosted.name_of("", module.NAME) for module in addons.HOSTED]
    found = next((suffix for suffix in suffixes if account.endswith(suffix)), "")
    return account.removesuffix(found) if found and account != user.name else ""


def _clusters(request: Request, facts: Facts) -> Iterator[str]:
    """Whose the object is, before and after; empty for nobody's."""
    if request.subresource == "scale":
        kind = next(kind for kind in SCALED if kind.plural == request.resource)
        yield _cluster_of(facts.get(kind, request.name, namespace=request.namespace) or {})
        return
    for manifest in (request.old, request.object):
        if manifest is None:
            continue
        cluster = _cluster_of(manifest)
        if not cluster and request.resource == PERSISTENT_VOLUME_CLAIMS.plural:
            # A claim is made for a DataVolume of its name; not every version of CDI hands the labels on.
            volume = facts.get(DATA_VOLUMES, request.name, namespace=request.namespace)
            cluster = _cluster_of(volume or {})
        yield cluster


def _cluster_of(manifest: Manifest) -> str:
    named = tree.text(tree.dig(manifest, "spec").get("clusterName"))
    return named or marks.label(manifest, CAPI_CLUSTER_LABEL) or marks.label(manifest, CLUSTER_LABEL)


POLICY = Policy(
    "own_cluster",
    (
        Rule(SERVICES, (CREATE, UPDATE, DELETE), reach=Reach.HOSTED),
        Rule(DATA_VOLUMES, (CREATE, DELETE), reach=Reach.HOSTED),
        Rule(PERSISTENT_VOLUME_CLAIMS, (UPDATE,), reach=Reach.HOSTED),
        Rule(MACHINES, (UPDATE,), reach=Reach.HOSTED),
        *(Rule(kind, (UPDATE,), subresource="scale", reach=Reach.HOSTED) for kind in SCALED),
    ),
    check,
)
