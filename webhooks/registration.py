"""The webhook configurations, made from what the policies and defaults say they apply to. Pure.

So a policy cannot be written and then never be asked. The caBundle is absent on purpose: `certs` puts it in, and who
applies these manifests again must not take it away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from provisioning.manifest import Manifest
from provisioning.names import TENANT_LABEL
from provisioning.profile import Profile
from provisioning.resources import GROUP, Resource
from webhooks import hubs
from webhooks.defaults import DEFAULTS
from webhooks.kinds import APPLICATIONS, CONTROLLER_REVISIONS
from webhooks.policies import POLICIES, kept_machines, status_writers
from webhooks.policy import Default, Policy, Reach, Rule
from webhooks.trusted import KUBERNETES, Trusted

PART_OF = {"app.kubernetes.io/part-of": "clusterdesk"}
VALIDATE, MUTATE = "/validate", "/mutate"
VALIDATING_SECONDS = 10
MUTATING_SECONDS = 5
NOTING_SECONDS = 2
"""For what we never refuse."""

VALIDATING = Resource(
    "admissionregistration.k8s.io",
    "v1",
    "validatingwebhookconfigurations",
    "ValidatingWebhookConfiguration",
    namespaced=False,
)
MUTATING = Resource(
    "admissionregistration.k8s.io",
    "v1",
    "mutatingwebhookconfigurations",
    "MutatingWebhookConfiguration",
    namespaced=False,
)
NAME = "clusterdesk"
"""Of both configurations."""

_LOOKED_AT = (
    "metadata.annotations",
    "metadata.labels",
    "metadata.ownerReferences",
    # Of Argo CD's Applications.
    "operation",
    "data",
    "binaryData",
    "stringData",
    "spec",
)
"""What some rule reads, the quickest to compare first. An update that leaves all of it alone (a status, a finalizer)
needs no question; and so neither a slow nor a missing webhook holds up a deletion that has begun, but for the parts
that may be protected, and for who lets go of a machine, or of a volume, in its controller's place."""

_HELD = {
    Reach.EVERYWHERE: [kind.plural for kind in kept_machines.FINALIZERS],
    Reach.TENANTS: [kind.plural for kind in kept_machines.IN_USE],
}
"""Kinds of which it is looked at who lets go of them."""
_ACCOUNT = "'system:serviceaccount:' + n + ':'"
"""How the names of all accounts of the namespace `n` begin."""


@dataclass(frozen=True)
class ClientConfig:
    """Where the API server finds us: a Service of the management cluster, or a URL (then the Service is not used)."""

    service: str = "clusterdesk-webhooks"
    namespace: str = "clusterdesk-system"
    port: int = 443
    url: str = ""

    def manifest(self, path: str) -> Manifest:
        if self.url:
            return {"url": self.url.rstrip("/") + path}
        return {
            "service": {"namespace": self.namespace, "name": self.service, "port": self.port, "path": path},
        }


def configurations(
    *,
    client: ClientConfig,
    profile: Profile = Profile.V1BETA2,
    trusted: Trusted | None = None,
    policies: Sequence[Policy] = POLICIES,
    defaults: Sequence[Default] = DEFAULTS,
) -> list[Manifest]:
    """The ValidatingWebhookConfiguration and the MutatingWebhookConfiguration.

    `profile` says at which versions the kinds of others are served. `trusted` gives the namespaces that are left alone
    and the accounts that must not wait for themselves.
    """
    trusted = trusted or Trusted()
    rules = [rule for policy in policies for rule in policy.applies_to]
    validating = [
        {
            **_webhook(reach, trusted, profile, [rule for rule in rules if rule.reach is reach]),
            "clientConfig": client.manifest(VALIDATE),
            "failurePolicy": "Ignore" if reach is Reach.NOTED else "Fail",
            "timeoutSeconds": NOTING_SECONDS if reach is Reach.NOTED else VALIDATING_SECONDS,
        }
        for reach in Reach
        if any(rule.reach is reach for rule in rules)
    ]
    mutating = {
        **_webhook(Reach.EVERYWHERE, trusted, profile, [rule for default in defaults for rule in default.applies_to]),
        "name": f"defaults.{GROUP}",
        "clientConfig": client.manifest(MUTATE),
        # Open: what it leaves undone is seen by validation, which is closed.
        "failurePolicy": "Ignore",
        "reinvocationPolicy": "IfNeeded",
        "timeoutSeconds": MUTATING_SECONDS,
    }
    return [_configuration(VALIDATING, validating), _configuration(MUTATING, [mutating])]


def _configuration(resource: Resource, webhooks: list[Manifest]) -> Manifest:
    return {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {"name": NAME, "labels": dict(PART_OF)},
        "webhooks": webhooks,
    }


def _webhook(reach: Reach, trusted: Trusted, profile: Profile, rules: Sequence[Rule]) -> Manifest:
    return {
        "name": f"{reach.value}.{GROUP}",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "NoneOnDryRun",
        "matchPolicy": "Equivalent",
        "rules": _rules(rules, profile),
        "namespaceSelector": _selector(reach, trusted),
        "matchConditions": _conditions(reach, trusted),
    }


