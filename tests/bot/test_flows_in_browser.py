"""Every flow of the desk as a person walks it on the local page, in Chromium, over HTTP and over Socket Mode.

One town and one browser for all of them, so each has clusters of its own. What nobody walks here is found out at the
end: each command, form and button must have been used. The pictures of `docs/flows.md` are made on the way.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import expect

from bot import replies
from provisioning.errors import Cause
from provisioning.model import Action, Phase
from provisioning.objects import format_time
from tests import browser as browsers
from tests.bot import samples, walking
from tests.bot.conftest import Mode, running
from tests.bot.test_life_in_browser import failed, on_the_way
from tests.bot.walking import Town, Walker
from tests.provisioning import accesses

pytestmark = pytest.mark.browser

FLOWS = Path(__file__).parents[2] / "docs" / "flows.md"
ASKS = "asks for a new cluster"
WAITS = "is waiting for approval"


async def create(town: Town) -> None:
    """A name that is taken is refused at its field, what was typed is kept; then it is sent."""
    lena = town.lena
    form = await lena.opens("/cluster create web 3x small 24h", replies.CREATE_TITLE)
    await form.get_by_label(replies.REASON).fill("Nightly builds")
    await form.get_by_text("1 approver of this tenant must agree").scroll_into_view_if_needed()
    await lena.presses(form, replies.SUBMIT)
    await expect(form.get_by_role("alert").filter(has_text="web exists already")).to_be_in_viewport()
    await expect(form.get_by_label(replies.REASON)).to_have_value("Nightly builds")
    await expect(form).to_contain_text("14 → 22 of 80")
    await lena.draws("create-refused", form)
    await form.get_by_label(replies.NAME, exact=True).fill("build-6")
    await form.get_by_label(replies.NODES, exact=True).fill("2")
    await expect(form.get_by_role("alert")).to_have_count(0)
    await expect(form).to_contain_text("14 → 20 of 80")
    await lena.draws("create", form)
    await lena.sends(form)
    card = lena.card(f"build-6 {WAITS}")
    await expect(card.get_by_text("Next reminder")).to_be_visible()
    await lena.draws("waiting", card)


async def approve(town: Town) -> None:
    """Omar agrees; the card goes from its steps to a cluster that is ready, and Lena hears of both."""
    lena, omar = town.lena, town.omar
    await town.asked("build-7")
    card = omar.card(f"{ASKS} build-7")
    await expect(card.get_by_text("Next reminder")).to_be_visible()
    await omar.draws("approver", card)
    await omar.presses(card, replies.APPROVE)
    await expect(card.get_by_role("button", name=replies.APPROVE)).to_have_count(0)
    town.builds("build-7", on_the_way())
    await expect(lena.card("build-7 is being set up").get_by_text("Workers · 1 of 2 ready")).to_be_visible()
    await lena.draws("progress", lena.card("build-7 is being set up"))
    town.builds("build-7", town.ready)
    card = lena.card("build-7 is ready")
    await expect(card.get_by_role("button", name=replies.GET_ACCESS)).to_be_visible()
    await expect(lena.page.locator("article.reply").filter(has_text="build-7 is ready")).to_be_visible()
    await lena.draws("ready", card)


async def deny(town: Town) -> None:
    """A denial takes a reason, which Lena reads."""
    await town.asked("nightly")
    await town.omar.presses(town.omar.card("nightly"), replies.DENY)
    form = town.omar.form(replies.DENY_TITLE)
    await form.get_by_label(replies.DENY_REASON).fill("Use build-7, which sleeps at night.")
    await town.omar.draws("deny", form)
    await town.omar.sends(form, replies.DENY_NOW, told=replies.DENY_TITLE)
    card = town.lena.card("nightly was denied")
    await expect(card.get_by_text("Use build-7, which sleeps at night.")).to_be_visible()
    await town.lena.draws("denied", card)


async def again(town: Town) -> None:
    """What was denied is asked for once more, in the form as it was."""
    await town.lena.presses(town.lena.card("nightly was denied"), replies.ASK_AGAIN)
    form = town.lena.form(replies.CREATE_TITLE)
    await expect(form.get_by_label(replies.NAME, exact=True)).to_have_value("nightly")
    await town.lena.draws("again", form)
    await town.lena.sends(form)
    await expect(town.lena.card(f"nightly {WAITS}")).to_be_visible()


async def question(town: Town) -> None:
    """Omar asks first, and Lena answers."""
    lena, omar = town.lena, town.omar
    await town.asked("lab-1")
    await omar.presses(omar.card("lab-1"), replies.ASK_QUESTION)
    form = omar.form(replies.QUESTION_TITLE)
    await form.get_by_label(replies.QUESTION).fill("Would one worker do?")
    await omar.sends(form, replies.SEND, told=replies.QUESTION_TITLE)
    asked = lena.card("has a question about")
    await lena.draws("question", asked)
    await lena.presses(asked, replies.ANSWER)
    form = lena.form(replies.ANSWER_TITLE)
    await form.get_by_role("textbox").fill("It would, on weekdays.")
    await lena.sends(form, replies.SEND, told=replies.ANSWER_TITLE)
    await expect(omar.page.get_by_text("has answered your question")).to_be_visible()
    await expect(omar.card(f"{ASKS} lab-1").get_by_text("It would, on weekdays.")).to_be_visible()
    await omar.draws("answered", omar.card(f"{ASKS} lab-1"))


async def edit(town: Town) -> None:
    """A request that waits is changed, and approvals start anew on a card of its own."""
    await town.asked("wide-1")
    await town.lena.presses(town.lena.card(f"wide-1 {WAITS}"), replies.EDIT)
    form = town.lena.form(replies.CREATE_TITLE)
    await form.get_by_label(replies.NODES, exact=True).fill("3")
    await town.lena.sends(form)
    old = town.omar.card("Changed since you looked")
    await expect(old.get_by_role("button", name=replies.APPROVE)).to_have_count(0)
    await town.omar.draws("edited", old)
    await expect(town.omar.card("This takes the place of").get_by_role("button", name=replies.APPROVE)).to_be_visible()


async def withdraw(town: Town) -> None:
    """Asked twice, and nobody is asked any more."""
    await town.asked("oops-1")
    await town.lena.presses(town.lena.card(f"oops-1 {WAITS}"), replies.WITHDRAW)
    sure = town.lena.form(replies.WITHDRAW_TITLE)
    await town.lena.draws("withdraw", sure)
    await town.lena.presses(sure, replies.WITHDRAW)
    await expect(town.lena.card("oops-1 was withdrawn")).to_be_visible()
    await expect(town.omar.card("oops-1").get_by_role("button", name=replies.APPROVE)).to_have_count(0)


async def withdraw_by_choice(town: Town) -> None:
    """A command that names no request lets one choose."""
    await town.asked("spare-1")
    form = await town.lena.opens("/cluster withdraw", replies.WHICH_REQUEST_TITLE)
    options = await form.get_by_role("combobox").locator("option").all_inner_texts()
    await form.get_by_role("combobox").select_option(next(each for each in options if "spare-1" in each))
    await town.lena.draws("choose", form)
    await town.lena.sends(form, replies.GO_ON, told=replies.SHOWN_TITLE)
    await expect(town.lena.card("spare-1 was withdrawn")).to_be_visible()


async def nudge(town: Town) -> None:
    """Whoever may decide is reminded below their card."""
    await town.asked("slow-1")
    await town.lena.presses(town.lena.card(f"slow-1 {WAITS}"), replies.NUDGE)
    await expect(town.lena.answer(replies.NUDGED)).to_be_visible()
    await town.lena.draws("nudge", town.lena.answer(replies.NUDGED))


async def listing(town: Town) -> None:
    """All there is, yours first, each with its buttons."""
    await town.lena.types("/cluster list")
    told = town.lena.answer("web")
    await expect(told.get_by_role("button", name=replies.DETAILS).first).to_be_visible()
    await town.lena.draws("list", told)


async def show(town: Town) -> None:
    """One cluster with all that makes sense for it."""
    await town.lena.types("/cluster show web")
    told = town.lena.answer("web is ready")
    await expect(told.get_by_role("button", name=replies.SCALE)).to_be_visible()
    await town.lena.draws("show", told)


async def scale(town: Town) -> None:
    form = await town.lena.opens("/cluster scale web", replies.SCALE_TITLE)
    await form.get_by_label(replies.NODES, exact=True).fill("4")
    await expect(form).to_contain_text("14 → 18 of 80")
    await town.lena.draws("scale", form)
    await town.lena.sends(form)
    assert [pool.replicas for pool in town.wish("web").it.spec.desired.pools] == [4]


async def resize(town: Town) -> None:
    form = await town.lena.opens("/cluster resize shop smaller", replies.RESIZE_TITLE)
    await form.get_by_label(replies.FLAVOR, exact=True).select_option("medium")
    await expect(form).to_contain_text("14 → 20 of 80")
    await town.lena.draws("resize", form)
    await town.lena.sends(form)
    assert [pool.flavor for pool in town.wish("shop").it.spec.desired.pools] == ["medium"]


async def upgrade(town: Town) -> None:
    form = await town.lena.opens("/cluster upgrade shop", replies.UPGRADE_TITLE)
    await form.get_by_label(replies.VERSION).select_option("v1.34.5")
    await expect(form).to_contain_text("shop/queue never lets a Pod go: its only Pod must stay.")
    await expect(form).to_contain_text("validatingadmissionpolicies is gone from Kubernetes 1.34 on.")
    await town.lena.draws("upgrade", form)
    await town.lena.sends(form)
    assert town.wish("shop").it.spec.desired.version == "v1.34.5"


async def add_ons(town: Town) -> None:
    form = await town.lena.opens("/cluster addons web", replies.ADD_ONS_TITLE)
    await form.get_by_label(replies.LABEL["addons"]).select_option(["velero"])
    await town.lena.draws("addons", form)
    await town.lena.sends(form)
    assert "velero" in [each.name for each in town.wish("web").it.spec.desired.add_ons]


async def extend(town: Town) -> None:
    form = await town.lena.opens("/cluster extend web", replies.EXTEND_TITLE)
    await form.get_by_label(replies.LONGER_BY).select_option("24h")
    await expect(form).to_contain_text("for 24 hours")
    await town.lena.draws("extend", form)
    await town.lena.sends(form)
    assert town.wish("web").it.spec.desired.lifetime == "96h"


async def hibernate(town: Town) -> None:
    """A line that says it all opens no form."""
    await town.lena.types("/cluster hibernate web")
    told = town.lena.answer("The change of web is noted.")
    await town.lena.draws("hibernate", told)
    assert town.wish("web").it.spec.desired.hibernation.enabled


async def wake(town: Town) -> None:
    form = await town.lena.opens("/cluster wake sleepy", replies.WAKE_TITLE)
    await form.get_by_label(replies.AWAKE_FOR).select_option("4h")
    await town.lena.draws("wake", form)
    await town.lena.sends(form)
    assert town.wish("sleepy").it.spec.desired.hibernation.awake_until


async def protect(town: Town) -> None:
    form = await town.lena.opens("/cluster protect web", replies.PROTECT_TITLE)
    await town.lena.draws("protect", form)
    await town.lena.sends(form)
    assert town.wish("web").it.spec.desired.deletion_protection


async def unprotect(town: Town) -> None:
    form = await town.lena.opens("/cluster unprotect stays", replies.UNPROTECT_TITLE)
    await expect(form.get_by_text("somebody else")).to_be_visible()
    await town.lena.draws("unprotect", form)
    await town.lena.sends(form)
    assert not town.wish("stays").it.spec.desired.deletion_protection


async def access(town: Town) -> None:
    """A request for a certificate goes in, a way in comes back, and it is taken away again."""
    lena = town.lena
    form = await lena.opens("/cluster access web", replies.ACCESS_TITLE)
    await form.get_by_label(replies.CSR).fill(accesses.REQUEST)
    await lena.draws("access", form)
    await lena.sends(form, replies.GET_ACCESS, told=replies.ACCESS_TITLE)
    (key,) = town.desk.accesses.stored
    town.desk.accesses.issue(key, now=town.now)
    card = lena.card("You are Viewer of web")
    await expect(card.locator("pre")).to_contain_text("client-certificate-data")
    await lena.draws("way-in", card)
    await lena.presses(card, replies.REVOKE)
    await expect(lena.answer("Access to web is revoked")).to_be_visible()


async def quota(town: Town) -> None:
    await town.lena.types("/cluster quota")
    await town.lena.draws("quota", town.lena.answer("Memory"))


async def requests(town: Town) -> None:
    await town.asked("soon-1")
    await town.lena.types("/cluster requests")
    await town.lena.draws("requests", town.lena.answer("waiting for approval"))


async def helped(town: Town) -> None:
    await town.lena.types("/cluster help")
    await expect(town.lena.answer("/cluster create")).to_be_visible()
    await town.lena.types("/cluster help scale")
    await town.lena.draws("help", town.lena.answer("/cluster scale build-7 workers 4"))


async def delegate(town: Town) -> None:
    """Omar has Pat decide instead of him, and stops it again."""
    omar = town.omar
    form = await omar.opens("/cluster delegate", replies.DELEGATE_TITLE)
    await form.get_by_label(replies.DELEGATE_WHO).select_option("U0PAT")
    await omar.draws("delegate", form)
    await omar.sends(form, replies.DELEGATE_NOW, told=replies.DELEGATED_TITLE)
    await omar.types("/cluster delegate show")
    told = omar.answer("decides for you until")
    await omar.draws("delegations", told)
    await omar.presses(told, replies.STOP_DELEGATING)
    await expect(omar.answer("decides for you no longer")).to_be_visible()


async def cancel(town: Town) -> None:
    """A cluster that is still being set up is given up."""
    await town.asked("wrong-1")
    await town.omar.presses(town.omar.card("wrong-1"), replies.APPROVE)
    await expect(town.omar.card("wrong-1").get_by_role("button", name=replies.APPROVE)).to_have_count(0)
    town.builds("wrong-1", on_the_way())
    card = town.lena.card("wrong-1 is being set up")
    await town.lena.presses(card, replies.CANCEL_CLUSTER)
    sure = town.lena.form(replies.cancel_title("wrong-1"))
    await town.lena.draws("cancel", sure)
    await town.lena.presses(sure, replies.CANCEL_NOW)
    await expect(town.lena.answer("wrong-1")).to_be_visible()
    assert town.wish("wrong-1").it.spec.action is Action.DELETE


async def delete(town: Town) -> None:
    """The name typed once more, and Omar's word, asked twice."""
    lena, omar = town.lena, town.omar
    form = await lena.opens("/cluster delete build-7", replies.DELETE_TITLE)
    await expect(form.get_by_text(replies.goes_stored(0, "", 0))).to_be_visible()
    await lena.draws("delete", form)
    await form.get_by_label(replies.CONFIRM).fill("build-8")
    await lena.presses(form, replies.DELETE)
    await expect(form.get_by_text(replies.confirm_mismatch("build-7"))).to_be_visible()
    await form.get_by_label(replies.CONFIRM).fill("build-7")
    await lena.sends(form, replies.DELETE)
    await omar.presses(omar.card("asks to delete the cluster build-7"), replies.APPROVE)
    await omar.presses(omar.form(replies.APPROVE_DELETION_TITLE), replies.APPROVE)
    await expect(lena.card("build-7 is accepted")).to_be_visible()


