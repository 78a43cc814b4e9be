"""What the fuzzer would complain about: it has to be able to."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from provisioning.resources import TENANT_CLUSTERS
from tests.fuzz import protocol
from tests.fuzz.reviews import Call
from tests.webhooks.estate import cluster
from tests.webhooks.reviews import body

CALL = Call("/validate", json.dumps(body(TENANT_CLUSTERS, cluster())).encode())


def complaint(response: dict[str, Any], *, status: int = 200) -> str:
    answer = {"uid": "call-1", "allowed": True, **response}
    content = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": answer}
    return protocol.complaint(CALL, status, json.dumps(content).encode())


def refused(code: int, message: str) -> dict[str, Any]:
    return {"allowed": False, "status": {"code": code, "message": message}}


def patched(*operations: Any) -> str:
    return base64.b64encode(json.dumps(operations).encode()).decode()


@pytest.mark.parametrize(
    "response",
    [
        {},
        refused(403, "spec.pools: 'Exception' is not on offer"),
        {"patch": patched({"op": "remove", "path": "/spec"})},
    ],
)
def test_a_sound_answer_is_no_reason_to_complain(response: dict[str, Any]) -> None:
    assert complaint(response) == ""


@pytest.mark.parametrize(
    ("response", "words"),
    [
        ({"uid": "other"}, "another call"),
        ({"allowed": "yes"}, "neither yes nor no"),
        ({"allowed": False}, "of no use"),
        ({"warnings": ["x" * 121]}, "of no use"),
        ({"patch": patched({"op": "remove", "path": "/nothing"})}, "does not fit"),
        ({**refused(403, "no"), "patch": patched()}, "a refusal changes something"),
    ],
)
def test_an_answer_that_is_not_by_the_protocol_is(response: dict[str, Any], words: str) -> None:
    assert words in complaint(response)


@pytest.mark.parametrize(("status", "words"), [(500, "status 500"), (400, "says more than it may")])
def test_so_is_one_that_is_no_answer(status: int, words: str) -> None:
    assert words in complaint({}, status=status)


@pytest.mark.parametrize(("code", "message"), [(500, "a fault"), (409, "a conflict"), (403, "")])
def test_so_is_a_refusal_that_no_client_can_make_something_of(code: int, message: str) -> None:
    assert "of no use" in complaint(refused(code, message))


def test_so_are_words_of_our_code() -> None:
    assert "speaks of our code" in complaint(refused(403, "it has no attribute name"))
