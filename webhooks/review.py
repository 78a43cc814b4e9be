"""AdmissionReview v1, in and out: the only place where its JSON is known.

In: bytes -> `Request`. Out: a decision -> bytes. Nothing here decides, and no other module sees the envelope.
"""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypedDict

import msgspec

from provisioning import legacy
from provisioning.manifest import Manifest
from webhooks.decision import FORBIDDEN, Allow, Decision, Deny, Patch

API_VERSION = "admission.k8s.io/v1"
KIND = "AdmissionReview"
WARNING_MAX = 120
"""Characters of one warning, as the API server's documentation asks for; a longer one goes on in the next."""
WARNINGS_MAX = 4096
"""Characters of all warnings together that the API server passes on."""

_REASONS = {
    403: "Forbidden",
    422: "Invalid",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
}


class Malformed(ValueError):
    """The body is no AdmissionReview v1 request. The text says what is wrong and never quotes the body."""


@dataclass(frozen=True)
class User:
    """Who asks, as the API server authenticated them."""

    name: str
    groups: tuple[str, ...] = ()

    @property
    def home(self) -> str:
        """The namespace of a service account; empty for everybody else."""
        kind, _, account = self.name.partition("system:serviceaccount:")
        return "" if kind else account.partition(":")[0]


@dataclass(frozen=True)
class Request:
    """One call of admission. `object` is None for DELETE, `old` is None for CREATE.

    `uid` names the call, not the wish: the API server calls again, with another uid, when a write met a conflict.
    """

    uid: str
    operation: str
    group: str
    version: str
    resource: str
    kind: str
    namespace: str
    name: str
    user: User
    subresource: str = ""
    object: Manifest | None = None
    old: Manifest | None = None
    dry_run: bool = False

    @property
    def either(self) -> Manifest:
        """The object as it is to be, or as it was when it is being deleted."""
        return self.object if self.object is not None else (self.old or {})


class _Resource(msgspec.Struct):
    group: str
    version: str
    resource: str


class _Kind(msgspec.Struct):
    group: str
    version: str
    kind: str


class _User(msgspec.Struct):
    username: str = ""
    groups: tuple[str, ...] | None = None


class _Request(msgspec.Struct, rename="camel"):
    uid: str
    operation: str
    kind: _Kind
    resource: _Resource
    user_info: _User
    sub_resource: str = ""
    namespace: str = ""
    name: str = ""
    dry_run: bool | None = None
    object: dict[str, msgspec.Raw] | None = None
    old_object: dict[str, msgspec.Raw] | None = None


class _Review(msgspec.Struct, rename="camel"):
    api_version: str
    kind: str
    request: _Request | None = None


class _Meta(TypedDict, total=False):
    """All that there is but `managedFields`, which nobody reads and which are as large as the rest."""

    name: str
    generateName: str
    namespace: str
    uid: str
    resourceVersion: str
    generation: Any
    creationTimestamp: Any
    deletionTimestamp: Any
    deletionGracePeriodSeconds: Any
    labels: dict[str, Any] | None
    annotations: dict[str, Any] | None
    ownerReferences: list[dict[str, Any]] | None
    finalizers: Any


_Raw = Mapping[str, msgspec.Raw]
_text = msgspec.json.Decoder(str)
_section = msgspec.json.Decoder(dict[str, Any] | None)
_value = msgspec.json.Decoder()
_readers: Final[Mapping[str, msgspec.json.Decoder[Any]]] = {
    "apiVersion": _text,
    "kind": _text,
    "metadata": msgspec.json.Decoder(_Meta),
    **dict.fromkeys(("spec", "status", "data", "stringData", "binaryData"), _section),
}
"""The shape that every object has, whatever its kind: the API server sends no other."""
_decoder = msgspec.json.Decoder(_Review)
_encoder = msgspec.json.Encoder()


def decode(body: bytes, *, stored: bool = False) -> Request:
    """The request in an AdmissionReview. Raises `Malformed`.

    `stored`: validation sees objects as they are stored, so they have a name and a uid, and an old one its revision.
    """
    try:
        review = _decoder.decode(body)
    except (ValueError, RecursionError) as error:
        # msgspec names the path and the type, never the content; UTF-8 and nesting errors are as quiet.
        raise Malformed(f"the body is no AdmissionReview: {error}") from error
    if (review.api_version, review.kind) != (API_VERSION, KIND):
        raise Malformed(f"want {KIND} of {API_VERSION}, got another kind or version")
    if review.request is None:
        raise Malformed("the AdmissionReview has no request")
    asked = review.request
    if asked.object is None and asked.old_object is None and asked.operation != "DELETE":
        # The deletion of a whole collection is asked about once without any object, before it is for each of them.
        raise Malformed("the request has neither object nor oldObject")
    if not asked.user_info.username:
        raise Malformed("the request names nobody who asks")
    new = _read(asked.object)
    old = _read(asked.old_object, asked.object, new)
    if stored and not (_is_stored(new) and _is_stored(old) and _has_revision(old)):
        raise Malformed("the object of the request lacks what every stored object has")
    return Request(
        uid=asked.uid,
        operation=asked.operation,
        group=asked.resource.group,
        version=asked.resource.version,
        resource=asked.resource.resource,
        kind=asked.kind.kind,
        namespace=asked.namespace,
        name=asked.name,
        user=User(asked.user_info.username, asked.user_info.groups or ()),
        subresource=asked.sub_resource,
        object=_known(new),
        old=_known(old),
        dry_run=bool(asked.dry_run),
    )