async def fails(town: Town) -> None:
    """What is in the way in plain words, and what can be done about it."""
    await town.asked("jam-1")
    await town.omar.presses(town.omar.card("jam-1"), replies.APPROVE)
    await expect(town.omar.card("jam-1").get_by_role("button", name=replies.APPROVE)).to_have_count(0)
    town.builds("jam-1", failed())
    card = town.lena.card("jam-1 is stuck")
    await expect(card.get_by_role("button", name=replies.SMALLER)).to_be_visible()
    await town.lena.draws("failed", card)
    await town.lena.presses(card, replies.DETAILS)
    window = town.lena.page.get_by_role("dialog")
    await expect(window.get_by_text("Workers").first).to_be_visible()
    await town.lena.draws("details", window)
    await town.lena.presses(window, replies.CLOSE)
    await town.lena.presses(card, replies.RETRY)
    await expect(town.lena.answer("jam-1 is tried again now")).to_be_visible()


async def unattended(town: Town) -> None:
    """Nobody chose what becomes of what failed: it is given up, and can be asked for again."""
    await town.asked("lost-1")
    await town.omar.presses(town.omar.card("lost-1"), replies.APPROVE)
    await expect(town.omar.card("lost-1").get_by_role("button", name=replies.APPROVE)).to_have_count(0)
    town.builds("lost-1", failed())
    await expect(town.lena.card("lost-1 is stuck").get_by_role("button", name=replies.SMALLER)).to_be_visible()
    request = town.wish("lost-1", Phase.APPLIED)
    town.desk.status(request.key, conditions=samples.nobody_chose())
    town.desk.drop_cluster((request.meta.namespace, "lost-1"))
    card = town.lena.card("lost-1 is given up")
    await expect(card.get_by_role("button", name=replies.ASK_AGAIN)).to_be_visible()
    await town.lena.draws("given-up", card)


