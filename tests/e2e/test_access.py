"""The page about access, walked as a person would with openssl and kubectl, against a tenant's real API server."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
import yaml

from playground.controlplane import kubeconfig_text
from playground.pki import Pki, write_private
from provisioning import resources
from provisioning.kubeconfig import render
from provisioning.model import ClusterAccess
from provisioning.objects import read
from tests.docs.pages import ROOT, Page
from tests.e2e.desk import Desk, eventually, nothing_left
from tests.e2e.onlooker import Onlooker

pytestmark = [pytest.mark.real, pytest.mark.timeout(600), pytest.mark.asyncio(loop_scope="package")]

NAMESPACE = "tenant-team-c"
ACCESS = ("clusteraccess", "lena-tiny", "-n", NAMESPACE)
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "walker", "namespace": "default"},
    "spec": {"containers": [{"name": "walker", "image": "registry.example.org/walker"}]},
}


async def walk(desk: Desk, folder: Path, script: str) -> str:
    """Run a piece of the page in a shell, as Lena; everything it printed."""
    environment = {
        **os.environ,
        "PATH": f"{desk.kubectl_program.parent}:{os.environ['PATH']}",
        "KUBECONFIG": str(kubeconfig(desk, "lena@example.com")),
    }
    shell = await asyncio.create_subprocess_exec(
        *("bash", "-euo", "pipefail", "-c", script),
        cwd=folder,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed = (await shell.communicate())[0].decode()
    assert shell.returncode == 0, f"{script}\n{printed}"
    return printed


def kubeconfig(desk: Desk, user: str) -> Path:
    """A person of the playground, as kubectl knows them."""
    state = Path(desk.ready.kubeconfig).parent
    path = desk.folder / f"{user}.kubeconfig"
    write_private(path, kubeconfig_text(desk.ready.api_server, Pki(state / "pki"), user=user))
    return path


async def test_a_member_gets_in_by_the_page_and_is_out_once_revoked(desk: Desk, tmp_path: Path) -> None:
    request, apply, configure, revoke = Page(ROOT / "docs" / "access.md").fences("bash")
    cluster = {
        "apiVersion": "clusterdesk.dev/v1alpha1",
        "kind": "TenantCluster",
        "metadata": {"name": "tiny", "namespace": NAMESPACE},
        "spec": {"pools": [{"name": "md0", "flavor": "small", "replicas": 1}]},
    }
    code, printed = await desk.kubectl("apply", "-f", "-", given=yaml.safe_dump(cluster))
    assert code == 0, printed

    # At once: what is asked for before there is an API server waits for it.
    await walk(desk, tmp_path, request)
    await walk(desk, tmp_path, apply)
    shown = await walk(desk, tmp_path, configure)
    assert "lena@example.com" in shown
    assert "clusterdesk:viewer" in shown
    in_slack = Onlooker(desk, "U0LENA", "C0TEAMC")
    await in_slack.hears(r"tiny · lena@example\.com · Viewer", of="/cluster access list tiny")
    theirs = tmp_path / "lena-tiny.kubeconfig"

    async def may(*what: str) -> bool:
        return (await desk.kubectl("auth", "can-i", *what, kubeconfig=theirs))[0] == 0

    async def creates_a_pod() -> tuple[int, str]:
        return await desk.kubectl("create", "-f", "-", "--dry-run=server", given=yaml.safe_dump(POD), kubeconfig=theirs)

    # A viewer looks at most things, at no Secret, and changes nothing.
    assert (await desk.kubectl("get", "pods", kubeconfig=theirs))[0] == 0
    code, printed = await creates_a_pod()
    assert code != 0
    assert 'User "lena@example.com" cannot create resource "pods"' in printed
    assert not await may("get", "secrets")

    # Somebody in the cluster deletes the binding.
    admins = await desk.tenant_kubeconfig(NAMESPACE, "tiny")
    ours = ("clusterrolebinding", "-l", "clusterdesk.dev/access-to")
    assert (await desk.kubectl("delete", *ours, kubeconfig=admins))[0] == 0

    async def forbidden() -> bool:
        # An API server hears of its own bindings by a watch.
        return not await may("get", "pods")

    await eventually(forbidden, what="nothing seen without the binding")

    # An administrator may do anything; the same key serves, and a kubeconfig of ours names the file that has it.
    as_admin = apply.replace("role: Viewer", "role: Admin").replace("lena-tiny, ", "lena-root, ")
    await walk(desk, tmp_path, as_admin.replace("clusteraccess/lena-tiny", "clusteraccess/lena-root"))
    # At this look at the cluster the deleted binding came back as well.
    code, printed = await desk.kubectl("get", *ours, "-o", "name", kubeconfig=admins)
    assert (code, len(printed.split())) == (0, 2), printed
    stored = await desk.kube.get(resources.CLUSTER_ACCESSES, "lena-root", namespace=NAMESPACE)
    theirs = tmp_path / "lena-root.kubeconfig"
    theirs.write_text(render(read(ClusterAccess, stored), key_file="lena-tiny.key"))

    async def creates() -> bool:
        return (await creates_a_pod())[0] == 0

    await eventually(creates, what="a Pod made by an administrator")
    code, printed = await desk.kubectl("auth", "whoami", kubeconfig=theirs)
    assert "clusterdesk:admin" in printed

    # Revoked, the certificate still opens the door, and nothing behind it.
    await walk(desk, tmp_path, revoke)
    await walk(desk, tmp_path, revoke.replace("lena-tiny", "lena-root"))

    async def nothing() -> bool:
        return not await may("get", "pods") and not await may("create", "pods")

    await eventually(nothing, what="no right left")
    code, printed = await desk.kubectl("auth", "whoami", kubeconfig=theirs)
    assert (code, "lena@example.com" in printed) == (0, True)
    code, printed = await desk.kubectl("get", *ACCESS, "-o", "jsonpath={.status.conditions[0].reason}")
    assert (code, printed) == (0, "Revoked")
    await in_slack.hears("Nobody has access", of="/cluster access list tiny")

    # With the cluster its accesses go, and nothing of them is left.
    assert (await desk.kubectl("-n", NAMESPACE, "delete", "tenantcluster", "tiny", "--wait=false"))[0] == 0
    await nothing_left(desk, NAMESPACE, "tiny")

    async def gone() -> bool:
        return not (await desk.kube.list(resources.CLUSTER_ACCESSES, namespace=NAMESPACE)).items

    await eventually(gone, what="accesses gone")


async def test_people_read_no_secret_beside_their_clusters(desk: Desk) -> None:
    for user in ("lena@example.com", "omar@example.com"):
        code, printed = await desk.kubectl(
            "auth", "can-i", "get", "secrets", "-n", NAMESPACE, kubeconfig=kubeconfig(desk, user)
        )
        assert (code != 0, printed.strip()) == (True, "no")


async def test_nobody_makes_access_for_somebody_else(desk: Desk) -> None:
    page = Page(ROOT / "docs" / "access.md")
    (sample,) = (text for text in page.fences("yaml") if "kind: ClusterAccess" in text)
    code, printed = await desk.kubectl(
        "apply", "-f", "-", given=sample, kubeconfig=kubeconfig(desk, "omar@example.com")
    )
    assert code != 0
    assert "must be omar@example.com, who sends this" in printed
    assert "there is no cluster tiny in this namespace" in printed
