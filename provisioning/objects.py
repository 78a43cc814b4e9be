"""Objects as the API server stores them: our model beside the metadata that we use. Pure reading, no writing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from provisioning import errors
from provisioning.model.base import Model

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Meta:
    """The part of metadata that we read. `created` is None before the API server has seen the object, `deleted` until
    somebody asks for its deletion."""

    name: str
    namespace: str = ""
    uid: str = ""
    generation: int = 0
    resource_version: str = ""
    created: datetime | None = None
    deleting: bool = False
    deleted: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    finalizers: tuple[str, ...] = ()

    @classmethod
    def of(cls, manifest: Mapping[str, Any]) -> Meta:
        meta = manifest.get("metadata") or {}
        return cls(
            name=meta.get("name", ""),
            namespace=meta.get("namespace", ""),
            uid=meta.get("uid", ""),
            generation=meta.get("generation", 0),
            resource_version=meta.get("resourceVersion", ""),
            created=parse_time(meta["creationTimestamp"]) if meta.get("creationTimestamp") else None,
            deleting="deletionTimestamp" in meta,
            deleted=parse_time(meta["deletionTimestamp"]) if meta.get("deletionTimestamp") else None,
            labels=meta.get("labels") or {},
            annotations=meta.get("annotations") or {},
            finalizers=tuple(meta.get("finalizers") or ()),
        )


@dataclass(frozen=True)
class Stored(Generic[M]):
    """One object of ours: `it` is the model (`it.spec`, `it.status`), `meta` what Kubernetes keeps about it."""

    meta: Meta
    it: M

    @property
    def key(self) -> tuple[str, str]:
        """Namespace and name."""
        return self.meta.namespace, self.meta.name


def read(model: type[M], manifest: Mapping[str, Any]) -> Stored[M]:
    """A manifest of one of our kinds -> its model. Raises `Invalid` with every cause when it does not fit."""
    content = {k: v for k, v in manifest.items() if k not in ("apiVersion", "kind", "metadata")}
    try:
        meta = Meta.of(manifest)
    except (AttributeError, TypeError, ValueError) as error:
        cause = errors.Cause("metadata", "cannot be read: a time or a list is none")
        raise errors.Invalid(f"{cause.field}: {cause.message}", causes=[cause]) from error
    return Stored(meta, parse(model, content))


def parse(model: type[M], content: Any, *, at: str = "") -> M:
    """Untrusted content -> a model, or `Invalid` naming every field that is wrong (below the path `at`)."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        causes = [errors.Cause(_path(at, e["loc"]), e["msg"]) for e in error.errors(include_url=False)]
        text = "; ".join(f"{c.field}: {c.message}" if c.field else c.message for c in causes)
        raise errors.Invalid(text, causes=causes) from error


def parse_time(text: str) -> datetime:
    """RFC 3339 -> an aware datetime in UTC. Raises `MalformedTime`."""
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        said = f"{text} is no time"
        raise errors.MalformedTime(said, causes=[errors.Cause("", said)]) from error


def format_time(moment: datetime) -> str:
    """An aware datetime -> metav1.Time: UTC, whole seconds, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _path(at: str, loc: tuple[int | str, ...]) -> str:
    path = at
    for part in loc:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path
