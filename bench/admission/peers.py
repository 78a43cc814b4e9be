"""Who is asked before a write: nobody, a webhook that decides nothing, a ValidatingAdmissionPolicy, a quota, or we.

Each has namespaces of its own, told apart by a label, so that all are in force at once and can take turns. Values only.
"""

from __future__ import annotations

import base64
import json
from typing import Any, Final

from bench import sample
from bench.admission.load import Call
from bench.site import USER
from provisioning import names, resources
from provisioning.manifest import Manifest
from provisioning.resources import Resource
from webhooks import registration
from webhooks.registration import ClientConfig
from webhooks.trusted import Trusted

NOBODY, NOTHING, POLICY, QUOTA, OURS = "nobody", "nothing", "policy", "quota", "ours"
PEERS: Final = (NOBODY, NOTHING, POLICY, QUOTA, OURS)
NAMES: Final = {
    NOBODY: "nobody is asked",
    NOTHING: "a webhook that decides nothing",
    POLICY: "a ValidatingAdmissionPolicy",
    QUOTA: "a ResourceQuota",
    OURS: "clusterdesk",
}
LABEL: Final = "bench.clusterdesk.dev/peer"
ACCOUNT: Final = "clusterdesk-bench-door"
"""The user that our door is for the API server."""
PLENTY: Final = 1_000_000
COUNTED: Final = f"count/{resources.MACHINE_DEPLOYMENTS.plural}.{resources.MACHINE_DEPLOYMENTS.group}"
RESOURCE_QUOTAS: Final = Resource("", "v1", "resourcequotas", "ResourceQuota")
TEMPLATE: Final = "size"


def namespace(peer: str, tenant: int) -> str:
    return f"{peer}-{tenant:04}"


def tenant_of(tenant: int, peer: str = OURS) -> str:
    return f"{peer}-{tenant:04}"


def grounds(peer: str, tenant: int, *, hard: int = PLENTY) -> list[Manifest]:
    """A namespace in which this peer is asked, with room for so many MachineDeployments, and what they refer to."""
    where = namespace(peer, tenant)
    labels = {LABEL: peer, **({names.TENANT_LABEL: tenant_of(tenant)} if peer == OURS else {})}
    found = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": where, "labels": labels}},
        _of(resources.KUBEVIRT_MACHINE_TEMPLATES, TEMPLATE, where, spec={"template": {"spec": _machine()}}),
    ]
    if peer == OURS:
        found.insert(0, _tenant(tenant, where, hard))
    if peer == QUOTA:
        found.append(_of(RESOURCE_QUOTAS, "bench", where, spec={"hard": {COUNTED: str(hard)}}))
    return found


def counted(hard: int) -> Manifest:
    """The status of a ResourceQuota as its controller leaves it when there is nothing yet: admission waits for that."""
    return {"hard": {COUNTED: str(hard)}, "used": {COUNTED: "0"}}


def create(where: str, name: str) -> Call:
    """The creation of a MachineDeployment with one machine."""
    return post(resources.MACHINE_DEPLOYMENTS, deployment(where, name))


def post(kind: Resource, manifest: Manifest) -> Call:
    """The creation of any object."""
    path = kind.path(namespace=manifest["metadata"].get("namespace", ""))
    return Call("POST", path, json.dumps(manifest).encode())


def touch(where: str, name: str, value: str) -> Call:
    """A change of a MachineDeployment that costs nothing."""
    patch = {"metadata": {"annotations": {"bench": value}}}
    path = resources.MACHINE_DEPLOYMENTS.path(namespace=where, name=name)
    return Call("PATCH", path, json.dumps(patch).encode(), "application/merge-patch+json")


def deployment(where: str, name: str) -> Manifest:
    labels, bootstrap = {"bench": name}, resources.KUBEADM_CONFIG_TEMPLATES
    reference = {
        "apiGroup": resources.KUBEVIRT_MACHINE_TEMPLATES.group,
        "kind": resources.KUBEVIRT_MACHINE_TEMPLATES.kind,
        "name": TEMPLATE,
    }
    machine = {
        "clusterName": "bench",
        "version": sample.VERSION,
        "bootstrap": {"configRef": {"apiGroup": bootstrap.group, "kind": bootstrap.kind, "name": TEMPLATE}},
        "infrastructureRef": reference,
    }
    # Without a surge, so that one of them is one machine, and a quota of fifty machines is one of fifty of them.
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}
    spec = {
        "clusterName": "bench",
        "replicas": 1,
        "rollout": {"strategy": rolling},
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": machine},
    }
    return _of(resources.MACHINE_DEPLOYMENTS, name, where, spec=spec)


