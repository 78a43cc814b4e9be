"""A cluster's end and what keeps it, in the local Slack: by both transports, and with every form closed again."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from bot import blocks, buttons, commands, replies
from bot import slack as bot_slack
from playground.workspace.errors import NotVisible
from provisioning.diagnosis import Diagnosis, Symptom
from provisioning.happenings import Happening
from provisioning.losses import Losses
from provisioning.model import Action, Person, Phase
from provisioning.model.cluster import Hibernation, HibernationSchedule
from provisioning.model.tenant import ApprovalPolicy
from tests.bot import samples
from tests.bot.conftest import BOT, Stage

MACHINE = "build-7-workers-x7k2"


def stand(stage: Stage, **spec: Any) -> None:
    """A cluster whose lifetime is not over, whenever this runs."""
    made = samples.cluster(status=samples.ready(), **spec)
    stage.desk.put_cluster(replace(made, meta=replace(made.meta, created=datetime.now(UTC))))


async def test_protection_is_asked_for_approved_and_taken_off_only_by_somebody_elses_word(stage: Stage) -> None:
    stage.desk.put_tenant(samples.tenant(approval=ApprovalPolicy(required=0, own_requests=True)))
    stand(stage, deletion_protection=True)
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster delete build-7")
    assert lena.sees("is protected, so nobody deletes it")

    await lena.card("is protected").click(replies.UNPROTECT_FORM)

    assert lena.modal.title == replies.UNPROTECT_TITLE
    assert "can be deleted again" in lena.modal.text
    assert "1 approver of this tenant must agree" in lena.modal.text
    await lena.modal.submit()
    omar = stage.slack.person("U0OMAR")
    await omar.waits_for("asks to change the cluster build-7")
    assert omar.sees(replies.UNPROTECTS)
    (asked,) = stage.desk.stored.values()
    assert asked.it.spec.desired == samples.spec()


async def test_the_form_to_delete_counts_what_goes_with_the_cluster(stage: Stage) -> None:
    stand(stage)
    stage.desk.insight.lost = Losses(volumes=3, storage=30 * 2**30, load_balancers=1)
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster delete build-7")

    await lena.waits_for("3 volumes with 30Gi, 1 load balancer")
    await lena.modal.fill({replies.CONFIRM: "build-7"})
    await lena.modal.submit()
    assert [it.it.spec.action for it in stage.desk.stored.values()] == [Action.DELETE]


async def test_what_keeps_a_cluster_opens_from_its_card_with_nothing_secret_in_it(stage: Stage) -> None:
    key = stage.desk.put(samples.request()).key
    stage.desk.status(key, phase=Phase.APPLIED, decided_at=samples.AT)
    stage.desk.put_cluster(samples.cluster(status=samples.stuck()))
    stage.desk.put_cluster(samples.cluster("build-8"))
    stage.desk.by_hand = (samples.hand_made("build-7-2"), samples.hand_made("lab", namespace="tenant-team-b"))
    at = datetime.now(UTC)
    stage.desk.insight.diagnosed = Diagnosis(
        symptoms=(Symptom("KubevirtMachine", MACHINE, "VMProvisioned", "Unschedulable", samples.HOSTILE, at),),
        happenings=(Happening("KubevirtMachine", MACHINE, "Failed", samples.HOSTILE, at, 7, warning=True),),
    )
    lena = stage.slack.person("U0LENA")
    await lena.waits_for("is stuck")

    await lena.card("is stuck", at="dm").click(replies.DETAILS)

    assert lena.modal.title == replies.CLUSTER_DETAILS_TITLE
    await lena.waits_for(f"KubevirtMachine {MACHINE} is not VMProvisioned (Unschedulable)")
    assert lena.sees("7 times")
    # Names of one namespace that begin alike are told apart, whoever made the cluster.
    assert sorted(stage.desk.insight.beside) == ["build-7-2", "build-8"]


async def test_a_form_that_takes_the_place_of_a_menu_is_filled_as_well(stage: Stage) -> None:
    stand(stage)
    stage.desk.insight.lost = Losses(volumes=3, storage=30 * 2**30, load_balancers=1)
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster delete")
    await lena.modal.fill({replies.CLUSTER: "build-7"})

    await lena.modal.submit()

    await lena.waits_for("3 volumes with 30Gi, 1 load balancer")


async def test_details_say_that_the_cluster_api_did_not_answer(stage: Stage) -> None:
    stand(stage)
    stage.desk.down = True
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster details build-7")
    await lena.waits_for("so this is all I know")


async def test_the_button_of_a_card_from_before_there_was_a_window_leads_there(stage: Stage) -> None:
    stage.desk.put_cluster(samples.cluster(status=samples.stuck()))
    slack = bot_slack.client(BOT, api_url=stage.slack.api_url)
    channel = (await slack.conversations_open(users="U0LENA"))["channel"]["id"]
    before = buttons.run(replies.DETAILS, "show tenant-team-a/build-7", spoken="Show all")
    parts = [blocks.section("An old card"), blocks.actions(before)]
    await slack.chat_postMessage(channel=channel, text="An old card", blocks=parts)
    lena = stage.slack.person("U0LENA")

    await lena.card("An old card").click(replies.DETAILS)
    await lena.waits_for("is stuck")
    await lena.card("is stuck").click(replies.DETAILS)

    assert lena.modal.title == replies.CLUSTER_DETAILS_TITLE


async def test_a_member_takes_back_what_somebody_asked_who_has_left(stage: Stage) -> None:
    olga = Person(user="olga", slack="U0OLGA")
    key = stage.desk.put(samples.request("cr-olgas", requester=olga)).key
    omar, lena = stage.slack.person("U0OMAR"), stage.slack.person("U0LENA")
    await omar.waits_for("is not here any more")

    await lena.command("/cluster withdraw cr-olgas")

    assert lena.sees("The request of @U0OLGA about build-7 is withdrawn.")
    stored = stage.desk.stored[key].it.status
    assert (stored.phase, stored.withdrawn_by) == (Phase.WITHDRAWN, samples.LENA)
    await omar.waits_for("Withdrawn by")


async def test_a_later_end_that_failed_is_told_to_whoever_has_the_cluster_with_the_way_out(stage: Stage) -> None:
    stand(stage)
    (made,) = stage.desk.clusters("team-a")
    marks = {**made.meta.annotations, "clusterdesk.dev/requested-by": "lena"}
    stage.desk.put_cluster(replace(made, meta=replace(made.meta, annotations=marks)))
    longer = samples.request(
        "cr-longer", action=Action.CHANGE, desired=samples.spec(lifetime="48h"), requester=samples.EVA
    )
    key = stage.desk.put(longer).key
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    stage.desk.status(key, phase=Phase.FAILED, decided_at=now, message="the cluster has changed", waiver="a later end")
    lena = stage.slack.person("U0LENA")

    await lena.waits_for("does not live as long as was asked for here")
    await lena.card("does not live as long", at="dm").click(replies.EXTEND)

    assert lena.modal.title == replies.EXTEND_TITLE
    assert "is the most in this tenant" in lena.modal.text


SPECS: dict[str, dict[str, Any]] = {
    "unprotect": {"deletion_protection": True},
    "wake": {"hibernation": Hibernation(schedules=(HibernationSchedule(start="0 0 * * *", end="59 23 * * *"),))},
}
"""What a cluster has to be like for a command to open its form."""
WITH_A_FORM = [command for command in commands.COMMANDS if any(form.changed for form in command.forms)]


async def test_a_form_that_is_closed_leaves_nothing_behind_whichever_it_is(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")

    def drawn() -> list[Any]:
        return [call.answer for call in stage.slack.api.calls if call.method == "views.update"]

    def more_than(before: int) -> bool:
        return len(drawn()) > before

    for command in WITH_A_FORM:
        stand(stage, **SPECS.get(command.name, {}))
        # Where the API server is asked, it has not answered yet when the form is closed.
        stage.desk.pause, seen = 2.0, len(drawn())
        await lena.command(f"/cluster {command.name}{' build-7' if command.needs_cluster else ''}")
        assert lena.has_modal, command.name
        with suppress(NotVisible):
            await lena.waits_until(partial(more_than, seen), seconds=0.5)
        await lena.modal.close()
        assert not lena.has_modal, command.name
    stage.desk.pause = 0.0

    await asyncio.sleep(2.5)

    assert (stage.desk.stored, stage.desk.writes) == ({}, [])
    assert [answer for answer in drawn() if not answer.get("ok")] == [], "nothing is drawn that is not there any more"
    await lena.command("/cluster create build-9 small")
    assert lena.modal.value(replies.NAME) == ("build-9",)
