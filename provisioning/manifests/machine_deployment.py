"""MachineDeployments: one per pool, as a Deployment is to Pods."""

from __future__ import annotations

import math
from typing import Final

from provisioning import lifetime, names, resources
from provisioning.manifest import Manifest
from provisioning.manifests import bootstrap_template, capacity, machine_template
from provisioning.manifests.blueprint import FLAVOR_ANNOTATION, Blueprint, version_of
from provisioning.manifests.marks import new
from provisioning.model import NodePool
from provisioning.resting import ASLEEP_ANNOTATION

KIND = resources.MACHINE_DEPLOYMENTS

DEPLOYMENT_LABEL: Final = "cluster.x-k8s.io/deployment-name"
MIN_SIZE_ANNOTATION: Final = "cluster.x-k8s.io/cluster-api-autoscaler-node-group-min-size"
MAX_SIZE_ANNOTATION: Final = "cluster.x-k8s.io/cluster-api-autoscaler-node-group-max-size"
DETACH_SECONDS: Final = 300
NODE_DELETION_SECONDS: Final = 60


def render(blueprint: Blueprint) -> list[Manifest]:
    return [_deployment(blueprint, pool) for pool in blueprint.pools]


def selector(blueprint: Blueprint, pool: NodePool) -> dict[str, str]:
    """The labels by which a pool's Machines are found."""
    return {
        names.CAPI_CLUSTER_LABEL: blueprint.name,
        DEPLOYMENT_LABEL: names.machine_deployment(blueprint.name, pool.name),
    }


def _deployment(blueprint: Blueprint, pool: NodePool) -> Manifest:
    metadata = blueprint.metadata(names.machine_deployment(blueprint.name, pool.name))
    metadata["labels"] = {**metadata["labels"], names.POOL_LABEL: pool.name}
    metadata["annotations"] = {FLAVOR_ANNOTATION: pool.flavor, **_autoscaling(blueprint, pool)}
    chosen = selector(blueprint, pool)
    # `managed-by` stays off the Machines: they are Cluster API's, and pruning goes by that label.
    passed_on = {names.CLUSTER_LABEL: blueprint.name, names.TENANT_LABEL: blueprint.tenant, names.POOL_LABEL: pool.name}
    spec: Manifest = {
        "clusterName": blueprint.name,
        "selector": {"matchLabels": chosen},
        "rollout": {
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxSurge": pool.max_surge, "maxUnavailable": pool.max_unavailable},
            }
        },
        "template": {"metadata": {"labels": {**chosen, **passed_on}}, "spec": _machine(blueprint, pool)},
    }
    if blueprint.rest.workers:
        spec["replicas"] = 0
    elif not pool.autoscaled:
        # For an autoscaled pool the number is the autoscaler's: written here, every apply would drain its workers.
        spec["replicas"] = pool.replicas
    elif blueprint.sizes.get(metadata["name"], 0) > pool.most:
        # The autoscaler keeps to a maximum, and shrinks nothing to it. Said once; at the next look the number is its.
        spec["replicas"] = pool.most
    return new(KIND, metadata, spec)


def _machine(blueprint: Blueprint, pool: NodePool) -> Manifest:
    return {
        "clusterName": blueprint.name,
        "version": _version(blueprint, pool),
        **_templates(blueprint, pool),
        # Bounded, because a Pod that nobody removes would hold a deletion for ever.
        "deletion": {
            "nodeDrainTimeoutSeconds": _drain_seconds(pool),
            "nodeVolumeDetachTimeoutSeconds": DETACH_SECONDS,
            "nodeDeletionTimeoutSeconds": NODE_DELETION_SECONDS,
        },
    }


def _version(blueprint: Blueprint, pool: NodePool) -> str:
    """A template that cannot be rendered is not made anew for another version either."""
    standing = blueprint.standing.get(pool.name)
    return version_of(standing) if standing is not None else blueprint.versions.workers


def _templates(blueprint: Blueprint, pool: NodePool) -> Manifest:
    """What the pool's machines are made from: rendered with it, or as it stands."""
    standing = blueprint.standing.get(pool.name)
    if standing is not None:
        now = standing["spec"]["template"]["spec"]
        return {field: now[field] for field in ("bootstrap", "infrastructureRef")}
    bootstrap, machine = resources.KUBEADM_CONFIG_TEMPLATES, resources.KUBEVIRT_MACHINE_TEMPLATES
    return {
        "bootstrap": {
            "configRef": {
                "apiGroup": bootstrap.group,
                "kind": bootstrap.kind,
                "name": bootstrap_template.name(blueprint, pool),
            }
        },
        "infrastructureRef": {
            "apiGroup": machine.group,
            "kind": machine.kind,
            "name": machine_template.name(blueprint, pool),
        },
    }


def _drain_seconds(pool: NodePool) -> int:
    """At least one: Cluster API takes 0 for no limit."""
    return max(1, math.ceil(lifetime.parse(pool.drain_timeout).total_seconds()))


def _autoscaling(blueprint: Blueprint, pool: NodePool) -> dict[str, str]:
    """The bounds, and what a new machine brings. Without its bounds a pool is none of the autoscaler's business: so it
    is while it rests."""
    marks = {ASLEEP_ANNOTATION: "true"} if blueprint.rest.workers else {}
    if not pool.autoscaled:
        return marks
    bounds = {MIN_SIZE_ANNOTATION: str(pool.min), MAX_SIZE_ANNOTATION: str(pool.max)}
    return {**(marks or bounds), **capacity.describe(blueprint, pool)}
