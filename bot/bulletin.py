"""What stands in Slack about clusters that nobody asked for here: where, and how each of them was seen last.

What was posted stands noted in the cluster itself (`provisioning.told`), and here until the caches show it (`notes`).
What must never live here: what is due (`crier`, `roundup`), or what a message says (`unasked`, `news`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from bot import posting, unasked
from bot.cards import Card
from bot.notes import Noted, Place
from bot.ports import Desk
from bot.posting import Poster
from bot.unasked import Unasked
from bot.weights import Weight
from provisioning import told
from provisioning.manifest import Key
from provisioning.model import Delivery, Surface

EVENT = "clusterdesk_cluster"


@dataclass
class _Known:
    """A cluster as it was seen last, and what was posted about it a moment ago."""

    it: Unasked
    notes: Noted = field(default_factory=Noted)


class Bulletin:
    """Of one term, like the crier whose it is."""

    def __init__(self, desk: Desk, poster: Poster) -> None:
        self._desk = desk
        self._poster = poster
        self._known: dict[Key, dict[str, _Known]] = {}
        """By uid: one that is gone stays until its end is told, though another one has its name by then."""

    def seen(self, key: Key, there: Unasked | None, *, now: datetime) -> tuple[Unasked, ...]:
        """All that have or had this name and that there may be something to tell of. `there` is the one that has it."""
        if there is not None:
            self._of(there).it = there
        here = self._known.get(key, {})
        for known in list(here.values()):
            if known.it is there:
                continue
            if unasked.is_gone(self._desk, known.it):
                known.it = replace(known.it, now=now, gone=known.it.gone or now)
            else:
                self.forget(known.it)  # Nobody knows whose it is, or of what.
        return tuple(known.it for known in here.values())

    def forget(self, it: Unasked) -> None:
        """There is nothing more to tell of it."""
        here = self._known.get(it.cluster.key, {})
        here.pop(it.cluster.meta.uid, None)
        if not here:
            self._known.pop(it.cluster.key, None)

    def there(self, it: Unasked, surface: Surface, place: str) -> Delivery | None:
        """What stands there, as far as we know."""
        return self.standing(it).get((surface, place))

    def standing(self, it: Unasked) -> dict[Place, Delivery]:
        return self._of(it).notes.over(told.of(it.cluster.meta))

    async def put(
        self, it: Unasked, place: str, noted: Delivery | None, card: Card, *, fresh: bool, once: str, weight: Weight
    ) -> str:
        """Post it, or draw anew what stands there; its timestamp, empty where it cannot be posted."""
        ts = noted.ts if noted and not fresh else ""
        if not fresh and not ts:
            return ""
        channel = place if place[0] in "CG" else await self._poster.direct(place, weight=weight)
        payload = {"cluster": it.cluster.meta.uid, "name": it.cluster.meta.name}
        metadata = {"event_type": EVENT, "event_payload": payload}
        return await posting.put(
            self._poster, channel, ts, card, metadata=metadata, once=f"{once} {place}", weight=weight
        )

    async def note(self, it: Unasked, delivery: Delivery) -> None:
        """This stands there now, and is written down. What cannot be written now is kept. Raises `KubeError`."""
        self.remember(it, delivery)
        await self.save(it)

    def remember(self, it: Unasked, delivery: Delivery) -> None:
        """This stands there now; `save` writes it down."""
        self._of(it).notes.note(delivery, told.of(it.cluster.meta))

    async def save(self, it: Unasked) -> None:
        """Write down what is not yet. What cannot be written now is kept. Raises `KubeError`."""
        await self._of(it).notes.save(lambda delivery: self._desk.note_told(it.cluster, delivery))

    def _of(self, it: Unasked) -> _Known:
        """Of another cluster of the same name nothing is known."""
        return self._known.setdefault(it.cluster.key, {}).setdefault(it.cluster.meta.uid, _Known(it))
