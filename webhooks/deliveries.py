"""Everything that a request sends into a tenant: the parts of its object, and the ConfigMaps and Secrets that it names.

One table for the policies that look into content. A ConfigMap or Secret is content when something names it; it may
come before that and after, so both are asked about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from provisioning.manifest import Manifest
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
from webhooks import boots, carriers, difference, extent, hubs, named, parts, reading, user_data
from webhooks.facts import Facts
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

Read = Callable[[Sequence[Source]], Iterable[tuple[Source, Manifest]]]
"""Gives those of the ConfigMaps and Secrets that are there."""
Extract = Callable[[Manifest, Read], Iterable[Part]]

ALWAYS_SENT = ("addons.cluster.x-k8s.io/resource-set", "addons.projectsveltos.io/cluster-profile")
"""Types of Secrets that are for ClusterResourceSets and for Sveltos only: looked at whether anything names them or not.
"""
_ANYWHERE = {(r.group, r.plural) for r in (APPLICATIONS, APPLICATION_SETS, CLUSTER_PROFILES)}


def is_concern(request: Request, facts: Facts) -> bool:
    """Whether the object does not merely go, and may reach a tenant."""
    if extent.goes_as_it_is(request) or reading.is_platforms(facts, request):
        return False
    return (request.group, request.resource) in _ANYWHERE or reading.tenant_of(facts, request.namespace) is not None


def of(request: Request, manifest: Manifest, facts: Facts) -> list[Part]:
    """All that the object sends, or would send if something named it. Raises `Overgrown`.

    What is named before and after a change was looked at when it was named, and is not read for either.
    """
    there = (None if it is None or named.stays(it) else it for it in (request.old, request.object))
    before, after = ([] if it is None else named.by(request, it) for it in there)
    known = set(map(difference.placeless, before)).intersection(map(difference.placeless, after))

    def read(sources: Sequence[Source]) -> Iterator[tuple[Source, Manifest]]:
        unread = [source for source in sources if difference.placeless(source) not in known]
        return named.read(unread, request.namespace, facts)

    return list(EXTRACTS[request.group, request.resource](manifest, read))


def is_sent(request: Request, facts: Facts) -> bool:
    """Whether it goes into a tenant now. Only of ConfigMaps and Secrets it is a question, and one that many lists
    answer: so it is the last one to be asked, of what would be refused."""
    return not all(map(named.stays, _users(request, facts)))


def is_read(request: Request, facts: Facts) -> bool:
    """Whether it is read for somebody now, and goes into a tenant or anywhere else. As `is_sent`."""
    return any(True for _ in _users(request, facts))


def _users(request: Request, facts: Facts) -> Iterator[Manifest]:
    """What takes the object somewhere; of what is sent by itself or has a type for that, the object itself."""
    manifest = request.either
    if manifest["kind"] not in (CONFIG_MAPS.kind, SECRETS.kind) or manifest.get("type") in ALWAYS_SENT:
        yield manifest
        return
    name = manifest["metadata"].get("name", "")
    yield from (user for user, _ in named.anywhere(manifest["kind"], (name,), request.namespace, facts))


def _in_helm_release(manifest: Manifest, read: Read) -> Iterator[Part]:
    if named.stays(manifest):
        return
    yield from carriers.in_helm_release(manifest)
    for source, content in read(carriers.values_sources(manifest)):
        for text in parts.texts(content, Form.VALUES_TEXT, at=named.place(source)):
            yield text
            if source.target:
                yield Part(text.field, Form.VALUES, {source.target: text.content})


def _in_kustomization(manifest: Manifest, read: Read) -> Iterator[Part]:
    if named.stays(manifest):
        return
    yield from carriers.in_kustomization(manifest)
    for source, content in read(carriers.substitutes_of(manifest)):
        for text in parts.texts(content, Form.VALUES, at=named.place(source)):
            # Each is a variable, by the name of its key.
            yield Part(text.field, Form.VALUES, {text.field.rpartition(".")[2]: text.content})


def _in_resource_set(manifest: Manifest, read: Read) -> Iterator[Part]:
    for source, content in read(carriers.resources_of(manifest)):
        yield from parts.texts(content, Form.TEXT, at=named.place(source))


def _in_profile(manifest: Manifest, read: Read) -> Iterator[Part]:
    yield from hubs.in_profile(manifest)
    forms = dict(hubs.named_by_profile(manifest))
    for source, content in read([*forms]):
        yield from parts.texts(content, forms[source], at=named.place(source))


def _in_content(manifest: Manifest, _read: Read) -> Iterator[Part]:
    yield from _any_content(manifest, "")


def _any_content(manifest: Manifest, at: str) -> Iterator[Part]:
    """Of a ConfigMap or Secret that may be manifests, values, a script or user data."""
    for part in parts.texts(manifest, Form.CONTENT, at=at):
        yield part
        if user_data.is_such(part.content):
            yield from user_data.parts(part.content, part.field)


def _plain(extract: Callable[[Manifest], Iterable[Part]]) -> Extract:
    return lambda manifest, _read: extract(manifest)


def _boots(naming: Callable[[Manifest], Sequence[Source]], own: Callable[[Manifest], Iterable[Part]]) -> Extract:
    """What a machine boots with: what stands in the object itself, and the Secrets that it names."""

    def extract(manifest: Manifest, read: Read) -> Iterator[Part]:
        yield from own(manifest)
        for source, content in read(naming(manifest)):
            yield from _any_content(content, named.place(source))

    return extract


_KUBEADM = _boots(boots.secrets_of_kubeadm_config, boots.in_kubeadm_config)
_KUBEADM_CONTROL_PLANE = _boots(boots.secrets_of_kubeadm_control_plane, boots.in_kubeadm_control_plane)
_VIRTUAL_MACHINE = _boots(boots.secrets_of_machine, boots.in_machine)
_MACHINE = _boots(boots.secret_of_boot, lambda _manifest: ())
_BY_KIND: Sequence[tuple[Resource, Extract]] = (
    (HELM_RELEASES, _in_helm_release),
    (KUSTOMIZATIONS, _in_kustomization),
    (HELM_CHART_PROXIES, _plain(carriers.in_helm_chart_proxy)),
    (HELM_RELEASE_PROXIES, _plain(carriers.in_helm_chart_proxy)),
    (CLUSTER_RESOURCE_SETS, _in_resource_set),
    (PROFILES, _in_profile),
    (CLUSTER_PROFILES, _in_profile),
    (APPLICATIONS, _plain(hubs.in_application)),
    (APPLICATION_SETS, _plain(hubs.in_application)),
    (KUBEADM_CONFIG_TEMPLATES, _KUBEADM),
    (KUBEADM_CONFIGS, _KUBEADM),
    (KUBEADM_CONTROL_PLANES, _KUBEADM_CONTROL_PLANE),
    (KUBEADM_CONTROL_PLANE_TEMPLATES, _KUBEADM_CONTROL_PLANE),
    (KUBEVIRT_MACHINE_TEMPLATES, _VIRTUAL_MACHINE),
    (KUBEVIRT_MACHINES, _VIRTUAL_MACHINE),
    (MACHINE_DEPLOYMENTS, _MACHINE),
    (MACHINE_SETS, _MACHINE),
    (MACHINES, _MACHINE),
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
    MACHINE_DEPLOYMENTS,
    MACHINE_SETS,
    MACHINES,
    KAMAJI_CONTROL_PLANES,
    CLUSTERS,
)
RULES = (
    *(Rule(resource, reach=Reach.EVERYWHERE if resource in _EVERYWHERE else Reach.TENANTS) for resource, _ in _BY_KIND),
    *(Rule(resource, reach=Reach.TENANTS) for resource in OLDER),
)
"""What a policy about content applies to. Outside of tenants' namespaces Flux goes on while nobody answers here: it may
be what brings us back."""
