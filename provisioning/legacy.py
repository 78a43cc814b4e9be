"""The older generation of Cluster API's shapes (v1beta1, Kamaji's v1alpha1), in and out. Pure.

Everything else knows the newer one only. `down` says in the old words what we render, and serves nobody else's objects;
`up` reads whatever there is in the new words, as far as somebody here reads it: the rest stays as it was. What the old
words have no place for is kept in an annotation, so that what comes back is what was meant, and nothing is applied anew
for it. Where the two differ: Cluster API's own conversion, and docs/book of version 1.11.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from provisioning import legacy_status, lifetime, resources
from provisioning.manifest import Manifest
from provisioning.resources import Resource

OLD: Final[Mapping[str, str]] = {
    "cluster.x-k8s.io/v1beta2": "cluster.x-k8s.io/v1beta1",
    "addons.cluster.x-k8s.io/v1beta2": "addons.cluster.x-k8s.io/v1beta1",
    "bootstrap.cluster.x-k8s.io/v1beta2": "bootstrap.cluster.x-k8s.io/v1beta1",
    "controlplane.cluster.x-k8s.io/v1alpha2": "controlplane.cluster.x-k8s.io/v1alpha1",
}
"""What is called otherwise in the old generation, by apiVersion. All else is the same in both."""
NEW: Final[Mapping[str, str]] = {old: new for new, old in OLD.items()}
LEFT_OVER_ANNOTATION: Final = f"{resources.GROUP}/not-in-this-version"
"""JSON: paths below `spec` that this version has no field for, and what was to be there."""

_REFERRED: Final[Mapping[str, str]] = {
    "controlplane.cluster.x-k8s.io": "v1alpha1",
    "infrastructure.cluster.x-k8s.io": "v1alpha1",
    "bootstrap.cluster.x-k8s.io": "v1beta1",
}
"""The versions of what our Clusters and MachineDeployments refer to, which old references name."""

Convert = Callable[[Any, str], Any]
"""A value, and the namespace of the object it is in."""


@dataclass(frozen=True)
class _Field:
    """A field of `spec` that has another name or another shape. `old` is empty for a list that has no place there."""

    new: str
    old: str = ""
    down: Convert = lambda value, _: value
    up: Convert = lambda value, _: value


def old(kind: Resource) -> Resource:
    """Where the kind is served in the old generation."""
    return replace(kind, version=OLD[kind.api_version].rpartition("/")[2]) if kind.api_version in OLD else kind


def down(manifest: Manifest) -> Manifest:
    """What we render, in the old words."""
    if manifest.get("apiVersion") not in OLD:
        return _owned(manifest, OLD)
    made = copy.deepcopy(_owned(manifest, OLD))
    made["apiVersion"] = OLD[made["apiVersion"]]
    namespace, left_over = made["metadata"].get("namespace", ""), Manifest()
    for field in _FIELDS.get(made["kind"], ()):
        value = _take(made.get("spec"), field.new)
        if value is _NOTHING:
            continue
        if field.old:
            _put(made["spec"], field.old, field.down(value, namespace))
        else:
            left_over[field.new] = value
    if left_over:
        _put(made["metadata"], "annotations", {**(made["metadata"].get("annotations") or {}), **_kept(left_over)})
    return made


def up(manifest: Manifest) -> Manifest:
    """What there is, in the new words. What is of no old version is taken as it is."""
    if manifest.get("apiVersion") not in NEW:
        return _owned(manifest, NEW)
    made = copy.deepcopy(_owned(manifest, NEW))
    made["apiVersion"] = NEW[made["apiVersion"]]
    meta = made.get("metadata") or {}
    for field in reversed(_FIELDS.get(made.get("kind", ""), ())):
        value = _take(made.get("spec"), field.old) if field.old else _NOTHING
        if value is not _NOTHING:
            _put(made["spec"], field.new, field.up(value, meta.get("namespace", "")))
    left_over = _left_over(meta)
    for field in _FIELDS.get(made.get("kind", ""), ()):
        if not field.old and isinstance(left_over.get(field.new), list):
            _put(made.setdefault("spec", {}), field.new, left_over[field.new])
    if isinstance(made.get("status"), dict):
        made["status"] = legacy_status.up(made["kind"], made["status"])
    return made


def _owned(manifest: Manifest, names: Mapping[str, str]) -> Manifest:
    """Owners are named with their version, which the garbage collector looks them up by."""
    meta = manifest.get("metadata")
    owners = meta.get("ownerReferences") if isinstance(meta, dict) else None
    if not owners or not any(owner.get("apiVersion") in names for owner in owners):
        return manifest
    renamed = [{**owner, "apiVersion": names.get(owner["apiVersion"], owner["apiVersion"])} for owner in owners]
    return {**manifest, "metadata": {**manifest["metadata"], "ownerReferences": renamed}}


def _kept(left_over: Manifest) -> dict[str, str]:
    return {LEFT_OVER_ANNOTATION: json.dumps(left_over, sort_keys=True, separators=(",", ":"))}


def _left_over(meta: Manifest) -> Manifest:
    """What the annotation keeps, which is taken away. Anybody may have written into it: what is no JSON is nothing."""
    text = (meta.get("annotations") or {}).pop(LEFT_OVER_ANNOTATION, "")
    if "annotations" in meta and not meta["annotations"]:
        del meta["annotations"]
    try:
        found: Any = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _reference_down(value: Manifest, namespace: str) -> Manifest:
    group = value["apiGroup"]
    named = {"apiVersion": f"{group}/{_REFERRED[group]}", "kind": value["kind"], "name": value["name"]}
    return {**named, "namespace": namespace} if namespace else named


def _reference_up(value: Manifest, namespace: str) -> Manifest:
    """A namespace stays where it is another one: the new words know none, so that whoever minds may see it."""
    group = str(value.get("apiVersion") or "").partition("/")[0]
    elsewhere = value.get("namespace") or namespace
    named: Manifest = {"apiGroup": group, **{key: value[key] for key in ("kind", "name") if key in value}}
    return named if elsewhere == namespace else {**named, "namespace": elsewhere}


def _duration(seconds: int, _: str = "") -> str:
    """As Go writes it: Cluster API's own webhooks would write anything else anew."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes}m{rest}s"
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def _seconds(text: Any, _: str = "") -> Any:
    """Whole seconds; what is no duration is left for others to refuse."""
    try:
        return int(lifetime.parse(text) / timedelta(seconds=1)) if isinstance(text, str) else text
    except (ValueError, OverflowError):
        return text


