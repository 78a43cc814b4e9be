"""`kubectl clusterdesk preflight`, as a person runs it before and after installing, and how it looks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from rich.console import Console
from structlog.testing import capture_logs

from playground import apply
from plugin import tables
from provisioning import names, preflight, requirements, resources, survey
from provisioning.finding import Finding, Outcome
from provisioning.kube import Kube
from tests import builders
from tests.plugin.running import run

FOUND = (
    Finding("Kubernetes", "v1.30 or newer", "v1.34.2", Outcome.MET),
    Finding("Flux's [bold]helm-controller", "v2", "no group", Outcome.MISSING, "install it"),
    Finding("rights", "may", "cannot be told", Outcome.UNKNOWN, "name another account"),
)


def drawn(found: tuple[Finding, ...], *, width: int = 120) -> str:
    console = Console(width=width, force_terminal=False)
    with console.capture() as captured:
        tables.preflight(console, found)
    return captured.get()


def test_the_table_names_each_requirement_and_then_what_to_do() -> None:
    lines = [line.rstrip() for line in drawn(FOUND).splitlines()]
    assert lines[1].split() == ["✔", "Kubernetes", "v1.30", "or", "newer", "v1.34.2"]
    # What comes from a cluster is no markup of ours.
    assert lines[2].split()[:3] == ["✖", "Flux's", "[bold]helm-controller"]
    assert lines[5:] == [
        "✖ Flux's [bold]helm-controller: install it",
        "? rights: name another account",
        "not ready: 1 of 3 requirements are met, 1 are missing, 1 could not be looked into",
    ]


def test_a_narrow_terminal_cuts_nothing_off() -> None:
    shown = drawn((Finding("", "infrastructure.cluster.x-k8s.io/v1alpha1", "", Outcome.MET),), width=30)
    assert "…" not in shown
    rows = [line.replace("✔", "").strip() for line in shown.splitlines()]
    assert "infrastructure.cluster.x-k8s.io/v1alpha1" in "".join(rows)


def test_when_nothing_is_missing_it_says_so() -> None:
    assert drawn(FOUND[:1]).splitlines()[-1] == "ready for clusterdesk: 1 of 1 requirements are met, 0 are missing"


@pytest_asyncio.fixture
async def catalog(admin: Kube) -> AsyncIterator[None]:
    await apply.put(admin, [builders.CATALOG])
    yield
    await admin.delete(resources.CATALOGS, names.CATALOG)


@pytest.mark.real
@pytest.mark.usefixtures("catalog")
async def test_on_the_real_api_server_every_kind_and_contract_is_found(admin: Kube) -> None:
    found = preflight.findings(await survey.take(admin))
    lacking = {finding.what: finding for finding in preflight.missing(found)}
    # Nobody has installed the chart's webhooks here, and there is no Kamaji behind its kinds.
    assert set(lacking) <= {"clusterdesk's webhooks", "Kamaji's DataStore"}
    met = {finding.what for finding in found if finding.outcome is Outcome.MET}
    assert {"Cluster API", "clusterdesk", "contract of kamajicontrolplanes", "Catalog"} <= met


@pytest.mark.real
async def test_what_is_taken_away_is_missed(admin: Kube) -> None:
    kind = resources.KUBEVIRT_CLUSTERS
    crd = f"{kind.plural}.{kind.group}"
    label = {requirements.CONTRACTS[kind]: kind.version}
    await admin.merge(resources.CUSTOM_RESOURCE_DEFINITIONS, crd, {"metadata": {"labels": dict.fromkeys(label)}})
    try:
        found = preflight.missing(preflight.findings(await survey.take(admin)))
    finally:
        await admin.merge(resources.CUSTOM_RESOURCE_DEFINITIONS, crd, {"metadata": {"labels": label}})
    assert f"contract of {kind.plural}" in {finding.what for finding in found}
    assert "Catalog" in {finding.what for finding in found}


@pytest.mark.real
async def test_the_provisioner_logs_a_line_for_what_is_missing(admin: Kube) -> None:
    with capture_logs() as logs:
        await survey.tell(admin)
    (line,) = (entry for entry in logs if entry.get("what") == "Catalog")
    assert (line["event"], line["do"]) == ("requirement_missing", "write one: it says what people may ask for")
    assert not any(entry.get("what") == "Cluster API" for entry in logs)


@pytest.mark.real
async def test_the_kubeadm_providers_right_is_asked_of_the_api_server_itself(admin: Kube, namespace: str) -> None:
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "kubeadm", "namespace": namespace}}
    await admin.create(resources.SERVICE_ACCOUNTS, account)
    named = f"{namespace}/kubeadm"
    assert (await survey.take(admin, kubeadm_account=named)).kubeadm_reads is False
    assert (await survey.take(admin, kubeadm_account=f"{namespace}/nobody")).kubeadm_reads is None
    kind, meta = resources.KAMAJI_CONTROL_PLANES, {"name": namespace}
    rules = [{"apiGroups": [kind.group], "resources": [kind.plural], "verbs": ["get"]}]
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": meta, "rules": rules}
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": meta,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": namespace},
        "subjects": [{"kind": "ServiceAccount", "name": "kubeadm", "namespace": namespace}],
    }
    await apply.put(admin, [role, binding])
    try:
        async with asyncio.timeout(60):
            while not (await survey.take(admin, kubeadm_account=named)).kubeadm_reads:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    finally:
        await admin.delete(resources.CLUSTER_ROLE_BINDINGS, namespace)
        await admin.delete(resources.CLUSTER_ROLES, namespace)


@pytest.mark.real
async def test_kubectl_finds_the_plugin_and_its_exit_code_says_whether_all_is_there(
    kubectl: tuple[Path, Path],
) -> None:
    code, out, err = await run(kubectl, "preflight", "-o", "json")
    assert code == 1, err
    found = {finding["what"]: finding["outcome"] for finding in json.loads(out)}
    assert found["Catalog"] == "missing"
    assert found["Kubernetes"] == "met"
    code, out, _ = await run(kubectl, "preflight")
    assert code == 1
    assert "✖ Catalog: write one: it says what people may ask for" in out


@pytest.mark.real
async def test_an_api_server_that_cannot_be_reached_is_no_missing_requirement(
    kubectl: tuple[Path, Path], tmp_path: Path
) -> None:
    nowhere = (kubectl[0], tmp_path / "none")
    code, _, err = await run(nowhere, "preflight")
    assert code == 2
    assert f"the kubeconfig {tmp_path / 'none'} cannot be used" in err
