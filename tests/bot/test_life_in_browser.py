"""A cluster's life on the local page in Chromium: the steps, what failed, what is ready, what ends soon."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Locator, Page, expect

from bot import replies
from provisioning.model import ClusterStatus, Step, StepState, TenantCluster
from provisioning.objects import Stored, format_time
from tests import browser as browsers
from tests.bot import samples, walking
from tests.bot.conftest import Mode, Stage, running
from tests.bot.fake_desk import FakeDesk, approved

pytestmark = pytest.mark.browser


def ago(**times: float) -> datetime:
    """Before this moment. The tests may have been collected long ago."""
    return datetime.now(tz=samples.NOW.tzinfo).replace(microsecond=0) - timedelta(**times)


def step(name: str, began: float, ended: float | None = None, **told: str) -> Step:
    """So many minutes ago."""
    times = [format_time(ago(minutes=each)) for each in (began, *([ended] if ended is not None else []))]
    if ended is not None:
        return Step(name=name, state=StepState.DONE, started_at=times[0], ended_at=times[1])
    return Step(name=name, state=StepState(told.pop("state", "Running")), started_at=times[0], **told)


def status(*steps: Step, base: ClusterStatus | None = None) -> ClusterStatus:
    return (base or samples.building()).model_copy(update={"steps": steps})


def done() -> tuple[Step, ...]:
    return step("Accepted", 3, 3), step("Control plane", 3, 1.8), step("Network", 1.8, 1.1)


def on_the_way() -> ClusterStatus:
    workers, probe = step("Workers", 1.8, message="1 of 2 ready"), step("Probe", 1.8, message="looking")
    return status(*done(), workers, Step(name="Add-ons"), probe)


def failed() -> ClusterStatus:
    workers = step(
        "Workers",
        1.8,
        state="Failed",
        message="a worker finds no room in the management cluster: 0/3 nodes are available: 3 Insufficient memory",
        hint="make room in the management cluster, or take a smaller flavor",
    )
    probe = step("Probe", 1.8, message="looking")
    nobody_chose = samples.stuck().model_copy(update={"gives_up_at": format_time(ago(hours=-2))})
    return status(*done(), workers, Step(name="Add-ons"), probe, base=nobody_chose)


def ready(*, hours: float) -> ClusterStatus:
    """It lives for so many hours more."""
    return samples.ready().model_copy(update={"expires_at": format_time(ago(hours=-hours))})


def cluster(now: ClusterStatus, name: str = "build-7") -> Stored[TenantCluster]:
    """One that was made nearly a day ago, to live for a day."""
    made = samples.cluster(name, by="cr-7f3k2m4p6q" if name == "build-7" else f"cr-{name}", status=now)
    return replace(made, meta=replace(made.meta, created=ago(hours=23, minutes=30)))


def history() -> ClusterStatus:
    return status(
        step("Accepted", 60, 60),
        step("Control plane", 60, 59),
        step("Network", 59, 58),
        step("Workers", 59, 55),
        step("Add-ons", 58, 56),
        step("Probe", 59, 54),
        base=samples.ready(),
    )


def card(page: Page) -> Locator:
    return page.locator("article[data-ts]").filter(has_text="build-7").first


async def begun(stage: Stage) -> None:
    for name in ("build-4", "build-5", "build-6"):
        stage.desk.put_cluster(cluster(history(), name))
    request = samples.request()
    key = stage.desk.put(walking.aged(request, ago(minutes=5))).key
    approved(stage.desk, key)
    stage.desk.status(key, decided_at=format_time(ago(minutes=3)))
    stage.desk.put_cluster(cluster(on_the_way()))


@asynccontextmanager
async def watched(mode: Mode) -> AsyncIterator[tuple[Stage, Page]]:
    """Lena looks at where the card of a cluster on its way came."""
    async with running(FakeDesk(), mode) as stage, browsers.started() as browser:
        await begun(stage)
        await stage.slack.person("U0LENA").waits_for("is being set up")
        page = await browser.new_page(viewport={"width": 1180, "height": 760})
        await page.goto(f"{stage.slack.url}/?as=U0LENA&at=C0TEAMA")
        await page.get_by_role("link", name="clusterdesk").first.click()
        yield stage, page


def heard(page: Page, words: str) -> Locator:
    """The line with a sound below the card."""
    return page.locator("article.reply").filter(has_text=words)


@pytest.mark.parametrize("mode", ["http", "socket"])
async def test_a_card_goes_from_steps_to_trouble_to_ready(mode: Mode, tmp_path: Path) -> None:
    pictures = browsers.pictures(tmp_path)
    async with watched(mode) as (stage, page):
        await expect(card(page).get_by_text(re.compile("Step 4 of 6 · about [1-4] min left"))).to_be_visible()
        await expect(card(page).get_by_text("Workers · 1 of 2 ready")).to_be_visible()
        await page.screenshot(path=pictures / "progress.png")

        stage.desk.put_cluster(cluster(failed()))
        await expect(card(page).get_by_role("button", name="Retry")).to_be_visible()
        await expect(heard(page, "is stuck")).to_be_visible()
        await page.screenshot(path=pictures / "failed.png")

        stage.desk.put_cluster(cluster(ready(hours=24)))
        await expect(card(page).get_by_role("button", name="Get access")).to_be_visible()


@pytest.mark.parametrize("mode", ["http", "socket"])
async def test_a_warning_comes_beside_the_card_of_what_is_ready(mode: Mode, tmp_path: Path) -> None:
    pictures = browsers.pictures(tmp_path)
    async with watched(mode) as (stage, page):
        stage.desk.put_cluster(cluster(ready(hours=24)))
        await expect(card(page).get_by_role("button", name="Get access")).to_be_visible()
        await expect(heard(page, "is ready")).to_be_visible()
        await page.screenshot(path=pictures / "ready.png")

        request = stage.desk.put(walking.aged(stage.desk.stored["tenant-team-a", "cr-7f3k2m4p6q"], ago(hours=24)))
        stage.desk.status(request.key, decided_at=format_time(ago(hours=23)))
        stage.desk.put_cluster(cluster(ready(hours=0.5)))
        warning = page.locator("article[data-ts]").filter(has_text="lives for less than")
        await expect(warning.get_by_role("button", name="Extend")).to_be_visible()
        await page.screenshot(path=pictures / "warning.png")

        await warning.get_by_role("button", name=replies.let_go_spoken("build-7")).click()
        await expect(page.get_by_text("is let go; I do not remind you again.")).to_be_visible()
