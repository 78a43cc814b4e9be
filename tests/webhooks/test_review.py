"""AdmissionReview in and out."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning import legacy
from provisioning.errors import Cause
from provisioning.resources import MACHINE_DEPLOYMENTS, TENANT_CLUSTERS
from tests.webhooks.reviews import body, manifest
from webhooks import review
from webhooks.decision import Allow, Decision, Deny, Patch

CLUSTER = manifest(TENANT_CLUSTERS, "web", {"pools": []})


def encoded(decision: Decision) -> dict[str, Any]:
    response: dict[str, Any] = json.loads(review.encode("call-1", decision))["response"]
    return response


def test_a_create_has_no_old_object_and_names_who_asks() -> None:
    asked = review.decode(json.dumps(body(TENANT_CLUSTERS, CLUSTER, groups=["a", "b"], dry_run=True)).encode())
    assert (asked.operation, asked.group, asked.resource) == ("CREATE", "clusterdesk.dev", "tenantclusters")
    assert (asked.user.name, asked.user.groups) == ("ann", ("a", "b"))
    assert (asked.object, asked.old, asked.dry_run) == (CLUSTER, None, True)


def test_of_both_objects_each_part_is_read_as_it_is_there_and_managed_fields_not_at_all() -> None:
    new, old = (
        {**CLUSTER, "spec": {"same": {"a": 1}}, "status": {"at": at}, "operation": {"at": at}} for at in ("now", "then")
    )
    managed = {**CLUSTER["metadata"], "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:spec": {}}}]}
    bare = {key: value for key, value in new.items() if key != "operation"}
    for one, other in ((new, old), (bare, new), (new, bare), (new, new)):
        text = json.dumps(body(TENANT_CLUSTERS, {**one, "metadata": managed}, old={**other, "metadata": managed}))
        asked = review.decode(text.encode())
        assert (asked.object, asked.old) == (one, other)


def test_a_scale_is_a_subresource_of_what_is_scaled() -> None:
    scale = manifest(MACHINE_DEPLOYMENTS, "web-md0", {"replicas": 3})
    asked = review.decode(json.dumps(body(MACHINE_DEPLOYMENTS, scale, old=scale, subresource="scale")).encode())
    assert (asked.resource, asked.subresource, asked.kind) == ("machinedeployments", "scale", "Scale")


OLD_KIND = legacy.old(MACHINE_DEPLOYMENTS)


def test_an_object_of_the_older_generation_is_read_in_the_words_of_the_newer() -> None:
    reference = {
        "apiVersion": "infrastructure.cluster.x-k8s.io/v1alpha1",
        "kind": "KubevirtMachineTemplate",
        "name": "t",
    }
    pool = manifest(OLD_KIND, "web-md0", {"template": {"spec": {"infrastructureRef": reference}}, "strategy": {"a": 1}})
    asked = review.decode(json.dumps(body(OLD_KIND, pool, old=pool)).encode())
    assert asked.object == asked.old
    assert asked.either["apiVersion"] == MACHINE_DEPLOYMENTS.api_version
    assert (
        asked.either["spec"]["template"]["spec"]["infrastructureRef"]["apiGroup"] == "infrastructure.cluster.x-k8s.io"
    )
    assert asked.either["spec"]["rollout"] == {"strategy": {"a": 1}}


@pytest.mark.parametrize(
    "spec", [{"template": {"spec": {"infrastructureRef": "x"}}}, {"template": {"spec": {"infrastructureRef": None}}}]
)
def test_an_object_of_the_older_generation_that_has_no_shape_is_refused_before_any_rule(spec: object) -> None:
    text = json.dumps(body(OLD_KIND, manifest(OLD_KIND, "web-md0", spec))).encode()
    with pytest.raises(review.Malformed, match="cannot be read"):
        review.decode(text)


GOOD = body(TENANT_CLUSTERS, CLUSTER)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b"not json",
        b"\xff\xfe",
        json.dumps({**GOOD, "apiVersion": "admission.k8s.io/v1beta1"}).encode(),
        json.dumps({**GOOD, "kind": "Review"}).encode(),
        json.dumps({**GOOD, "request": None}).encode(),
        json.dumps({"apiVersion": GOOD["apiVersion"], "kind": GOOD["kind"]}).encode(),
        json.dumps({**GOOD, "request": {**GOOD["request"], "uid": 3}}).encode(),
        json.dumps({**GOOD, "request": {**GOOD["request"], "object": "x"}}).encode(),
        json.dumps({**GOOD, "request": {**GOOD["request"], "object": None, "oldObject": None}}).encode(),
        json.dumps({**GOOD, "request": {**GOOD["request"], "object": {"a": float("nan")}}}).encode(),
        json.dumps({**GOOD, "request": {**GOOD["request"], "object": {}}}).encode(),
        json.dumps({**GOOD, "request": {**GOOD["request"], "object": {**CLUSTER, "spec": ["pools"]}}}).encode(),
        json.dumps({**GOOD, "request": {**GOOD["request"], "object": {"metadata": {"name": 3}}}}).encode(),
        json.dumps({**GOOD, "request": {**GOOD["request"], "object": {"metadata": {"ownerReferences": 1}}}}).encode(),
        json.dumps({**GOOD, "request": {**GOOD["request"], "userInfo": {"username": ""}}}).encode(),
        json.dumps({**GOOD, "request": {**GOOD["request"], "object": {"metadata": {"name": "web"}}}}).encode(),
        json.dumps(GOOD).encode() + b"{}",
        json.dumps(GOOD).encode().replace(b'"pools": []', b'"pools": ' + b"[" * 20_000 + b"]" * 20_000),
        json.dumps(GOOD).encode().replace(b'"pools"', b'"\xff"'),
    ],
)
def test_whatever_is_no_review_is_malformed_and_not_quoted(text: bytes) -> None:
    with pytest.raises(review.Malformed) as caught:
        review.decode(text)
    assert "pools" not in str(caught.value)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_malformed(text: bytes) -> None:
    with pytest.raises(review.Malformed):
        review.decode(text)


def test_numbers_beyond_64_bits_are_kept_as_they_are() -> None:
    text = json.dumps(GOOD).replace('"pools": []', f'"pools": {2**70}')
    asked = review.decode(text.encode())
    assert asked.object is not None
    assert asked.object["spec"]["pools"] == 2**70


def test_a_plain_yes_says_nothing_more() -> None:
    assert encoded(Allow()) == {"uid": "call-1", "allowed": True}


def test_a_long_warning_goes_on_in_the_next_line() -> None:
    words = "mind " * 100
    lines = encoded(Allow((words, "short")))["warnings"]
    assert max(map(len, lines)) <= 120
    assert " ".join(lines) == f"{words}short"


def test_all_warnings_together_stay_within_what_the_api_server_passes_on() -> None:
    lines = encoded(Allow(tuple(f"{number} {'ü' * 100}" for number in range(100))))["warnings"]
    assert 0 < sum(len(line.encode()) for line in lines) <= 4096


@pytest.mark.parametrize(
    ("decision", "word"),
    [(Allow(audit={"tenant": "blue"}), "allow"), (Deny("no", audit={"tenant": "blue"}), "deny")],
)
def test_the_audit_log_is_told_what_was_decided(decision: Decision, word: str) -> None:
    assert encoded(decision)["auditAnnotations"] == {"decision": word, "tenant": "blue"}


def test_a_denial_carries_code_reason_and_every_cause() -> None:
    response = encoded(Deny("no", (Cause("spec.pools", "too many"), Cause("", "bad day")), 422))
    assert response["allowed"] is False
    assert response["status"] == {
        "status": "Failure",
        "code": 422,
        "reason": "Invalid",
        "message": "no",
        "details": {
            "causes": [
                {"reason": "FieldValueInvalid", "message": "too many", "field": "spec.pools"},
                {"reason": "FieldValueInvalid", "message": "bad day"},
            ]
        },
    }


def test_a_cause_of_403_is_a_value_that_is_forbidden_and_not_one_that_is_wrong() -> None:
    (cause,) = encoded(Deny("no", (Cause("spec.pools", "too many"),)))["status"]["details"]["causes"]
    assert cause["reason"] == "FieldValueForbidden"


def test_a_denial_that_programs_tell_from_others_says_its_mark_with_each_cause() -> None:
    marked = Deny("no", (Cause("spec", "full"), Cause("spec.pools", "full")), mark="QuotaExceeded")
    assert {cause["reason"] for cause in encoded(marked)["status"]["details"]["causes"]} == {"QuotaExceeded"}


def test_what_is_wrong_is_named_where_kubectl_looks_for_it() -> None:
    asked = review.decode(json.dumps(GOOD).encode())
    wrong = Deny("a: x", (Cause("a", "x"),), 422)
    details = json.loads(review.encode("call-1", wrong, about=asked))["response"]["status"]["details"]
    assert (details["kind"], details["name"], details["group"]) == ("TenantCluster", "web", "clusterdesk.dev")
    bare = json.loads(review.encode("call-1", Deny("no", code=422), about=asked))["response"]["status"]
    assert "details" not in bare, "kubectl would show the name and not the message"


def test_the_deletion_of_a_whole_collection_comes_without_any_object() -> None:
    bare = {**GOOD["request"], "operation": "DELETE", "object": None, "oldObject": None, "name": ""}
    asked = review.decode(json.dumps({**GOOD, "request": bare}).encode())
    assert (asked.operation, asked.object, asked.old) == ("DELETE", None, None)


def test_a_contended_ledger_says_when_to_come_back() -> None:
    status = encoded(Deny("busy", code=429, retry_after=1))["status"]
    assert (status["code"], status["reason"], status["details"]) == (429, "TooManyRequests", {"retryAfterSeconds": 1})


def test_a_patch_is_base64_of_json_patch() -> None:
    operations = ({"op": "add", "path": "/spec/a", "value": "ü"},)
    response = encoded(Patch(operations))
    assert (response["allowed"], response["patchType"]) == (True, "JSONPatch")
    assert json.loads(base64.b64decode(response["patch"])) == list(operations)