async def break_glass(town: Town) -> None:
    """Pat may not decide, and takes it through in an emergency: everybody is told."""
    await town.asked("fire-1", reason="The release hangs on this.")
    async with town.window("U0PAT") as pat:
        await _broken(pat)
    notice = town.omar.card("took the request about fire-1 through alone")
    await town.omar.draws("forced", notice)
    assert [vote.break_glass for vote in town.wish("fire-1", Phase.APPROVED).it.status.votes] == [True]


async def _broken(pat: Walker) -> None:
    await pat.presses(pat.card("fire-1"), replies.APPROVE)
    told = pat.answer("Only this tenant's approvers")
    await pat.draws("not-yours", told)
    await pat.presses(told, replies.BREAK_GLASS)
    form = pat.form(replies.BREAK_GLASS_TITLE)
    await form.get_by_label(replies.BREAK_GLASS_REASON).fill("Production is down, nobody is awake.")
    await pat.draws("break-glass", form)
    await pat.sends(form, replies.BREAK_GLASS_NOW, told=replies.BREAK_GLASS_TITLE)


async def large(town: Town) -> None:
    """Above the tenant's line two must agree; a vote may be taken back until the last."""
    lena, omar = town.lena, town.omar
    form = await lena.opens("/cluster create huge-1 2x large 24h", replies.CREATE_TITLE)
    await expect(form.get_by_text("2 approvers of this tenant must agree")).to_be_visible()
    await form.get_by_label(replies.REASON).fill("Load test of the release")
    await lena.draws("large", form)
    await lena.sends(form)
    await omar.presses(omar.card("huge-1"), replies.APPROVE)
    sure = omar.form(replies.APPROVE_LARGE_TITLE)
    await omar.draws("approve-large", sure)
    await omar.presses(sure, replies.APPROVE)
    told = omar.answer("1 more approval needed")
    await omar.draws("one-of-two", told)
    await omar.presses(told, replies.TAKE_BACK_VOTE)
    await expect(omar.answer("Your vote on the request about huge-1 is taken back")).to_be_visible()
    async with town.window("U0EVA") as eva:
        for who, said in ((omar, "so far"), (eva, "Approved")):
            await who.presses(who.card("huge-1"), replies.APPROVE)
            sure = who.form(replies.APPROVE_LARGE_TITLE)
            await who.presses(sure, replies.APPROVE)
            await expect(who.card("huge-1").get_by_text(said)).to_be_visible()
    assert len(town.wish("huge-1", Phase.APPROVED).it.status.votes) == 2


