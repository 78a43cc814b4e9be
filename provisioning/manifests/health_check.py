"""MachineHealthChecks: workers that stay broken are replaced, unless too many are at once."""

from __future__ import annotations

from typing import Final

from provisioning import names, resources
from provisioning.manifest import Manifest
from provisioning.manifests.blueprint import Blueprint
from provisioning.manifests.machine_deployment import selector
from provisioning.manifests.marks import new
from provisioning.model import NodePool

KIND = resources.MACHINE_HEALTH_CHECKS

STARTUP_SECONDS: Final = 1200
"""A first boot may have to pull a disk of gigabytes; too short a time makes and deletes machines in turn."""
UNHEALTHY_SECONDS: Final = 300
SMALL_POOL: Final = 3


def render(blueprint: Blueprint) -> list[Manifest]:
    return [_check(blueprint, pool) for pool in blueprint.pools]


def _check(blueprint: Blueprint, pool: NodePool) -> Manifest:
    spec: Manifest = {
        "clusterName": blueprint.name,
        "selector": {"matchLabels": selector(blueprint, pool)},
        "checks": {
            "nodeStartupTimeoutSeconds": STARTUP_SECONDS,
            "unhealthyNodeConditions": [
                {"type": "Ready", "status": "Unknown", "timeoutSeconds": UNHEALTHY_SECONDS},
                {"type": "Ready", "status": "False", "timeoutSeconds": UNHEALTHY_SECONDS},
            ],
            "unhealthyMachineConditions": [
                {"type": "InfrastructureReady", "status": "False", "timeoutSeconds": STARTUP_SECONDS},
            ],
        },
        "remediation": {"triggerIf": {"unhealthyLessThanOrEqualTo": tolerated(pool)}},
    }
    return new(KIND, blueprint.metadata(names.machine_deployment(blueprint.name, pool.name)), spec)


def tolerated(pool: NodePool) -> int | str:
    """Up to how many broken workers are replaced; beyond that it is not the workers that are broken.

    A percentage rounds down (50% of 3 is 1, of 1 it is 0), so two broken workers of three would never be healed, and 0
    switches healing off. Pools that are small get a number, which lets all of them be replaced; so do those that the
    autoscaler may have made small.
    """
    if pool.most <= SMALL_POOL:
        return max(1, pool.most)
    return max(SMALL_POOL, pool.most // 2) if pool.autoscaled else "50%"
