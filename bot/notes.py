"""What was posted a moment ago and stands noted in its object, until the caches show it.

A message's place is noted right after it was posted. A cache that lags behind must not lead to a second one, nor may a
note be lost that the API server could not take. What somebody else writes there meanwhile (a press of "Let it go" may
come to any replica) counts all the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from bot.ports import Desk
from provisioning.manifest import Key
from provisioning.model import ClusterRequest, Delivery, Surface
from provisioning.objects import Stored

Place = tuple[Surface, str]
Shown = Callable[[Stored[ClusterRequest], Delivery], None]
"""Hears of each card that stands there now."""


class Noted:
    """What was posted about one object."""

    def __init__(self) -> None:
        self._made: dict[Place, tuple[Delivery | None, ...]] = {}
        """By place what the caches may show before our last note, and that note at the end."""
        self._unsaved: dict[Place, Delivery] = {}

    @property
    def is_shown(self) -> bool:
        """Whether the caches have all of it."""
        return not self._made

    def note(self, delivery: Delivery, shown: Iterable[Delivery]) -> None:
        """This stands there now; `shown` is what the caches have of the object, `save` writes it down."""
        place = (delivery.surface, delivery.channel)
        stood = {(each.surface, each.channel): each for each in shown}.get(place)
        self._made[place] = (*self._made.get(place, (stood,)), delivery)
        self._unsaved[place] = delivery

    def over(self, shown: Iterable[Delivery]) -> dict[Place, Delivery]:
        """What stands where, given what the caches show."""
        standing = {(each.surface, each.channel): each for each in shown}
        for place, made in list(self._made.items()):
            if standing.get(place) not in made[:-1]:
                # The caches show our note, or what was written later.
                del self._made[place]
                if standing.get(place) != made[-1]:
                    self._unsaved.pop(place, None)
        return standing | {place: made[-1] for place, made in self._made.items() if made[-1] is not None}

    async def save(self, write: Callable[[Delivery], Awaitable[object]]) -> None:
        """Write down what is not yet. What cannot be written now is kept. Raises `KubeError`."""
        for place, delivery in list(self._unsaved.items()):
            await write(delivery)
            if self._unsaved.get(place) is delivery:
                del self._unsaved[place]


class Notes:
    """The cards of requests, by request."""

    def __init__(self, desk: Desk, *, shown: Shown = lambda *_: None) -> None:
        self._desk = desk
        self._shown = shown
        self._noted: dict[Key, Noted] = {}

    def note(self, key: Key, delivery: Delivery) -> None:
        """This stands there now; `save` writes it down."""
        request = self._desk.request(*key)
        seen = request.it.status.deliveries if request else ()
        self._noted.setdefault(key, Noted()).note(delivery, seen)
        if delivery.ts and request:
            self._shown(request, delivery)

    async def save(self, key: Key) -> None:
        """Write into the request what is not written yet. What cannot be written now is kept. Raises `KubeError`."""
        if noted := self._noted.get(key):
            await noted.save(lambda delivery: self._desk.record_delivery(*key, delivery))

    def request(self, key: Key) -> Stored[ClusterRequest] | None:
        """The request as the cache has it, with the deliveries that it does not show yet."""
        found = self._desk.request(*key)
        return None if found is None else self.up_to_date(found)

    def up_to_date(self, request: Stored[ClusterRequest]) -> Stored[ClusterRequest]:
        """The same for a request that is at hand."""
        noted = self._noted.get(request.key)
        if noted is None or noted.is_shown:
            return request
        deliveries = tuple(noted.over(request.it.status.deliveries).values())
        status = request.it.status.model_copy(update={"deliveries": deliveries})
        return Stored(request.meta, request.it.model_copy(update={"status": status}))

    def forget(self, key: Key) -> None:
        """The request is gone."""
        self._noted.pop(key, None)
