"""Nothing that goes into a tenant carries a controller that belongs beside the control plane.

The cloud controller manager, the CSI controller and the autoscaler act on the management cluster: inside a tenant they
would need its credentials. What they look like is a table in `provisioning.components`, where to look is
`webhooks.carriers`' business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from provisioning import documents
from provisioning.errors import Cause
from provisioning.resources import (
    CLUSTER_RESOURCE_SETS,
    CONFIG_MAPS,
    HELM_CHART_PROXIES,
    HELM_RELEASE_PROXIES,
    HELM_RELEASES,
    KAMAJI_CONTROL_PLANES,
    KUBEADM_CONFIG_TEMPLATES,
    KUBEADM_CONFIGS,
    KUBEVIRT_MACHINE_TEMPLATES,
    SECRETS,
)
from webhooks import carriers
from webhooks import facts as reading
from webhooks.decision import INVALID, Allow, Verdict, refuse
from webhooks.facts import All, Facts, Manifest, One
from webhooks.kinds import KUSTOMIZATIONS
from webhooks.placement import Finding
from webhooks.policy import Policy, Reach, Rule
from webhooks.review import Request

Extract = Callable[[Manifest, str, Facts], list[Finding]]

FOR_RESOURCE_SETS = "addons.cluster.x-k8s.io/resource-set"
"""The only type of Secret that a ClusterResourceSet applies. What is in one is looked at when it is written, named or
not: so the door needs no right to read the tenants' Secrets."""


def check(request: Request, facts: Facts) -> Verdict:
    manifest = request.object
    if manifest is None or reading.deleting(manifest) or reading.is_platforms(facts, request):
        return Allow()
    extract = EXTRACTS[request.group, request.resource]
    if reading.tenant_of(facts, request.namespace) is None:
        return Allow()
    try:
        found = extract(manifest, request.namespace, facts)
        if found and request.old is not None:
            # What was there before this rule, or before an image got onto the list, must stay removable.
            known = set(extract(request.old, request.namespace, facts))
            found = [finding for finding in found if finding not in known]
    except documents.TooDeep as error:
        return refuse(Cause("", f"nobody can tell what the YAML in it brings along: {error}"), code=INVALID)
    return refuse(*map(_cause, found)) if found else Allow()


def _cause(finding: Finding) -> Cause:
    component = finding.component
    return Cause(
        finding.field,
        f"{finding.evidence} is {component.name}: {component.place}; clusterdesk puts it beside the control plane of "
        "every cluster, so leave it out here",
    )


def _in_helm_release(manifest: Manifest, namespace: str, facts: Facts) -> list[Finding]:
    if not carriers.targets_tenant(manifest):
        return []
    found = carriers.in_helm_release(manifest)
    for field, content in _config_maps(carriers.values_sources(manifest), namespace, facts):
        found += carriers.in_values_source(content, at=field)
    return found


def _in_resource_set(manifest: Manifest, namespace: str, facts: Facts) -> list[Finding]:
    named = _config_maps(carriers.resources_of(manifest), namespace, facts)
    return [finding for field, content in named for finding in carriers.in_resource(content, at=field)]


def _in_document(manifest: Manifest, namespace: str, facts: Facts) -> list[Finding]:
    """The content may come after the set that names it, or after the release."""
    found = [*carriers.in_resource(manifest), *carriers.in_values_source(manifest)]
    if not found or manifest.get("type") == FOR_RESOURCE_SETS:
        return found
    facts.need(All(CLUSTER_RESOURCE_SETS, namespace), All(HELM_RELEASES, namespace))
    me = (manifest["kind"], manifest["metadata"].get("name", ""))
    sets = facts.list(CLUSTER_RESOURCE_SETS, namespace=namespace)
    releases = [m for m in facts.list(HELM_RELEASES, namespace=namespace) if carriers.targets_tenant(m)]
    applied = {(s.kind, s.name) for m in sets for s in carriers.resources_of(m)}
    applied |= {(s.kind, s.name) for m in releases for s in carriers.values_sources(m)}
    return found if me in applied else []


def _config_maps(sources: Sequence[carriers.Source], namespace: str, facts: Facts) -> Iterator[tuple[str, Manifest]]:
    """Those that are there already, each with the field that names it."""
    named = [source for source in sources if source.kind == CONFIG_MAPS.kind and source.name]
    facts.need(*(One(CONFIG_MAPS, source.name, namespace) for source in named))
    for source in named:
        content = facts.get(CONFIG_MAPS, source.name, namespace=namespace)
        if content is not None:
            yield f"{source.field}({source.kind} {source.name})", content


def _plain(extract: Callable[[Manifest], list[Finding]]) -> Extract:
    return lambda manifest, _namespace, _facts: extract(manifest)


EXTRACTS: Mapping[tuple[str, str], Extract] = {
    (resource.group, resource.plural): extract
    for resource, extract in (
        (HELM_RELEASES, _in_helm_release),
        (KUSTOMIZATIONS, _plain(carriers.in_kustomization)),
        (HELM_CHART_PROXIES, _plain(carriers.in_helm_chart_proxy)),
        (HELM_RELEASE_PROXIES, _plain(carriers.in_helm_chart_proxy)),
        (CLUSTER_RESOURCE_SETS, _in_resource_set),
        (CONFIG_MAPS, _in_document),
        (SECRETS, _in_document),
        (KUBEADM_CONFIG_TEMPLATES, _plain(carriers.in_kubeadm_config)),
        (KUBEADM_CONFIGS, _plain(carriers.in_kubeadm_config)),
        (KUBEVIRT_MACHINE_TEMPLATES, _plain(carriers.in_machine)),
        (KAMAJI_CONTROL_PLANES, _plain(carriers.in_kamaji_addons)),
    )
}

POLICY = Policy(
    "hosted_controllers_only",
    (
        Rule(HELM_RELEASES),
        Rule(KUSTOMIZATIONS),
        Rule(HELM_CHART_PROXIES),
        Rule(HELM_RELEASE_PROXIES),
        Rule(CLUSTER_RESOURCE_SETS),
        Rule(KUBEADM_CONFIG_TEMPLATES),
        Rule(KUBEADM_CONFIGS),
        Rule(KUBEVIRT_MACHINE_TEMPLATES),
        Rule(KAMAJI_CONTROL_PLANES),
        Rule(CONFIG_MAPS, reach=Reach.TENANTS),
        Rule(SECRETS, reach=Reach.TENANTS),
    ),
    check,
)