async def no_room(town: Town) -> None:
    """The approver is asked back where there is no room any more."""
    await town.asked("late-1")
    omar = town.omar
    town.desk.short = (Cause("spec.pools", "vCPU: asks for 6, 2 of 40 free (38 used)"),)
    await omar.presses(omar.card("late-1"), replies.APPROVE)
    told = omar.answer("2 of 40 free")
    await omar.draws("no-room", told)
    await omar.presses(told, replies.KEEP_WAITING)
    await expect(omar.answer(replies.KEPT_WAITING)).to_be_visible()
    await omar.presses(omar.card("late-1"), replies.APPROVE)
    await omar.presses(omar.answer("2 of 40 free"), replies.APPROVE_ANYWAY)
    await expect(omar.card("late-1").get_by_text("Approved")).to_be_visible()
    town.desk.short = ()


async def details(town: Town) -> None:
    """The whole reason, where a card has room for its beginning."""
    await town.asked("essay-1", reason="Because the tests of the release take long. " * 12)
    await town.omar.presses(town.omar.card("essay-1"), replies.DETAILS)
    window = town.omar.form(replies.DETAILS_TITLE)
    await expect(window.get_by_text(replies.WHOLE_REASON)).to_be_visible()
    await town.omar.presses(window, replies.CLOSE)


