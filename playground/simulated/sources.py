"""Plays Flux's source-controller: where charts come from is ready at once, because nothing is fetched here."""

from __future__ import annotations

from datetime import UTC, datetime

from playground.simulated.stage import Played, Stage, condition, ensure, with_conditions
from provisioning import resources
from provisioning.manifest import Manifest
from provisioning.objects import format_time
from provisioning.resources import Resource


def _of(kind: Resource) -> Played:
    async def act(stage: Stage, source: Manifest) -> None:
        meta = source["metadata"]
        if "deletionTimestamp" in meta:
            return
        ready = condition(
            "Ready", "True", "Succeeded", "played: nothing is fetched", now=format_time(datetime.now(UTC))
        )
        status = {"observedGeneration": meta["generation"], "conditions": with_conditions(source, ready)}
        await ensure(stage, kind, source, "status", status)

    return Played(kind.plural, kind, act)


PLAYED = (_of(resources.HELM_REPOSITORIES), _of(resources.OCI_REPOSITORIES))
