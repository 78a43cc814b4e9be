"""The second line: what the API server refuses by itself, whether or not anybody answers at our door. Pure.

ValidatingAdmissionPolicies, made for the chart. The webhook's failurePolicy closes the door while no replica answers;
these hold when its configuration is gone, or was opened on purpose. They are for what a quota hangs on and the request
alone can tell: who keeps the ledgers, who says whose a namespace is, how large a machine is and where it stands. What
needs another object is for a policy. Each says what a policy of `webhooks/policies` says, in its words; no rule is made
up here.

The API server asks these before it asks the webhook, so where both refuse, theirs is the answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Final

from provisioning.manifest import Manifest
from provisioning.names import TENANT_LABEL
from provisioning.resources import (
    KUBEVIRT_CLUSTERS,
    KUBEVIRT_MACHINE_TEMPLATES,
    KUBEVIRT_MACHINES,
    NAMESPACES,
    TENANT_CONTROL_PLANES,
    TENANT_LEDGERS,
)
from webhooks.policies import (
    immutable_templates,
    ledger_writers,
    own_infrastructure,
    platform_only,
    status_writers,
    tenant_namespaces,
)
from webhooks.policy import CREATE, DELETE, UPDATE, Rule
from webhooks.trusted import Trusted


@dataclass(frozen=True)
class Check:
    """`holds` is CEL, true of what may pass; `told` is CEL for why something else may not."""

    holds: str
    told: str
    reason: str = "Forbidden"
    """Or `Invalid`, of what is wrong in itself, whoever writes it."""


@dataclass(frozen=True)
class Guard:
    """One ValidatingAdmissionPolicy. Its name comes after the release's."""

    name: str
    applies_to: tuple[Rule, ...]
    checks: tuple[Check, ...]
    in_tenants: bool = False
    """Whether it is about the namespaces with the tenant label only."""


def _sentence(text: str, **known: str) -> str:
    """A policy's sentence as CEL. `known` has an expression for each of its gaps."""
    parts: list[str] = []
    for words, gap, *_ in Formatter().parse(text):
        parts += [json.dumps(words)] if words else []
        parts += [known[gap]] if gap else []
    return " + ".join(parts)


_USER: Final = "request.userInfo.username"
_VERB: Final = f"{{'{CREATE}': 'make', '{UPDATE}': 'change'}}[?request.operation].orValue('delete')"
_WHERE: Final = "virtualMachineTemplate.metadata.namespace"

GUARDS: Final = (
    Guard(
        "ledgers",
        (Rule(TENANT_LEDGERS, (CREATE, UPDATE, DELETE)),),
        (Check("variables.ours", _sentence(ledger_writers.TOLD, name="request.name")),),
    ),
    Guard(
        "statuses",
        tuple(Rule(kind, (UPDATE,), subresource="status") for kind in status_writers.KINDS),
        (
            Check(
                "variables.ours || variables.platform || object.?status == oldObject.?status",
                _sentence(f"status: {status_writers.TOLD}", user=_USER),
            ),
        ),
    ),
    Guard(
        "controllers",
        (Rule(TENANT_CONTROL_PLANES, (UPDATE,), subresource="status"),),
        tuple(
            Check(
                "variables.ours || variables.platform || variables.controller || "
                f"object.?status.?{field} == oldObject.?status.?{field}",
                _sentence(f"status.{field}: {status_writers.THEIRS}", user=_USER),
            )
            for field in status_writers.ACTED_BY[TENANT_CONTROL_PLANES]
        ),
        in_tenants=True,
    ),
    Guard(
        "tenants",
        tuple(Rule(kind, (CREATE, UPDATE, DELETE)) for kind in platform_only.OURS),
        (
            Check(
                "variables.ours || variables.platform || variables.controller || variables.unchanged",
                _sentence(platform_only.TOLD, verb=_VERB, kind="request.kind.kind", where="''", user=_USER),
            ),
        ),
    ),
    Guard(
        "namespaces",
        (
            Rule(NAMESPACES),
            *(Rule(NAMESPACES, (UPDATE,), subresource=part) for part in tenant_namespaces.PARTS),
        ),
        (
            Check(
                "variables.platform || variables.before == variables.after",
                _sentence(f"{tenant_namespaces.FIELD}: {tenant_namespaces.TOLD}", user=_USER),
            ),
            Check(
                "variables.ours || variables.platform || variables.controller || request.operation != 'CREATE' || "
                "!(request.name in variables.platformNamespaces + variables.controllerNamespaces)",
                _sentence(f"metadata.name: {tenant_namespaces.TRUSTED}", user=_USER),
            ),
        ),
    ),
    Guard(
        "templates",
        (Rule(KUBEVIRT_MACHINE_TEMPLATES, (UPDATE,)),),
        (Check("variables.unchanged", _sentence(f"spec: {immutable_templates.TOLD}", name="request.name"), "Invalid"),),
        in_tenants=True,
    ),
    Guard(
        "machines",
        tuple(Rule(kind) for kind in (KUBEVIRT_CLUSTERS, KUBEVIRT_MACHINE_TEMPLATES, KUBEVIRT_MACHINES)),
        (
            Check(
                "variables.unchanged || variables.place in ['', request.namespace]",
                _sentence(f"{_WHERE}: {own_infrastructure.OWN}", own="request.namespace", elsewhere="variables.place"),
                "Invalid",
            ),
            Check(
                "variables.unchanged || variables.infrastructure == {}",
                _sentence(f"infraClusterSecretRef: {own_infrastructure.HERE}"),
                "Invalid",
            ),
        ),
        in_tenants=True,
    ),
)