def nothing(url: str, bundle: str) -> Manifest:
    """The webhook that decides nothing, asked for the same writes as we are."""
    return _webhook(NOTHING, f"{url}/allow", bundle, {"matchLabels": {LABEL: NOTHING}})


def refusing(url: str, bundle: str, *, prefix: str) -> Manifest:
    """Another webhook, of somebody else, that refuses what has such a name, wherever it is."""
    selector = {"matchExpressions": [{"key": LABEL, "operator": "In", "values": [QUOTA, OURS]}]}
    found = _webhook("refusing", f"{url}/refuse", bundle, selector)
    expression = f"object.metadata.name.startsWith('{prefix}')"
    found["webhooks"][0]["matchConditions"] = [{"name": "by-name", "expression": expression}]
    return found


def policy() -> list[Manifest]:
    """A ValidatingAdmissionPolicy that looks at the object alone, as all it can."""
    group = "admissionregistration.k8s.io/v1"
    name = {"name": "bench"}
    rule = {**_rule(), "operations": ["CREATE", "UPDATE"]}
    return [
        {
            "apiVersion": group,
            "kind": "ValidatingAdmissionPolicy",
            "metadata": name,
            "spec": {
                "failurePolicy": "Fail",
                "matchConstraints": {"resourceRules": [rule]},
                "validations": [{"expression": "object.spec.replicas <= 1000"}],
            },
        },
        {
            "apiVersion": group,
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": name,
            "spec": {
                "policyName": "bench",
                "validationActions": ["Deny"],
                "matchResources": {"namespaceSelector": {"matchLabels": {LABEL: POLICY}}},
            },
        },
    ]


def ours(url: str) -> list[Manifest]:
    """Our own configurations as the chart has them, asked in our namespaces only."""
    found = registration.configurations(
        client=ClientConfig(url=url), trusted=Trusted(webhooks=ACCOUNT, provisioner=USER)
    )
    for configuration in found:
        for webhook in configuration["webhooks"]:
            if webhook["namespaceSelector"]:
                only = {"key": LABEL, "operator": "In", "values": [OURS]}
                webhook["namespaceSelector"]["matchExpressions"].append(only)
    return found


def _webhook(name: str, url: str, bundle: str, selector: Manifest) -> Manifest:
    webhook = {
        "name": f"{name}.bench.clusterdesk.dev",
        "admissionReviewVersions": ["v1"],
        "sideEffects": "None",
        "failurePolicy": "Fail",
        "timeoutSeconds": 10,
        "rules": [{**_rule(), "operations": ["CREATE", "UPDATE"]}],
        "namespaceSelector": selector,
        "clientConfig": {"url": url, "caBundle": _base64(bundle)},
    }
    kind = registration.VALIDATING
    return {**_of(kind, f"bench-{name}"), "webhooks": [webhook]}


def _rule() -> Manifest:
    kind = resources.MACHINE_DEPLOYMENTS
    return {"apiGroups": [kind.group], "apiVersions": [kind.version], "resources": [kind.plural]}


def _tenant(tenant: int, where: str, hard: int) -> Manifest:
    spec = {
        "namespaces": [where],
        "members": [{"user": "ann"}],
        "approvers": [{"user": "ben"}],
        "quota": {"hard": {"nodes": hard}},
        "approval": {"required": 0},
    }
    return _of(resources.TENANTS, tenant_of(tenant), spec=spec)


def _machine() -> Manifest:
    domain = {"cpu": {"cores": 2}, "memory": {"guest": "4Gi"}, "devices": {}}
    return {"virtualMachineTemplate": {"spec": {"template": {"spec": {"domain": domain}}}}}


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _of(kind: Resource, name: str, where: str = "", **more: Any) -> Manifest:
    place = {"namespace": where} if where else {}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": name, **place}, **more}
