"""The chart finds the generation of Cluster API's APIs as the programs do, and registers the webhooks for that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from provisioning import legacy, profile
from provisioning.manifest import Manifest
from provisioning.profile import Profile
from tests.charts.rendering import COMPONENTS, Helm, Refused, environment, kinds

OLD, NEW = frozenset(legacy.NEW), frozenset(legacy.OLD)
KAMAJI = frozenset({"controlplane.cluster.x-k8s.io/v1alpha2"})
SERVED: Mapping[str, frozenset[str]] = {
    "nothing": frozenset(),
    "older": OLD,
    "newer": NEW,
    "both": OLD | NEW,
    "a newer Cluster API with an older Kamaji": (OLD | NEW) - KAMAJI,
    "only a newer Cluster API": NEW - KAMAJI,
}


def groups(api_versions: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """As discovery tells of them."""
    found: dict[str, tuple[str, ...]] = {}
    for group, _, version in (one.partition("/") for one in api_versions):
        found[group] = (*found.get(group, ()), version)
    return found


def asked_about(manifests: list[Manifest]) -> set[str]:
    hooks = [
        h
        for kind in ("Validating", "Mutating")
        for m in kinds(manifests, f"{kind}WebhookConfiguration")
        for h in m["webhooks"]
    ]
    return {f"{r['apiGroups'][0]}/{version}" for hook in hooks for r in hook["rules"] for version in r["apiVersions"]}


@pytest.mark.parametrize("what", SERVED)
def test_programs_and_webhooks_go_by_what_is_served(helm: Helm, what: str) -> None:
    manifests = helm.render(served=sorted(SERVED[what]))
    expected = profile.spoken(groups(SERVED[what]))
    assert {environment(manifests, name)["CLUSTERDESK_API_PROFILE"] for name in COMPONENTS} == {expected.value}
    assert asked_about(manifests) & (OLD | NEW) == (OLD | NEW if expected is Profile.V1BETA1 else NEW)


def test_whoever_renders_without_a_cluster_may_say_which_it_is(helm: Helm) -> None:
    manifests = helm.render({"apiProfile": "v1beta1"})
    assert environment(manifests, "webhooks")["CLUSTERDESK_API_PROFILE"] == "v1beta1"
    assert asked_about(manifests) >= OLD
    with pytest.raises(Refused, match="apiProfile"):
        helm.render({"apiProfile": "v1alpha4"})
