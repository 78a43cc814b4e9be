"""From the approval to the last object accepted, against kubectl and Helm putting the same objects there.

The three take turns in one run, each with clusters of its own, and one pair of eyes watches them all: time ends when
the last object is seen to be there. Ours starts when the approval is written, theirs when the program is started.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from bench import sample
from bench.site import Site
from provisioning import objects, plan, resources
from provisioning.cache import Cache
from provisioning.manifest import Manifest, key_of
from provisioning.model import CatalogSpec, TenantCluster

SECONDS: Final = 30.0
"""How long one of them may take."""


@dataclass(frozen=True)
class Speed:
    """Seconds of each round, by who did it; `objects` is how many were put there each time."""

    objects: int
    clusterdesk: tuple[float, ...]
    kubectl: tuple[float, ...]
    helm: tuple[float, ...]

    def ratio(self, other: tuple[float, ...]) -> float:
        """How many times as long the other takes as we do, by the medians."""
        return statistics.median(other) / statistics.median(self.clusterdesk)


class Eyes:
    """Sees objects appear, whoever makes them: `seen` is the moment of the first sight of kind and name."""

    def __init__(self, site: Site) -> None:
        self.caches = [Cache(site.kube, kind, packed=True) for kind in plan.KINDS]
        self.seen: dict[tuple[str, str], float] = {}
        self._changed = asyncio.Event()
        for cache in self.caches:
            cache.listen(self._note)

    def _note(self, before: Manifest | None, after: Manifest | None) -> None:
        if before is None and after is not None:
            self.seen[after["kind"], key_of(after)[1]] = time.perf_counter()
            self._changed.set()

    async def until(self, wanted: set[tuple[str, str]]) -> float:
        """The moment at which the last of these was seen."""
        try:
            async with asyncio.timeout(SECONDS):
                while not wanted <= self.seen.keys():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise TimeoutError(f"not there after {SECONDS:.0f} s: {sorted(wanted - self.seen.keys())}") from None
        return max(self.seen[one] for one in wanted)


async def measure(site: Site, *, rounds: int) -> Speed:
    """Each of the three once a round, in turns; one round before that counts for nothing."""
    found: dict[str, list[float]] = {"clusterdesk": [], "kubectl": [], "helm": []}
    async with _watching(site) as eyes, site.provisioner(probes=False):
        ways: dict[str, Callable[[str], Awaitable[float]]] = {
            "clusterdesk": lambda name: _approve(site, name),
            "kubectl": lambda name: _kubectl(site, name),
            "helm": lambda name: _helm(site, name),
        }
        turns = list(ways)
        for number in range(rounds + 1):
            for way in turns:
                name = f"{way[0]}{number:03}"
                began = await ways[way](name)
                took = await eyes.until(_wanted(way, name)) - began
                if number:
                    found[way].append(took)
            turns.append(turns.pop(0))
    return Speed(len(_rendered("any")), *(tuple(found[way]) for way in ("clusterdesk", "kubectl", "helm")))


@contextlib.asynccontextmanager
async def _watching(site: Site) -> AsyncIterator[Eyes]:
    eyes = Eyes(site)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(cache.run()) for cache in eyes.caches]
        try:
            for cache in eyes.caches:
                await cache.synced.wait()
            yield eyes
        finally:
            for task in tasks:
                task.cancel()


def _rendered(name: str, namespace: str = sample.ELSEWHERE) -> list[Manifest]:
    """The manifests as we would apply them, without owners: those of kubectl and Helm belong to nobody."""
    catalog = next(m for m in sample.grounds() if m["kind"] == "Catalog")
    cluster = objects.read(TenantCluster, sample.cluster(name, namespace))
    parsed = CatalogSpec.model_validate(catalog["spec"])
    manifests = plan.render(cluster, parsed, tenant=sample.TENANT, cluster_uid="none").manifests
    for manifest in manifests:
        manifest["metadata"].pop("ownerReferences", None)
    return manifests


def _wanted(way: str, name: str) -> set[tuple[str, str]]:
    namespace = sample.NAMESPACE if way == "clusterdesk" else sample.ELSEWHERE
    return {(manifest["kind"], manifest["metadata"]["name"]) for manifest in _rendered(name, namespace)}


async def _approve(site: Site, name: str) -> float:
    request = await site.kube.create(resources.CLUSTER_REQUESTS, sample.request(name))
    await asyncio.sleep(0.5)  # It is pending now, as long as nobody decides.
    request = await site.kube.get(resources.CLUSTER_REQUESTS, request["metadata"]["name"], namespace=sample.NAMESPACE)
    began = time.perf_counter()
    status = {**request.get("status", {}), "phase": "Approved"}
    await site.kube.replace(resources.CLUSTER_REQUESTS, {**request, "status": status}, subresource="status")
    return began


async def _kubectl(site: Site, name: str) -> float:
    path = site.folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump_all(_rendered(name)))
    return await _run(site, site.plane.binaries["kubectl"], "apply", "--server-side", "-f", str(path))


async def _helm(site: Site, name: str) -> float:
    chart = site.folder / name
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text(yaml.safe_dump({"apiVersion": "v2", "name": name, "version": "1.0.0"}))
    # As a file, because bootstrap data has braces of its own that are not Helm's.
    (chart / "manifests.yaml").write_text(yaml.safe_dump_all(_rendered(name)))
    (chart / "templates" / "all.yaml").write_text('{{ .Files.Get "manifests.yaml" }}')
    return await _run(site, site.plane.binaries["helm"], "install", name, str(chart), "-n", sample.ELSEWHERE)


async def _run(site: Site, program: Path, *arguments: str) -> float:
    home = site.folder / "home"
    home.mkdir(exist_ok=True)
    environment = {**os.environ, "HOME": str(home), "KUBECONFIG": str(site.plane.kubeconfig)}
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        program, *arguments, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    printed, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{program.name} failed: {printed.decode()}")
    return began
