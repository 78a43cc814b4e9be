"""`kubectl clusterdesk version`: what this program is, and what is on the other side."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
import yaml

from provisioning import requirements, resources
from provisioning.kube import Kube
from tests.docs.pages import ROOT
from tests.plugin.running import run
from tests.plugin.terminal import at_a_terminal

OURS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
API = "clusterdesk.dev/v1alpha1"


async def test_people_read_a_line_of_this_program_and_one_of_the_server(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        said = f"client: {OURS}, asks for {API}\nserver: serves {API}\n"
        assert await ann.type("version") == (0, said, "")


async def test_programs_read_both_as_data(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        code, out, _ = await ann.type("version -o json")
    found = {"client": {"version": OURS, "apiVersion": API}, "server": {"apiVersions": [API]}}
    assert (code, json.loads(out)) == (0, found)


async def test_a_server_of_another_version_is_none_that_this_program_can_ask(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        ann.server.versions[resources.GROUP] = "v1"
        code, out, _ = await ann.type("version")
    assert (code, out.splitlines()[1]) == (1, "server: serves clusterdesk.dev/v1")


async def test_where_clusterdesk_is_not_installed_that_is_said(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        ann.server.unserved |= {kind.plural for kind in requirements.OURS}
        code, out, _ = await ann.type("version")
        assert (code, out.splitlines()[1]) == (1, "server: serves nothing of clusterdesk.dev")
        code, out, _ = await ann.type("version -o yaml")
        assert (code, yaml.safe_load(out)["server"]) == (1, {"apiVersions": []})


async def test_a_server_that_does_not_answer_keeps_nobody_from_their_own_version(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        ann.server.undiscoverable = True
        code, out, err = await ann.type("version")
        assert (code, out) == (2, f"client: {OURS}, asks for {API}\n")
        assert err
        assert await ann.type("version --client") == (0, out, "")
        code, out, _ = await ann.type("version --client -o json")
        assert (code, json.loads(out)) == (0, {"client": {"version": OURS, "apiVersion": API}})


@pytest.mark.real
async def test_it_takes_no_right_that_not_everybody_has(
    kubectl: tuple[Path, Path], admin: Kube, namespace: str, tmp_path: Path
) -> None:
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "nobody", "namespace": namespace}}
    await admin.create(resources.SERVICE_ACCOUNTS, account)
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    where = f"/api/v1/namespaces/{namespace}/serviceaccounts/nobody/token"
    token = (await admin.call("POST", where, body=asked))["status"]["token"]
    config = yaml.safe_load(kubectl[1].read_text())
    mine = tmp_path / "kubeconfig"
    mine.write_text(
        yaml.safe_dump({**config, "users": [{**each, "user": {"token": token}} for each in config["users"]]})
    )
    nobody = (kubectl[0], mine)
    code, _, err = await run(nobody, "list", "-n", namespace)
    assert (code, "cannot list" in err) == (1, True)
    code, out, err = await run(nobody, "version")
    assert (code, err) == (0, "")
    assert out.splitlines()[1] == f"server: serves {API}"
