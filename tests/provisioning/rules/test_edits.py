"""What each verb makes of a cluster. Values in, values out."""

from __future__ import annotations

from datetime import timedelta

from provisioning import edits, hibernation
from provisioning.model import LifetimePolicy, NodePool
from tests import builders
from tests.builders import NOW

SCHEDULE = {"start": "0 10 * * *", "end": "0 14 * * *"}
"""It has a cluster asleep at noon, which is when these tests are."""


def test_asleep_is_asleep_whatever_was_to_keep_it_awake() -> None:
    cluster = builders.spec(hibernation={"schedules": [SCHEDULE], "awakeUntil": "2026-08-03T15:00:00Z"})

    assert edits.asleep(cluster).hibernation.wire() == {"enabled": True, "schedules": [SCHEDULE]}


def test_awake_says_what_has_it_asleep_all_the_same() -> None:
    scheduled = builders.cluster(hibernation={"enabled": True, "schedules": [SCHEDULE]})

    spec, rest = edits.awake(scheduled, LifetimePolicy(), None, now=NOW)
    assert (spec.hibernation.enabled, rest.asleep, rest.is_over) == (False, True, False)

    spec, rest = edits.awake(scheduled, LifetimePolicy(), timedelta(hours=3), now=NOW)
    assert (spec.hibernation.awake_until, rest.asleep) == ("2026-08-03T15:00:00Z", False)

    over = builders.cluster(lifetime="1h")
    assert edits.awake(over, LifetimePolicy(hibernation="48h"), None, now=NOW)[1].is_over


def test_one_sleep_is_skipped_and_the_next_one_is_not() -> None:
    tonight = {"start": "0 20 * * *", "end": "0 6 * * *"}
    cluster = builders.spec(hibernation={"schedules": [tonight]})

    skipped = edits.sleepless(cluster, now=NOW)

    assert skipped is not None
    assert skipped.hibernation.awake_until == "2026-08-04T06:00:00Z"
    assert edits.sleepless(skipped, now=NOW) == skipped
    assert not hibernation.rest(skipped, LifetimePolicy(), created=NOW, now=NOW + timedelta(hours=12)).asleep
    assert hibernation.rest(skipped, LifetimePolicy(), created=NOW, now=NOW + timedelta(hours=36)).asleep


def test_the_sleep_that_is_on_now_is_the_one_to_skip_and_ends_with_it() -> None:
    spec = edits.sleepless(builders.spec(hibernation={"enabled": True, "schedules": [SCHEDULE]}), now=NOW)

    assert spec is not None
    assert spec.hibernation.wire() == {"schedules": [SCHEDULE], "awakeUntil": "2026-08-03T14:00:00Z"}


def test_what_keeps_a_cluster_awake_for_longer_is_not_cut_short() -> None:
    longer = builders.spec(hibernation={"schedules": [SCHEDULE], "awakeUntil": "2026-08-09T15:00:00Z"})

    assert edits.sleepless(longer, now=NOW) == longer


def test_without_a_schedule_there_is_no_sleep_to_skip() -> None:
    assert edits.sleepless(builders.spec(hibernation={"enabled": True}), now=NOW) is None


def test_a_later_end_counts_from_the_end_and_there_is_none_without_one() -> None:
    later = edits.prolonged(builders.cluster(lifetime="24h"), timedelta(hours=8), now=NOW)

    assert later is not None
    assert later.lifetime == "32h"
    assert edits.prolonged(builders.cluster(), timedelta(hours=8), now=NOW) is None


def test_only_the_pools_that_were_changed_are_others() -> None:
    other = {"name": "gpu", "flavor": "large", "replicas": 1}
    spec = builders.spec(pools=[{"name": "md0", "flavor": "small", "replicas": 2, "labels": {"team": "shop"}}, other])

    after = edits.with_pools(spec, edits.sized(spec.pools[0], least=1, most=3))

    grown = NodePool(name="md0", flavor="small", min=1, max=3, labels={"team": "shop"})
    assert after.pools == (grown, spec.pools[1])


def test_add_ons_keep_their_values_and_places_and_new_ones_come_last() -> None:
    there = [{"name": "certs", "values": {"replicas": 2}}, {"name": "cilium"}, {"name": "old"}]
    spec = builders.spec(addOns=there)

    after = edits.with_add_ons(spec, ("cilium", "new", "certs"))

    assert [each.wire() for each in after.add_ons] == [there[0], {"name": "cilium"}, {"name": "new"}]
    assert edits.with_add_ons(spec, ("old", "cilium", "certs")) == spec


def test_pools_that_nobody_named_keep_their_size() -> None:
    pools = [{"name": name, "flavor": "small", "replicas": 1} for name in ("md0", "gpu")]
    after = edits.resized(builders.spec(pools=pools), {"gpu": "large", "gone": "large"})
    assert [(pool.name, pool.flavor) for pool in after.pools] == [("md0", "small"), ("gpu", "large")]
    assert {pool.replicas for pool in after.pools} == {1}


def test_what_every_cluster_has_is_not_for_choosing_and_what_the_catalog_dropped_is() -> None:
    spec = builders.spec(addOns=[{"name": "cilium"}, {"name": "old"}])

    assert edits.optional_add_ons(spec, builders.catalog()) == ("cert-manager", "old")


def test_the_next_version_is_the_newest_that_may_follow_at_once() -> None:
    offered = builders.catalog().versions
    assert edits.following("v1.34.4", offered) == ("v1.35.1",)
    assert edits.following("v1.36.0", offered) == ()
    patched = (*offered, offered[0].model_copy(update={"version": "v1.34.9"}))
    assert edits.following("v1.34.4", patched) == ("v1.35.1", "v1.34.9")
    assert edits.following("", offered) == (), "of a cluster whose version nobody knows yet nothing follows"
