"""What every answer of the door has to be, whatever was sent. Pure."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import jsonpatch
import msgspec

from tests.fuzz.reviews import Call

REFUSALS = {403, 422, 429, 503}
"""Codes that a denial may have. 500 would be a fault of ours, and 409 one that clients take for a lost write."""
NO_REVIEW = {400}
WORDS_OF_CODE = re.compile(
    r"Traceback|Error\b|Exception|has no attribute|NoneType|not subscriptable|object is not|recursion|<class"
)
"""What only somebody who looks into our code could make sense of."""


class _Asked(msgspec.Struct):
    uid: str
    object: msgspec.Raw = msgspec.Raw(b"null")
    """Not read unless it is patched: there may be anything where the door reads nothing."""


class _Review(msgspec.Struct):
    request: _Asked


def complaint(call: Call, status: int, content: bytes) -> str:
    """What is wrong with the answer; "" when it is as the protocol wants it."""
    if status in NO_REVIEW:
        return "" if content == b"this is no AdmissionReview of admission.k8s.io/v1\n" else "it says more than it may"
    if status != 200:
        return f"status {status}"
    try:
        answer = json.loads(content)
        response = answer["response"]
    except (ValueError, KeyError, TypeError):
        return "it is no AdmissionReview"
    if (answer.get("apiVersion"), answer.get("kind")) != ("admission.k8s.io/v1", "AdmissionReview"):
        return "it is of another version or kind"
    asked = msgspec.json.decode(call.content, type=_Review).request
    if response.get("uid") != asked.uid:
        return "it is for another call"
    if response.get("allowed") not in (True, False):
        return "it says neither yes nor no"
    told = _told(response)
    if not isinstance(told, str):
        return f"the refusal is of no use: {response.get('status')}"
    if found := WORDS_OF_CODE.search(told):
        return f"it speaks of our code: {found[0]}"
    return _complaint_of_patch(asked, response)


def _told(response: Any) -> str | None:
    """All that a person gets to read. None when a refusal does not say what it must."""
    warnings = response.get("warnings", [])
    if any(len(warning) > 120 for warning in warnings):
        return None
    if response["allowed"]:
        return " ".join(warnings)
    status = response.get("status") or {}
    causes = (status.get("details") or {}).get("causes") or []
    if status.get("code") not in REFUSALS or not status.get("message") or not all(c.get("message") for c in causes):
        return None
    # Values that somebody wrote are quoted to them, and may be any words; our sentences have them within quotes.
    words = " ".join([status["message"], *(cause["message"] for cause in causes), *warnings])
    return re.sub(r"'[^']*'|\"[^\"]*\"", "", words)


def _complaint_of_patch(asked: _Asked, response: Any) -> str:
    if "patch" not in response:
        return ""
    if not response["allowed"]:
        return "a refusal changes something"
    operations = json.loads(base64.b64decode(response["patch"]))
    try:
        # In place: an object may be nested deeper than the library can copy.
        jsonpatch.apply_patch(_object(asked), operations, in_place=True)
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as error:
        return f"the patch does not fit its object: {type(error).__name__}"
    return ""


def _object(asked: _Asked) -> Any:
    try:
        return msgspec.json.decode(asked.object)
    except msgspec.DecodeError:
        # It takes no number that is too large; the other one takes none that is nested too deep.
        return json.loads(bytes(asked.object))
