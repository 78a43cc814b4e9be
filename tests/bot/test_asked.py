"""What is asked for and waits: the quota it would come to, the requests, and taking one back."""

from __future__ import annotations

import pytest

from bot import commands, replies
from bot.answers import Say, TakeBack
from provisioning.model import Action, NodePool, Person, Phase, RequestStatus
from provisioning.usage import Usage
from tests.bot import samples
from tests.bot.conftest import Stage
from tests.bot.fake_desk import FakeDesk

USED = Usage(clusters=1, nodes=3, vcpu=6_000)


def answer(line: str, desk: FakeDesk, person: Person = samples.LENA) -> Say | TakeBack:
    found = commands.answer(line, desk=desk, person=person, now=samples.NOW)
    assert isinstance(found, Say | TakeBack), found
    return found


def told(line: str, desk: FakeDesk, person: Person = samples.LENA) -> str:
    found = answer(line, desk, person)
    assert isinstance(found, Say), found
    return found.card.text


def test_the_quota_without_wishes_is_what_is_used() -> None:
    assert "Workers ▓▓░░░░░░░░ *3* of 20" in told("quota", FakeDesk(used={"team-a": USED}))


def test_the_quota_tells_what_it_comes_to_if_all_that_waits_is_approved() -> None:
    desk = FakeDesk(used={"team-a": USED})
    desk.put_cluster(samples.cluster())
    grows = samples.spec(pools=(NodePool(name="workers", flavor="small", replicas=5),))
    desk.put(samples.request("cr-1", action=Action.CHANGE, desired=grows))
    desk.put(samples.request("cr-2", cluster="build-8"))
    desk.put(samples.request("cr-3", cluster="build-9", status=RequestStatus(phase=Phase.DENIED)))

    said = told("quota team-a", desk)

    assert "if all that waits is approved (2)" in said
    # Two workers and one for updates become five and one; the new cluster has three.
    assert "3 → *9* of 20" in said
    assert "1 → *2* of 5" in said


def test_of_two_wishes_about_one_cluster_one_counts_and_a_deletion_gives_back() -> None:
    desk = FakeDesk(used={"team-a": USED})
    desk.put_cluster(samples.cluster())
    grows = samples.spec(pools=(NodePool(name="workers", flavor="small", replicas=5),))
    desk.put(samples.request("cr-1", action=Action.CHANGE, desired=grows))
    desk.put(samples.request("cr-2", action=Action.DELETE))

    assert "3 → *0* of 20" in told("quota", desk)


@pytest.mark.parametrize("line", ["quota team-b", "requests team-b"])
def test_another_tenant_is_none_of_ones_business(line: str) -> None:
    desk = FakeDesk()
    desk.tenants["team-b"] = samples.tenant("team-b", members=(), approvers=())

    assert told(line, desk) == "There is no tenant `team-b` for you. Did you mean `team-a`?"


@pytest.mark.parametrize("line", ["quota", "requests"])
def test_who_belongs_to_no_tenant_is_told_so(line: str) -> None:
    assert told(line, FakeDesk(), samples.PAT) == replies.NO_TENANT


def test_ones_own_requests_come_first_and_what_became_of_them_last() -> None:
    desk = FakeDesk()
    desk.put(samples.request("cr-1", cluster="kais", requester=samples.KAI))
    denied = RequestStatus(phase=Phase.DENIED)
    desk.put(samples.request("cr-2", cluster="kais-old", requester=samples.KAI, status=denied))
    desk.put(samples.request("cr-3", cluster="denied", status=denied))
    desk.put(samples.request("cr-4", cluster="waiting"))
    desk.put(samples.request("cr-5", cluster="kais-next", requester=samples.KAI, status=samples.waits_for_room()))

    lines = told("requests", desk).splitlines()

    assert [line.rsplit("`", 2)[1] for line in lines] == ["cr-4", "cr-1", "cr-5", "cr-3"]
    assert "waits for room" in lines[2]
    assert "was denied" in lines[3]


def test_no_request_is_a_sentence_too() -> None:
    assert told("requests", FakeDesk()) == replies.NO_REQUEST


@pytest.mark.parametrize("word", ["cr-1", "build-7", "team-a/build-7", "tenant-team-a/build-7", "Build-7"])
def test_a_request_is_meant_by_its_own_name_or_by_its_cluster(word: str) -> None:
    desk = FakeDesk()
    desk.put(samples.request("cr-1"))

    assert answer(f"withdraw {word}", desk) == TakeBack(samples.LENA, "tenant-team-a", "cr-1")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("withdraw build-6", "about `build-6`, nor one of somebody who is gone. Did you mean `build-7`?"),
        ("withdraw build-7", "Several requests of yours about `build-7` wait. Write which one: `cr-1`, `cr-2`."),
        ("withdraw omars", "No request of yours waits about `omars`, nor one of somebody who is gone."),
        ("withdraw denied", "No request of yours waits about `denied`, nor one of somebody who is gone."),
        ("withdraw cr-1 cr-2", "It goes like this: `/cluster withdraw REQUEST or [TENANT/]NAME`"),
    ],
)
def test_what_cannot_be_taken_back_is_told(line: str, said: str) -> None:
    desk = FakeDesk()
    desk.put(samples.request("cr-1"))
    desk.put(samples.request("cr-2", action=Action.DELETE))
    desk.put(samples.request("cr-3", cluster="web"))
    desk.put(samples.request("cr-4", cluster="omars", requester=samples.OMAR))
    desk.put(samples.request("cr-5", cluster="denied", status=RequestStatus(phase=Phase.DENIED)))

    assert said in told(line, desk)


async def test_a_request_that_is_taken_back_is_so_on_every_card(stage: Stage) -> None:
    stage.desk.put(samples.request("cr-1"))
    lena, omar = stage.slack.person("U0LENA"), stage.slack.person("U0OMAR")
    await omar.waits_for("asks for a new cluster build-7")

    await lena.command("/cluster withdraw build-7")

    await lena.waits_for("Your request about build-7 is withdrawn.")
    await omar.waits_for("Withdrawn")
    assert stage.desk.stored["tenant-team-a", "cr-1"].it.status.phase is Phase.WITHDRAWN


async def test_who_takes_back_too_late_is_told_who_decided(stage: Stage) -> None:
    stage.desk.put(samples.request("cr-1"))
    # Decided a moment ago; the caches do not know yet.
    stage.desk.lag = True
    stage.desk.status(("tenant-team-a", "cr-1"), phase=Phase.DENIED, decided_at=samples.LATER)
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster withdraw build-7")

    await lena.waits_for("Too late")


async def test_taking_back_while_the_cluster_api_is_down_says_that_it_did_not_happen(stage: Stage) -> None:
    stage.desk.put(samples.request("cr-1"))
    stage.desk.down = True
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster withdraw build-7")

    await lena.waits_for(replies.NOT_DECIDED)
