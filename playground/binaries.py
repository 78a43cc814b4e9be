"""Which programs the playground runs, where they are kept, and how they get there.

Kept per user in one folder per recipe (a hash of everything that decides what comes out), so that an old checkout
and a new one never mix. Built from the modules pinned in go.mod; `KUBEBUILDER_ASSETS` and `DOWNLOAD=1` put
ready-made programs in instead. Every file appears whole or not at all, and only one process builds at a time.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from playground import download, lock, toolchain, upstream
from playground.errors import PlaygroundError
from playground.progress import Steps

LAYOUT = "2"
"""Raise it when what is kept beside the binaries changes its form."""


@dataclass(frozen=True)
class Program:
    """One program: its Go package, how long a cold build takes on two cores, who else may provide it."""

    name: str
    package: str
    usual: str
    asset: bool = False
    """Found in a `KUBEBUILDER_ASSETS` folder, as users of envtest have it."""


PROGRAMS = (
    Program("etcd", "go.etcd.io/etcd/server/v3", "1 min", asset=True),
    Program("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver", "3 min", asset=True),
    Program("kubectl", "k8s.io/kubernetes/cmd/kubectl", "half a min", asset=True),
    Program("kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager", "1 min"),
    Program("cluster-api-core", "sigs.k8s.io/cluster-api/core", "half a min"),
    Program("cluster-api-bootstrap-kubeadm", "sigs.k8s.io/cluster-api/bootstrap/kubeadm", "half a min"),
    Program("controller-gen", "sigs.k8s.io/controller-tools/cmd/controller-gen", "10 s"),
    Program("helm", "helm.sh/helm/v4/cmd/helm", "half a min"),
)


class BuildFailed(PlaygroundError):
    """A program could not be built; the message carries the compiler's last lines."""


@dataclass(frozen=True)
class Binaries:
    """A folder that holds every program under its own name, and the manifests taken from the modules."""

    folder: Path

    def __getitem__(self, name: str) -> Path:
        return self.folder / name

    @property
    def manifests(self) -> Path:
        return self.folder / "manifests"

    @property
    def complete(self) -> bool:
        return self.manifests.is_dir() and all(self[program.name].exists() for program in PROGRAMS)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what the folder holds."""

    go_mod: str
    go_sum: str
    system: str
    assets: str = ""
    official: bool = False

    @property
    def ldflags(self) -> str:
        # Without a version the server calls itself v0.0.0-master, which Cluster API and kubectl refuse.
        version = pinned_version(self.go_mod, "k8s.io/kubernetes")
        major, minor = version.removeprefix("v").split(".")[:2]
        base = "k8s.io/component-base/version"
        stamps = {
            f"{base}.gitVersion": version,
            f"{base}.gitMajor": major,
            f"{base}.gitMinor": minor,
            f"{base}.gitTreeState": "clean",
            "k8s.io/client-go/pkg/version.gitVersion": version,
        }
        return "-s -w " + " ".join(f"-X {name}={value}" for name, value in stamps.items())

    @property
    def key(self) -> str:
        """A name for the folder: equal for equal recipes."""
        programs = [f"{program.name}={program.package}" for program in PROGRAMS]
        ingredients = [LAYOUT, self.go_mod, self.go_sum, self.system, self.assets, str(self.official), self.ldflags]
        return hashlib.sha256("\0".join([*ingredients, *programs]).encode()).hexdigest()[:16]


def pinned_version(go_mod: str, module: str) -> str:
    """The version a go.mod requires of `module`."""
    found = re.search(rf"^\s+{re.escape(module)} (v\S+)", go_mod, re.MULTILINE)
    if found is None:
        raise BuildFailed(f"go.mod does not require {module}")
    return found.group(1)


def cache_home(environ: Mapping[str, str]) -> Path:
    """The user's cache folder of this project."""
    base = environ.get("XDG_CACHE_HOME") or str(Path(environ.get("HOME") or Path.home()) / ".cache")
    return Path(base) / "clusterdesk"


def recipe(environ: Mapping[str, str]) -> Recipe:
    """What the environment asks for: `KUBEBUILDER_ASSETS` (a folder) and `DOWNLOAD=1`."""
    return Recipe(
        go_mod=toolchain.GO_MOD.read_text(),
        go_sum=toolchain.GO_MOD.with_name("go.sum").read_text(),
        system=download.this_system(),
        assets=environ.get("KUBEBUILDER_ASSETS", ""),
        official=environ.get("DOWNLOAD", "0") not in ("", "0"),
    )


def ensure(*, environ: Mapping[str, str], steps: Steps) -> Binaries:
    """All programs, made if they are not there yet.

    Raises `BuildFailed`, `toolchain.ToolchainMissing` or `download.DownloadFailed`, each with a sentence for people.
    """
    wanted = recipe(environ)
    cache = cache_home(environ)
    binaries = Binaries(cache / wanted.key)
    if binaries.complete:
        return binaries
    binaries.folder.mkdir(parents=True, exist_ok=True)
    waiting = functools.partial(steps.say, "another process is building the control plane: waiting for it")
    with lock.awaited(cache / f"{wanted.key}.lock", waiting=waiting):
        for program in PROGRAMS:
            if not binaries[program.name].exists():
                _provide(program, binaries, wanted, environ=environ, steps=steps)
        if not binaries.manifests.is_dir():
            with steps.step("collect the CRDs of Cluster API and Flux", usual="usually about 10 s"), _explained("CRDs"):
                go = toolchain.find(cache, environ=environ, steps=steps)
                upstream.collect(go, binaries["controller-gen"], binaries.manifests)
    return binaries


def _provide(program: Program, binaries: Binaries, wanted: Recipe, *, environ: Mapping[str, str], steps: Steps) -> None:
    target = binaries[program.name]
    asset = Path(wanted.assets) / program.name
    if wanted.assets and program.asset and asset.exists():
        target.symlink_to(asset.resolve())
        return
    pin = download.PINS.get((program.name, wanted.system)) if wanted.official else None
    if pin is not None:
        with steps.step(f"fetch {program.name}", usual=f"from {pin.url}"):
            download.fetch(pin, target)
        return
    go = toolchain.find(cache_home(environ), environ=environ, steps=steps)
    with steps.step(f"build {program.name}", usual=f"usually about {program.usual} the first time"):
        partial = target.with_name(f".{target.name}.partial-{os.getpid()}")
        with _explained(program.name):
            flags = ["-trimpath", "-buildvcs=false", "-ldflags", wanted.ldflags]
            go.run("build", *flags, "-o", str(partial), program.package)
        partial.replace(target)


@contextlib.contextmanager
def _explained(what: str) -> Iterator[None]:
    try:
        yield
    except subprocess.CalledProcessError as error:
        last = "\n".join((error.stderr or "").strip().splitlines()[-15:])
        raise BuildFailed(f"{what} could not be made from its Go module:\n{last}") from error
    except subprocess.TimeoutExpired as error:
        raise BuildFailed(f"{what} was given up after {error.timeout:.0f} s") from error
