"""Plays the Deployment controller and the kubelets of the management cluster for what runs beside a control plane.

A Deployment becomes available once the Secrets that it needs are there. Failures it knows: `image-pull`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from playground.simulated.stage import Played, Stage, condition, ensure, failure, with_conditions
from provisioning import names, resources
from provisioning.manifest import Manifest
from provisioning.objects import format_time


async def act(stage: Stage, deployment: Manifest) -> None:
    """Write the status that a Deployment of a tenant's cluster has after a while."""
    meta = deployment["metadata"]
    cluster = (meta.get("labels") or {}).get(names.CAPI_CLUSTER_LABEL)
    if cluster is None or "deletionTimestamp" in meta:
        return
    replicas = deployment["spec"].get("replicas", 1)
    secret = stage.get(resources.SECRETS, meta["namespace"], names.kubeconfig_secret(cluster))
    up = replicas if secret is not None and failure(deployment) != "image-pull" else 0
    now = format_time(datetime.now(UTC))
    reason, message = _explain(deployment, up == replicas, secret is not None)
    status = {
        "observedGeneration": meta["generation"],
        "replicas": replicas,
        "updatedReplicas": replicas,
        "readyReplicas": up,
        "availableReplicas": up,
        "unavailableReplicas": replicas - up,
        "conditions": with_conditions(
            deployment, condition("Available", "True" if up == replicas else "False", reason, message, now=now)
        ),
    }
    # The API server drops zeros; leaving them out keeps a second look from writing again.
    await ensure(stage, resources.DEPLOYMENTS, deployment, "status", {k: v or None for k, v in status.items()})


def _explain(deployment: Manifest, up: bool, kubeconfig: bool) -> tuple[str, str]:
    if up:
        return "MinimumReplicasAvailable", "Deployment has minimum availability."
    if not kubeconfig:
        return "MinimumReplicasUnavailable", "waiting for the tenant's kubeconfig Secret"
    image = deployment["spec"]["template"]["spec"]["containers"][0]["image"]
    return "MinimumReplicasUnavailable", f"ImagePullBackOff: {image}"


PLAYED = Played("hosted", resources.DEPLOYMENTS, act, looks_at=(resources.SECRETS,))
