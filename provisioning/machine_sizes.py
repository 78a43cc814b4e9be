"""How large a machine is, and what many of them come to by themselves. Pure: other objects are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from provisioning import footprint
from provisioning.errors import Cause, RuleError
from provisioning.kinship import Surroundings, name_of
from provisioning.manifest import Manifest
from provisioning.resources import KUBEVIRT_MACHINE_TEMPLATES, VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES
from provisioning.usage import Usage

Own = Callable[[Manifest], Usage]
"""The size of a template's machines, where it says that itself. Raises `MalformedQuantity`."""


class Unmeasurable(RuleError):
    """The object does not say how large it is, or refers to something that is not there."""


class TemplateMissing(Unmeasurable):
    """The template that says how large its machines are is not there yet."""


class MachineSizes:
    """Remembers what it has measured: for as long as what there is stays as it is. `own`: who remembers for longer."""

    def __init__(self, there: Surroundings, own: Own = footprint.of_machine) -> None:
        self._there = there
        self._own = own
        self._sizes: dict[tuple[str, str], Usage] = {}

    def of(self, manifest: Manifest) -> Usage:
        named = footprint.instancetype_of(manifest)
        found = self._there.get(VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES, named) if named else None
        return footprint.of_machine(manifest, found)

    def each(self, manifest: Manifest) -> Usage:
        """One machine of a MachineDeployment or a MachineSet."""
        template = _template(manifest, self._there)
        key = manifest["metadata"]["namespace"], name_of(template)
        if key not in self._sizes:
            by_itself = not footprint.instancetype_of(template)
            self._sizes[key] = self._own(template) if by_itself else self.of(template)
        return self._sizes[key]

    def deployed(self, deployment: Manifest) -> Usage:
        """A MachineDeployment, by itself."""
        return self.each(deployment) * footprint.machines(deployment)

    def stood_up(self, machine_set: Manifest) -> Usage:
        """A MachineSet of a MachineDeployment, by itself: the autoscaler's marks on it are copies."""
        count = footprint.replicas(machine_set)
        return self.each(machine_set) * count if count else Usage()


def _template(manifest: Manifest, there: Surroundings) -> Manifest:
    at = "spec.template.spec.infrastructureRef"
    spec: Mapping[str, Any] = ((manifest.get("spec") or {}).get("template") or {}).get("spec") or {}
    reference = spec.get("infrastructureRef") or {}
    kind, name = reference.get("kind"), reference.get("name", "")
    if kind != KUBEVIRT_MACHINE_TEMPLATES.kind:
        wanted = KUBEVIRT_MACHINE_TEMPLATES.kind
        raise Unmeasurable(Cause(f"{at}.kind", f"must be {wanted}: others cannot be measured"))
    namespace = manifest["metadata"]["namespace"]
    if reference.get("namespace", namespace) != namespace:
        # Only references of the older generation of APIs name one.
        raise Unmeasurable(Cause(f"{at}.namespace", f"must be {namespace}: a template elsewhere is not measured"))
    template = there.get(KUBEVIRT_MACHINE_TEMPLATES, name, namespace=namespace)
    if template is None:
        text = f"there is no {kind} {name} in {namespace} to measure by; make it first"
        raise TemplateMissing(Cause(f"{at}.name", text))
    return template
