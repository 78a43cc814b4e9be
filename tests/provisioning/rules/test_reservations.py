"""What else waits in a tenant, and whether there is room for all of it."""

from __future__ import annotations

from typing import Any

from provisioning import quota, reservations
from provisioning.model import Action, Amounts, ClusterRequest
from provisioning.objects import Stored
from provisioning.reservations import Others
from provisioning.usage import Usage
from tests import builders
from tests.builders import NAMESPACE

CATALOG = builders.catalog()
GI = 2**30


def wish(cluster: str, action: Action = Action.CREATE, *, replicas: int = 2, **status: Any) -> Stored[ClusterRequest]:
    """Somebody asks for so many small workers, and one more counts for updates."""
    desired = None if action is Action.DELETE else builders.spec(pools=[_pool(replicas)])
    made = builders.request(action, desired=desired, status=status)
    spec = made.it.spec.model_copy(update={"cluster": cluster})
    return Stored(made.meta, made.it.model_copy(update={"spec": spec}))


def _pool(replicas: int) -> dict[str, Any]:
    return {"name": "md0", "flavor": "small", "replicas": replicas}


def others(*requests: Stored[ClusterRequest], had: int | None = None) -> Others:
    clusters = [builders.cluster("web", pools=[_pool(had)])] if had is not None else []
    return reservations.others(requests, clusters, CATALOG, besides=(NAMESPACE, "mine"))


def test_other_wishes_are_counted_with_what_they_would_need() -> None:
    found = others(wish("mine"), wish("web"), wish("shop", replicas=1))

    assert found == Others(
        2, builders.envelope(nodes=3, vcpu=6000, memory=12 * GI) + builders.envelope(nodes=2, vcpu=4000, memory=8 * GI)
    )


def test_a_change_needs_what_it_adds() -> None:
    assert others(wish("web", Action.CHANGE, replicas=5), had=2) == Others(1, Usage(nodes=3, vcpu=6000, memory=12 * GI))


def test_what_needs_no_room_is_in_nobodys_way() -> None:
    smaller, gone = wish("web", Action.CHANGE, replicas=1), wish("web", Action.DELETE)

    assert others(smaller, had=2) == others(gone, had=2) == Others()


def test_what_is_decided_does_not_wait() -> None:
    assert others(wish("web", phase="Denied")) == Others()


def test_all_fit_only_when_they_fit_together() -> None:
    waiting = Others(1, Usage(vcpu=6000))
    hard = quota.limits(Amounts(vcpu=20))

    assert waiting.have_room_beside(Usage(vcpu=4000), used=Usage(vcpu=10_000), hard=hard)
    assert not waiting.have_room_beside(Usage(vcpu=5000), used=Usage(vcpu=10_000), hard=hard)
