"""People of team-a at the desk on the local page, each in a window of their own, and the town in which they walk.

A `Walker` does what a person with a browser does and sees what the page shows. A `Town` is the desk behind it, and
plays whom nobody walks: who asked a while ago, and the provisioner.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

from bot import commands, presses, replies, windows
from provisioning.audit import Code
from provisioning.model import (
    Action,
    Amounts,
    ApprovalPolicy,
    ClusterSpec,
    ClusterStatus,
    DeprecatedApi,
    LargeRequests,
    Person,
    Phase,
    Precheck,
    QuotaSpec,
    TenantCluster,
)
from provisioning.model.cluster import Hibernation, HibernationSchedule
from provisioning.names import REQUEST_ANNOTATION, REQUESTED_BY_ANNOTATION
from provisioning.objects import Meta, Stored, format_time
from provisioning.usage import Usage
from provisioning.wish import Wish
from tests import small_png
from tests.bot import golden, samples
from tests.bot.conftest import Stage
from tests.bot.fake_desk import FakeDesk

NAMESPACE = "tenant-team-a"
CHANNEL, DIRECT = "C0TEAMA", "clusterdesk"
WINDOW, TALL = ViewportSize(width=940, height=1000), ViewportSize(width=940, height=2000)
"""What people look through, and what shows all of a long form at once."""
SETTLES = 600.0
"""Milliseconds without a change after which nothing is drawn anew in the middle of a picture."""
STILL_SECONDS = 60.0
"""How long a page may go on changing. It changes for as long as something is on its way, and nothing is for ever."""
FRAMED = "dialog { border: 1px solid #c9cfd1; box-shadow: none } dialog::backdrop { background: #ffffff }"
"""How a picture shows a form: with a thin line around it, and nothing of the page behind it."""
DRAWS = os.environ.get("UPDATE_PICTURES") == "1"
"""Whether the pictures of the docs are made anew."""


@dataclass
class Walker:
    """Somebody with the page before them. `direct` is their direct message with the app, else it is the approvers'
    channel."""

    page: Page
    direct: bool
    pictures: Path
    drawn: set[str]
    """The pictures that were drawn in the town, by anybody."""

    def card(self, words: str) -> Locator:
        """The newest message of its own that says so."""
        return self.page.locator("article[data-ts]:not(.reply):not(.ephemeral)").filter(has_text=words).last

    def answer(self, words: str) -> Locator:
        """The newest that only they see and that says so."""
        return self.page.locator("article.ephemeral").filter(has_text=words).last

    def form(self, title: str) -> Locator:
        return self.page.get_by_role("dialog", name=title)

    async def types(self, line: str) -> None:
        """A command."""
        composer = self.page.get_by_label(f"Message {DIRECT if self.direct else '#team-a-approvals'}")
        await composer.fill(line)
        await composer.press("Enter")

    async def opens(self, line: str, title: str) -> Locator:
        """A command with a form; the form."""
        await self.types(line)
        await expect(self.form(title)).to_be_visible()
        return self.form(title)

    async def presses(self, where: Locator, button: str) -> None:
        """The first of this label; a screen reader may say more behind it."""
        label = re.compile(rf"^{re.escape(button)}(:|$)")
        await where.get_by_role("button", name=label).first.click()

    async def sends(self, form: Locator, button: str = replies.SUBMIT, *, told: str = replies.RECEIPT_TITLE) -> None:
        """A form that is taken: it turns into what is told, and is closed."""
        await self.presses(form, button)
        await expect(self.form(told)).to_be_visible()
        await self.presses(self.form(told), replies.CLOSE)
        await expect(self.page.get_by_role("dialog")).to_have_count(0)

    async def draws(self, name: str, what: Locator) -> None:
        """A picture of it for the docs."""
        await expect(what).to_be_visible()
        self.drawn.add(name)
        if DRAWS:
            await self.page.mouse.move(0, 0)
            await self.page.set_viewport_size(TALL)
            await self._stands_still()
            await what.screenshot(path=self.pictures / f"{name}.png", animations="disabled", style=FRAMED)
            await self.page.set_viewport_size(WINDOW)

    async def _stands_still(self) -> None:
        """Wait until the page does not change. Raises `TimeoutError` for one that goes on and on."""
        before = ""
        async with asyncio.timeout(STILL_SECONDS):
            while (now := await self.page.content()) != before:
                before = now
                await self.page.wait_for_timeout(SETTLES)


@dataclass
class Town:
    """The desk of team-a, and everybody's windows."""

    stage: Stage
    browser: Browser
    pictures: Path
    drawn: set[str] = field(default_factory=set)
    """The pictures that were drawn here."""
    lena: Walker = field(init=False)
    omar: Walker = field(init=False)
    now: datetime = field(init=False)
    """When the walk that is under way began."""

    async def enter(self) -> None:
        """Open the windows of those who walk most: Lena's where the app writes to her, Omar's at the approvers'
        channel."""
        self.lena = await self._window("U0LENA", direct=True)
        self.omar = await self._window("U0OMAR", direct=False)
        await self.tidy()

    @asynccontextmanager
    async def window(self, slack: str) -> AsyncIterator[Walker]:
        """Somebody else's, at the approvers' channel, for one walk."""
        walker = await self._window(slack, direct=False)
        try:
            yield walker
        finally:
            await walker.page.close()

    async def _window(self, slack: str, *, direct: bool) -> Walker:
        # The page takes no styles but its own, and a picture has one more.
        page = await self.browser.new_page(viewport=WINDOW, bypass_csp=DRAWS)
        where = self.stage.slack.person(slack).dm if direct else CHANNEL
        await page.goto(f"{self.stage.slack.url}/?as={slack}&at={where}")
        return Walker(page, direct, self.pictures, self.drawn)

    @property
    def desk(self) -> FakeDesk:
        return self.stage.desk

    async def asked(self, cluster: str, *, reason: str = "Nightly builds", **spec: Any) -> tuple[str, str]:
        """Lena has asked for a new cluster; its request."""
        wish = Wish(
            samples.LENA, "team-a", NAMESPACE, Action.CREATE, cluster, samples.spec(add_ons=(), **spec), reason=reason
        )
        return (await self.desk.ask(wish, name=f"cr-{cluster}")).key

    def wish(self, cluster: str, phase: Phase = Phase.PENDING) -> Stored[Any]:
        """The newest request about a cluster, in this phase."""
        found = [r for r in self.desk.stored.values() if r.it.spec.cluster == cluster and r.it.status.phase is phase]
        return found[-1]

    async def tidy(self) -> None:
        """It is a moment later, nobody waits any more for what was only walked to, and the windows are clear of it:
        each card that waits is drawn anew with each wish beside it, and each window with each message."""
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.desk.now = self.desk.voting.now = self.desk.waiting.now = self.now
        gone: set[str] = set()
        for key, request in tuple(self.desk.stored.items()):
            if request.it.status.phase in (Phase.PENDING, Phase.APPROVED):
                self.desk.drop(key)
                gone |= {delivery.ts for delivery in request.it.status.deliveries}
        for conversation in self.stage.slack.workspace.conversations.by_id.values():
            for ts, message in tuple(conversation.messages.items()):
                if message.visible_to or gone & {ts, message.thread_ts}:
                    del conversation.messages[ts]
        self.stage.slack.workspace.touch()
        for walker in (self.lena, self.omar):
            await expect(walker.page.locator("article.ephemeral")).to_have_count(0)

    def builds(self, cluster: str, status: ClusterStatus) -> None:
        """The provisioner carries out what was approved, and has come so far."""
        found = [r for r in self.desk.stored.values() if r.it.spec.cluster == cluster]
        request = next(r for r in reversed(found) if r.it.status.phase in (Phase.APPROVED, Phase.APPLIED))
        if request.it.status.phase is Phase.APPROVED:
            self.desk.status(request.key, phase=Phase.APPLIED)
        desired = request.it.spec.desired or samples.spec()
        self.desk.put_cluster(made(cluster, desired, by=request.meta.name, status=status, at=self.now))

    @property
    def ready(self) -> ClusterStatus:
        """A cluster that was made just now, and lives for a day."""
        return samples.ready().model_copy(update={"expires_at": format_time(self.now + timedelta(hours=24))})

    def shrink(self) -> None:
        """The pictures in few bytes; it takes seconds for each, in which nobody is answered."""
        for path in (self.pictures / f"{name}.png" for name in self.drawn if DRAWS):
            path.write_bytes(small_png.small(path.read_bytes()))

    def left(self) -> set[str]:
        """Commands, forms and buttons of the bot that nobody has used."""
        told, used = self.stage.told, set[str]()
        for code, fact in ((Code.FORM_SUBMITTED, "form"), (Code.BUTTON_PRESSED, "button")):
            used |= {event.facts[fact] for event in told if event.code is code}
        lines = (event.facts["line"].split() for event in told if event.code is Code.COMMAND_ASKED)
        used |= {words[0] for words in lines if words}
        sent = {view["callback_id"] for each in golden.VIEWS.values() if "submit" in (view := each())}
        forms = (name for name in windows.FORMS if name in sent)
        return {*(command.name for command in commands.COMMANDS), *forms, *presses.PRESSES} - used