def _rules(rules: Iterable[Rule], profile: Profile) -> list[Manifest]:
    """One entry for each kind and subresource, with every operation that anybody asks for."""
    operations: dict[tuple[Resource, str], set[str]] = {}
    for rule in rules:
        operations.setdefault((rule.resource, rule.subresource), set()).update(rule.operations)
    return [
        {
            "apiGroups": [resource.group],
            # One version: by matchPolicy Equivalent the others come converted to it, so a rule reads one shape. Where
            # that is not served, nothing would ever come by it; it stays, for the day when it is.
            "apiVersions": [*dict.fromkeys((profile.at(resource).version, resource.version))],
            "resources": [f"{resource.plural}/{subresource}" if subresource else resource.plural],
            "operations": [name for name in ("CREATE", "UPDATE", "DELETE") if name in wanted],
            "scope": "Namespaced" if resource.namespaced else "Cluster",
        }
        for (resource, subresource), wanted in sorted(
            operations.items(), key=lambda entry: (entry[0][0].group, entry[0][0].plural, entry[0][1])
        )
    ]


def _selector(reach: Reach, trusted: Trusted) -> Manifest:
    # By the name label only: the API server sets it, nobody can forge it, and there is no label to opt out by.
    name = "kubernetes.io/metadata.name"
    if reach is Reach.OURS:
        return {}
    excluded: list[Manifest] = [{"key": name, "operator": "NotIn", "values": sorted(trusted.namespaces)}]
    if reach in (Reach.TENANTS, Reach.HOSTED, Reach.NOTED):
        excluded.append({"key": TENANT_LABEL, "operator": "Exists"})
    return {"matchExpressions": excluded}


def _conditions(reach: Reach, trusted: Trusted) -> list[Manifest]:
    if reach is Reach.OURS:
        ours = ", ".join(f"'{user}'" for user in (trusted.provisioner, trusted.webhooks))
        return [{"name": "not-by-us", "expression": f"!(request.userInfo.username in [{ours}])"}]
    if reach is Reach.HOSTED:
        own = "request.userInfo.username.startsWith('system:serviceaccount:' + request.namespace + ':')"
        return [{"name": "by-accounts-of-the-namespace", "expression": own}]
    changed = [_changed(path) for path in _LOOKED_AT]
    controllers = f"{sorted(trusted.controllers)}.exists(n, request.userInfo.username.startsWith({_ACCOUNT}))"
    if kinds := _HELD.get(reach):
        kept = f"request.resource.resource in {kinds} && {_changed('metadata.finalizers')}"
        changed.append(f"({kept} && !{controllers})")
    anew = ["request.operation != 'UPDATE'", "request.?subResource.orValue('') != ''"]
    conditions = [{"name": "something-we-look-at-changes", "expression": " || ".join([*anew, *changed])}]
    if reach is Reach.EVERYWHERE:
        # Other people's namespaces come and go without us, and a tenant's keeps its label to its end, even when nobody
        # answers here. What is trusted by its name is not made by anybody; those that are left alone do not come here,
        # and have the second line.
        label = f"metadata.?labels[?'{TENANT_LABEL}'].orValue('')"
        before, after = (f"({o} == null ? '' : {o}.{label})" for o in ("oldObject", "object"))
        trusts = f"(request.operation == 'CREATE' && request.name in {sorted(trusted.controllers)})"
        expression = f"request.resource.resource != 'namespaces' || {before} != {after} || {trusts}"
        conditions.append({"name": "namespaces-of-tenants", "expression": expression})
        # What Argo CD installs beside itself goes on while nobody answers here: it may be what brings us back.
        to = (_optional("object", f"spec.destination.{key}") + ".orValue('')" for key in ("server", "name"))
        here = f"[{', '.join(to)}].exists(to, to in {sorted(hubs.IN_CLUSTER)})"
        remote = f"request.resource.resource != '{APPLICATIONS.plural}' || !{here}"
        conditions.append({"name": "applications-of-other-clusters", "expression": remote})
    if reach is Reach.TENANTS:
        # Controllers write the rest of their statuses all the time.
        fields = dict.fromkeys(field for those in status_writers.ACTED_BY.values() for field in those)
        acted_by = " || ".join(_changed(f"status.{field}") for field in fields)
        taken_along = " || ".join(_changed(f"metadata.{part}") for part in ("annotations", "finalizers"))
        claims = f"(request.resource.resource == 'persistentvolumeclaims' && ({taken_along}))"
        status = f"request.?subResource.orValue('') != 'status' || {claims} || {acted_by}"
        conditions.append({"name": "statuses-that-are-acted-by", "expression": status})
        # Other Services cost nothing and claim nothing, and come and go without us, even when nobody answers here.
        balancing = "object.?spec.?type.orValue('') == 'LoadBalancer'"
        claiming = "object.?spec.?externalIPs.orValue([]) != []"
        services = f"request.kind.kind != 'Service' || {balancing} || {claiming}"
        conditions.append({"name": "services-that-cost-or-claim", "expression": services})
        # Workloads are rolled without us, even when nobody answers here.
        kubernetes = f"{controllers} || request.userInfo.username == '{KUBERNETES}'"
        revisions = f"request.resource.resource != '{CONTROLLER_REVISIONS.plural}' || !({kubernetes})"
        conditions.append({"name": "revisions-by-others-than-controllers", "expression": revisions})
    return conditions


def _changed(path: str) -> str:
    return f"{_optional('object', path)} != {_optional('oldObject', path)}"


def _optional(root: str, path: str) -> str:
    first, *rest = path.split(".")
    return f"{root}.?{first}" + "".join(f".?{key}" for key in rest)