async def ends(town: Town) -> None:
    """A warning comes as a message of its own, and one may let the cluster go."""
    made, day = town.now - timedelta(hours=23, minutes=30), samples.spec(add_ons=())
    request = walking.aged(samples.request("cr-ends", cluster="ends", desired=day), made)
    town.desk.put(request)
    asked = format_time(made)
    town.desk.status(request.key, phase=Phase.APPLIED, votes=(), waiver="small clusters", decided_at=asked)
    status = samples.ready().model_copy(update={"expires_at": format_time(made + timedelta(hours=24))})
    town.desk.put_cluster(walking.made("ends", day, by="cr-ends", status=status, at=made))
    warning = town.lena.card("ends lives for less than")
    await town.lena.draws("ends-soon", warning)
    await town.lena.presses(warning, replies.LET_GO)
    await expect(town.lena.card("ends is let go; I do not remind you again.")).to_be_visible()


async def ends_unasked(town: Town) -> None:
    """Of a cluster that nobody asked for in Slack whoever made it hears as well."""
    made, day = town.now - timedelta(hours=23, minutes=30), samples.spec(add_ons=())
    town.desk.put_cluster(walking.made("lab", day, by="", status=samples.ready(), at=made))
    await town.lena.presses(town.lena.card("lab lives for less than"), replies.LET_GO)
    await expect(town.lena.card("lab is let go; I do not remind you again.")).to_be_visible()


