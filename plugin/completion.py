"""What the shell may complete: words of ours, and names that the cluster knows. Whoever presses Tab wants no error.

kubectl asks the program `kubectl_complete-clusterdesk`, with the words so far and the one that is being typed.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import typer
from typer.completion import completion_init  # type: ignore[attr-defined]

from provisioning import names, resources, room
from provisioning.connection import namespace_of
from provisioning.errors import ClusterdeskError
from provisioning.kube import Kube
from provisioning.manifest import Manifest

SECONDS: Final = 2.0
"""How long somebody waits who has pressed Tab."""
PROGRAM: Final = "kubectl-clusterdesk"
_Look = Callable[[Kube, str], Awaitable[list[str]]]
"""Takes the namespace that is meant by the flags so far."""


def clusters(ctx: typer.Context, incomplete: str) -> list[str]:
    """The TenantClusters of the namespace."""

    async def look(kube: Kube, namespace: str) -> list[str]:
        found = (await kube.list(resources.TENANT_CLUSTERS, namespace=namespace)).items
        return [it["metadata"]["name"] for it in found]

    return _completed(ctx, incomplete, look)


def requests(ctx: typer.Context, incomplete: str) -> list[str]:
    """The ClusterRequests of the namespace that nobody has decided."""
    return _requests(ctx, incomplete, _is_pending)


def waiting(ctx: typer.Context, incomplete: str) -> list[str]:
    """The same, and those that wait for room."""
    return _requests(ctx, incomplete, lambda it: _is_pending(it) or room.noted(it) == "True")


def _requests(ctx: typer.Context, incomplete: str, wanted: Callable[[Manifest], bool]) -> list[str]:
    async def look(kube: Kube, namespace: str) -> list[str]:
        found = (await kube.list(resources.CLUSTER_REQUESTS, namespace=namespace)).items
        return [it["metadata"]["name"] for it in found if wanted(it)]

    return _completed(ctx, incomplete, look)


def _is_pending(request: Manifest) -> bool:
    return bool((request.get("status") or {}).get("phase", "Pending") == "Pending")


def pools(ctx: typer.Context, incomplete: str) -> list[str]:
    """The pools of the cluster that is named on the line."""

    async def look(kube: Kube, namespace: str) -> list[str]:
        # click stops at the flag whose value is being typed, and leaves what stood before it as it was.
        cluster = ctx.params.get("name") or next(iter(ctx.args), "")
        found = await kube.find(resources.TENANT_CLUSTERS, cluster, namespace=namespace) if cluster else None
        return _named((found or {}).get("spec"), "pools")

    return _completed(ctx, incomplete, look)


def flavors(ctx: typer.Context, incomplete: str) -> list[str]:
    """The sizes in the Catalog."""
    return _completed(ctx, incomplete, _of_catalog("flavors"))


def add_ons(ctx: typer.Context, incomplete: str) -> list[str]:
    """The add-ons in the Catalog."""
    return _completed(ctx, incomplete, _of_catalog("addOns"))


def _of_catalog(field: str) -> _Look:
    async def look(kube: Kube, _: str) -> list[str]:
        found = await kube.find(resources.CATALOGS, names.CATALOG)
        return _named((found or {}).get("spec"), field)

    return look


def _named(spec: Manifest | None, field: str) -> list[str]:
    found: list[Any] = (spec or {}).get(field) or []
    return [it["name"] for it in found]


def _completed(ctx: typer.Context, incomplete: str, look: _Look) -> list[str]:
    flags = ctx.params
    kubeconfig, context = Path(flags["kubeconfig"]), flags.get("context") or ""

    async def ask() -> list[str]:
        async with asyncio.timeout(SECONDS), await Kube.connect(kubeconfig=kubeconfig, context=context or None) as kube:
            return await look(kube, flags.get("namespace") or namespace_of(kubeconfig, context))

    try:
        return [name for name in asyncio.run(ask()) if name.startswith(incomplete)]
    except (ClusterdeskError, TimeoutError):
        return []


def asked(words: list[str]) -> dict[str, str]:
    """The environment in which typer says what may follow the words; the last one is being typed."""
    line = shlex.join([PROGRAM, *words])
    return {
        "_KUBECTL_CLUSTERDESK_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words)),
    }


def main() -> None:
    """Entry point."""
    from plugin.__main__ import app  # which knows us: through the arguments that are completed.

    # Otherwise typer does so only in programs that also install completion for themselves, which is kubectl's here.
    completion_init()
    os.environ |= asked(sys.argv[1:])
    app(prog_name=PROGRAM)
