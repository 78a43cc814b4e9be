"""Other people's CRDs and webhook manifests, taken from their Go modules once and kept as JSON beside the binaries.

JSON because parsing the YAML again at each start takes longer than the API server needs for the objects; kept so
that the second start needs neither Go nor the module cache. What the modules leave to kustomize is added here:
contract labels, and names that do not clash between the two managers.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml

from playground.toolchain import Go
from provisioning.manifest import Manifest

CLUSTER_API = "sigs.k8s.io/cluster-api"
FLUX_TYPES = "github.com/fluxcd/helm-controller/api/v2;github.com/fluxcd/source-controller/api/v1"
FLUX_KINDS = frozenset({"HelmRelease", "HelmRepository", "OCIRepository", "HelmChart"})

MANAGERS = {
    "cluster-api-core": Path("core/config"),
    "cluster-api-bootstrap-kubeadm": Path("bootstrap/kubeadm/config"),
}
"""Our name of each manager's binary, and where its manifests are in the module."""

CONTRACTS = {"cluster.x-k8s.io/v1beta1": "v1beta1", "cluster.x-k8s.io/v1beta2": "v1beta2"}
"""Which of a CRD's versions speaks which Cluster API contract; without these labels no Machine is made."""


def collect(go: Go, controller_gen: Path, target: Path) -> None:
    """Write `crds.json` and one `<manager>-webhooks.json` per manager into the new folder `target`."""
    partial = Path(tempfile.mkdtemp(prefix=".manifests-", dir=target.parent))
    try:
        module = go.folder_of(CLUSTER_API)
        crds = [*flux(go, controller_gen)]
        for name, folder in MANAGERS.items():
            for path in sorted((module / folder / "crd/bases").glob("*.yaml")):
                crds.extend(labelled(crd) for crd in read_all(path))
            hooks = [prefixed(hook, name) for hook in read_all(module / folder / "webhook/manifests.yaml")]
            (partial / f"{name}-webhooks.json").write_text(json.dumps(hooks))
        (partial / "crds.json").write_text(json.dumps(crds))
        partial.chmod(0o755)
        os.replace(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def flux(go: Go, controller_gen: Path) -> Iterator[Manifest]:
    """The CRDs of the Flux kinds we use, made from their Go types."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [str(controller_gen), "crd", f"paths={FLUX_TYPES}", f"output:crd:dir={folder}"],
            cwd=go.module,
            # controller-gen runs `go list`, so ours must be the one it finds.
            env={**go.environment, "PATH": f"{go.program.parent}{os.pathsep}{go.environment.get('PATH', '')}"},
            capture_output=True,
            text=True,
            timeout=600,
            check=True,
        )
        for path in sorted(Path(folder).glob("*.yaml")):
            yield from (crd for crd in read_all(path) if crd["spec"]["names"]["kind"] in FLUX_KINDS)


def labelled(crd: Manifest) -> Manifest:
    """The CRD with the contract labels that kustomize would add."""
    metadata = crd["metadata"]
    return {**crd, "metadata": {**metadata, "labels": {**metadata.get("labels", {}), **CONTRACTS}}}


def prefixed(hook: Manifest, manager: str) -> Manifest:
    """The webhook configuration under a name that only this manager uses."""
    metadata = hook["metadata"]
    return {**hook, "metadata": {**metadata, "name": f"{manager}-{metadata['name']}"}}


def read_all(path: Path) -> list[Manifest]:
    """Every document of a YAML file. The C loader: the pure one takes 17 seconds for all CRDs."""
    with path.open("rb") as file:
        documents = yaml.load_all(file, Loader=yaml.CSafeLoader)
        return [document for document in documents if document]
