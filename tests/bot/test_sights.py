"""What a card is drawn from is looked up where it is told of, and not for every look at a request."""

from __future__ import annotations

from bot import request_cards, sights
from provisioning.model import Surface, TenantCluster
from provisioning.objects import Stored
from tests.bot import samples
from tests.bot.fake_desk import FakeDesk


class CountingDesk(FakeDesk):
    """Counts how often somebody looks through all clusters of a tenant, as whoever counts what else waits does."""

    looked = 0

    def clusters(self, tenant: str) -> tuple[Stored[TenantCluster], ...]:
        self.looked += 1
        return super().clusters(tenant)


def test_what_else_waits_is_counted_once_and_only_for_a_card_that_tells_of_it() -> None:
    desk = CountingDesk()
    for name in ("mine", "other"):
        desk.put(samples.request(f"cr-{name}", cluster=name))
    sight = sights.of(desk, desk.stored["tenant-team-a", "cr-mine"], now=samples.NOW)
    assert sight is not None
    before = desk.looked

    request_cards.draw(Surface.REQUESTER, sight)
    assert desk.looked == before

    for _ in range(2):
        assert "Also waiting in" in request_cards.draw(Surface.APPROVER, sight).text
    assert desk.looked == before + 1
