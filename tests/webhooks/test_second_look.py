"""What stands in tenants and would be refused now is found afterwards and told once, and nothing is done to it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from structlog.testing import capture_logs

from provisioning import errors
from provisioning.audit import Code, Event
from provisioning.news import News
from provisioning.resources import (
    CLUSTER_RESOURCE_SETS,
    CONFIG_MAPS,
    HELM_RELEASES,
    HELM_REPOSITORIES,
    KAMAJI_CONTROL_PLANES,
    KUBEADM_CONFIG_TEMPLATES,
    NAMESPACES,
    SECRETS,
    TENANTS,
    Resource,
)
from tests.webhooks.estate import CATALOG, NAMESPACE, TENANT, WORLD, owned, tweak
from tests.webhooks.fakes import NOW, ToldLedgers, World
from tests.webhooks.reviews import manifest
from webhooks import metrics, standing
from webhooks.facts import All, Answer, Query
from webhooks.judge import Judge
from webhooks.second_look import TOLD_MAX, SecondLook
from webhooks.standing import Found
from webhooks.trusted import Trusted

POD = "kind: Pod\nspec:\n  containers:\n  - image: x/cluster-autoscaler\n"
SET = manifest(CLUSTER_RESOURCE_SETS, "s", {"clusterSelector": {}, "resources": [{"kind": "ConfigMap", "name": "c"}]})
CONTENT = manifest(CONFIG_MAPS, "c", data={"a.yaml": POD})
HARMLESS = manifest(CONFIG_MAPS, "c", data={"a.yaml": "kind: Namespace"})
FOREIGN = manifest(HELM_REPOSITORIES, "r", {"url": "https://elsewhere.example.org"})
RELEASE = manifest(
    HELM_RELEASES,
    "r",
    {
        "kubeConfig": {"secretRef": {"name": "web-kubeconfig"}},
        "chart": {"spec": {"chart": "odd", "sourceRef": {"kind": "HelmRepository", "name": "r"}}},
    },
)
KEYS = owned(manifest(SECRETS, "web-ca", data={"tls.key": "eA=="}), manifest(KAMAJI_CONTROL_PLANES, "web"))
FILES = [{"path": "/a", "contentFrom": {"secret": {"name": "web-ca", "key": "tls.key"}}}]
THIEF = manifest(KUBEADM_CONFIG_TEMPLATES, "t", {"template": {"spec": {"files": FILES}}})


@dataclass
class Recorded:
    """Events that were written, and about what kind."""

    told: list[tuple[str, str, str]] = field(default_factory=list)

    async def tell(self, it: Found, news: list[News], *, kind: Resource) -> None:
        self.told += [(kind.kind, it.meta.name, each.note) for each in news]


class Looking:
    """The leader's look at a world."""

    def __init__(self, *world: Any, lookup: World | None = None) -> None:
        self.world = lookup or World(*world)
        self.recorded = Recorded()
        self.audited: list[Event] = []
        judge = Judge(standing.POLICIES, (), self.world, ToldLedgers(), Trusted(), lambda: NOW)
        self.it = SecondLook(self.world, judge, self.recorded, self.audited.append, rest=0)

    def look(self, *world: Any) -> list[str]:
        """What it tells of when this is what there is."""
        self.world.manifests = list(world) or self.world.manifests
        before = len(self.recorded.told)
        with capture_logs() as self.lines:
            asyncio.run(self.it.look())
        return [name for _, name, _ in self.recorded.told[before:]]


def standing_by(policy: str) -> float:
    return float(metrics.FORBIDDEN.labels(policy)._value.get())


@pytest.mark.parametrize(
    ("policy", "pair"),
    [
        ("hosted_controllers_only", (SET, CONTENT)),
        ("catalogued_charts", (RELEASE, FOREIGN)),
        ("control_plane_keys", (THIEF, KEYS)),
    ],
)
def test_two_that_are_harmless_without_the_other_are_found_when_both_stand(policy: str, pair: Any) -> None:
    looking = Looking()
    for each in pair:
        assert looking.look(*WORLD, each) == []
        assert standing_by(policy) == 0
    assert looking.look(*WORLD, *pair) == [pair[0]["metadata"]["name"]]
    assert standing_by(policy) == 1
    (event,) = looking.audited
    assert (event.code, event.about) == (Code.FORBIDDEN_FOUND, f"tenant-blue/{pair[0]['metadata']['name']}")
    assert event.facts["refused-by"] == policy
    assert "would be refused if it were written now" in looking.recorded.told[0][2]
    assert "eA==" not in looking.recorded.told[0][2]