def made(name: str, spec: ClusterSpec, *, by: str, status: ClusterStatus, at: datetime) -> Stored[TenantCluster]:
    """A cluster of Lena's, made then."""
    notes = {REQUEST_ANNOTATION: by, REQUESTED_BY_ANNOTATION: samples.LENA.user}
    meta = Meta(name=name, namespace=NAMESPACE, uid=f"uid-{name}", generation=1, created=at, annotations=notes)
    return Stored(meta, TenantCluster(spec=spec, status=status))


def desk(now: datetime) -> FakeDesk:
    """Lena asks; Omar and Eva approve, both where it is large; Pat may break the glass. A few clusters are there."""
    it = FakeDesk(offered=samples.priced(), used={"team-a": Usage(clusters=2, nodes=7, vcpu=14_000, memory=56 * 2**30)})
    large = LargeRequests(above=Amounts(vcpu=24), required=2)
    policy = ApprovalPolicy(required=1, large=large, break_glass=(samples.subject(samples.PAT),))
    members = _subjects(samples.LENA, samples.PAT)
    approvers = _subjects(samples.OMAR, samples.EVA)
    quota = QuotaSpec(hard=Amounts(clusters=8, nodes=30, vcpu=80, memory="320Gi"))
    it.tenants["team-a"] = samples.tenant(approval=policy, members=members, approvers=approvers, quota=quota)
    day = now - timedelta(hours=19)
    ends = format_time(day + timedelta(hours=72))
    ready = samples.ready().model_copy(update={"expires_at": ends})
    off_hours = Hibernation(schedules=(HibernationSchedule(start="0 0 * * *", end="59 23 * * *"),))
    policies = DeprecatedApi(
        group="admissionregistration.k8s.io",
        version="v1beta1",
        resource="validatingadmissionpolicies",
        removed_release="1.34",
    )
    seen = Precheck(checked_at=format_time(now), budgets=samples.HOLDING, apis=(policies,))
    there: tuple[tuple[str, ClusterStatus, dict[str, Any]], ...] = (
        ("web", ready, {}),
        ("shop", ready.model_copy(update={"precheck": seen}), {}),
        ("stays", ready, {"deletion_protection": True}),
        ("sleepy", samples.asleep().model_copy(update={"expires_at": ends}), {"hibernation": off_hours}),
    )
    for name, status, more in there:
        version = "v1.33.9" if name == "shop" else "v1.34.5"
        spec, runs = (
            samples.spec(version=version, lifetime="72h", **more),
            status.model_copy(update={"version": version}),
        )
        it.put_cluster(made(name, spec, by=f"cr-{name}", status=runs, at=day))
    return it


def _subjects(*people: Person) -> tuple[Any, ...]:
    return tuple(map(samples.subject, people))


def aged(it: Stored[Any], at: datetime) -> Stored[Any]:
    """The same, made then."""
    return replace(it, meta=replace(it.meta, created=at))
