"""One walk through the page in Chromium: keyboard, forms, live updates, another person."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from playground import workspace
from tests import browser as browsers
from tests.playground.workspace import payloads_for_tests as made
from tests.playground.workspace import tiny_bot

pytestmark = pytest.mark.browser


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with browsers.started() as started:
        yield started


async def look(browser: Browser, slack: workspace.LocalSlack, user: str, complaints: list[str]) -> Page:
    """A window in which somebody looks at #team-a-approvals."""
    page = await browser.new_page(viewport={"width": 1180, "height": 860})
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(f"{slack.url}/?as={user}&at=C0TEAMA")
    return page


async def test_request_goes_from_form_to_approval_in_the_browser(mode: str, browser: Browser, tmp_path: Path) -> None:
    complaints: list[str] = []
    async with workspace.serving(tiny_bot.options(mode=mode)) as slack, tiny_bot.running(slack, mode) as bot:
        lena = await look(browser, slack, "U0LENA", complaints)
        await lena.get_by_label("Message #team-a-approvals").fill("/cluster create")
        await lena.keyboard.press("Enter")
        form = lena.get_by_role("dialog", name="New cluster")
        await expect(form).to_be_visible()

        # Refused by the client, then by the bot; what was typed stays.
        await form.get_by_role("button", name="Ask").click()
        await expect(form.get_by_text("Please complete this required field.").first).to_be_visible()
        await form.get_by_label("Name").fill("taken")
        await form.get_by_label("Size").select_option("large")
        await expect(form.get_by_label("Name")).to_have_value("taken")
        await form.get_by_label("csi").check()
        await form.get_by_label("Reason").fill("first line\nsecond line")
        await form.get_by_role("searchbox", name="Search Owner").fill("le")
        await form.get_by_role("combobox", name="Owner").select_option("leo")
        await form.get_by_role("button", name="Ask").click()
        await expect(form.get_by_text("That name is taken.")).to_be_visible()
        await expect(form.get_by_label("Reason")).to_have_value("first line\nsecond line")
        await lena.screenshot(path=tmp_path / "form.png")

        # The focus stays inside the dialog.
        for _ in range(40):
            await lena.keyboard.press("Tab")
        inside = await lena.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        )
        assert inside

        await form.get_by_label("Name").fill("build-7")
        await lena.keyboard.press("Enter")
        await expect(form).to_have_count(0)
        values = bot.heard[-1]["view"]["state"]["values"]
        assert values["name"]["name"]["value"] == "build-7"
        assert values["size"]["size"]["selected_option"]["value"] == "large"
        assert [o["value"] for o in values["addons"]["addons"]["selected_options"]] == ["dns", "csi"]
        assert values["owner"]["owner"]["selected_option"]["value"] == "leo"

        # A card appears for somebody else without reloading; a confirmation can be denied.
        omar = await look(browser, slack, "U0OMAR", complaints)
        await tiny_bot.client(slack).chat_postMessage(channel="C0TEAMA", text="A card", blocks=made.card())
        card = omar.locator("article[data-ts]").last
        await expect(card.get_by_role("heading", name="lena asks for a cluster")).to_be_visible()
        heard = len(bot.heard)
        await card.get_by_role("button", name="Delete").click()
        await omar.get_by_role("dialog", name="Sure?").get_by_role("button", name="No").click()
        assert len(bot.heard) == heard
        await card.get_by_role("button", name="Approve").click()
        await expect(lena.get_by_text("Approved by @omar")).to_be_visible()
        await expect(card.get_by_role("button", name="Approve")).to_have_count(0)

        # Only Lena sees what is for Lena.
        await lena.get_by_label("Message #team-a-approvals").fill("/cluster help")
        await lena.keyboard.press("Enter")
        await expect(lena.get_by_text("Only visible to you")).to_be_visible()
        await expect(omar.get_by_text("There is no help.")).to_have_count(0)

        # Another person, and App Home.
        await lena.get_by_label("Act as").select_option("U0EVA")
        await expect(lena).to_have_title("#team-a-approvals · eva · Local workspace")
        await lena.get_by_role("link", name="Home").click()
        await expect(lena.get_by_role("heading", name="Your clusters")).to_be_visible()
    # Chromium reports the end of the live stream itself; anything else is ours.
    assert [c for c in complaints if "/live" not in c and "ERR_" not in c] == []


async def test_page_works_without_scripts(mode: str, browser: Browser) -> None:
    async with workspace.serving(tiny_bot.options(mode=mode)) as slack, tiny_bot.running(slack, mode) as bot:
        page = await browser.new_page(java_script_enabled=False)
        await page.goto(f"{slack.url}/?as=U0LENA&at=C0TEAMA")
        await page.get_by_label("Message #team-a-approvals").fill("/cluster create")
        async with page.expect_navigation():
            await page.keyboard.press("Enter")
        lena = slack.person("U0LENA")
        await lena.waits_until(lambda: lena.has_modal)
        await page.goto(f"{slack.url}/?as=U0LENA&at=C0TEAMA")
        form = page.get_by_role("dialog", name="New cluster")
        await form.get_by_label("Name").fill("build-8")
        await form.get_by_label("Size").select_option("small")
        await form.get_by_role("button", name="Ask").click()
        await expect(page.get_by_role("dialog")).to_have_count(0)
        assert bot.heard[-1]["view"]["state"]["values"]["name"]["name"]["value"] == "build-8"


async def test_redrawing_a_form_leaves_typing_focus_cursor_and_scroll_alone(mode: str, browser: Browser) -> None:
    async with workspace.serving(tiny_bot.options(mode=mode)) as slack, tiny_bot.running(slack, mode):
        page = await look(browser, slack, "U0LENA", [])
        await page.set_viewport_size({"width": 900, "height": 500})
        await page.get_by_label("Message #team-a-approvals").fill("/cluster create")
        await page.keyboard.press("Enter")
        form = page.get_by_role("dialog")
        await expect(form.get_by_label("Name")).to_be_focused()
        reason = form.get_by_label("Reason")
        await reason.fill("hello world")
        await reason.evaluate("field => field.setSelectionRange(3, 3)")
        view = slack.person("U0LENA").modal.view_id
        await tiny_bot.client(slack).views_update(view_id=view, view=made.modal("Changed"))
        await expect(page.get_by_role("dialog", name="Changed")).to_be_visible()
        await expect(reason).to_have_value("hello world")
        await expect(reason).to_be_focused()
        assert await reason.evaluate("field => field.selectionStart") == 3
        assert await form.locator(".fields").evaluate("fields => fields.scrollTop") > 100
        await page.keyboard.press("Escape")
        await expect(form).to_have_count(0)
        await expect(page.get_by_label("Message #team-a-approvals")).to_be_focused()