def test_what_was_told_is_told_again_only_when_it_is_something_else_and_counted_until_it_is_gone() -> None:
    looking = Looking()
    assert looking.look(*WORLD, SET, CONTENT) == ["s"]
    assert looking.look() == []
    assert standing_by("hosted_controllers_only") == 1
    both = tweak(CONTENT, "data", {"a.yaml": POD, "b.yaml": POD})
    assert looking.look(*WORLD, SET, both) == ["s"]
    assert looking.look(*WORLD, SET, HARMLESS) == []
    assert standing_by("hosted_controllers_only") == 0
    assert looking.look(*WORLD, SET, CONTENT) == ["s"]
    assert len(looking.audited) == 3


def test_who_wrote_it_is_not_asked_and_nothing_is_said_of_what_is_no_tenants() -> None:
    own = [tweak(each, "metadata.namespace", "elsewhere") for each in (SET, CONTENT)]
    assert Looking(*WORLD, *own).look() == []
    unlabelled = tweak(NAMESPACE, "metadata.labels", {})
    assert Looking(CATALOG, TENANT, unlabelled, SET, CONTENT).look() == []


def test_where_there_is_no_catalog_nothing_is_found_for_want_of_it() -> None:
    assert Looking(TENANT, NAMESPACE, RELEASE, FOREIGN).look() == []


def test_many_are_counted_and_a_bounded_number_is_told_of_at_a_look() -> None:
    many = [tweak(tweak(SET, "metadata.name", f"s{n}"), "metadata.uid", f"u{n}") for n in range(TOLD_MAX + 7)]
    looking = Looking(*WORLD, CONTENT, *many)
    assert len(looking.look()) == TOLD_MAX
    assert standing_by("hosted_controllers_only") == TOLD_MAX + 7
    assert len(looking.look()) == 7
    assert looking.look() == []


class Gone(World):
    """An API server that does not answer about some kinds."""

    gone: tuple[Resource, ...] = ()

    async def find(self, query: Query, *, live: bool) -> Answer:
        if query.resource in self.gone:
            raise errors.Unavailable("nobody there")
        return await super().find(query, live=live)


def test_what_cannot_be_asked_now_is_looked_at_the_next_time_and_all_else_at_once() -> None:
    world = Gone(*WORLD, SET, CONTENT, THIEF, KEYS)
    looking = Looking(lookup=world)
    world.gone = (KUBEADM_CONFIG_TEMPLATES,)
    assert looking.look() == ["s"]
    world.gone = (CLUSTER_RESOURCE_SETS, SECRETS)
    assert looking.look() == []
    world.gone = ()
    assert looking.look() == ["t"]
    world.gone = (NAMESPACES, TENANTS)
    with pytest.raises(errors.Unavailable):
        looking.look()
    # What stood still stands.
    assert standing_by("control_plane_keys") == 1


class Faulty(World):
    """Where something is that we stumble over."""

    async def find(self, query: Query, *, live: bool) -> Answer:
        if query.resource == SECRETS:
            raise ZeroDivisionError
        return await super().find(query, live=live)


def test_a_fault_of_ours_about_one_object_is_told_and_keeps_nobody_from_looking_at_the_others() -> None:
    looking = Looking(lookup=Faulty(*WORLD, THIEF, KEYS, SET, CONTENT))
    assert looking.look() == ["s"]
    assert [line["name"] for line in looking.lines if line["event"] == "second_look_failed"] == ["t"]
    assert looking.look() == []


def test_lists_are_of_one_namespace_each_and_no_secret_is_listed() -> None:
    looking = Looking(*WORLD, SET, CONTENT)
    looking.look()
    listed = [query for query, _ in looking.world.asked if isinstance(query, All)]
    assert {query.namespace for query in listed if query.resource.namespaced} == {"tenant-blue"}
    assert not {SECRETS, CONFIG_MAPS} & {query.resource for query in listed}
    assert set(standing.KINDS) <= {query.resource for query in listed}


async def test_the_leader_looks_at_once_and_again_and_outlives_a_server_that_is_away() -> None:
    world = Gone(*WORLD, SET, CONTENT)
    world.gone = (TENANTS,)
    looking = Looking(lookup=world)
    looked = asyncio.create_task(looking.it.run())
    with capture_logs() as lines:
        await asyncio.sleep(0.05)
    assert [line["event"] for line in lines] == ["second_look_broken_off"]
    looked.cancel()
    world.gone = ()
    again = asyncio.create_task(looking.it.run())
    await asyncio.sleep(0.2)
    again.cancel()
    assert [name for _, name, _ in looking.recorded.told] == ["s"]
