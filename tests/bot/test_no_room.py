"""Where the quota has no room any more, on the local Slack: who approves is asked back, and what is approved waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot import replies
from provisioning.errors import Cause
from provisioning.model import Phase
from provisioning.objects import Stored
from provisioning.usage import Usage
from tests.bot import samples
from tests.bot.conftest import Stage

HERE = "#team-a-approvals"
KEY = ("tenant-team-a", "cr-7f3k2m4p6q")
FULL = (Cause("spec.pools", "vCPU: asks for 6, 2 of 40 free (38 used, most by build-9 with 24)"),)


def asked(stage: Stage) -> None:
    """Lena has asked for build-7; build-9 was made since, and the quota has no room for both."""
    taker = samples.cluster("build-9", by="cr-9", status=samples.ready())
    stage.desk.put_cluster(Stored(replace(taker.meta, created=samples.NOW + timedelta(minutes=7)), taker.it))
    stage.desk.used["team-a"] = Usage(clusters=2, nodes=9, vcpu=38_000, memory=80 * 2**30)
    stage.desk.short = FULL
    stage.desk.put(samples.request())


def votes(stage: Stage) -> Any:
    return stage.desk.stored[KEY].it.status.votes


async def test_who_approves_what_has_no_room_any_more_is_asked_back_and_nothing_is_voted(stage: Stage) -> None:
    asked(stage)
    omar, eva = stage.slack.person("U0OMAR"), stage.slack.person("U0EVA")
    await omar.waits_for("No longer fits: vCPU 38 → 44 of 40 (build-9 was made")

    await omar.card("asks for a new cluster", at=HERE).click("Approve")

    await omar.waits_for("build-7 no longer fits")
    told = omar.card("build-7 no longer fits", at=HERE)
    assert FULL[0].message in told.text
    assert "build-9 was made" in told.text
    assert told.buttons == [replies.APPROVE_ANYWAY, replies.KEEP_WAITING]
    assert votes(stage) == ()
    assert not eva.sees("build-7 no longer fits")


async def test_who_lets_it_wait_is_told_that_nothing_has_changed(stage: Stage) -> None:
    asked(stage)
    omar = stage.slack.person("U0OMAR")
    await omar.waits_for("asks for a new cluster")
    await omar.card("asks for a new cluster", at=HERE).click("Approve")
    await omar.waits_for("build-7 no longer fits")

    await omar.card("build-7 no longer fits", at=HERE).click(replies.KEEP_WAITING)

    await omar.waits_for(replies.KEPT_WAITING)
    assert votes(stage) == ()


async def test_who_approves_it_anyway_has_voted_and_it_waits_for_room(stage: Stage) -> None:
    asked(stage)
    omar, lena = stage.slack.person("U0OMAR"), stage.slack.person("U0LENA")
    await omar.waits_for("asks for a new cluster")
    await omar.card("asks for a new cluster", at=HERE).click("Approve")
    await omar.waits_for("build-7 no longer fits")

    await omar.card("build-7 no longer fits", at=HERE).click(replies.APPROVE_ANYWAY)

    await omar.waits_for("Your approval of the request about build-7 counts.")
    assert stage.desk.stored[KEY].it.status.phase is Phase.APPROVED
    waits = samples.waits_for_room()
    stage.desk.status(KEY, conditions=waits.conditions)
    await lena.waits_for("build-7 is approved, and waits for room in the quota")


async def test_a_cluster_api_that_does_not_say_whether_there_is_room_keeps_nobody_from_voting(stage: Stage) -> None:
    asked(stage)
    stage.desk.room_unknown = True
    omar = stage.slack.person("U0OMAR")
    await omar.waits_for("asks for a new cluster")

    await omar.card("asks for a new cluster", at=HERE).click("Approve")

    await omar.waits_for("Your approval of the request about build-7 counts.")


async def test_who_may_not_decide_is_told_that_and_nothing_of_room(stage: Stage) -> None:
    asked(stage)
    lena = stage.slack.person("U0LENA")
    await lena.waits_for("asks for a new cluster")

    await lena.card("asks for a new cluster", at=HERE).click("Approve")

    await lena.waits_for(replies.OWN_REQUEST)
    assert not lena.sees("build-7 no longer fits")


@pytest.mark.parametrize("button", [replies.APPROVE_ANYWAY, replies.KEEP_WAITING])
async def test_a_press_on_what_was_decided_meanwhile_is_answered(stage: Stage, button: str) -> None:
    asked(stage)
    omar = stage.slack.person("U0OMAR")
    await omar.waits_for("asks for a new cluster")
    await omar.card("asks for a new cluster", at=HERE).click("Approve")
    await omar.waits_for("build-7 no longer fits")
    stage.desk.status(KEY, phase=Phase.WITHDRAWN, decided_at=samples.LATER)

    await omar.card("build-7 no longer fits", at=HERE).click(button)

    await omar.waits_for("Too late")
    assert not omar.sees("build-7 no longer fits")


@pytest.mark.parametrize("by_command", [False, True])
async def test_who_asked_takes_it_back_while_it_waits_for_room(stage: Stage, by_command: bool) -> None:
    asked(stage)
    waits = samples.waits_for_room()
    stage.desk.status(KEY, phase=Phase.APPROVED, decided_at=samples.AT, conditions=waits.conditions)
    lena = stage.slack.person("U0LENA")
    await lena.waits_for("build-7 is approved, and waits for room in the quota")

    if by_command:
        await lena.command("/cluster withdraw build-7")
    else:
        await lena.card("waits for room in the quota", at="dm").click("Withdraw")

    await lena.waits_for("Your request about build-7 is withdrawn.")
    assert stage.desk.stored[KEY].it.status.phase is Phase.WITHDRAWN


async def test_what_is_approved_and_being_done_is_not_taken_back_any_more(stage: Stage) -> None:
    asked(stage)
    waits = samples.waits_for_room()
    stage.desk.status(KEY, phase=Phase.APPROVED, decided_at=samples.AT, conditions=waits.conditions)
    lena = stage.slack.person("U0LENA")
    await lena.waits_for("waits for room in the quota")
    stage.desk.stored[KEY] = samples.request(status=waits.model_copy(update={"conditions": ()}))

    await lena.card("waits for room in the quota", at="dm").click("Withdraw")

    await lena.waits_for("Too late")
    assert stage.desk.stored[KEY].it.status.phase is Phase.APPROVED


async def test_what_waits_for_room_is_shown_where_somebody_looks_for_it(stage: Stage) -> None:
    asked(stage)
    stage.desk.status(KEY, phase=Phase.APPROVED, conditions=samples.waits_for_room().conditions)
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster show build-7")

    await lena.waits_until(lambda: bool(lena.cards("build-7 is approved, and waits for room", at=HERE)))


async def test_who_approves_in_app_home_is_asked_back_in_a_window(stage: Stage) -> None:
    now = datetime.now(UTC)
    asked(stage)
    request = samples.request()
    stage.desk.voting.now = now
    stage.desk.put(Stored(replace(request.meta, created=now), request.it))
    omar = stage.slack.person("U0OMAR")
    home = await omar.open_home()

    await home.click("Approve")
    await omar.waits_until(lambda: omar.has_modal and "build-7 no longer fits" in omar.modal.text)
    assert votes(stage) == ()
    await omar.modal.click(replies.APPROVE_ANYWAY)

    await omar.waits_until(lambda: "Your approval of the request about build-7 counts." in omar.modal.text)
    assert stage.desk.stored[KEY].it.status.phase is Phase.APPROVED