def policies(trusted: Trusted | None = None) -> list[Manifest]:
    """The name and the spec of each. Whose accounts and lists it is by `trusted`; the chart puts in its own."""
    variables = _variables(trusted or Trusted())
    return [{"name": guard.name, "spec": _spec(guard, variables)} for guard in GUARDS]


def _spec(guard: Guard, variables: Mapping[str, str]) -> Manifest:
    constraints: Manifest = {"resourceRules": [_rule(rule) for rule in guard.applies_to]}
    if guard.in_tenants:
        constraints["namespaceSelector"] = {"matchExpressions": [{"key": TENANT_LABEL, "operator": "Exists"}]}
    return {
        "failurePolicy": "Fail",
        "matchConstraints": constraints,
        "variables": _used(variables, " ".join(f"{check.holds} {check.told}" for check in guard.checks)),
        "validations": [
            {"expression": check.holds, "messageExpression": check.told, "reason": check.reason}
            for check in guard.checks
        ],
    }


def _rule(rule: Rule) -> Manifest:
    kind = rule.resource
    return {
        "apiGroups": [kind.group],
        # Whatever is served: an object and what it was before come at the same version.
        "apiVersions": ["*"],
        "resources": [f"{kind.plural}/{rule.subresource}" if rule.subresource else kind.plural],
        "operations": list(rule.operations),
    }


def _variables(trusted: Trusted) -> dict[str, str]:
    """Each may use those before it. The chart writes its own values into the lists that are called as those are."""
    label = f"metadata.?labels[?'{TENANT_LABEL}'].orValue('')"
    return {
        "platformUsers": json.dumps(sorted(trusted.platform_users)),
        "platformGroups": json.dumps(sorted(trusted.platform_groups)),
        "controllerNamespaces": json.dumps(sorted(trusted.controllers)),
        "platformNamespaces": json.dumps(sorted(trusted.namespaces)),
        "ours": f"{_USER} in {json.dumps([trusted.provisioner, trusted.webhooks])}",
        "platform": f"{_USER} in variables.platformUsers || "
        "request.userInfo.?groups.orValue([]).exists(g, g in variables.platformGroups)",
        "controller": "variables.controllerNamespaces.exists(n, "
        f"{_USER}.startsWith('system:serviceaccount:' + n + ':'))",
        "unchanged": "object != null && oldObject != null && object.?spec == oldObject.?spec",
        "before": f"oldObject == null ? '' : oldObject.{label}",
        "after": f"object.{label}",
        "machine": f"request.resource.resource == '{KUBEVIRT_MACHINE_TEMPLATES.plural}' ? "
        "object.?spec.?template.?spec.orValue({}) : object.?spec.orValue({})",
        "place": "variables.machine.?virtualMachineTemplate.?metadata.?namespace.orValue('')",
        "infrastructure": "variables.machine.?infraClusterSecretRef.orValue({})",
    }


def _used(variables: Mapping[str, str], text: str) -> list[Manifest]:
    """Those variables that the text uses, and those that they use in turn, in their order."""
    found: list[Manifest] = []
    for name, expression in reversed(list(variables.items())):
        if re.search(rf"variables\.{name}\b", text):
            found.insert(0, {"name": name, "expression": expression})
            text += expression
    return found
