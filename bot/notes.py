"""What was written into requests about their cards a moment ago, until the caches show it.

A card's place is noted right after it was posted. A cache that lags behind must not lead to a second card, nor may a
note be lost that the API server could not take.
"""

from __future__ import annotations

from collections.abc import Callable

from bot.ports import Desk
from provisioning.model import ClusterRequest, Delivery, Surface
from provisioning.objects import Stored

Key = tuple[str, str]
Place = tuple[Surface, str]


Shown = Callable[[Stored[ClusterRequest], Delivery], None]
"""Hears of each card that stands there now."""


class Notes:
    """Deliveries by request and place."""

    def __init__(self, desk: Desk, *, shown: Shown = lambda *_: None) -> None:
        self._desk = desk
        self._shown = shown
        self._noted: dict[Key, dict[Place, Delivery]] = {}
        self._unsaved: dict[Key, dict[Place, Delivery]] = {}

    def note(self, key: Key, delivery: Delivery) -> None:
        """This stands there now; `save` writes it down."""
        place = (delivery.surface, delivery.channel)
        self._noted.setdefault(key, {})[place] = delivery
        self._unsaved.setdefault(key, {})[place] = delivery
        if delivery.ts and (request := self._desk.request(*key)):
            self._shown(request, delivery)

    async def save(self, key: Key) -> None:
        """Write into the request what is not written yet. What cannot be written now is kept. Raises `KubeError`."""
        unsaved = self._unsaved.get(key, {})
        for place, delivery in list(unsaved.items()):
            await self._desk.record_delivery(*key, delivery)
            if unsaved.get(place) is delivery:
                del unsaved[place]

    def request(self, key: Key) -> Stored[ClusterRequest] | None:
        """The request as the cache has it, with the deliveries that it does not show yet."""
        found = self._desk.request(*key)
        return None if found is None else self.up_to_date(found)

    def up_to_date(self, request: Stored[ClusterRequest]) -> Stored[ClusterRequest]:
        """The same for a request that is at hand."""
        noted = self._noted.get(request.key)
        if not noted:
            return request
        seen = {(d.surface, d.channel): d for d in request.it.status.deliveries}
        left = self._noted[request.key] = {place: d for place, d in noted.items() if seen.get(place) != d}
        status = request.it.status.model_copy(update={"deliveries": tuple((seen | left).values())})
        return Stored(request.meta, request.it.model_copy(update={"status": status}))

    def forget(self, key: Key) -> None:
        """The request is gone."""
        self._noted.pop(key, None)
        self._unsaved.pop(key, None)
