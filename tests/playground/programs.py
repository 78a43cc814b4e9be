"""Small stand-ins for real programs: scripts that tests put on a PATH or start as children."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

FAKE_GO = """
    import json, os, pathlib, sys
    here = pathlib.Path(__file__).parent
    with (here / "calls").open("a") as calls:
        calls.write(" ".join(sys.argv[1:]) + chr(10))
    if sys.argv[1:3] == ["env", "GOVERSION"]:
        print((here / "version").read_text())
    elif sys.argv[1] == "build":
        if (here / "broken").exists() and sys.argv[-1] == (here / "broken").read_text():
            sys.exit("undefined: everything")
        assert os.environ["GOTOOLCHAIN"] == "local" and os.environ["CGO_ENABLED"] == "0"
        out = pathlib.Path(sys.argv[sys.argv.index("-o") + 1])
        out.write_text("#!/bin/sh" + chr(10) + (here / "controller-gen").read_text())
        out.chmod(0o755)
    elif sys.argv[1] == "list":
        print(here / "module")
"""

CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: {plural}.{group}}}
spec: {{group: {group}, names: {{kind: {kind}, plural: {plural}}}, versions: [{{name: v1}}]}}
"""

WEBHOOKS = """
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: mutating-webhook-configuration}
webhooks: []
"""


def script(path: Path, source: str) -> Path:
    """An executable Python script."""
    path.write_text(f"#!{sys.executable}\n{textwrap.dedent(source)}")
    path.chmod(0o755)
    return path


def fake_go(folder: Path, *, version: str = "go1.26.0") -> Path:
    """A `go` that writes down its calls, builds shell scripts and knows one tiny module."""
    folder.mkdir(parents=True)
    (folder / "version").write_text(version)
    crd = CRD.format(kind="HelmRelease", plural="helmreleases", group="helm.toolkit.fluxcd.io")
    (folder / "flux.yaml").write_text(crd)
    # What controller-gen will be: it puts a CRD where it is told to.
    (folder / "controller-gen").write_text(f'cp {folder}/flux.yaml "${{3#output:crd:dir=}}"/\n')
    for manager, kind in (("core", "Cluster"), ("bootstrap/kubeadm", "KubeadmConfig")):
        config = folder / "module" / manager / "config"
        (config / "crd/bases").mkdir(parents=True)
        (config / "webhook").mkdir()
        plural = f"{kind.lower()}s"
        (config / "crd/bases/one.yaml").write_text(CRD.format(kind=kind, plural=plural, group="cluster.x-k8s.io"))
        (config / "webhook/manifests.yaml").write_text(WEBHOOKS)
    return script(folder / "go", FAKE_GO)


def calls(folder: Path) -> list[str]:
    """What the fake `go` was asked to do."""
    path = folder / "calls"
    return path.read_text().splitlines() if path.exists() else []
