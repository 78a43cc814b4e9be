"""What the shell may complete: words of ours, and the names of clusters. Whoever presses Tab wants no error.

kubectl asks the program `kubectl_complete-clusterdesk`, with the words so far and the one that is being typed.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from pathlib import Path
from typing import Final

import typer
from typer.completion import completion_init  # type: ignore[attr-defined]

from provisioning import resources
from provisioning.errors import ClusterdeskError
from provisioning.kube import Kube, namespace_of

SECONDS: Final = 2.0
"""How long somebody waits who has pressed Tab."""
PROGRAM: Final = "kubectl-clusterdesk"


def clusters(ctx: typer.Context, incomplete: str) -> list[str]:
    """The TenantClusters in the namespace that is meant by the flags so far."""
    flags = ctx.params
    kubeconfig, context = Path(flags["kubeconfig"]), flags.get("context") or ""

    async def ask() -> list[str]:
        async with asyncio.timeout(SECONDS), await Kube.connect(kubeconfig=kubeconfig, context=context or None) as kube:
            namespace = flags.get("namespace") or namespace_of(kubeconfig, context)
            found = (await kube.list(resources.TENANT_CLUSTERS, namespace=namespace)).items
        return [name for it in found if (name := it["metadata"]["name"]).startswith(incomplete)]

    try:
        return asyncio.run(ask())
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
