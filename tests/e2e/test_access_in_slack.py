"""Getting into a cluster through Slack, as a person with a browser and a shell does it, against a real API server."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
import yaml
from playwright.async_api import Browser, expect

from bot import replies
from provisioning import resources
from tests.e2e.desk import Desk, eventually, nothing_left
from tests.e2e.onlooker import Onlooker
from tests.e2e.test_whole_way import look, type_command

pytestmark = [
    pytest.mark.real,
    pytest.mark.browser,
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="package"),
]

NAMESPACE, CLUSTER = "tenant-team-c", "door"


async def shell(desk: Desk, home: Path, script: str) -> tuple[int, str]:
    """Paste it; exit code and everything that it printed."""
    environment = {"HOME": str(home), "PATH": f"{desk.kubectl_program.parent}:{os.environ['PATH']}"}
    done = await asyncio.create_subprocess_exec(
        *("bash", "-eu", "-c", script),
        cwd=home,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(60):
        printed = (await done.communicate())[0].decode()
    assert done.returncode is not None
    return done.returncode, printed


async def test_a_member_gets_in_through_slack_and_is_out_once_revoked(
    desk: Desk, browser: Browser, pictures: Path, tmp_path: Path
) -> None:
    cluster = {
        "apiVersion": "clusterdesk.dev/v1alpha1",
        "kind": "TenantCluster",
        "metadata": {"name": CLUSTER, "namespace": NAMESPACE},
        "spec": {"pools": [{"name": "md0", "flavor": "small", "replicas": 0}]},
    }
    lena_by_kubectl = desk.kubeconfig_of("lena@example.com")
    code, printed = await desk.kubectl("apply", "-f", "-", given=yaml.safe_dump(cluster), kubeconfig=lena_by_kubectl)
    assert code == 0, printed

    lena = await look(browser, desk, "U0LENA", "C0TEAMC")
    form = lena.get_by_role("dialog", name=replies.ACCESS_TITLE)

    await Onlooker(desk, "U0LENA", "C0TEAMC").hears(f"{CLUSTER} is ", of=f"/cluster show {CLUSTER}")
    await type_command(lena, f"/cluster access {CLUSTER} admin 1h", where="#team-c-approvals")
    await expect(form).to_be_visible()
    line = await form.locator("pre").inner_text()
    code, request = await shell(desk, tmp_path, line)
    assert code == 0, request
    await form.get_by_label(replies.CSR).fill(request)
    await form.screenshot(path=pictures / "access_form.png")
    await form.get_by_role("button", name=replies.GET_ACCESS).click()
    await expect(form.get_by_text("in a direct message")).to_be_visible()
    await form.get_by_role("button", name=replies.CLOSE).click()

    # It waits for the cluster's API server, and says so; then it is one card with the way in.
    await lena.get_by_role("link", name="clusterdesk").first.click()
    card = lena.locator("article[data-ts]").filter(has_text="Admin of")
    await expect(card).to_be_visible(timeout=150_000)
    await card.evaluate("card => card.scrollIntoView({block: 'start'})")
    await lena.screenshot(path=pictures / "access.png")
    recipe = await card.locator("pre").inner_text()
    code, printed = await shell(desk, tmp_path, recipe)
    assert (code, "kube-system" in printed) == (0, True), printed
    theirs = tmp_path / ".kube" / f"{NAMESPACE}.{CLUSTER}.kubeconfig"
    code, printed = await desk.kubectl("auth", "whoami", kubeconfig=theirs)
    assert "lena@example.com" in printed
    assert "clusterdesk:admin" in printed

    await card.get_by_role("button", name=replies.REVOKE).click()

    async def nothing() -> bool:
        return (await desk.kubectl("get", "namespaces", kubeconfig=theirs))[0] != 0

    await eventually(nothing, what="no right left")
    await expect(lena.get_by_text("its certificate may do nothing there any more")).to_be_visible(timeout=60_000)
    await expect(lena.locator("article[data-ts]").filter(has_text="client-certificate-data")).to_have_count(0)

    await desk.kube.delete(resources.TENANT_CLUSTERS, CLUSTER, namespace=NAMESPACE)
    await nothing_left(desk, NAMESPACE, CLUSTER)
