"""Plays Flux's source-controller: a HelmRepository is ready at once, because nothing is fetched here."""

from __future__ import annotations

from datetime import UTC, datetime

from playground.simulated.stage import Played, Stage, condition, ensure, with_conditions
from provisioning import resources
from provisioning.kube import Manifest
from provisioning.objects import format_time


async def act(stage: Stage, repository: Manifest) -> None:
    meta = repository["metadata"]
    if "deletionTimestamp" in meta:
        return
    ready = condition("Ready", "True", "Succeeded", "played: no index is fetched", now=format_time(datetime.now(UTC)))
    status = {"observedGeneration": meta["generation"], "conditions": with_conditions(repository, ready)}
    await ensure(stage, resources.HELM_REPOSITORIES, repository, "status", status)


PLAYED = Played("sources", resources.HELM_REPOSITORIES, act)
