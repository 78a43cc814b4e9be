"""Release binaries: only what is pinned, whole or not at all."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from playground import download
from playground.download import Pin

PROGRAM = b"#!/bin/sh\necho etcd\n"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the base class calls it so)
        pass


@pytest.fixture
def releases(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the address under which a server on loopback shows it."""
    folder = tmp_path / "releases"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def pin(releases: tuple[Path, str], name: str, content: bytes, member: str = "") -> Pin:
    folder, address = releases
    (folder / name).write_bytes(content)
    return Pin(f"{address}/{name}", hashlib.sha256(content).hexdigest(), member)


def tar(name: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(PROGRAM)
        archive.addfile(info, io.BytesIO(PROGRAM))
    return out.getvalue()


def zipped(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, PROGRAM)
    return out.getvalue()


def test_a_plain_program_is_fetched_and_may_be_run(releases: tuple[Path, str], tmp_path: Path) -> None:
    download.fetch(pin(releases, "kubectl", PROGRAM), tmp_path / "kubectl")
    assert (tmp_path / "kubectl").read_bytes() == PROGRAM
    assert (tmp_path / "kubectl").stat().st_mode & 0o111


@pytest.mark.parametrize("pack", [tar, zipped])
def test_a_program_is_taken_out_of_its_archive(releases: tuple[Path, str], tmp_path: Path, pack: Any) -> None:
    download.fetch(pin(releases, "etcd.archive", pack("etcd-v1/etcd"), "etcd-v1/etcd"), tmp_path / "etcd")
    assert (tmp_path / "etcd").read_bytes() == PROGRAM


def test_a_program_with_another_checksum_is_refused_and_not_kept(releases: tuple[Path, str], tmp_path: Path) -> None:
    good = pin(releases, "kubectl", PROGRAM)
    (releases[0] / "kubectl").write_bytes(PROGRAM + b"evil")
    target = tmp_path / "cache" / "kubectl"
    target.parent.mkdir()
    with pytest.raises(download.DownloadFailed, match="refused"):
        download.fetch(good, target)
    assert list(target.parent.iterdir()) == []


def test_an_address_that_does_not_answer_says_that_building_is_possible(
    releases: tuple[Path, str], tmp_path: Path
) -> None:
    with pytest.raises(download.DownloadFailed, match="Without DOWNLOAD=1 it is built"):
        download.fetch(Pin(f"{releases[1]}/nothing", "0" * 64), tmp_path / "etcd")


def test_the_name_of_this_system_is_written_as_release_pages_write_it() -> None:
    assert download.this_system().split("/")[0] in {"linux", "darwin"}
