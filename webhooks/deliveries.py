"""Everything that a request sends into a tenant: the parts of its object, and the ConfigMaps that this names.

One table for the policies that look into content. A ConfigMap or Secret is content when something names it; it may
come before that and after, so both are asked about. Secrets are read when they are written and never again: so the
door needs no right to read those of tenants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from provisioning.documents import Overgrown
from provisioning.resources import (
    CLUSTER_CLASSES,
    CLUSTER_RESOURCE_SETS,
    CLUSTERS,
    CONFIG_MAPS,
    HELM_CHART_PROXIES,
    HELM_RELEASE_PROXIES,
    HELM_RELEASES,
    KAMAJI_CONTROL_PLANE_TEMPLATES,
    KAMAJI_CONTROL_PLANES,
    KUBEADM_CONFIG_TEMPLATES,
    KUBEADM_CONFIGS,
    KUBEVIRT_MACHINE_TEMPLATES,
    KUBEVIRT_MACHINES,
    MACHINE_DEPLOYMENTS,
    MACHINE_SETS,
    MACHINES,
    SECRETS,
    TENANT_CONTROL_PLANES,
    Resource,
)
from webhooks import boots, carriers, hubs, parts, user_data
from webhooks import facts as reading
from webhooks.facts import All, Facts, Manifest, One
from webhooks.kinds import (
    APPLICATION_SETS,
    APPLICATIONS,
    CLUSTER_PROFILES,
    KUBEADM_CONTROL_PLANE_TEMPLATES,
    KUBEADM_CONTROL_PLANES,
    KUSTOMIZATIONS,
    OLDER,
    PROFILES,
)
from webhooks.parts import Form, Part, Source
from webhooks.policy import Reach, Rule
from webhooks.review import Request

NAMED_MAX = 500
"""ConfigMaps that one object may name: all are read at once."""

Extract = Callable[[Manifest, str, Facts], Iterable[Part]]

ALWAYS_SENT = ("addons.cluster.x-k8s.io/resource-set", "addons.projectsveltos.io/cluster-profile")
"""Types of Secrets that are for ClusterResourceSets and for Sveltos only: looked at whether anything names them or not.
"""
_ANYWHERE = {(r.group, r.plural) for r in (APPLICATIONS, APPLICATION_SETS, CLUSTER_PROFILES)}


def is_concern(request: Request, facts: Facts) -> bool:
    """Whether the object does not merely go, and may reach a tenant."""
    if reading.goes_as_it_is(request) or reading.is_platforms(facts, request):
        return False
    return (request.group, request.resource) in _ANYWHERE or reading.tenant_of(facts, request.namespace) is not None


def of(request: Request, manifest: Manifest, facts: Facts) -> list[Part]:
    """All that the object sends, or would send if something named it. Raises `Overgrown`."""
    return list(EXTRACTS[request.group, request.resource](manifest, request.namespace, facts))


def is_sent(request: Request, facts: Facts) -> bool:
    """Whether it goes into a tenant now. Only of ConfigMaps and Secrets it is a question."""
    manifest = request.either
    if manifest["kind"] not in (CONFIG_MAPS.kind, SECRETS.kind) or manifest.get("type") in ALWAYS_SENT:
        return True
    me = (manifest["kind"], manifest["metadata"].get("name", ""))
    facts.need(*(All(kind, request.namespace if kind.namespaced else "") for kind in NAMING))
    return any(
        (source.kind, source.name) == me and source.namespace in ("", request.namespace)
        for kind, naming in NAMING.items()
        for other in facts.list(kind, namespace=request.namespace if kind.namespaced else "")
        for source in naming(other)
    )


def _named_by_release(manifest: Manifest) -> list[Source]:
    return carriers.values_sources(manifest) if carriers.targets_tenant(manifest) else []


def _named_by_profile(manifest: Manifest) -> list[Source]:
    return [source for source, _ in hubs.named_by_profile(manifest)]


NAMING: Mapping[Resource, Callable[[Manifest], Iterable[Source]]] = {
    CLUSTER_RESOURCE_SETS: carriers.resources_of,
    HELM_RELEASES: _named_by_release,
    PROFILES: _named_by_profile,
    CLUSTER_PROFILES: _named_by_profile,
    KUBEADM_CONFIGS: boots.secrets_of_kubeadm_config,
    KUBEADM_CONFIG_TEMPLATES: boots.secrets_of_kubeadm_config,
    KUBEVIRT_MACHINE_TEMPLATES: boots.secrets_of_machine,
    MACHINE_DEPLOYMENTS: boots.secret_of_boot,
    MACHINE_SETS: boots.secret_of_boot,
    MACHINES: boots.secret_of_boot,
}
"""What may name a ConfigMap or Secret, and how."""


def _in_helm_release(manifest: Manifest, namespace: str, facts: Facts) -> Iterator[Part]:
    yield from carriers.in_helm_release(manifest)
    for source, content in _config_maps(_named_by_release(manifest), namespace, facts):
        for text in parts.texts(content, Form.VALUES_TEXT, at=_place(source)):
            yield text
            if source.target:
                yield Part(text.field, Form.VALUES, {source.target: text.content})


def _in_resource_set(manifest: Manifest, namespace: str, facts: Facts) -> Iterator[Part]:
    for source, content in _config_maps(carriers.resources_of(manifest), namespace, facts):
        yield from parts.texts(content, Form.TEXT, at=_place(source))


def _in_profile(manifest: Manifest, namespace: str, facts: Facts) -> Iterator[Part]:
    yield from hubs.in_profile(manifest)
    forms = dict(hubs.named_by_profile(manifest))
    for source, content in _config_maps([*forms], namespace, facts):
        yield from parts.texts(content, forms[source], at=_place(source))


def _in_content(manifest: Manifest, _namespace: str, _facts: Facts) -> Iterator[Part]:
    for part in parts.texts(manifest, Form.CONTENT):
        yield part
        if user_data.is_such(part.content):
            yield from user_data.parts(part.content, part.field)


def _config_maps(sources: Sequence[Source], namespace: str, facts: Facts) -> Iterator[tuple[Source, Manifest]]:
    """Those that are there already. Raises `Overgrown`."""
    # Without a namespace of its own, a profile of all namespaces names one in that of each cluster.
    places = {s: s.namespace or namespace for s in sources if s.kind == CONFIG_MAPS.kind and s.name}
    if len(places) > NAMED_MAX:
        raise Overgrown(f"it names more than {NAMED_MAX} ConfigMaps")
    facts.need(*(One(CONFIG_MAPS, source.name, place) for source, place in places.items() if place))
    for source, place in places.items():
        content = facts.get(CONFIG_MAPS, source.name, namespace=place) if place else None
        if content is not None:
            yield source, content


def _place(source: Source) -> str:
    return f"{source.field}({source.kind} {source.name})"


def _plain(extract: Callable[[Manifest], Iterable[Part]]) -> Extract:
    return lambda manifest, _namespace, _facts: extract(manifest)


_BY_KIND: Sequence[tuple[Resource, Extract]] = (
    (HELM_RELEASES, _in_helm_release),
    (KUSTOMIZATIONS, _plain(carriers.in_kustomization)),
    (HELM_CHART_PROXIES, _plain(carriers.in_helm_chart_proxy)),
    (HELM_RELEASE_PROXIES, _plain(carriers.in_helm_chart_proxy)),
    (CLUSTER_RESOURCE_SETS, _in_resource_set),
    (PROFILES, _in_profile),
    (CLUSTER_PROFILES, _in_profile),
    (APPLICATIONS, _plain(hubs.in_application)),
    (APPLICATION_SETS, _plain(hubs.in_application)),
    (KUBEADM_CONFIG_TEMPLATES, _plain(boots.in_kubeadm_config)),
    (KUBEADM_CONFIGS, _plain(boots.in_kubeadm_config)),
    (KUBEADM_CONTROL_PLANES, _plain(boots.in_kubeadm_control_plane)),
    (KUBEADM_CONTROL_PLANE_TEMPLATES, _plain(boots.in_kubeadm_control_plane)),
    (KUBEVIRT_MACHINE_TEMPLATES, _plain(boots.in_machine)),
    (KUBEVIRT_MACHINES, _plain(boots.in_machine)),
    (KAMAJI_CONTROL_PLANES, _plain(carriers.in_kamaji_addons)),
    (KAMAJI_CONTROL_PLANE_TEMPLATES, _plain(carriers.in_kamaji_addons)),
    (TENANT_CONTROL_PLANES, _plain(carriers.in_kamaji_addons)),
    (CLUSTERS, _plain(carriers.in_topology)),
    (CLUSTER_CLASSES, _plain(carriers.in_cluster_class)),
    (CONFIG_MAPS, _in_content),
    (SECRETS, _in_content),
)
EXTRACTS: Mapping[tuple[str, str], Extract] = {(r.group, r.plural): extract for r, extract in _BY_KIND}
_EVERYWHERE = (
    APPLICATIONS,
    APPLICATION_SETS,
    CLUSTER_PROFILES,
    # Other policies ask about these everywhere, and once is enough.
    KUBEVIRT_MACHINE_TEMPLATES,
    KUBEVIRT_MACHINES,
    KAMAJI_CONTROL_PLANES,
    CLUSTERS,
)
RULES = (
    *(Rule(resource, reach=Reach.EVERYWHERE if resource in _EVERYWHERE else Reach.TENANTS) for resource, _ in _BY_KIND),
    *(Rule(resource, reach=Reach.TENANTS) for resource in OLDER),
)
"""What a policy about content applies to. Outside of tenants' namespaces Flux goes on while nobody answers here: it may
be what brings us back."""
