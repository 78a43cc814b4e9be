"""App Home in Chromium, on the local page: it is opened, acted in, and redrawn before one's eyes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from bot import replies
from provisioning.model import Phase, RequestStatus
from provisioning.objects import Stored, format_time
from provisioning.usage import Usage
from tests import browser as browsers
from tests.bot import samples
from tests.bot.conftest import Mode, Stage, running
from tests.bot.fake_desk import FakeDesk

pytestmark = pytest.mark.browser


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with browsers.started() as started:
        yield started


def busy() -> FakeDesk:
    """Omar asks and decides; one cluster is ready, one is on the way, and Lena has just asked for a third."""
    desk, now = FakeDesk(used={"team-a": Usage(clusters=2, nodes=6, vcpu=12_000, memory=48 * 2**30)}), datetime.now(UTC)
    both = (samples.subject(samples.LENA), samples.subject(samples.OMAR))
    desk.tenants["team-a"] = samples.tenant(members=both, approvers=both)
    ends = format_time(now + timedelta(days=2, hours=5))
    ready = samples.ready().model_copy(update={"expires_at": ends})
    mine = {"clusterdesk.dev/requested-by": "omar"}
    made = samples.cluster("build-7", status=ready, annotations=mine, lifetime="72h")
    desk.put_cluster(Stored(replace(made.meta, created=now - timedelta(hours=19)), made.it))
    desk.put_cluster(samples.cluster("web", by="cr-web", status=samples.building()))
    asked = samples.request("cr-4k2m6p", cluster="nightly", reason="Nightly builds of the release branch")
    status = RequestStatus(expires_at=format_time(now + timedelta(hours=24)))
    desk.put(Stored(replace(asked.meta, created=now), asked.it.model_copy(update={"status": status})))
    return desk


async def look(browser: Browser, stage: Stage, user: str) -> Page:
    """Somebody who opens the Home of the app."""
    page = await browser.new_page(viewport={"width": 1180, "height": 760})
    await page.goto(f"{stage.slack.url}/?as={user}&at=C0TEAMA")
    await page.get_by_role("link", name="Home").click()
    return page


@pytest.mark.parametrize("mode", ["http", "socket"])
async def test_home_is_opened_acted_in_and_redrawn(mode: Mode, browser: Browser, tmp_path: Path) -> None:
    async with running(busy(), mode) as stage:
        omar = await look(browser, stage, "U0OMAR")
        home = omar.get_by_role("region", name="App Home")
        await expect(home.get_by_role("heading", name=replies.HOME_WAITING)).to_be_visible()
        await expect(home.get_by_text("2 days left, until")).to_be_visible()
        await omar.screenshot(path=browsers.pictures(tmp_path) / "home.png")

        await home.get_by_role("button", name=replies.APPROVE).click()
        window = omar.get_by_role("dialog", name=replies.SHOWN_TITLE)
        await expect(window.get_by_text("Your approval of the request about nightly counts.")).to_be_visible()
        await window.get_by_role("button", name=replies.CLOSE).click()
        await expect(home.get_by_text(replies.HOME_NOTHING_WAITS)).to_be_visible()
        assert stage.desk.stored["tenant-team-a", "cr-4k2m6p"].it.status.phase is Phase.APPROVED

        await omar.get_by_role("button", name=replies.SHORTCUT_LIST).click()
        await expect(omar.get_by_role("dialog", name=replies.SHOWN_TITLE).get_by_text("build-7")).to_be_visible()
