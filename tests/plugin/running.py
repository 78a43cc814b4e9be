"""`kubectl clusterdesk` as a person runs it: the real kubectl, which finds the plugin by the search path."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path


async def run(kubectl: tuple[Path, Path], *arguments: str, given: str = "") -> tuple[int, str, str]:
    """Exit code, output and errors. `kubectl` is the program and the kubeconfig, `given` what is typed."""
    program, kubeconfig = kubectl
    search = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    process = await asyncio.create_subprocess_exec(
        program,
        "clusterdesk",
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PATH": search, "KUBECONFIG": str(kubeconfig)},
    )
    out, err = await process.communicate(given.encode())
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()
