"""What an object is made of many of."""

from __future__ import annotations

from provisioning.fitting import Pieces
from provisioning.manifest import Manifest as Object
from provisioning.resources import CATALOGS, MACHINE_DEPLOYMENTS, TENANT_CLUSTERS
from provisioning.usage import Usage
from tests.webhooks.estate import CATALOG, SPEC, cluster, deployment, owned, tweak
from tests.webhooks.fakes import NOW
from webhooks import pieces
from webhooks.facts import Facts, One

SMALL = Usage(nodes=1, vcpu=2000, memory=4 * 2**30)
LARGE = Usage(nodes=1, vcpu=8000, memory=32 * 2**30)
FACTS = Facts(NOW, known={One(CATALOGS, "default"): CATALOG})


def of_cluster(after: Object, before: Object | None = None) -> tuple[Pieces, ...]:
    had = SMALL if before is not None else Usage()
    return pieces.of(TENANT_CLUSTERS, before, after, had=had, cost=LARGE, facts=FACTS)


def test_a_cluster_of_one_pool_is_made_of_its_workers() -> None:
    assert of_cluster(cluster()) == (Pieces("workers of small", SMALL, 2),)


def test_an_autoscaled_pool_counts_with_its_most() -> None:
    scaled = tweak(cluster(), "spec.pools.0", {"name": "md0", "flavor": "large", "min": 1, "max": 7})
    assert of_cluster(scaled) == (Pieces("workers of large", LARGE, 7),)


def test_of_several_pools_each_is_named_and_compared_with_what_it_was() -> None:
    two = [{**SPEC["pools"][0], "replicas": 5}, {"name": "big", "flavor": "large", "replicas": 1}]  # type: ignore[index]
    assert of_cluster(tweak(cluster(), "spec.pools", two), cluster()) == (
        Pieces("workers of small in pool md0", SMALL, 5, 2),
        Pieces("workers of large in pool big", LARGE, 1),
    )


def test_a_flavor_that_is_not_on_offer_is_no_advice() -> None:
    assert of_cluster(tweak(cluster(), "spec.pools.0.flavor", "huge")) == ()


def test_what_the_old_object_had_is_not_asked_when_it_could_not_be_measured() -> None:
    odd = tweak(cluster(), "spec.pools", "none")
    assert pieces.of(TENANT_CLUSTERS, odd, cluster(), had=Usage(), cost=LARGE, facts=FACTS)[0].had == 0


def test_what_is_nothing_but_machines_is_made_of_them() -> None:
    found = pieces.of(
        MACHINE_DEPLOYMENTS, deployment(), deployment(replicas=3), had=SMALL * 2, cost=SMALL * 4, facts=FACTS
    )
    assert found == (Pieces("machines, those of a rolling update included,", SMALL, 4, 2),)


def test_a_part_of_something_else_is_charged_with_its_excess_which_is_nobodys_number() -> None:
    part = owned(deployment(replicas=3), cluster())
    assert pieces.of(MACHINE_DEPLOYMENTS, None, part, had=Usage(), cost=SMALL * 2, facts=FACTS) == ()


def test_what_is_more_than_machines_or_one_of_them_is_not_taken_apart() -> None:
    assert pieces.machines(Usage(), SMALL * 3 + Usage(clusters=1)) == ()
    assert pieces.machines(Usage(), SMALL) == ()
    assert pieces.machines(Usage(), Usage(clusters=1)) == ()
