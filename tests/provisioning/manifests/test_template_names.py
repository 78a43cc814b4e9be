"""Names that carry a hash: a name that changes by accident rolls every virtual machine of the platform."""

from __future__ import annotations

from provisioning.manifest import Manifest
from provisioning.names import content_hash
from tests.provisioning.manifests.examples import SPECIAL, of_kind, only, rendered

MACHINES, BOOTSTRAP = "KubevirtMachineTemplate", "KubeadmConfigTemplate"


def names(manifests: list[Manifest]) -> dict[str, str]:
    return {kind: only(manifests, kind)["metadata"]["name"] for kind in (MACHINES, BOOTSTRAP)}


def test_the_names_stay_what_they_are_from_release_to_release() -> None:
    assert names(rendered()) == {MACHINES: "web-md0-a31855ea", BOOTSTRAP: "web-md0-c0dbbd01"}


def test_the_names_of_pools_of_every_kind_stay_as_well() -> None:
    manifests = rendered(**SPECIAL)
    found = {m["metadata"]["name"] for kind in (MACHINES, BOOTSTRAP) for m in of_kind(manifests, kind)}
    assert found == {
        "web-gpu-81d70965",
        "web-gpu-ffc559ac",
        "web-roomy-69f78937",
        "web-roomy-fd25176f",
        "web-typed-a2481856",
        "web-typed-871439f2",
    }


def test_a_name_is_that_of_what_the_machines_are_made_from_and_of_nothing_else() -> None:
    for kind in (MACHINES, BOOTSTRAP):
        for manifest in of_kind(rendered(**SPECIAL), kind):
            content = manifest["spec"]["template"]["spec"]
            assert manifest["metadata"]["name"].rpartition("-")[2] == content_hash(content)


def test_the_order_of_labels_and_taints_in_the_spec_rolls_no_machine() -> None:
    def pools(*, turned: bool) -> list[Manifest]:
        labels, taints = (
            {"a": "1", "b": "2"},
            [{"key": "x", "effect": "NoSchedule"}, {"key": "y", "effect": "NoExecute"}],
        )
        if turned:
            labels, taints = dict(reversed(labels.items())), taints[::-1]
        return [{"name": "md0", "flavor": "small", "replicas": 2, "labels": labels, "taints": taints}]

    assert names(rendered(pools=pools(turned=True))) == names(rendered(pools=pools(turned=False)))


def test_labels_and_taints_make_another_bootstrap_template_and_keep_the_machine_template() -> None:
    for change in ({"labels": {"a": "1"}}, {"taints": [{"key": "x", "effect": "NoSchedule"}]}):
        changed = names(rendered(pools=[{"name": "md0", "flavor": "small", "replicas": 2, **change}]))
        assert changed[BOOTSTRAP] != names(rendered())[BOOTSTRAP]
        assert changed[MACHINES] == names(rendered())[MACHINES]


def test_what_rolls_no_machine_changes_no_name() -> None:
    more = rendered(
        pools=[
            {
                "name": "md0",
                "flavor": "small",
                "min": 1,
                "max": 9,
                "maxSurge": 3,
                "maxUnavailable": 1,
                "drainTimeout": "1h",
            }
        ],
        controlPlane={"replicas": 3},
        addOns=[{"name": "cilium"}],
        lifetime="24h",
    )
    assert names(more) == names(rendered())


def test_another_flavor_makes_another_machine_template_and_keeps_the_bootstrap_template() -> None:
    larger = names(rendered(pools=[{"name": "md0", "flavor": "large", "replicas": 2}]))
    assert larger[MACHINES] != names(rendered())[MACHINES]
    assert larger[BOOTSTRAP] == names(rendered())[BOOTSTRAP]


def test_an_upgrade_changes_the_machines_only_when_the_workers_turn_comes() -> None:
    before = rendered(version="v1.35.1", workers_version="v1.34.4")
    after = rendered(version="v1.35.1", workers_version="v1.35.1")
    assert names(before) == names(rendered())
    assert names(after)[MACHINES] != names(before)[MACHINES]
    assert only(before, "KamajiControlPlane")["spec"]["version"] == "v1.35.1"
    assert only(before, "MachineDeployment")["spec"]["template"]["spec"]["version"] == "v1.34.4"


def test_a_machine_deployment_names_the_templates_that_are_rendered_with_it() -> None:
    pools = [{"name": "a", "flavor": "small", "replicas": 1}, {"name": "b", "flavor": "large", "replicas": 1}]
    manifests = rendered(pools=pools)
    made = {(m["kind"], m["metadata"]["name"]) for kind in (MACHINES, BOOTSTRAP) for m in of_kind(manifests, kind)}
    named = set()
    for deployment in of_kind(manifests, "MachineDeployment"):
        machine = deployment["spec"]["template"]["spec"]
        for reference in (machine["infrastructureRef"], machine["bootstrap"]["configRef"]):
            named.add((reference["kind"], reference["name"]))
    assert named == made
    assert len(made) == 4


def test_names_fit_where_they_are_used_even_at_their_longest() -> None:
    long = "a" * 30
    manifests = rendered(long, pools=[{"name": "p" * 15, "flavor": "small", "min": 1, "max": 2}])
    # A machine adds two hashes of at most eight characters to its MachineDeployment's name, and is a hostname.
    assert all(len(m["metadata"]["name"]) + 17 <= 63 for m in of_kind(manifests, "MachineDeployment"))
    assert all(len(m["metadata"]["name"]) <= 63 for m in manifests)
