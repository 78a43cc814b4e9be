"""What the API server would tell of a cluster, as a test has it: a `bot.ports.Insight` in memory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection

from provisioning.diagnosis import Diagnosis
from provisioning.losses import Losses


class FakeInsight:
    """`reach` is the way to the API server."""

    def __init__(self, reach: Callable[[], Awaitable[None]]) -> None:
        self._reach = reach
        self.lost = Losses()
        self.diagnosed = Diagnosis()
        self.beside: Collection[str] = ()
        """The other clusters that the last diagnosis was asked to tell apart."""

    async def losses(self, namespace: str, cluster: str) -> Losses:
        await self._reach()
        return self.lost

    async def diagnosis(self, namespace: str, cluster: str, *, others: Collection[str]) -> Diagnosis:
        await self._reach()
        self.beside = others
        return self.diagnosed
