"""What changes a cluster: done, asked for, or refused with every reason, and the exit code that says which."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from provisioning import names, resources, room
from provisioning.digest import digest_of
from provisioning.manifest import Manifest
from provisioning.model import Action, ClusterSpec
from tests.builders import CLUSTER, NAMESPACE, tweak
from tests.fakes.api_server import Fault
from tests.plugin.terminal import LOOKED_INTO, Terminal, at_a_terminal

CHANGES = [
    "scale web --replicas=3",
    "resize web --flavor=large",
    "upgrade web --to=v1.36.0",
    "addons web --add=cert-manager",
    "hibernate web",
    "protect web",
    "delete web --yes",
    "create api --flavor=small",
]


async def test_what_nobody_has_to_approve_is_done(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        code, out, err = await ann.type("scale web --replicas=3")
        assert (code, out, err) == (0, "web: md0 2 x small -> 3 x small\n", "")
        stored = ann.cluster()
    assert stored is not None
    # The rest is as somebody wrote it.
    assert stored["spec"] == tweak(CLUSTER, "spec.pools[0].replicas", 3)["spec"]
    assert "annotations" not in stored["metadata"], "the mark of a preview is never kept"


async def test_what_is_protected_is_so_until_that_is_taken_back(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        assert await ann.type("protect web") == (0, "web is protected: nobody deletes it\n", "")
        assert ((ann.cluster() or {})["spec"])["deletionProtection"] is True
        _, page, _ = await ann.type("show web")
        assert "nobody deletes it" in page
        assert await ann.type("protect web") == (0, "web is so already: nothing was changed\n", "")
        assert await ann.type("unprotect web") == (0, "web is protected no longer\n", "")
        assert "deletionProtection" not in (ann.cluster() or {})["spec"]


@pytest.mark.parametrize("line", CHANGES)
async def test_what_the_rules_refuse_is_told_with_every_reason_at_its_field(tmp_path: Path, line: str) -> None:
    async with at_a_terminal(tmp_path) as ann:
        much = "vCPU: asks for 48, 32 of 40 free (8 used)"
        ann.rules.wrong = [("spec.pools", much), ("spec.version", "is not on offer")]
        ann.rules.approval = True
        code, out, err = await ann.type(line)
        assert (code, out) == (1, "")
        assert err.splitlines()[0].endswith("for 2 reasons:")
        assert err.splitlines()[1:] == [
            f"- spec.pools: {much}",
            "- spec.version: is not on offer",
        ]
        assert (ann.requests, ann.cluster("api"), (ann.cluster() or {})["spec"]) == ([], None, CLUSTER["spec"])


@pytest.mark.parametrize("line", CHANGES)
async def test_what_somebody_has_to_approve_becomes_a_request(tmp_path: Path, line: str) -> None:
    async with at_a_terminal(tmp_path) as ann:
        ann.rules.approval = True
        code, out, err = await ann.type(f"{line} --reason='for the launch'")
        assert (code, err) == (0, "")
        (request,) = ann.requests
        assert ann.cluster() == {**CLUSTER, "metadata": (ann.cluster() or {})["metadata"], "status": LOOKED_INTO}
    name, spec = request["metadata"]["name"], request["spec"]
    assert out.splitlines()[0].startswith(f"{name}: ")
    assert "1 approver of tenant blue must agree: ben, cleo" in out
    assert f"kubectl clusterdesk approve {name} -n {NAMESPACE}" in out
    desired = ClusterSpec.model_validate(spec["desired"]) if "desired" in spec else None
    assert spec["digest"] == digest_of(action=Action(spec["action"]), cluster=spec["cluster"], desired=desired)
    assert spec["requester"] == {"user": "ann"}
    assert spec["reason"] == "for the launch"
    assert spec.get("baseGeneration") == (None if "create" in line else 1)


async def test_asking_twice_is_asking_once_as_long_as_nobody_has_decided(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        ann.rules.approval = True
        first = await ann.type("scale web --replicas=3")
        assert await ann.type("scale web --replicas=3") == first
        await ann.type("scale web --replicas=4")
        assert len(ann.requests) == 2
        (asked,) = (it for it in ann.requests if it["metadata"]["name"] == first[1].split(":")[0])
        ann.server.put(resources.CLUSTER_REQUESTS, asked, status={"phase": "Denied"})
        assert await ann.type("scale web --replicas=3") != first


@pytest.mark.parametrize("line", CHANGES)
@pytest.mark.parametrize("approval", [False, True])
async def test_a_dry_run_asks_every_rule_and_keeps_nothing(tmp_path: Path, line: str, approval: bool) -> None:
    async with at_a_terminal(tmp_path) as ann:
        ann.rules.approval = approval
        code, out, _ = await ann.type(f"{line} --dry-run=server")
        assert code == 0
        assert all(told.endswith("(server dry run)") for told in out.splitlines())
        # What was only tried cannot be approved.
        assert "kubectl" not in out
        assert [path for path in ann.written() if "selfsubjectreviews" not in path] == []


async def test_who_is_slower_decides_again_on_what_is_there_by_then(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        ann.server.fail(409, method="PUT")
        code, out, _ = await ann.type("scale web --replicas=3")
        assert (code, out) == (0, "web: md0 2 x small -> 3 x small\n")


async def test_what_is_so_already_is_no_failure_and_no_write(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        code, out, _ = await ann.type("scale web --replicas=2")
        assert (code, out) == (0, "web is so already: nothing was changed\n")
        assert ann.written() == []


async def test_programs_get_the_object_that_was_written(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        _, out, _ = await ann.type("scale web --replicas=3 -o json")
        assert json.loads(out)["spec"]["pools"][0]["replicas"] == 3
        ann.rules.approval = True
        _, out, _ = await ann.type("scale web --replicas=4 -o yaml")
        assert yaml.safe_load(out)["kind"] == "ClusterRequest"


async def test_a_name_that_is_taken_or_unknown_is_told(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        assert await ann.type("create web --flavor=small") == (
            1,
            "",
            "web was not created: metadata.name: web exists already\n",
        )
        assert await ann.type("scale wep --replicas=1") == (
            1,
            "",
            f"there is no TenantCluster wep in {NAMESPACE}; did you mean web?\n",
        )


def waits_for_room(request: dict[str, Any]) -> dict[str, Any]:
    """The status of one that is approved and has found no room."""
    full = {"type": room.WAITS, "status": "True", "reason": room.NO_ROOM, "lastTransitionTime": "2026-08-01T00:00:00Z"}
    return {**request.get("status", {}), "phase": "Approved", "conditions": [full]}


async def test_a_new_cluster_that_one_waits_for_is_not_asked_for_again(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        ann.rules.approval = True
        await ann.type("create api --flavor=small")
        (request,) = ann.requests
        name = request["metadata"]["name"]
        code, out, err = await ann.type("create api --flavor=small")
        assert (code, err) == (0, "")
        assert out.startswith(f"{name}: a new cluster api is asked for since ")
        assert "and waits for approval" in out
        code, _, err = await ann.type("create api --flavor=large")
        assert code == 1
        assert f"that is already {name}, waiting since" in err
        assert f"kubectl clusterdesk withdraw {name} -n {NAMESPACE}" in err
        assert len(ann.requests) == 1


async def test_what_waits_for_room_is_asked_for_once_though_there_is_no_room(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        ann.rules.approval = True
        await ann.type("create api --flavor=small")
        (request,) = ann.requests
        ann.server.put(resources.CLUSTER_REQUESTS, request, status=waits_for_room(request))
        ann.rules.wrong = [("spec.pools", "vCPU: asks for 4, 0 of 40 free (40 used)")]
        code, out, err = await ann.type("create api --flavor=small")
        assert (code, err) == (0, "")
        assert "is approved, and waits for room in the quota" in out
        assert "kubectl clusterdesk approve" not in out
        assert len(ann.requests) == 1


async def test_what_is_approved_and_has_no_cluster_yet_is_asked_for_once(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        ann.rules.approval = True
        await ann.type("create api --flavor=small")
        (request,) = ann.requests
        ann.server.put(resources.CLUSTER_REQUESTS, request, status={"phase": "Approved"})
        code, out, err = await ann.type("create api --flavor=small")
        assert (code, err) == (0, "")
        assert "and is accepted and starts in a moment" in out
        code, _, err = await ann.type("create api --flavor=large")
        name = request["metadata"]["name"]
        assert (code, f"that is already {name}, which is accepted and starts in a moment" in err) == (1, True)
        assert len(ann.requests) == 1


@pytest.mark.parametrize("approval", [False, True])
async def test_a_name_for_which_somebody_else_waits_is_told_with_a_free_one(tmp_path: Path, approval: bool) -> None:
    async with at_a_terminal(tmp_path) as ann:
        ann.rules.approval = True
        await ann.type("create api-2 --flavor=small")
        (request,) = ann.requests
        theirs = {
            "metadata": {"name": "cr-ben", "namespace": NAMESPACE, "labels": {names.CLUSTER_LABEL: "api"}},
            "spec": {**request["spec"], "cluster": "api", "requester": {"user": "ben"}},
        }
        ann.server.put(resources.CLUSTER_REQUESTS, theirs)
        ann.server.put(resources.CLUSTERS, {"metadata": {"name": "api-3", "namespace": NAMESPACE}, "spec": {}})
        ann.rules.approval = approval
        code, out, err = await ann.type("create api --flavor=small")
        assert (code, out) == (1, "")
        assert err.startswith("api was not created: metadata.name: ben has asked for api already")
        assert err.endswith("(cr-ben). Free: api-4\n")
        assert ann.cluster("api") is None
        assert len(ann.requests) == 2


async def test_a_cluster_made_by_hand_is_left_to_whoever_made_it(tmp_path: Path) -> None:
    host: dict[str, Any] = {
        "metadata": {"name": "raw", "namespace": NAMESPACE, "labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}},
        "spec": {},
    }
    async with at_a_terminal(tmp_path) as ann:
        ann.server.put(resources.CLUSTERS, host)
        code, _, err = await ann.type("delete raw --yes")
        assert code == 1
        assert err.startswith(
            f"raw was made by hand, as objects of Cluster API, kept by the Flux Kustomization {NAMESPACE}/apps."
        )


@pytest.mark.parametrize(("typed", "code"), [("web\n", 0), ("wep\n", 1), ("", 1)])
async def test_a_deletion_wants_the_name_typed_once_more(tmp_path: Path, typed: str, code: int) -> None:
    async with at_a_terminal(tmp_path) as ann:
        assert (await ann.type("delete web", given=typed))[0] == code
        assert (ann.cluster() is None) is (code == 0)


def in_the_cluster(resource: resources.Resource, name: str, spec: dict[str, Any], *, owner: str = "") -> Manifest:
    """Something that a person made in web, as it stands in the management cluster."""
    owners = [{"apiVersion": "v1", "kind": owner, "name": "web", "uid": "u"}] if owner else []
    meta = {"name": name, "namespace": NAMESPACE, "labels": {names.CLUSTER_LABEL: "web"}, "ownerReferences": owners}
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": meta, "spec": spec}


async def test_before_a_deletion_is_confirmed_it_is_counted_what_goes_with_it(tmp_path: Path) -> None:
    claim = {"resources": {"requests": {"storage": "10Gi"}}}
    async with at_a_terminal(tmp_path) as ann:
        for name in ("pvc-1", "pvc-2"):
            ann.server.put(
                resources.PERSISTENT_VOLUME_CLAIMS, in_the_cluster(resources.PERSISTENT_VOLUME_CLAIMS, name, claim)
            )
        balanced = {"type": "LoadBalancer", "ports": [{"port": 80}]}
        ann.server.put(resources.SERVICES, in_the_cluster(resources.SERVICES, "shop", balanced))
        own = in_the_cluster(resources.SERVICES, "web", balanced, owner="TenantControlPlane")
        ann.server.put(resources.SERVICES, own)

        code, _, err = await ann.type("delete web", given="no\n")
        assert code == 1
        told, _, _ = err.partition("Type the cluster's name")
        assert told.splitlines()[1:] == [
            "What goes with it:",
            "- its control plane, and its workers: md0 2 x small (2 vCPU, 4Gi each), its add-ons cilium",
            "- 2 volumes with 20Gi, 1 load balancer",
        ]
        code, out, err = await ann.type("delete web --dry-run=server")
        assert (code, "2 volumes with 20Gi" in err) == (0, True)
        assert "2 volumes with 20Gi" not in out
        assert json.loads((await ann.type("delete web --dry-run=server -o json"))[1])["metadata"]["name"] == "web"
        code, out, err = await ann.type("delete web --yes")
        assert (code, out, err) == (0, "web is being deleted\n", "")


async def test_a_catalog_that_is_not_told_keeps_nobody_from_deleting(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        ann.server.fail(500, method="GET", plural="catalogs", times=100)
        code, _, err = await ann.type("delete web", given="web\n")
        assert (code, "its workers: md0 2 x small, its add-ons" in err) == (0, True)
        assert ann.cluster() is None


@pytest.mark.parametrize("status", [403, 500])
async def test_what_cannot_be_counted_is_said_and_keeps_nobody_from_deleting(tmp_path: Path, status: int) -> None:
    async with at_a_terminal(tmp_path) as ann:
        ann.server.fail(status, method="GET", plural="persistentvolumeclaims", times=100)
        code, _, err = await ann.type("delete web", given="web\n")
        assert (code, "Volumes and load balancers could not be counted: " in err) == (0, True)
        assert ann.cluster() is None


async def test_no_answer_is_another_exit_code_than_a_refusal(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        ann.server.fail(Fault.DROPPED, times=20)
        code, _, err = await ann.type("scale web --replicas=3")
        assert (code, err.startswith("no answer from the API server")) == (2, True)
        ann.server.heal()
        ann.server.fail(403, method="GET", plural="tenantclusters")
        assert (await ann.type("scale web --replicas=3"))[0] == 1


async def test_flags_that_contradict_each_other_are_told_before_anything_is_asked(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        assert (await ann.type("scale web --replicas=1 --max=3"))[::2] == (
            1,
            "say either --replicas, or --min and --max\n",
        )
        assert (await ann.type("create api"))[::2] == (1, "say a size of worker with --flavor: small, large\n")
        code, _, err = await ann.type("scale web --replicas=1 --wait --timeout=soon")
        assert code == 2
        assert "soon is no duration; such as 90m, 24h, 3d or 2w" in " ".join(err.replace("│", " ").split())


async def test_a_file_says_it_all(tmp_path: Path) -> None:
    file = tmp_path / "api.yaml"
    file.write_text(yaml.safe_dump({**CLUSTER, "metadata": {"name": "api"}}))
    async with at_a_terminal(tmp_path) as ann:
        code, out, err = await ann.type(f"create -f {file}")
        assert (code, out) == (0, f"api is created in {NAMESPACE}\n"), err
        assert (await ann.type(f"create -f {file} --flavor=small"))[0] == 1
        assert (await ann.type(f"create other -f {file}"))[2] == (
            "the file has the name api, and you say other: leave one of them out\n"
        )
        code, out, _ = await ann.type("create -f -", given=file.read_text().replace("name: api", "name: typed"))
        assert (code, out) == (0, f"typed is created in {NAMESPACE}\n")
        assert (await ann.type(f"create -f {tmp_path}/none.yaml"))[0] == 1
        _, _, err = await ann.type("create -f -", given="kind: TenantCluster\nmetadata: api\n")
        assert err == "the metadata in - is no mapping, as in metadata: {name: shop}\n"
        given = file.read_text().replace("name: api", "name: odd") + "  replica: 3\n"
        assert await ann.type("create -f -", given=given) == (
            *(1, ""),
            "a TenantCluster has no spec.replica: see kubectl explain tenantcluster.spec\n",
        )
        _, _, err = await ann.type("create -f -", given="kind: Pod\n---\nkind: TenantCluster\n")
        assert err == "- must hold one TenantCluster, and holds Pod, TenantCluster\n"


async def test_without_a_version_the_next_one_is_told_and_taken(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        assert await ann.type("upgrade web") == (0, "web: v1.35.1 -> v1.36.0, of what may follow: v1.36.0\n", "")
        assert await ann.type("upgrade web") == (
            1,
            "",
            "web has v1.36.0, and the Catalog has nothing that may follow it\n",
        )
        ann.server.fail(403, plural="catalogs")
        assert await ann.type("upgrade web") == (1, "", "the Catalog cannot be read, so say the version with --to\n")


HELD: Manifest = {
    "checkedAt": "2026-08-03T11:40:00Z",
    "budgets": [
        {"namespace": "shop", "name": "web", "expected": 2, "healthy": 2, "needed": 2},
        {"namespace": "shop", "name": "db", "expected": 3, "healthy": 2, "needed": 2},
    ],
    "moreBudgets": 4,
    "apis": [
        {"group": "example.dev", "version": "v1beta1", "resource": "gadgets", "removedRelease": "1.36"},
        {"version": "v1beta1", "resource": "widgets", "removedRelease": "1.37"},
    ],
}
TOLD = [
    "PodDisruptionBudget shop/web never lets a Pod go: all its 2 Pods must stay",
    "PodDisruptionBudget shop/db lets no Pod go now: 2 of 3 are healthy, and 2 must be",
    "and 4 more PodDisruptionBudgets",
    "a worker waits up to 5m for such Pods, which then go with it",
    "example.dev/v1beta1 gadgets, which is in use, is gone from Kubernetes 1.36 on",
]
SEEN_AT = "the cluster was looked into 2026-08-03 11:40 UTC"


@pytest.mark.parametrize(
    ("status", "told"),
    [
        pytest.param({"precheck": HELD}, [*TOLD, SEEN_AT], id="something is in its way"),
        pytest.param({"precheck": {"checkedAt": "2026-08-03T11:40:00Z"}}, [], id="nothing is"),
        pytest.param(
            {"precheck": {"unseen": ["its API server does not answer"]}},
            ["nobody could look into the cluster: its API server does not answer"],
            id="it does not answer",
        ),
        pytest.param(
            {"precheck": {"checkedAt": "2026-08-03T11:40:00Z"}, "asleepSince": "2026-08-03T11:50:00Z"},
            ["not all of it could be looked at: it is asleep", SEEN_AT],
            id="it sleeps",
        ),
    ],
)
@pytest.mark.parametrize("flags", ["", "--dry-run=server", "-o json", "-o name --dry-run=server"])
async def test_who_upgrades_is_warned_of_what_it_runs_into_beside_the_answer(
    tmp_path: Path, flags: str, status: Manifest, told: list[str]
) -> None:
    async with at_a_terminal(tmp_path, {**CLUSTER, "status": status}) as ann:
        code, out, err = await ann.type(f"upgrade web {flags}")

    assert (code, err.splitlines()) == (0, [f"Warning: {line}" for line in told])
    assert "Warning" not in out
    if "json" in flags:
        assert json.loads(out)["spec"]["version"] == "v1.36.0"


async def test_a_request_for_an_upgrade_is_warned_of_as_well(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path, {**CLUSTER, "status": {"precheck": HELD}}) as ann:
        ann.rules.approval = True
        code, out, err = await ann.type("upgrade web -o json")
        assert (code, json.loads(out)["kind"], len(err.splitlines())) == (0, "ClusterRequest", 6)
        ann.rules.wrong = [("spec.version", "is not on offer")]
        for flags in ("", "--to=latest", "--to=v1", "--to=1.x"):
            code, _, err = await ann.type(f"upgrade web {flags}")
            assert (code, err) == (1, "web was not changed: spec.version: is not on offer\n"), "and runs into nothing"


async def test_a_cluster_sleeps_wakes_and_lives_longer_as_one_says(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path, tweak(CLUSTER, "spec.lifetime", "99999h")) as ann:
        assert (await ann.type("hibernate web"))[:2] == (0, "web goes to sleep\n")
        assert (ann.cluster() or {})["spec"]["hibernation"] == {"enabled": True}
        assert (await ann.type("wake web"))[:2] == (0, "web wakes\n")
        assert "hibernation" not in (ann.cluster() or {})["spec"]
        assert (await ann.type("wake web"))[:2] == (0, "web is so already: nothing was changed\n")
        code, out, _ = await ann.type("extend web 30m")
        assert (code, (ann.cluster() or {})["spec"]["lifetime"]) == (0, "99999h30m")
        assert out.endswith("(lifetime 99999h -> 99999h30m)\n")
    async with at_a_terminal(tmp_path, tweak(CLUSTER, "spec.lifetime", "24h")) as ann:
        assert (await ann.type("extend web 1w3d --reason=holidays"))[0] == 0
        assert (ann.cluster() or {})["spec"]["lifetime"] == "264h"
        assert (await ann.type("create api --flavor=small --lifetime=2d"))[0] == 0
        assert (ann.cluster("api") or {})["spec"]["lifetime"] == "48h"


async def test_what_has_no_end_cannot_be_extended(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        assert await ann.type("extend web 24h") == (1, "", "web has no end, so there is nothing to extend\n")


async def test_who_may_not_read_the_tenant_hears_that_somebody_has_to_agree(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        ann.rules.approval = True
        ann.server.fail(403, plural="tenants")
        code, out, _ = await ann.type("scale web --replicas=3")
        assert (code, out.splitlines()[1]) == (0, "approvers of the tenant must agree")


async def waited(ann: Terminal, line: str) -> tuple[int, str, str]:
    return await ann.type(f"{line} --wait --timeout=1s")


async def test_waiting_ends_when_the_cluster_is_ready_as_it_is_wanted_now(tmp_path: Path) -> None:
    ready = {
        "type": "Ready",
        "status": "True",
        "reason": "Ready",
        "message": "",
        "lastTransitionTime": "2026-08-03T09:00:00Z",
    }

    def status(generation: int) -> dict[str, Any]:
        return {"conditions": [{**ready, "observedGeneration": generation}]}

    async with at_a_terminal(tmp_path, {**CLUSTER, "status": status(1)}) as ann:
        code, _, err = await waited(ann, "scale web --replicas=3")
        assert code == 1, "it is ready as it was, and not as it is to be"
        assert err.startswith("web did not come that far in 1s")
        assert f"kubectl clusterdesk status web -n {NAMESPACE}" in err
        ann.server.put(resources.TENANT_CLUSTERS, ann.cluster() or {}, status=status(2))
        code, out, _ = await waited(ann, "scale web --replicas=3")
        assert code == 0, "what is so already is waited for all the same"
        assert "web is ready" in out


async def test_waiting_for_an_approval_that_does_not_come_says_so(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        ann.rules.approval = True
        code, _, err = await waited(ann, "scale web --replicas=3")
        assert code == 1
        assert err.endswith("about web is not decided after 1s, and waits on\n")


async def test_waiting_for_a_deletion_ends_when_it_is_gone(tmp_path: Path) -> None:
    async with at_a_terminal(tmp_path) as ann:
        code, out, _ = await waited(ann, "delete web --yes")
        assert (code, out.splitlines()) == (0, ["web is being deleted", "web is gone"])
