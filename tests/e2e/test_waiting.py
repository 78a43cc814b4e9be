"""While a request waits, on the local page and a real API server: a question, its answer, an edit, a decision."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

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


async def opened(page: Page, title: str, press: Callable[[], Awaitable[None]]) -> Locator:
    """The form that a press opens. Slack gives three seconds for that, which a busy machine may not have: whoever reads
    that it did not open presses again."""
    form = page.get_by_role("dialog", name=title)
    excuses = page.get_by_text(replies.FORM_NOT_OPENED).or_(page.get_by_text(replies.SLOW))
    while not await form.is_visible():
        before = await excuses.count()
        await press()
        await expect(form.or_(excuses.nth(before)).first).to_be_visible()
    return form


async def test_a_question_is_answered_and_an_edit_takes_the_place_of_the_wish(
    desk: Desk, browser: Browser, pictures: Path
) -> None:
    lena = await look(browser, desk, "U0LENA")
    line = f"/cluster create {NAMESPACE}/{CLUSTER} 3x small 24h"
    form = await opened(lena, replies.CREATE_TITLE, lambda: type_command(lena, line))
    await form.get_by_label(replies.REASON).fill("Nightly builds")
    await form.get_by_role("button", name=replies.SUBMIT).click()
    await lena.get_by_role("dialog").get_by_role("button", name=replies.CLOSE).click()

    omar = await look(browser, desk, "U0OMAR")
    cards = omar.locator("article[data-ts]").filter(has_text=CLUSTER).filter(has_text="asks for a new cluster")
    await settled(cards.last)
    form = await opened(omar, replies.QUESTION_TITLE, cards.last.get_by_role("button", name=replies.ASK_QUESTION).click)
    await form.get_by_label(replies.QUESTION).fill("Would *two* workers do?")
    await form.get_by_role("button", name=replies.SEND).click()
    await form.get_by_role("button", name=replies.CLOSE).click()

    await lena.get_by_role("link", name="clusterdesk").first.click()
    asked = lena.locator("article[data-ts]").filter(has_text="has a question about")
    form = await opened(lena, replies.ANSWER_TITLE, asked.get_by_role("button", name=replies.ANSWER).click)
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
    form = await opened(lena, replies.CREATE_TITLE, mine.get_by_role("button", name=replies.EDIT).click)
    await expect(form.get_by_label(replies.NODES, exact=True)).to_have_value("3")
    await form.get_by_label(replies.NODES, exact=True).fill("2")
    await form.get_by_role("button", name=replies.SUBMIT).click()
    await lena.get_by_role("dialog").get_by_role("button", name=replies.CLOSE).click()

    await expect(omar.get_by_text("Changed since you looked")).to_be_visible()
    await expect(cards).to_have_count(2)
    await expect(cards.first.get_by_role("button", name=replies.APPROVE)).to_have_count(0)
    await settled(cards.last)
    form = await opened(omar, replies.DENY_TITLE, cards.last.get_by_role("button", name="Deny").click)
    await form.get_by_label(replies.DENY_REASON).fill("Not today")
    await form.get_by_role("button", name=replies.DENY_NOW).click()
    await form.get_by_role("button", name=replies.CLOSE).click()

    async def denied() -> bool:
        listed = (await desk.kubectl("-n", NAMESPACE, "get", "clusterrequests"))[1].splitlines()
        return [CLUSTER in line for line in listed if "Denied" in line].count(True) == 1

    await eventually(denied, what="the newer request denied")
    await expect(lena.get_by_role("button", name=replies.ASK_AGAIN).last).to_be_visible()
    assert await desk.cluster(NAMESPACE, CLUSTER) is None
