"""Official release binaries, for those who set DOWNLOAD=1 rather than build: addresses and pinned checksums.

Nothing that is not pinned here is ever downloaded. Kubernetes publishes no servers for macOS, so there everything
but etcd and kubectl is built. The Cluster API managers are published as container images only: always built.
"""

from __future__ import annotations

import hashlib
import io
import os
import platform
import shutil
import tarfile
import tempfile
import urllib.request
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from playground.errors import PlaygroundError

KUBERNETES = "v1.36.1"
"""Two patch releases behind go.mod: the newest whose checksums are in a public list we could read (kops' assetdata)."""
ETCD = "v3.6.14"

TIMEOUT = 60.0
"""Seconds without a byte after which a download is given up."""


class DownloadFailed(PlaygroundError):
    """A release binary could not be fetched, or is not the one that was pinned."""


@dataclass(frozen=True)
class Pin:
    """One file to fetch: its address, its SHA-256, and which member of the archive is the program ("" if none)."""

    url: str
    sha256: str
    member: str = ""


def _kubernetes(system: str, sums: Mapping[str, str]) -> dict[tuple[str, str], Pin]:
    return {
        (program, system): Pin(f"https://dl.k8s.io/release/{KUBERNETES}/bin/{system}/{program}", sha256)
        for program, sha256 in sums.items()
    }


def _etcd(system: str, ending: str, sha256: str) -> dict[tuple[str, str], Pin]:
    folder = f"etcd-{ETCD}-{system.replace('/', '-')}"
    url = f"https://github.com/etcd-io/etcd/releases/download/{ETCD}/{folder}.{ending}"
    return {("etcd", system): Pin(url, sha256, f"{folder}/etcd")}


PINS: Mapping[tuple[str, str], Pin] = {
    **_kubernetes(
        "linux/amd64",
        {
            "kube-apiserver": "9b4dba0a5b945f1fe0ce18f47535c5ff0c46ae384f9222047bce39fe91b6023e",
            "kube-controller-manager": "41a41cd08f8035661848e883479816d5e65f832a461c004840eb2cd54998af08",
            "kubectl": "629d3f410e09bf49b64ae7079f7f0bda1191efed311f7d37fdbab0ad5b0ec2b7",
        },
    ),
    **_kubernetes(
        "linux/arm64",
        {
            "kube-apiserver": "4652cb7637891e9ca1c639802a3a4e7c658c6291fdaa8bcbd173b0d610a7b290",
            "kube-controller-manager": "100b2da64ff32467334eab1c9c17eeab16588b7b7de30a3d4c5d8375c43634e4",
            "kubectl": "59f7ee8e477fae658447607dc3c8790ac17a1b016c01c622c12070e969e2d4e7",
        },
    ),
    **_kubernetes("darwin/amd64", {"kubectl": "b4973e90ebb00537d735b63d6f8293c1959156e6ff435f6a43c08aeaa1a2e7d7"}),
    **_kubernetes("darwin/arm64", {"kubectl": "9092778abaef3079449da4cd70ded0e4be112480c93efcdeace3155968d1d133"}),
    **_etcd("linux/amd64", "tar.gz", "ffe840ff9295808e88cce2794a18a5ac87f12a5203c8314d0bf6aa119b41bac5"),
    **_etcd("linux/arm64", "tar.gz", "fa1b80565ee6fc2df1ae6f57a508b221f3ecc7d591c317c581cd8281b0842b3e"),
    **_etcd("darwin/amd64", "zip", "17b8639cf303fee6c35958278d557263215a9a8f8c15fd89022b5aa67091b228"),
    **_etcd("darwin/arm64", "zip", "fd154573a1f4c098c214d8233507d2766c43a164f7e339c0385aae71d9a1afaf"),
}


def this_system() -> str:
    """`linux/amd64`, as Go and the release pages write it."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    return f"{platform.system().lower()}/{machine}"


def fetch(pin: Pin, target: Path) -> None:
    """Put the pinned program at `target`, all or nothing. Raises `DownloadFailed`."""
    request = urllib.request.Request(pin.url, headers={"User-Agent": "clusterdesk-playground"})  # noqa: S310
    digest = hashlib.sha256()
    # A file in the cache's own folder, so that the last step is a rename and never a copy.
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".fetch-") as archive:
        try:
            # The addresses are the https ones of the table above (and loopback ones in tests).
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
                while piece := answer.read(1 << 20):
                    digest.update(piece)
                    archive.write(piece)
        except OSError as error:
            raise DownloadFailed(f"{pin.url} could not be fetched: {error}. Without DOWNLOAD=1 it is built.") from error
        if digest.hexdigest() != pin.sha256:
            raise DownloadFailed(
                f"{pin.url} has the checksum {digest.hexdigest()}, not the pinned {pin.sha256}: refused."
            )
        archive.flush()
        program = _member(Path(archive.name), pin.member)
        partial = target.with_name(f".{target.name}.partial-{os.getpid()}")
        with program, partial.open("wb") as out:
            shutil.copyfileobj(program, out)
        partial.chmod(0o755)
        partial.replace(target)


def _member(archive: Path, member: str) -> io.BufferedIOBase:
    if not member:
        return archive.open("rb")
    if zipfile.is_zipfile(archive):
        return io.BytesIO(zipfile.ZipFile(archive).read(member))
    with tarfile.open(archive) as files:
        found = files.extractfile(member)
        if found is None:
            raise DownloadFailed(f"there is no {member} in the archive")
        return io.BytesIO(found.read())
