"""While a request waits, on the local page and a real API server: a question, its answer, an edit, a decision."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from bot import replies
from tests.e2e.desk import Desk, eventually
from tests.e2e.test_whole_way import look, settled, type_command

pytestmark = [
    pytest.mark.real,
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="package"),
]

NAMESPACE, CLUSTER = "tenant-team-a", "waits-1"


async def test_a_question_is_answered_and_an_edit_takes_the_place_of_the_wish(
    desk: Desk, browser: Browser, pictures: Path
) -> None:
    lena = await look(browser, desk, "U0LENA")
    await type_command(lena, f"/cluster create {NAMESPACE}/{CLUSTER} 3x small 24h")
    form = lena.get_by_role("dialog", name=replies.CREATE_TITLE)
    await form.get_by_label(replies.REASON).fill("Nightly builds")
    await form.get_by_role("button", name=replies.SUBMIT).click()
    await lena.get_by_role("dialog").get_by_role("button", name=replies.CLOSE).click()

    omar = await look(browser, desk, "U0OMAR")
    cards = omar.locator("article[data-ts]").filter(has_text=CLUSTER).filter(has_text="asks for a new cluster")
    await settled(cards.last)
    await cards.last.get_by_role("button", name=replies.ASK_QUESTION).click()
    form = omar.get_by_role("dialog", name=replies.QUESTION_TITLE)
    await form.get_by_label(replies.QUESTION).fill("Would *two* workers do?")
    await form.get_by_role("button", name=replies.SEND).click()
    await form.get_by_role("button", name=replies.CLOSE).click()

    await lena.get_by_role("link", name="clusterdesk").first.click()
    asked = lena.locator("article[data-ts]").filter(has_text="has a question about")
    await asked.get_by_role("button", name=replies.ANSWER).click()
    form = lena.get_by_role("dialog", name=replies.ANSWER_TITLE)
    await expect(form.get_by_text("Would *two* workers do?")).to_be_visible()
    await form.get_by_label(replies.ANSWER).fill("They would")
    await form.get_by_role("button", name=replies.SEND).click()
    await form.get_by_role("button", name=replies.CLOSE).click()
    await expect(omar.get_by_text("has answered your question")).to_be_visible()
    await expect(cards.first.get_by_text("They would")).to_be_visible()
    await cards.first.evaluate("card => card.scrollIntoView({block: 'start'})")
    await omar.screenshot(path=pictures / "question.png")

    mine = lena.locator("article[data-ts]").filter(has_text=f"{CLUSTER} is waiting for approval")
    await settled(mine)
    await mine.get_by_role("button", name=replies.EDIT).click()
    form = lena.get_by_role("dialog", name=replies.CREATE_TITLE)
    await expect(form.get_by_label(replies.NODES, exact=True)).to_have_value("3")
    await form.get_by_label(replies.NODES, exact=True).fill("2")
    await form.get_by_role("button", name=replies.SUBMIT).click()
    await lena.get_by_role("dialog").get_by_role("button", name=replies.CLOSE).click()

    await expect(omar.get_by_text("Changed since you looked")).to_be_visible()
    await expect(cards).to_have_count(2)
    await expect(cards.first.get_by_role("button", name=replies.APPROVE)).to_have_count(0)
    await settled(cards.last)
    await cards.last.get_by_role("button", name="Deny").click()
    form = omar.get_by_role("dialog", name=replies.DENY_TITLE)
    await form.get_by_label(replies.DENY_REASON).fill("Not today")
    await form.get_by_role("button", name=replies.DENY_NOW).click()
    await form.get_by_role("button", name=replies.CLOSE).click()

    async def denied() -> bool:
        listed = (await desk.kubectl("-n", NAMESPACE, "get", "clusterrequests"))[1].splitlines()
        return [CLUSTER in line for line in listed if "Denied" in line].count(True) == 1

    await eventually(denied, what="the newer request denied")
    await expect(lena.get_by_role("button", name=replies.ASK_AGAIN).last).to_be_visible()
    assert await desk.cluster(NAMESPACE, CLUSTER) is None
