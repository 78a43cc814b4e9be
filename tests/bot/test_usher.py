"""Whoever decides instead of somebody is told once that they do, and once when it ends early, whoever leads."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.outcomes import Later, Unknown
from bot.usher import LOOK_SECONDS, Told, Usher
from provisioning import errors
from provisioning.memo import Remembered
from provisioning.model import ApprovalPolicy, DelegationSpec, Person
from provisioning.objects import format_time
from tests.bot import samples
from tests.bot.fake_desk import FakeDesk
from tests.bot.fake_poster import FakePoster
from tests.bot.samples import EVA, KAI, NOW, OMAR, PAT

BOTH = ("team-a", "team-b")
FRIDAY, SATURDAY = NOW + timedelta(days=1), NOW + timedelta(days=2)


def _desk() -> FakeDesk:
    two = samples.tenant("team-b", namespaces=("tenant-b1", "tenant-b2"))
    return FakeDesk(tenants={"team-a": samples.tenant(), "team-b": two})


@dataclass
class Scene:
    """What outlives every leader."""

    desk: FakeDesk = field(default_factory=_desk)
    poster: FakePoster = field(default_factory=lambda: FakePoster(knows_names=True))
    memo: Remembered = field(default_factory=Remembered)
    now: datetime = NOW

    async def look(self) -> float:
        """By a leader who remembers nothing."""
        made = Usher(desk=self.desk, poster=self.poster, memo=self.memo, clock=lambda: self.now)
        return await made.look()

    async def delegated(
        self, delegate: Person = PAT, *, until: datetime = FRIDAY, tenants: tuple[str, ...] = BOTH, reason: str = ""
    ) -> None:
        await self.desk.voting.delegate(OMAR, delegate, tenants=tenants, until=until, reason=reason)
        await self.look()

    def told(self, who: Person = PAT) -> list[str]:
        return [card.text for card in self.poster.at(f"D{who.slack[2:]}")]


@pytest.fixture
def scene() -> Scene:
    return Scene()


async def test_the_delegate_is_told_once_of_all_tenants_until_when_and_why(scene: Scene) -> None:
    await scene.delegated(reason=samples.HOSTILE)
    assert await scene.look() == LOOK_SECONDS

    (said,) = scene.told()
    assert "You decide instead of <@U0OMAR>* until <!date^" in said
    assert "about requests of `team-a`, `team-b`." in said
    assert "<!channel>" not in said
    assert "&lt;!channel&gt;" in said


async def test_where_it_holds_in_a_part_of_a_tenant_that_is_named(scene: Scene) -> None:
    await scene.delegated()
    del scene.desk.voting.given["tenant-b2", OMAR.user]
    await scene.look()

    assert "no longer instead of <@U0OMAR> about requests of `tenant-b2`" in scene.told()[-1]


async def test_what_ends_early_is_told_once_though_nobody_led_when_it_did(scene: Scene) -> None:
    await scene.delegated()
    await scene.desk.voting.stop(OMAR)
    await scene.look()
    await scene.look()

    assert len(scene.told()) == 2
    assert "You decide no longer instead of <@U0OMAR> about requests of `team-a`, `team-b`" in scene.told()[1]
    assert json.loads(scene.memo.line) == []


async def test_what_is_over_at_its_time_is_no_news(scene: Scene) -> None:
    await scene.delegated()
    scene.now = scene.desk.voting.now = FRIDAY
    await scene.look()
    await scene.delegated(EVA, until=SATURDAY)

    assert len(scene.told()) == 1
    assert [written[2] for written in json.loads(scene.memo.line)] == [EVA.user]


@pytest.mark.parametrize("until", [SATURDAY, NOW + timedelta(hours=1)])
async def test_another_end_is_told_as_such_and_not_as_an_end(scene: Scene, until: datetime) -> None:
    await scene.delegated()
    await scene.delegated(until=until)

    assert len(scene.told()) == 2
    assert "You decide instead of <@U0OMAR>" in scene.told()[1]
    assert f"{int(until.timestamp())}" in scene.told()[1]


async def test_who_is_replaced_hears_of_it_and_so_does_who_comes(scene: Scene) -> None:
    await scene.delegated()
    await scene.delegated(EVA)

    assert "You decide no longer" in scene.told()[1]
    assert len(scene.told(EVA)) == 1


async def test_the_same_once_more_after_it_was_ended_is_told_anew(scene: Scene) -> None:
    await scene.delegated()
    await scene.desk.voting.stop(OMAR)
    await scene.look()
    await scene.delegated()

    assert len(scene.told()) == 3


@pytest.mark.parametrize(
    "change", [{"approvers": (samples.subject(EVA),)}, {"approval": ApprovalPolicy(in_slack=False)}]
)
async def test_where_it_counts_no_more_that_is_an_end_too(scene: Scene, change: dict[str, Any]) -> None:
    await scene.delegated()
    scene.desk.tenants["team-a"] = samples.tenant(**change)
    await scene.look()

    assert "about requests of `team-a`:" in scene.told()[1]


async def test_who_has_no_account_or_takes_no_message_holds_up_nobody(scene: Scene) -> None:
    spec = DelegationSpec(approver=EVA, delegate=KAI, until=format_time(FRIDAY))
    scene.desk.voting.given["tenant-team-a", EVA.user] = spec
    scene.poster.closed["U0PAT"] = "user_disabled"
    await scene.delegated(tenants=("team-a",))
    await scene.delegated(EVA, tenants=("team-b",))
    tried = len(scene.poster.calls)
    await scene.look()

    assert (len(scene.told(EVA)), len(scene.poster.calls)) == (1, tried)


async def test_where_slack_or_the_api_server_is_away_it_is_told_later_and_once(scene: Scene) -> None:
    scene.poster.down = Later("status 503", seconds=7)
    await scene.delegated()
    assert await scene.look() == 7
    scene.poster.down = None
    scene.poster.after["post"] = [Unknown("cut off")]
    with pytest.raises(Unknown):
        await scene.look()
    await scene.look()

    assert len(scene.told()) == 1


async def test_who_led_and_could_not_note_it_repeats_nothing_through_the_next(scene: Scene) -> None:
    class Broken(Remembered):
        async def write(self, line: str) -> None:
            raise errors.Unavailable("away")

    await scene.desk.voting.delegate(OMAR, PAT, tenants=BOTH, until=FRIDAY, reason="")
    first = Usher(desk=scene.desk, poster=scene.poster, memo=Broken(), clock=lambda: NOW)
    with pytest.raises(errors.Unavailable):
        await first.look()
    await scene.look()

    assert len(scene.told()) == 1


async def test_what_the_memo_has_no_room_for_is_not_told_rather_than_again_and_again(scene: Scene) -> None:
    await scene.delegated(tenants=("team-a",))
    await scene.desk.voting.delegate(EVA, PAT, tenants=BOTH, until=FRIDAY, reason="")
    full = len(scene.memo.line)
    full_house = Usher(desk=scene.desk, poster=scene.poster, memo=scene.memo, clock=lambda: NOW, most=full)
    await full_house.look()
    assert len(scene.told()) == 1

    await scene.look()
    assert len(scene.told()) == 2


@pytest.mark.parametrize("line", ["nonsense", "[1]", "{}", '[["omar"]]', '[["a","","b","","soon",{}]]'])
def test_a_memo_that_cannot_be_read_is_none(line: str) -> None:
    assert Told.read(line) == Told()
