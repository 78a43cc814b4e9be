"""The whole way on the local page, as a person with a browser and kubectl goes it."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from bot import replies
from tests.browser import PATIENCE
from tests.e2e.desk import Desk, eventually, nothing_left, quota_released

pytestmark = [
    pytest.mark.real,
    pytest.mark.browser,
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="package"),
]

NAMESPACE, CLUSTER = "tenant-team-a", "build-7"
SECONDS_TO_READY = 30
"""What the issue asks for between approval and Ready, on a machine that does nothing else."""


async def look(browser: Browser, desk: Desk, user: str, channel: str = "C0TEAMA") -> Page:
    page = await browser.new_page(viewport={"width": 1180, "height": 1000})
    page.set_default_timeout(PATIENCE)
    await page.goto(f"{desk.ready.workspace_url}?as={user}&at={channel}")
    return page


async def type_command(page: Page, text: str, *, where: str = "#team-a-approvals") -> None:
    await page.get_by_label(f"Message {where}").fill(text)
    await page.keyboard.press("Enter")


async def settled(card: Locator) -> None:
    """Wait until the card is drawn as it stays for a while: nobody presses what is just moving."""
    await expect(card.get_by_text("Next reminder")).to_be_visible()


async def test_a_cluster_is_asked_for_approved_built_used_and_deleted(
    desk: Desk, browser: Browser, pictures: Path
) -> None:
    lena = await look(browser, desk, "U0LENA")
    await type_command(lena, "/cluster create")
    form = lena.get_by_role("dialog", name=replies.CREATE_TITLE)
    await expect(form).to_be_visible()

    # Lena is in several tenants; a name that is none, and more workers than there is quota for, are told in the form.
    await form.get_by_label(replies.TENANT).select_option(NAMESPACE)
    await form.get_by_label(replies.NAME, exact=True).fill("Build 7")
    await form.get_by_label(replies.NODES, exact=True).fill("9")
    await form.get_by_label(replies.REASON).fill("Nightly builds")
    await form.get_by_role("button", name=replies.SUBMIT).click()
    await expect(form.get_by_role("alert").filter(has_text="cannot be a cluster's name")).to_be_visible()
    await expect(form.get_by_text("nodes: asks for 10, ").first).to_be_visible()
    await lena.screenshot(path=pictures / "refused.png")
    await expect(form.get_by_label(replies.REASON)).to_have_value("Nightly builds")

    await form.get_by_label(replies.NAME, exact=True).fill(CLUSTER)
    await form.get_by_label(replies.NODES, exact=True).fill("2")
    await expect(form.get_by_text("cannot be a cluster's name")).to_have_count(0)
    await form.get_by_text("1 approver of this tenant must agree").scroll_into_view_if_needed()
    await lena.screenshot(path=pictures / "form.png")
    await form.get_by_role("button", name=replies.SUBMIT).click()
    await expect(lena.get_by_role("dialog", name=replies.RECEIPT_TITLE)).to_be_visible()
    await lena.get_by_role("dialog").get_by_role("button", name=replies.CLOSE).click()

    # Lena may not decide about her own wish, and Omar may.
    card = lena.locator("article[data-ts]").filter(has_text=CLUSTER).last
    await settled(card)
    await card.get_by_role("button", name=replies.APPROVE).click()
    await expect(lena.get_by_text(replies.OWN_REQUEST)).to_be_visible()
    assert await desk.cluster(NAMESPACE, CLUSTER) is None
    omar = await look(browser, desk, "U0OMAR")
    card = omar.locator("article[data-ts]").filter(has_text=CLUSTER).last
    await omar.screenshot(path=pictures / "approver.png")
    await card.get_by_role("button", name=replies.APPROVE).click()
    approved = time.monotonic()
    await expect(card.get_by_role("button", name=replies.APPROVE)).to_have_count(0)

    # Her card goes from request to ready in one place.
    await lena.get_by_role("link", name="clusterdesk").first.click()
    mine = lena.locator("article[data-ts]:not(.reply)").filter(has_text=CLUSTER)
    await expect(mine).to_have_count(1)
    await expect(mine.get_by_text(re.compile("Step [1-7] of 7"))).to_be_visible()
    await eventually(lambda: desk.is_ready(NAMESPACE, CLUSTER), what="Ready")
    seconds = time.monotonic() - approved
    await expect(mine.get_by_text("is ready")).to_be_visible()
    manifest = await desk.cluster(NAMESPACE, CLUSTER)
    assert manifest is not None
    print(f"\nfrom approval to Ready: {seconds:.1f} s")
    for step in manifest["status"]["steps"]:
        print(f"  {step['name']:<16} {step.get('startedAt', '')} .. {step.get('endedAt', '')}")

    # The tenant is a real API server, with its nodes initialised.
    kubeconfig = await desk.tenant_kubeconfig(NAMESPACE, CLUSTER)
    code, printed = await desk.kubectl("get", "nodes", kubeconfig=kubeconfig)
    assert code == 0, printed
    assert printed.count(" Ready ") == 2
    code, printed = await desk.kubectl(
        "get", "nodes", "-o", "jsonpath={.items[*].spec.taints[*].key}", kubeconfig=kubeconfig
    )
    assert "cloudprovider" not in printed

    await type_command(lena, f"/cluster delete {CLUSTER}", where="clusterdesk")
    form = lena.get_by_role("dialog", name=replies.DELETE_TITLE)
    await form.get_by_label(replies.CONFIRM).fill("build-8")
    await form.get_by_role("button", name=replies.DELETE).click()
    await expect(form.get_by_text(replies.confirm_mismatch(CLUSTER))).to_be_visible()
    await form.get_by_label(replies.CONFIRM).fill(CLUSTER)
    await form.get_by_role("button", name=replies.DELETE).click()
    await expect(lena.get_by_role("dialog", name=replies.RECEIPT_TITLE)).to_be_visible()
    card = omar.locator("article[data-ts]").filter(has_text=CLUSTER).last
    await settled(card)
    await card.get_by_role("button", name=replies.APPROVE).click()
    asked = omar.get_by_role("dialog", name=replies.APPROVE_DELETION_TITLE)
    await asked.get_by_role("button", name=replies.APPROVE).click()
    await nothing_left(desk, NAMESPACE, CLUSTER)
    await quota_released(desk, "team-a", CLUSTER)
