"""One long story of the whole bot, killed at every point where it waits for Slack or the API server: the same end.

Whoever posts (cards, news, reminders, questions, accesses, what the platform is told) is one process here, and whoever
presses is a person who presses again when there was no answer. Every process that follows knows nothing but what is in
the objects. `KILLED_EVERY=1` kills at each point, in some minutes; without it at one in so many.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from bot import buttons
from bot.access_follow import AccessFollower
from bot.caretaker import Caretaker
from bot.follow import Follower
from bot.messenger import Messenger
from bot.outcomes import Later
from bot.people import Whereabouts
from bot.presses import pressed
from bot.usher import Usher
from provisioning.memo import Remembered
from provisioning.model import Action, ApprovalPolicy, Person, Phase
from provisioning.objects import Stored, format_time
from provisioning.trouble import Trouble
from provisioning.wish import Wish
from tests.bot import access_samples, samples
from tests.bot.fake_desk import FakeDesk
from tests.bot.fake_poster import FakePoster
from tests.bot.test_killed import ENOUGH, Killed, Life

PLATFORM = "C0PLATFORM"
NAMESPACE = "tenant-team-a"
KEY = (NAMESPACE, "cr-7f3k2m4p6q")
END = (NAMESPACE, "cr-end")
ACCESS = (NAMESPACE, "build-7-2as7khmebq")
EVERY = int(os.environ.get("KILLED_EVERY", "47"))
Transcript = dict[str, list[str]]
Deed = Callable[["World"], Coroutine[Any, Any, Any]]


class Directory:
    """Everybody is there, in UTC."""

    async def whereabouts(self, slack: str) -> Whereabouts:
        return Whereabouts()


@dataclass
class World:
    """What outlives every process: the objects, Slack, the clock."""

    poster: FakePoster
    desk: FakeDesk = field(default_factory=lambda: FakeDesk(tenants={"team-a": _tenant()}))
    memo: Remembered = field(default_factory=Remembered)
    delegates_told: Remembered = field(default_factory=Remembered)
    now: datetime = samples.NOW
    trouble: Trouble | None = None

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """A new process, which remembers nothing."""

        def clock() -> datetime:
            return self.now

        self.follower = Follower(desk=self.desk, poster=self.poster, clock=clock, platform=PLATFORM, memo=self.memo)
        self.messenger = Messenger(
            desk=self.desk, poster=self.poster, directory=Directory(), clock=clock, platform=PLATFORM
        )
        self.entries = AccessFollower(
            accesses=self.desk.accesses, poster=self.poster, clock=clock, tenant_of=self.desk.tenant_of
        )
        self.caretaker = Caretaker(self.poster, channel=PLATFORM, clock=clock, pause=0.0, memo=self.memo)
        self.usher = Usher(desk=self.desk, poster=self.poster, memo=self.delegates_told, clock=clock)

    def at(self, hours: float) -> None:
        """So long after the beginning, by every clock."""
        self.now = samples.NOW + timedelta(hours=hours)
        self.desk.voting.now = self.desk.waiting.now = self.now

    async def look(self) -> None:
        """At everything, until nothing is left to do now."""
        begun, before = self.now, -1
        for turn in range(3):
            # Where nobody answers, it is tried for ever.
            done = len(self.poster.calls) + len(self.desk.writes) + len(self.desk.waiting.records)
            if done == before:
                break
            self.now, before = begun + timedelta(seconds=20 * turn), done
            await self.caretaker.enforcement(self.trouble)
            await self.usher.look()
            for key in tuple(self.desk.stored):
                await self.follower.redraw(key)
                await self.messenger.look(key)
            for key in tuple(self.desk.accesses.stored):
                await self.entries.redraw(key)
        self.now = begun

    def transcript(self) -> Transcript:
        """All that stands in Slack, place by place, in the order in which it was posted."""
        places = sorted({channel for channel, _ in self.poster.stands})
        return {place: [card.text for card in self.poster.at(place)] for place in places}


def _tenant() -> Any:
    """Two must agree, there is a channel for them and one of their own for Pat, who only reads."""
    channels = samples.tenant().it.spec.channels.model_copy(update={"notified": ("U0PAT",)})
    return samples.tenant(approval=ApprovalPolicy(required=2), channels=channels)


async def _ask(world: World) -> None:
    """What a form comes to."""
    wish = Wish(samples.LENA, "team-a", NAMESPACE, Action.CREATE, "build-7", samples.spec(), reason="Nightly builds")
    await world.desk.ask(wish, name=KEY[1])


async def _ask_for_the_end(world: World) -> None:
    wish = Wish(samples.LENA, "team-a", NAMESPACE, Action.DELETE, "build-7", None, reason="no more builds")
    await world.desk.ask(wish, name=END[1])


def presses(action: str, person: Person, key: tuple[str, str] = KEY) -> Deed:
    async def press(world: World) -> None:
        value = buttons.ticket_of(world.desk.stored[key]).dumps()
        await pressed(world.desk, action=action, value=value, person=person)

    return press


async def _question(world: World) -> None:
    if not world.desk.stored[KEY].it.status.questions:
        digest = world.desk.stored[KEY].it.spec.digest
        await world.desk.waiting.question(*KEY, samples.EVA, "For how long?", digest=digest)


async def _answer(world: World) -> None:
    if not world.desk.stored[KEY].it.status.questions[0].answer:
        await world.desk.waiting.answer(*KEY, samples.LENA, 0, "A day.")


async def _delegate(world: World) -> None:
    until = samples.NOW + timedelta(days=2)
    await world.desk.voting.delegate(samples.EVA, samples.PAT, tenants=("team-a",), until=until, reason="away")


async def _stop_delegating(world: World) -> None:
    await world.desk.voting.stop(samples.EVA)


async def _get_in(world: World) -> None:
    if ACCESS not in world.desk.accesses.stored:
        world.desk.accesses.put(access_samples.asked(slack="U0LENA"))


def happens(change: Callable[[FakeDesk], Any]) -> Deed:
    """Something that other programs do."""

    async def done(world: World) -> None:
        change(world.desk)

    return done


def _built(desk: FakeDesk, status: Any, **more: Any) -> None:
    desk.status(KEY, phase=Phase.APPLIED)
    desk.put_cluster(samples.cluster(status=status.model_copy(update=more)))


def _issued(desk: FakeDesk) -> None:
    there = desk.accesses.stored[ACCESS].it.status
    opened = access_samples.opened(slack="U0LENA").it.status
    desk.accesses.status(ACCESS, opened.model_copy(update={"delivery": there.delivery}))


def _many(world: World) -> None:
    """Slack is away, and she goes on asking with kubectl."""
    world.poster.down = Later("status 503", seconds=5)
    for number in range(4):
        made = samples.request(f"cr-{number}", cluster=f"job-{number}")
        world.desk.put(Stored(replace(made.meta, created=world.now), made.it))


def _back(world: World) -> None:
    world.poster.down = None


def _nothing_of_it(desk: FakeDesk) -> None:
    for number in range(4):
        desk.status((NAMESPACE, f"cr-{number}"), phase=Phase.WITHDRAWN, decided_at=samples.LATER)


def _gone(desk: FakeDesk) -> None:
    desk.status(END, phase=Phase.APPLIED)
    desk.drop_cluster((NAMESPACE, "build-7"))


def slack(change: Callable[[World], Any]) -> Deed:
    async def done(world: World) -> None:
        change(world)

    return done


def _trouble(trouble: Trouble | None) -> Deed:
    async def done(world: World) -> None:
        world.trouble = trouble
        world.desk.canary.says(trouble)

    return done


ENDS = format_time(samples.NOW + timedelta(hours=24))
STORY: tuple[tuple[float, Deed], ...] = (
    (0.0, _ask),
    (0.1, presses(buttons.APPROVE, samples.LENA)),  # her own: refused
    (0.2, _question),
    (0.3, _answer),
    (0.4, presses(buttons.APPROVE, samples.OMAR)),
    (0.5, presses(buttons.APPROVE, samples.OMAR)),  # once more: refused
    (0.6, _delegate),
    (1.5, slack(lambda world: None)),  # somebody is reminded
    (1.6, _trouble(Trouble.TAKEN)),
    (1.7, presses(buttons.APPROVE, samples.PAT)),  # paused: refused
    (1.8, _trouble(None)),
    (2.0, presses(buttons.APPROVE, samples.PAT)),  # instead of Eva
    (2.1, happens(lambda desk: _built(desk, samples.building()))),
    (2.2, happens(lambda desk: _built(desk, samples.ready(), expires_at=ENDS))),
    (2.3, _get_in),
    (2.4, happens(_issued)),
    (7.2, slack(lambda world: None)),  # her access ends within the hour
    (22.0, slack(_many)),
    (22.5, slack(_back)),
    (22.6, happens(_nothing_of_it)),
    (23.2, slack(lambda world: None)),  # and so does her cluster
    (23.3, _ask_for_the_end),
    (23.4, presses(buttons.APPROVE, samples.OMAR, END)),
    (23.5, presses(buttons.APPROVE, samples.PAT, END)),
    (23.6, happens(_gone)),
    (23.7, _stop_delegating),
)


async def story(life: Life, *, knows_names: bool = True) -> World:
    """All of it. Whoever is killed is followed by somebody else, and whoever got no answer tries again."""
    world = World(FakePoster(knows_names=knows_names))

    async def lived(deed: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        try:
            await life.live(deed())
        except Killed:
            life.left = ENOUGH
            world.begin()
            await deed()

    for hours, deed in STORY:
        world.at(hours)
        await lived(lambda deed=deed: deed(world))  # type: ignore[misc]
        world.at(hours)
        await lived(world.look)
    return world


async def _wanted() -> tuple[World, int]:
    life = Life()
    world = await story(life)
    return world, life.lived


async def test_the_story_has_everything_in_it() -> None:
    world, lived = await _wanted()
    said = world.transcript()

    assert sorted(said) == ["C0PLATFORM", "C0TEAMA", "DLENA", "DPAT"]
    lenas = "\n".join(said["DLENA"])
    for words in (
        "`build-7` is deleted",
        "For how long?",
        "These 4 requests",
        "Your access to `build-7` has ended",
        "Your access to `build-7` ends",
        "`build-7` is no longer there",
    ):
        assert words in lenas
    assert len(said["C0PLATFORM"]) == 3
    assert [words for words in said["DPAT"] if "instead of <@U0EVA>" in words][1].startswith("You decide no longer")
    assert lived > 300


async def test_wherever_it_is_killed_slack_says_the_same_in_the_end_once() -> None:
    world, lived = await _wanted()
    wanted = world.transcript()

    for n in range(1, lived + 1, EVERY):
        found = await story(Life(n))
        assert found.transcript() == wanted, n
        for key, request in found.desk.stored.items():
            places = [(d.surface, d.channel) for d in request.it.status.deliveries]
            assert len(places) == len(set(places)), (n, key)
        assert (found.memo, found.delegates_told) == (world.memo, world.delegates_told), n


async def test_where_slack_does_not_know_messages_by_name_there_is_one_copy_at_most_and_nothing_is_missing() -> None:
    world, lived = await _wanted()
    wanted = world.transcript()

    for n in range(1, lived + 1, 1 if EVERY == 1 else 2 * EVERY):
        found = (await story(Life(n), knows_names=False)).transcript()
        assert sorted(found) == sorted(wanted), n
        for place, texts in wanted.items():
            assert [text for text in texts if text not in found[place]] == [], (n, place)
        assert sum(map(len, found.values())) <= sum(map(len, wanted.values())) + 1, n
