"""A cluster's objects as they stand when all is well; tests break what they are about."""

from __future__ import annotations

import copy
from typing import Any

from provisioning.manifest import Manifest
from provisioning.world import World
from tests.provisioning.manifests.examples import rendered

MADE = "2026-08-03T09:00:01Z"
UP = "2026-08-03T09:00:09Z"
NETWORKED = "2026-08-03T09:00:12Z"
JOINED = "2026-08-03T09:00:16Z"
INSTALLED = "2026-08-03T09:00:20Z"


def condition(type_: str, status: str = "True", *, at: str = UP, reason: str = "", message: str = "") -> Manifest:
    return {"type": type_, "status": status, "reason": reason or type_, "message": message, "lastTransitionTime": at}


class Scene:
    """Objects by kind and name. `world` is what an observer sees of them."""

    def __init__(self, **changes: Any) -> None:
        made = rendered(**changes)
        self.objects = {(m["kind"], m["metadata"]["name"]): copy.deepcopy(m) for m in made}
        for manifest in self.objects.values():
            manifest["metadata"].update(creationTimestamp=MADE, generation=1)

    def __getitem__(self, key: tuple[str, str]) -> Manifest:
        return self.objects[key]

    def world(self, **seen: Any) -> World:
        return World.of(self.objects.values(), **seen)

    def add(self, manifest: Manifest) -> None:
        self.objects[manifest["kind"], manifest["metadata"]["name"]] = manifest

    def control_plane_up(self) -> Scene:
        cluster, control_plane = self["Cluster", "web"], self["KamajiControlPlane", "web"]
        cluster["spec"]["controlPlaneEndpoint"] = {"host": "192.0.2.7", "port": 6443}
        cluster["status"] = {
            "initialization": {"infrastructureProvisioned": True, "controlPlaneInitialized": True},
            "conditions": [condition("RemoteConnectionProbe")],
        }
        control_plane["status"] = {
            "ready": True,
            "version": control_plane["spec"]["version"],
            "readyReplicas": control_plane["spec"]["replicas"],
            "conditions": [condition("TenantControlPlaneCreated"), condition("KamajiControlPlaneIsReady", at=UP)],
        }
        return self

    def workers_up(self, *, count: int = 2) -> Scene:
        for (kind, _), deployment in self.objects.items():
            if kind == "MachineDeployment":
                deployment["spec"]["replicas"] = count
                deployment["status"] = {
                    "observedGeneration": 1,
                    **dict.fromkeys(("replicas", "readyReplicas", "upToDateReplicas", "availableReplicas"), count),
                    "conditions": [condition("Available", at=JOINED)],
                }
        return self

    def released(self, *names: str, at: str = INSTALLED) -> Scene:
        for name in names:
            self["HelmRelease", name]["status"] = {"observedGeneration": 1, "conditions": [condition("Ready", at=at)]}
        return self

    def hosted_up(self) -> Scene:
        for (kind, _), manifest in self.objects.items():
            if kind == "Deployment":
                manifest["status"] = {"observedGeneration": 1, "conditions": [condition("Available", at=JOINED)]}
            elif kind == "ClusterResourceSet":
                manifest["status"] = {"conditions": [condition("ResourcesApplied", at=JOINED)]}
        return self


def finished(**changes: Any) -> Scene:
    """Everything is up."""
    scene = Scene(**changes).control_plane_up().workers_up().hosted_up()
    return scene.released("web-cilium", at=NETWORKED).released("web-metrics-server")
