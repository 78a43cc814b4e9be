"""CustomResourceDefinitions from the models: structural schemas, CEL rules, printer columns, short names.

Run at build time (`make generate`); what it makes is committed in the chart and held against the models by a test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from provisioning import resources
from provisioning.model.access import ClusterAccess
from provisioning.model.base import Model
from provisioning.model.catalog import Catalog
from provisioning.model.cluster import TenantCluster
from provisioning.model.delegation import ApprovalDelegation
from provisioning.model.ledger import TenantLedger
from provisioning.model.request import ClusterRequest
from provisioning.model.tenant import Tenant
from provisioning.resources import Resource

Column = tuple[str, str, str]
"""Name, type, JSON path."""

_READY: Column = ("Ready", "string", '.status.conditions[?(@.type=="Ready")].status')
_MESSAGE: Column = ("Message", "string", '.status.conditions[?(@.type=="Ready")].message')
_AGE: Column = ("Age", "date", ".metadata.creationTimestamp")


@dataclass(frozen=True)
class Definition:
    """What a kind's CRD needs beyond its schema."""

    resource: Resource
    model: type[Model]
    short_names: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    rules: tuple[tuple[str, str], ...] = ()
    """CEL over the whole object, as (rule, message)."""


DEFINITIONS = (
    Definition(
        resources.CATALOGS,
        Catalog,
        columns=(_READY, _AGE),
        rules=(("self.metadata.name == 'default'", "there is one Catalog, named default"),),
    ),
    Definition(
        resources.TENANTS,
        Tenant,
        columns=(
            _READY,
            ("Clusters", "integer", ".status.clusters"),
            ("vCPU", "integer", ".status.quota.used.vcpu"),
            ("Memory", "string", ".status.quota.used.memory"),
            _AGE,
        ),
        rules=(("self.metadata.name.size() <= 63", "a tenant's name is a label value: at most 63 characters"),),
    ),
    Definition(
        resources.TENANT_CLUSTERS,
        TenantCluster,
        short_names=("tc",),
        columns=(
            _READY,
            ("Version", "string", ".status.version"),
            ("Nodes", "integer", ".status.nodes.ready"),
            ("Endpoint", "string", ".status.endpoint"),
            _MESSAGE,
            _AGE,
        ),
        rules=(
            (
                "self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$') && self.metadata.name.size() <= 30",
                "a cluster's name starts with a letter, has letters, digits and - only, and at most 30 characters",
            ),
        ),
    ),
    Definition(
        resources.CLUSTER_REQUESTS,
        ClusterRequest,
        short_names=("creq",),
        columns=(
            ("Action", "string", ".spec.action"),
            ("Cluster", "string", ".spec.cluster"),
            ("Phase", "string", ".status.phase"),
            ("Requester", "string", ".spec.requester.user"),
            _AGE,
        ),
    ),
    Definition(
        resources.CLUSTER_ACCESSES,
        ClusterAccess,
        short_names=("cacc",),
        columns=(
            ("Cluster", "string", ".spec.cluster"),
            ("User", "string", ".spec.user"),
            ("Role", "string", ".spec.role"),
            _READY,
            ("Until", "string", ".status.expiresAt"),
            _MESSAGE,
            _AGE,
        ),
    ),
    Definition(
        resources.APPROVAL_DELEGATIONS,
        ApprovalDelegation,
        short_names=("adel",),
        columns=(
            ("Approver", "string", ".spec.approver.user"),
            ("Delegate", "string", ".spec.delegate.user"),
            ("Until", "string", ".spec.until"),
            _AGE,
        ),
    ),
    Definition(resources.TENANT_LEDGERS, TenantLedger, columns=(_AGE,)),
)


def definitions() -> list[dict[str, Any]]:
    """All our CustomResourceDefinitions, as manifests."""
    return [_definition(d) for d in DEFINITIONS]


def _definition(d: Definition) -> dict[str, Any]:
    r = d.resource
    schema = _structural(d.model.model_json_schema(by_alias=True))
    schema["properties"] = {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"type": "object"},
        **schema["properties"],
    }
    if d.rules:
        schema["x-kubernetes-validations"] = [{"rule": rule, "message": message} for rule, message in d.rules]
    version: dict[str, Any] = {
        "name": r.version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "additionalPrinterColumns": [
            {"name": name, "type": type_, "jsonPath": path} for name, type_, path in d.columns
        ],
    }
    if "status" in schema["properties"]:
        version["subresources"] = {"status": {}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{r.plural}.{r.group}", "labels": {"app.kubernetes.io/part-of": "clusterdesk"}},
        "spec": {
            "group": r.group,
            "scope": "Namespaced" if r.namespaced else "Cluster",
            "names": {
                "kind": r.kind,
                "listKind": f"{r.kind}List",
                "plural": r.plural,
                "singular": r.kind.lower(),
                "shortNames": list(d.short_names),
                "categories": ["clusterdesk"],
            },
            "versions": [version],
        },
    }


_LEFT_OUT = {
    "title",
    "default",
    "additionalProperties",
    "const",
    "$defs",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "patternProperties",
    "propertyNames",
}
"""`default`: the admission webhook completes objects, the schema never does, so that defaults may change."""


def _structural(schema: dict[str, Any], defs: dict[str, Any] | None = None) -> dict[str, Any]:
    """JSON schema as pydantic writes it -> structural schema: references resolved, `X | None` made `X`."""
    defs = schema.get("$defs", {}) if defs is None else defs
    if "$ref" in schema:
        target = defs[schema["$ref"].removeprefix("#/$defs/")]
        return _structural({**target, **{k: v for k, v in schema.items() if k != "$ref"}}, defs)
    if "anyOf" in schema:
        (only,) = [option for option in schema["anyOf"] if option.get("type") != "null"]
        return _structural({**only, **{k: v for k, v in schema.items() if k != "anyOf"}}, defs)
    out = {k: v for k, v in schema.items() if k not in _LEFT_OUT}
    if "properties" in out:
        out["properties"] = {name: _structural(inner, defs) for name, inner in out["properties"].items()}
    if "items" in out:
        out["items"] = _structural(out["items"], defs)
    # Structural schemas know nothing of keys: what a label may be called, the webhook checks by the model.
    values = schema.get("additionalProperties") or next(iter(schema.get("patternProperties", {}).values()), None)
    if isinstance(values, dict):
        out["additionalProperties"] = _structural(values, defs)
    return out
