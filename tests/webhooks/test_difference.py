"""What was there before may be taken away piece by piece; once more of the same is news. Over lists of any make-up."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.resources import (
    CLUSTER_RESOURCE_SETS,
    CONFIG_MAPS,
    HELM_CHART_PROXIES,
    HELM_RELEASES,
    KAMAJI_CONTROL_PLANES,
    KUBEADM_CONFIG_TEMPLATES,
    KUBEVIRT_MACHINES,
    Resource,
)
from tests.webhooks.estate import WORLD
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks import difference, policy
from webhooks.decision import Allow, Deny
from webhooks.kinds import APPLICATIONS, PROFILES
from webhooks.parts import Form, Part
from webhooks.policies import POLICIES, tenant_quota
from webhooks.policy import about

Element = dict[str, Any]
JUDGES = policy.table(each for each in POLICIES if each is not tenant_quota.POLICY)

POD = "kind: Pod\nspec:\n  containers:\n  - image: x/cluster-autoscaler\n"
HARMLESS = "kind: ConfigMap\ndata: {a: b}\n"
IN_THE_WAY = {
    "kubeConfig": {"secretRef": {"name": "web-kubeconfig"}},
    "chart": {"spec": {"chart": "cilium", "sourceRef": {"kind": "HelmRepository", "name": "r"}}},
}
CONTENTS = [manifest(CONFIG_MAPS, name, data={"a.yaml": POD}) for name in ("bad", "worse")]
CONTENTS.append(manifest(CONFIG_MAPS, "good", data={"a.yaml": HARMLESS}))


def files(elements: Sequence[Element]) -> Any:
    return {"template": {"spec": {"files": list(elements)}}}


def pods(elements: Sequence[Element]) -> Any:
    return {**IN_THE_WAY, "values": {"extra": {"containers": list(elements)}}}


def sets(elements: Sequence[Element]) -> Any:
    return {"clusterSelector": {}, "resources": list(elements)}


def values_text(elements: Sequence[Element]) -> Any:
    chart = {"chartName": "cilium", "repoURL": "https://helm.example.org"}
    return {**chart, "valuesTemplate": json.dumps({"containers": list(elements)})}


def guest(elements: Sequence[Element]) -> Any:
    return {"virtualMachineTemplate": {"spec": {"template": {"spec": {"volumes": list(elements)}}}}}


def control_plane(elements: Sequence[Element]) -> Any:
    return {"version": "v1.34.2", "deployment": {"extraVolumes": list(elements)}}


def tolerating(elements: Sequence[Element]) -> Any:
    return {"version": "v1.34.2", "deployment": {"tolerations": list(elements)}}


def charts(elements: Sequence[Element]) -> Any:
    return {"helmCharts": list(elements)}


def references(elements: Sequence[Element]) -> Any:
    return {"policyRefs": list(elements)}


def sources(elements: Sequence[Element]) -> Any:
    return {"destination": {"server": "https://10.0.0.7:6443"}, "sources": list(elements)}


GOOD_CHART = {"chartName": "r/cilium", "repositoryURL": "https://helm.example.org"}
WAYS: Sequence[tuple[Resource, Callable[[Sequence[Element]], Any], Element, Element]] = (
    (KUBEADM_CONFIG_TEMPLATES, files, {"path": "/a", "content": HARMLESS}, {"path": "/b", "content": POD}),
    (HELM_RELEASES, pods, {"image": "x/nginx"}, {"image": "x/cluster-autoscaler"}),
    (HELM_CHART_PROXIES, values_text, {"image": "x/nginx"}, {"image": "x/cluster-autoscaler"}),
    (CLUSTER_RESOURCE_SETS, sets, {"kind": "ConfigMap", "name": "good"}, {"kind": "ConfigMap", "name": "bad"}),
    (KUBEVIRT_MACHINES, guest, {"name": "a", "emptyDisk": {}}, {"name": "b", "secret": {"secretName": "web-ca"}}),
    (KAMAJI_CONTROL_PLANES, control_plane, {"name": "a", "secret": {}}, {"name": "b", "hostPath": {"path": "/"}}),
    (PROFILES, charts, GOOD_CHART, {"chartName": "r/odd", "repositoryURL": "https://elsewhere.example.org"}),
    (PROFILES, references, {"kind": "ConfigMap", "name": "good"}, {"kind": "ConfigMap", "name": "bad"}),
    (
        PROFILES,
        references,
        {"kind": "ConfigMap", "name": "good"},
        {"kind": "ConfigMap", "name": "good", "deploymentType": "Local"},
    ),
    (
        APPLICATIONS,
        sources,
        {"repoURL": "https://helm.example.org", "chart": "cilium"},
        {"repoURL": "https://elsewhere.example.org", "chart": "odd"},
    ),
)
NAMES = [f"{kind.kind}-{build.__name__}" for kind, build, *_ in WAYS]


def changed(kind: Resource, before: Any, after: Any) -> Any:
    """What all policies say, one after another; the first denial."""
    namespace = "argocd" if kind is APPLICATIONS else "tenant-blue"
    old, new = (manifest(kind, "web", spec, namespace=namespace) for spec in (before, after))
    asked, world = request(kind, new, old=old), World(*WORLD, *CONTENTS)
    verdicts = (world.check(each, asked) for each in JUDGES[about(asked)])
    return next((verdict for verdict in verdicts if isinstance(verdict, Deny)), Allow())


@pytest.mark.parametrize(("kind", "build", "good", "bad"), WAYS, ids=NAMES)
@given(made_up=st.lists(st.booleans(), min_size=1, max_size=6), data=st.data())
def test_elements_of_a_list_may_go_and_change_places_whatever_they_are(
    kind: Resource, build: Any, good: Element, bad: Element, made_up: list[bool], data: st.DataObject
) -> None:
    before = [bad if forbidden else good for forbidden in made_up]
    kept = data.draw(st.permutations(before))[: data.draw(st.integers(0, len(before)))]
    assert changed(kind, build(before), build(kept)) == Allow()


@pytest.mark.parametrize(("kind", "build", "good", "bad"), WAYS, ids=NAMES)
@given(made_up=st.lists(st.booleans(), max_size=4), data=st.data())
def test_one_more_that_is_forbidden_is_refused_wherever_it_is_put(
    kind: Resource, build: Any, good: Element, bad: Element, made_up: list[bool], data: st.DataObject
) -> None:
    more = {**bad, "name": "worse"} if bad.get("kind") == "ConfigMap" and bad["name"] == "bad" else bad
    before = [bad if forbidden else good for forbidden in made_up]
    after = [*before]
    after.insert(data.draw(st.integers(0, len(before))), more)
    assert isinstance(changed(kind, build(before), build(after)), Deny)


@given(st.lists(st.sampled_from("abc"), max_size=6), st.data())
def test_of_what_the_platform_wrote_one_may_take_away_and_not_more(letters: list[str], data: st.DataObject) -> None:
    kept = data.draw(st.permutations(letters))[: data.draw(st.integers(0, len(letters)))]
    tolerations = [{"key": letter} for letter in letters]
    fewer = [{"key": letter} for letter in kept]
    assert changed(KAMAJI_CONTROL_PLANES, tolerating(tolerations), tolerating(fewer)) == Allow()
    assert isinstance(changed(KAMAJI_CONTROL_PLANES, tolerating(tolerations), tolerating([*fewer, {"key": "d"}])), Deny)


def test_what_cannot_be_looked_through_may_move_up_as_well() -> None:
    huge = {"path": "/a", "content": "- &a [cluster-autoscaler]\n" + "- [*a, *a]\n" * 60_000}
    other = {"path": "/b", "content": HARMLESS}
    assert changed(KUBEADM_CONFIG_TEMPLATES, files([other, huge]), files([huge])) == Allow()
    assert isinstance(changed(KUBEADM_CONFIG_TEMPLATES, files([huge]), files([huge, huge])), Deny)


def test_a_text_is_the_same_at_whatever_number_and_no_other_text() -> None:
    first, second = (Part(f"spec.files[{number}].content", Form.TEXT, "x") for number in (3, 12))
    assert difference.placeless(first) == difference.placeless(second)
    assert difference.placeless(first) != difference.placeless(Part("spec.files[3].other", Form.TEXT, "x"))
    assert difference.placeless(Part("a[b]", Form.TEXT, "")).field == "a[b]"