def _timeouts_down(conditions: list[Manifest], _: str) -> list[Manifest]:
    return [_renamed(condition, "timeoutSeconds", "timeout", _duration) for condition in conditions]


def _timeouts_up(conditions: list[Manifest], _: str) -> list[Manifest]:
    return [_renamed(condition, "timeout", "timeoutSeconds", _seconds) for condition in conditions]


def _renamed(value: Manifest, before: str, after: str, convert: Callable[[Any], Any]) -> Manifest:
    rest = {key: inner for key, inner in value.items() if key != before}
    return {**rest, after: convert(value[before])} if before in value else rest


def _arguments_down(arguments: list[Manifest], _: str) -> dict[str, str]:
    return {argument["name"]: argument.get("value", "") for argument in arguments}


def _arguments_up(arguments: dict[str, str], _: str) -> list[Manifest]:
    """In the order of their names, which is the one we write them in."""
    return [{"name": name, "value": arguments[name]} for name in sorted(arguments)]


def _reference(path: str) -> _Field:
    return _Field(path, path, _reference_down, _reference_up)


def _timeout(path: str, old: str) -> _Field:
    return _Field(path, old, _duration, _seconds)


def _machine(below: str = "") -> tuple[_Field, ...]:
    """A Machine's spec, or what one is made from."""
    return (
        _reference(f"{below}bootstrap.configRef"),
        _reference(f"{below}infrastructureRef"),
        _timeout(f"{below}deletion.nodeDrainTimeoutSeconds", f"{below}nodeDrainTimeout"),
        _timeout(f"{below}deletion.nodeVolumeDetachTimeoutSeconds", f"{below}nodeVolumeDetachTimeout"),
        _timeout(f"{below}deletion.nodeDeletionTimeoutSeconds", f"{below}nodeDeletionTimeout"),
    )


def _kubeadm(below: str = "") -> tuple[_Field, ...]:
    paths = [f"{below}{part}.nodeRegistration.kubeletExtraArgs" for part in ("initConfiguration", "joinConfiguration")]
    return tuple(_Field(path, path, _arguments_down, _arguments_up) for path in paths)


_MADE: Final = "template.spec."
_FIELDS: Final[Mapping[str, tuple[_Field, ...]]] = {
    "Cluster": (_reference("controlPlaneRef"), _reference("infrastructureRef")),
    "Machine": _machine(),
    "MachineSet": (
        *_machine(_MADE),
        _Field("template.spec.minReadySeconds", "minReadySeconds"),
        _Field("deletion.order", "deletePolicy"),
        _Field("machineNaming", "machineNamingStrategy"),
    ),
    "MachineDeployment": (
        *_machine(_MADE),
        _Field("template.spec.minReadySeconds", "minReadySeconds"),
        _Field("machineNaming", "machineNamingStrategy"),
        _Field("rollout.after", "rolloutAfter"),
        # The whole before what the old words have inside of it.
        _Field("rollout.strategy", "strategy"),
        _Field("deletion.order", "strategy.rollingUpdate.deletePolicy"),
        _Field("remediation.maxInFlight", "strategy.remediation.maxInFlight"),
    ),
    "MachineHealthCheck": (
        _timeout("checks.nodeStartupTimeoutSeconds", "nodeStartupTimeout"),
        _Field("checks.unhealthyNodeConditions", "unhealthyConditions", _timeouts_down, _timeouts_up),
        # Cluster API 1.12 has a field for them in v1beta1 as well; what serves v1beta1 only does not.
        _Field("checks.unhealthyMachineConditions"),
        _Field("remediation.triggerIf.unhealthyLessThanOrEqualTo", "maxUnhealthy"),
        _Field("remediation.triggerIf.unhealthyInRange", "unhealthyRange"),
    ),
    "KubeadmConfig": _kubeadm(),
    "KubeadmConfigTemplate": _kubeadm(_MADE),
}
"""By kind, in the order in which they go down."""
_NOTHING: Final = object()


def _take(value: Any, path: str) -> Any:
    """What is at the path, which is not there afterwards, nor the parents that held nothing else."""
    first, _, rest = path.partition(".")
    if not isinstance(value, dict) or first not in value:
        return _NOTHING
    if not rest:
        return value.pop(first)
    found = _take(value[first], rest)
    if found is not _NOTHING and value[first] == {}:
        del value[first]
    return found


def _put(value: Manifest, path: str, content: Any) -> None:
    *parents, last = path.split(".")
    for parent in parents:
        value = value.setdefault(parent, {})
    value[last] = content
