"""What a card is drawn from is looked up where it is told of, and not for every look at a request."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot import request_cards, sights
from provisioning.model import ClusterRequest, Phase, RequestStatus, Surface, TenantCluster
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


class NoScanDesk(FakeDesk):
    """Tells of the requests about one cluster, and goes through those of a whole tenant for nobody."""

    def requests(self, tenant: str) -> tuple[Stored[ClusterRequest], ...]:
        raise AssertionError(f"went through all requests of {tenant}")


def later(request: Stored[ClusterRequest]) -> Stored[ClusterRequest]:
    return Stored(replace(request.meta, created=samples.NOW + timedelta(minutes=9)), request.it)


@pytest.mark.parametrize("about", ["build-7", "other"])
def test_who_ended_a_cluster_that_is_gone_is_looked_for_among_the_requests_about_it(about: str) -> None:
    desk = NoScanDesk()
    made = samples.request(status=RequestStatus(phase=Phase.APPLIED, decided_at=samples.AT))
    made = desk.put(Stored(replace(made.meta, created=samples.NOW), made.it))
    ended = desk.put(later(samples.given_up(cluster=about)))

    sight = sights.of(desk, made, now=samples.NOW)

    assert sight is not None
    assert sight.given_up == (ended if about == "build-7" else None)
    assert sights.of(desk, ended, now=samples.NOW) is not None