async def choose(town: Town) -> None:
    """A command that names no cluster lets one choose."""
    form = await town.lena.opens("/cluster scale", replies.WHICH_TITLE)
    await form.get_by_role("combobox").select_option(label="sleepy · Team A")
    await town.lena.presses(form, replies.GO_ON)
    await expect(town.lena.form(replies.SCALE_TITLE)).to_be_visible()
    await town.lena.presses(town.lena.form(replies.SCALE_TITLE), replies.CANCEL)


async def home(town: Town) -> None:
    """What waits for Omar, and his answer in place."""
    await town.asked("last-1")
    page = town.omar.page
    await page.get_by_role("link", name="Home").click()
    region = page.get_by_role("region", name="App Home")
    await expect(region.get_by_role("heading", name=replies.HOME_WAITING)).to_be_visible()
    await expect(region.get_by_text("last-1").first).to_be_visible()
    await town.omar.draws("home", region.locator("form"))


WALKS: tuple[Callable[[Town], Awaitable[None]], ...] = (
    *(create, approve, deny, again, question, edit, withdraw, withdraw_by_choice, nudge),
    *(listing, show, scale, resize, upgrade, add_ons, extend, hibernate, wake, protect, unprotect, access),
    *(quota, requests, helped, delegate, cancel, delete, fails, unattended, break_glass, large, no_room, details, ends),
    *(ends_unasked, choose, home),
)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("mode", ["http", "socket"])
async def test_every_flow_is_walked(mode: Mode, tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    pictures = browsers.pictures(tmp_path)
    # So many walks in a minute are more than Slack grants: nobody waits here for its budgets.
    async with running(walking.desk(now), mode, hurry=30.0) as stage, browsers.started() as browser:
        town = Town(stage, browser, pictures / "flows")
        await town.enter()
        for walk in WALKS:
            try:
                await walk(town)
            except Exception as error:
                error.add_note(f"on the walk {walk.__name__}")
                raise
            await town.tidy()
        assert town.left() == set()
    town.shrink()
    assert town.drawn == set(re.findall(r"pictures/flows/([a-z-]+)\.png", FLOWS.read_text(encoding="utf-8")))
