"""What an API server does to objects, in memory: versions, conflicts, generations, finalizers, apply, owners.

Held to the real one's behaviour by `tests/provisioning/kube_contract`. No HTTP here; see `api_server`.
"""

from __future__ import annotations

import copy
import itertools
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from provisioning.manifest import Manifest

Path = tuple[str, ...]

WITHOUT_STATUS = {"configmaps", "secrets", "leases", "serviceaccounts", "tenantledgers", "kubeadmconfigtemplates"}
WITHOUT_STATUS |= {"roles", "rolebindings", "clusterrolebindings"}
"""Kinds that have no status subresource; all others have."""


class Refused(Exception):
    """The answer is an error: its code, reason and text, as a Status object says them."""

    def __init__(self, code: int, reason: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.code, self.reason, self.message, self.details = code, reason, message, details


@dataclass(frozen=True)
class Kind:
    """Which collection: group and version as in the path, and the plural."""

    group: str
    version: str
    plural: str


@dataclass(frozen=True)
class Event:
    """One change, for watches. `before` lets a selector see that an object left its selection."""

    version: int
    kind: Kind
    type: str
    object: Manifest
    before: Manifest | None


Admission = Callable[[str, Kind, Manifest | None, Manifest | None, bool], None]
"""(operation, kind, new, old, dry run); raises `Refused`. Stands for every admission webhook."""


@dataclass
class Objects:
    """All objects of all kinds, and the history that watches read."""

    admission: list[Admission] = field(default_factory=list)
    collect_garbage: bool = True
    history: list[Event] = field(default_factory=list)
    forgotten: int = 0
    """Watches from before this version are told 410."""
    notify: Callable[[], None] = lambda: None
    off: timedelta = timedelta()
    """By how much the clock that objects are dated by shows more than ours."""
    _kept: dict[Kind, dict[tuple[str, str], Manifest]] = field(default_factory=dict)
    _managers: dict[str, dict[str, set[Path]]] = field(default_factory=dict)
    _version: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    last: int = 0

    def all(self, kind: Kind, namespace: str = "") -> list[Manifest]:
        kept = self._kept.get(kind, {})
        return [copy.deepcopy(o) for key, o in sorted(kept.items()) if not namespace or key[0] == namespace]

    def get(self, kind: Kind, namespace: str, name: str) -> Manifest:
        found = self._kept.get(kind, {}).get((namespace, name))
        if found is None:
            raise Refused(404, "NotFound", f'{kind.plural} "{name}" not found')
        return copy.deepcopy(found)

    def _date(self) -> str:
        return (datetime.now(UTC) + self.off).strftime("%Y-%m-%dT%H:%M:%SZ")

    def create(self, kind: Kind, body: Manifest, namespace: str, *, dry_run: bool = False) -> Manifest:
        new = copy.deepcopy(body)
        meta = new.setdefault("metadata", {})
        if "name" not in meta and "generateName" in meta:
            meta["name"] = meta["generateName"] + uuid.uuid4().hex[:5]
        name = meta["name"]
        if (namespace, name) in self._kept.get(kind, {}):
            raise Refused(409, "AlreadyExists", f'{kind.plural} "{name}" already exists')
        if namespace:
            meta["namespace"] = namespace
        meta |= {
            "uid": str(uuid.uuid4()),
            "generation": 1,
            "creationTimestamp": self._date(),
        }
        if kind.plural not in WITHOUT_STATUS:
            new.pop("status", None)
        self._admit("CREATE", kind, new, None, dry_run)
        return new if dry_run else self._put(kind, "ADDED", new, None)

    def replace(
        self, kind: Kind, namespace: str, name: str, body: Manifest, *, subresource: str = "", dry_run: bool = False
    ) -> Manifest:
        old = self.get(kind, namespace, name)
        meta = body.get("metadata") or {}
        given = meta.get("resourceVersion", "")
        if given and given != old["metadata"]["resourceVersion"]:
            raise Refused(409, "Conflict", f'Operation cannot be fulfilled on {kind.plural} "{name}": modified')
        if meta.get("uid", old["metadata"]["uid"]) != old["metadata"]["uid"]:
            raise Refused(409, "Conflict", f"Precondition failed: UID in precondition: {meta['uid']}")
        new = _next(kind, old, copy.deepcopy(body), subresource)
        self._admit("UPDATE", kind, new, old, dry_run)
        if dry_run or new == old:
            return new
        if "deletionTimestamp" in new["metadata"] and not new["metadata"].get("finalizers"):
            return self._remove(kind, new)
        return self._put(kind, "MODIFIED", new, old)

    def merge(
        self, kind: Kind, namespace: str, name: str, patch: Manifest, *, subresource: str = "", dry_run: bool = False
    ) -> Manifest:
        merged = merge_patch(self.get(kind, namespace, name), patch)
        if "resourceVersion" not in (patch.get("metadata") or {}):
            merged["metadata"].pop("resourceVersion", None)
        return self.replace(kind, namespace, name, merged, subresource=subresource, dry_run=dry_run)

    def apply(
        self,
        kind: Kind,
        namespace: str,
        name: str,
        body: Manifest,
        *,
        manager: str,
        force: bool,
        subresource: str = "",
        dry_run: bool = False,
    ) -> Manifest:
        body = copy.deepcopy(body)
        body["metadata"]["name"] = name
        claimed = set(_leaves(body))
        present = self._kept.get(kind, {}).get((namespace, name))
        if present is None:
            created = self.create(kind, body, namespace, dry_run=dry_run)
            if not dry_run:
                self._managers[created["metadata"]["uid"]] = {f"{manager}/{subresource}": claimed}
            return created
        managers = self._managers.setdefault(present["metadata"]["uid"], {})
        merged = copy.deepcopy(present)
        others = {leaf for who, leaves in managers.items() if who != f"{manager}/{subresource}" for leaf in leaves}
        for leaf in sorted(managers.get(f"{manager}/{subresource}", set()) - claimed - others):
            _drop(merged, leaf)
        for leaf in sorted(claimed):
            if leaf in others and not force and _at(present, leaf) != _at(body, leaf):
                raise Refused(409, "Conflict", f"Apply failed with 1 conflict: .{'.'.join(leaf)}")
            _set(merged, leaf, _at(body, leaf))
        if "resourceVersion" not in body["metadata"]:
            merged["metadata"].pop("resourceVersion", None)
        done = self.replace(kind, namespace, name, merged, subresource=subresource, dry_run=dry_run)
        if not dry_run:
            managers[f"{manager}/{subresource}"] = claimed
        return done

    def delete(self, kind: Kind, namespace: str, name: str, options: Manifest, *, dry_run: bool = False) -> Manifest:
        old = self.get(kind, namespace, name)
        for name_, wanted in (options.get("preconditions") or {}).items():
            if wanted != old["metadata"][name_]:
                raise Refused(409, "Conflict", f"Precondition failed: {name_} in precondition: {wanted}")
        self._admit("DELETE", kind, None, old, dry_run)
        if dry_run:
            return old
        if not old["metadata"].get("finalizers"):
            return self._remove(kind, old)
        if "deletionTimestamp" in old["metadata"]:
            return old
        new = copy.deepcopy(old)
        new["metadata"]["deletionTimestamp"] = self._date()
        new["metadata"]["generation"] = new["metadata"].get("generation", 1) + 1
        return self._put(kind, "MODIFIED", new, old)

    def forget(self) -> None:
        """As etcd's compaction does: what happened up to now can no longer be watched."""
        self.forgotten = self.last
        self.history.clear()

    def _admit(self, operation: str, kind: Kind, new: Manifest | None, old: Manifest | None, dry_run: bool) -> None:
        for check in self.admission:
            check(operation, kind, new, old, dry_run)

    def _put(self, kind: Kind, type_: str, new: Manifest, old: Manifest | None) -> Manifest:
        new["metadata"]["resourceVersion"] = self._tick()
        self._kept.setdefault(kind, {})[new["metadata"].get("namespace", ""), new["metadata"]["name"]] = new
        self._tell(Event(self.last, kind, type_, copy.deepcopy(new), old))
        return copy.deepcopy(new)

    def _remove(self, kind: Kind, gone: Manifest) -> Manifest:
        gone["metadata"]["resourceVersion"] = self._tick()
        del self._kept[kind][gone["metadata"].get("namespace", ""), gone["metadata"]["name"]]
        self._managers.pop(gone["metadata"]["uid"], None)
        self._tell(Event(self.last, kind, "DELETED", copy.deepcopy(gone), gone))
        if self.collect_garbage:
            self._collect()
        return gone

    def _collect(self) -> None:
        """What every owner of is gone goes too, as the garbage collector would have it a moment later."""
        everything = [(kind, o) for kind, kept in self._kept.items() for o in kept.values()]
        alive = {o["metadata"]["uid"] for _, o in everything}
        for kind, o in everything:
            owners = o["metadata"].get("ownerReferences") or ()
            orphaned = bool(owners) and not any(owner["uid"] in alive for owner in owners)
            if orphaned and "deletionTimestamp" not in o["metadata"]:
                self.delete(kind, o["metadata"].get("namespace", ""), o["metadata"]["name"], {})
                return self._collect()
        return None

    def _tick(self) -> str:
        self.last = next(self._version)
        return str(self.last)

    def _tell(self, event: Event) -> None:
        self.history.append(event)
        self.notify()


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


def _next(kind: Kind, old: Manifest, body: Manifest, subresource: str) -> Manifest:
    """The object after a write: what cannot be written by this way is as it was."""
    if subresource == "status":
        new = copy.deepcopy(old)
        new.pop("status", None)
        if "status" in body:
            new["status"] = body["status"]
        return new
    new = body
    fixed = ("uid", "creationTimestamp", "resourceVersion", "deletionTimestamp", "generation", "name", "namespace")
    new["metadata"] = {k: v for k, v in new["metadata"].items() if k not in fixed}
    new["metadata"] |= {k: v for k, v in old["metadata"].items() if k in fixed}
    if kind.plural not in WITHOUT_STATUS:
        new.pop("status", None)
        if "status" in old:
            new["status"] = old["status"]
    apart = ("metadata", "status")
    if {k: v for k, v in new.items() if k not in apart} != {k: v for k, v in old.items() if k not in apart}:
        new["metadata"]["generation"] = old["metadata"].get("generation", 1) + 1
    return new


def _leaves(value: Any, at: Path = ()) -> Iterator[Path]:
    """Paths of what an apply claims; lists are one claim, except the two that Kubernetes merges by key."""
    skipped = {("apiVersion",), ("kind",), ("metadata", "name"), ("metadata", "namespace")}
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            yield from _leaves(inner, (*at, name))
    elif at == ("metadata", "finalizers"):
        yield from ((*at, "=" + item) for item in value)
    elif at == ("metadata", "ownerReferences"):
        yield from ((*at, "=" + item["uid"]) for item in value)
    elif at not in skipped:
        yield at


def _entry(item: Any) -> str:
    return "=" + (item if isinstance(item, str) else item["uid"])


def _at(value: Any, path: Path) -> Any:
    for part in path:
        if isinstance(value, list):
            value = next((item for item in value if _entry(item) == part), None)
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return value


def _set(target: Manifest, path: Path, value: Any) -> None:
    *parents, last = path
    for part in parents:
        if last.startswith("=") and part == parents[-1]:
            target.setdefault(part, [])
        elif not isinstance(target.get(part), dict):
            target[part] = {}
        target = target[part]
    if isinstance(target, list):
        target[:] = [*(item for item in target if _entry(item) != last), copy.deepcopy(value)]
    else:
        target[last] = copy.deepcopy(value)


def _drop(target: Manifest, path: Path) -> None:
    *parents, last = path
    holder = _at(target, tuple(parents))
    if isinstance(holder, list):
        holder[:] = [item for item in holder if _entry(item) != last]
    elif isinstance(holder, dict):
        holder.pop(last, None)
    if parents and isinstance(holder, dict | list) and not holder:
        _drop(target, tuple(parents))