def _known(manifest: Manifest | None) -> Manifest | None:
    """In the words that every rule reads, whatever generation of Cluster API's APIs it comes from."""
    if manifest is None:
        return None
    try:
        return legacy.up(manifest)
    except (AttributeError, LookupError, TypeError, ValueError, RecursionError) as error:
        # Defaults are asked before the API server holds the object against its schema.
        raise Malformed(f"the object of the request cannot be read: {type(error).__name__}") from error


def _read(raw: _Raw | None, other: _Raw | None = None, read: Manifest | None = None) -> Manifest | None:
    """The object; what of it is as in the `other` one, as most of it is, is what was `read` there: nobody changes it.
    Raises `Malformed`."""
    if raw is None:
        return None
    known, read = other or {}, read or {}
    try:
        found = {
            key: read[key] if key in read and value == known[key] else _readers.get(key, _value).decode(value)
            for key, value in raw.items()
        }
    except (ValueError, RecursionError) as error:
        raise Malformed(f"the object of the request is no Kubernetes object: {error}") from error
    if not found.keys() >= {"apiVersion", "kind", "metadata"}:
        raise Malformed("the object of the request is no Kubernetes object")
    return found


def _is_stored(manifest: Manifest | None) -> bool:
    return manifest is None or bool(manifest["metadata"].get("name") and manifest["metadata"].get("uid"))


def _has_revision(manifest: Manifest | None) -> bool:
    """A fence in a ledger is compared as a number."""
    revision = manifest["metadata"].get("resourceVersion", "") if manifest is not None else "0"
    return revision.isascii() and revision.isdigit()


def encode(uid: str, decision: Decision, *, about: Request | None = None) -> bytes:
    """The AdmissionReview that answers the call `uid`, which was `about` this."""
    response: Manifest = {"uid": uid, "allowed": not isinstance(decision, Deny)}
    if decision.warnings:
        response["warnings"] = list(_lines(decision.warnings))
    if decision.audit or not isinstance(decision, Allow):
        response["auditAnnotations"] = {"decision": word(decision), **decision.audit}
    match decision:
        case Patch(operations):
            response["patchType"] = "JSONPatch"
            response["patch"] = base64.b64encode(_encoder.encode(list(operations))).decode()
        case Deny():
            response["status"] = _status(decision, about)
        case Allow():
            pass
    return _encoder.encode({"apiVersion": API_VERSION, "kind": KIND, "response": response})


def word(decision: Decision) -> str:
    """The decision in one word: for the audit log, our own log and the metrics."""
    return "deny" if isinstance(decision, Deny) else "patch" if isinstance(decision, Patch) else "allow"


def _lines(warnings: Iterable[str]) -> Iterator[str]:
    """Warnings as lines of a terminal; what is more than the API server passes on is left out."""
    left = WARNINGS_MAX
    for line in (line for warning in warnings for line in textwrap.wrap(warning, WARNING_MAX)):
        left -= len(line.encode())
        if left < 0:
            return
        yield line


def _status(denial: Deny, about: Request | None) -> Manifest:
    details: Manifest = {}
    if denial.causes:
        if about is not None:
            # kubectl says by these what is invalid, and leaves the message out then: so only where there are causes.
            details |= {"name": about.name, "group": about.group, "kind": about.kind}
        # Of Kubernetes' own words: a value that would be taken on another day or from somebody else, or one that is
        # wrong in itself. Where a denial has a mark, programs go by that.
        reason = denial.mark or ("FieldValueForbidden" if denial.code == FORBIDDEN else "FieldValueInvalid")
        details["causes"] = [
            {"reason": reason, "message": cause.message, **({"field": cause.field} if cause.field else {})}
            for cause in denial.causes
        ]
    if denial.retry_after:
        details["retryAfterSeconds"] = denial.retry_after
    return {
        "status": "Failure",
        "code": denial.code,
        "reason": _REASONS.get(denial.code, "Forbidden"),
        "message": denial.reason,
        **({"details": details} if details else {}),
    }
