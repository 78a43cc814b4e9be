"""The ConfigMaps and Secrets that an object names: which kind names them where, and what stands in them now.

Content of a tenant may come before what names it and after. Here it is read, by its name, when something names it; as
it is written it is looked at by `webhooks.deliveries`. Secrets are neither listed nor kept, and of what stands in them
nothing is told but the signs that the tables know.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from provisioning.documents import Overgrown
from provisioning.manifest import Manifest
from provisioning.resources import (
    CLUSTER_RESOURCE_SETS,
    CONFIG_MAPS,
    HELM_RELEASES,
    KUBEADM_CONFIG_TEMPLATES,
    KUBEADM_CONFIGS,
    KUBEVIRT_MACHINE_TEMPLATES,
    KUBEVIRT_MACHINES,
    MACHINE_DEPLOYMENTS,
    MACHINE_SETS,
    MACHINES,
    SECRETS,
    Resource,
)
from webhooks import boots, carriers, hubs, parts
from webhooks.facts import All, Facts, One
from webhooks.kinds import (
    CLUSTER_PROFILES,
    KUBEADM_CONTROL_PLANE_TEMPLATES,
    KUBEADM_CONTROL_PLANES,
    KUSTOMIZATIONS,
    OLDER,
    PROFILES,
)
from webhooks.parts import Source
from webhooks.review import Request

NAMED_MAX = 500
"""ConfigMaps and Secrets that one object may name."""
AT_ONCE = 100
"""Of them that are read at once: each may be a megabyte."""
CHARACTERS_MAX = 8 * 1024 * 1024
"""Characters of all of them together: what is more is not looked through in the time that there is."""
_CONTENTS = {kind.kind: kind for kind in (CONFIG_MAPS, SECRETS)}


def by_profile(manifest: Manifest) -> list[Source]:
    return [source for source, _ in hubs.named_by_profile(manifest)]


NAMING: Mapping[Resource, Callable[[Manifest], Iterable[Source]]] = {
    CLUSTER_RESOURCE_SETS: carriers.resources_of,
    HELM_RELEASES: carriers.values_sources,
    KUSTOMIZATIONS: carriers.substitutes_of,
    PROFILES: by_profile,
    CLUSTER_PROFILES: by_profile,
    KUBEADM_CONFIGS: boots.secrets_of_kubeadm_config,
    KUBEADM_CONFIG_TEMPLATES: boots.secrets_of_kubeadm_config,
    **dict.fromkeys(
        (KUBEADM_CONTROL_PLANES, KUBEADM_CONTROL_PLANE_TEMPLATES, *OLDER), boots.secrets_of_kubeadm_control_plane
    ),
    KUBEVIRT_MACHINES: boots.secrets_of_machine,
    KUBEVIRT_MACHINE_TEMPLATES: boots.secrets_of_machine,
    MACHINE_DEPLOYMENTS: boots.secret_of_boot,
    MACHINE_SETS: boots.secret_of_boot,
    MACHINES: boots.secret_of_boot,
}
"""What may name a ConfigMap or Secret, and how: controllers read it for whoever does, wherever it goes from there."""
_OF_EITHER = (CLUSTER_RESOURCE_SETS, HELM_RELEASES, KUSTOMIZATIONS, PROFILES, CLUSTER_PROFILES)
NAMERS: Mapping[str, Sequence[Resource]] = {
    CONFIG_MAPS.kind: _OF_EITHER,
    # A ClusterResourceSet takes Secrets of its own type only. Source: cluster-api, `controllers/clusterresourceset`.
    SECRETS.kind: [kind for kind in NAMING if kind != CLUSTER_RESOURCE_SETS],
}
"""Which of them can name one of a ConfigMap, or a Secret of any type, at all: those have to be asked about it."""
_BY_PLURAL = {(kind.group, kind.plural): naming for kind, naming in NAMING.items()}


def by(request: Request, manifest: Manifest) -> list[Source]:
    """All that the object of this request names, at whatever version it came."""
    naming = _BY_PLURAL.get((request.group, request.resource))
    return list(naming(manifest)) if naming else []


def stays(manifest: Manifest) -> bool:
    """Whether what it names goes into no tenant: Flux installs it in the management cluster."""
    return manifest["kind"] in (HELM_RELEASES.kind, KUSTOMIZATIONS.kind) and not carriers.targets_tenant(manifest)


def read(sources: Sequence[Source], namespace: str, facts: Facts) -> Iterator[tuple[Source, Manifest]]:
    """Those that are there already. Raises `Overgrown`."""
    asked = _questions(sources, namespace)
    if len(asked) > NAMED_MAX:
        raise Overgrown(f"it names more than {NAMED_MAX} ConfigMaps and Secrets")
    characters = 0
    for start in range(0, len(asked), AT_ONCE):
        facts.need(*(one for _, one in asked[start : start + AT_ONCE]))
        for source, one in asked[start : start + AT_ONCE]:
            content = facts.get(one.resource, one.name, namespace=one.namespace)
            if content is None:
                continue
            characters += parts.length(content)
            if characters > CHARACTERS_MAX:
                raise Overgrown(f"what it names comes to more than {CHARACTERS_MAX} characters")
            yield source, content


def _questions(sources: Iterable[Source], namespace: str) -> list[tuple[Source, One]]:
    """Where each of them is to be found, for an object in that namespace."""
    # Without a namespace of its own, a profile of all namespaces names one in that of each cluster.
    places = {s: s.namespace or namespace for s in sources if s.kind in _CONTENTS and s.name}
    return [(source, One(_CONTENTS[source.kind], source.name, place)) for source, place in places.items() if place]


def anywhere(content: str, called: Collection[str], namespace: str, facts: Facts) -> Iterator[tuple[Manifest, Source]]:
    """What in that namespace names a ConfigMap or Secret (`content`) that is called so, and how. Raises `Unknown`."""
    places = {kind: namespace if kind.namespaced else "" for kind in NAMERS[content]}
    facts.need(*(All(kind, where) for kind, where in places.items()))
    for kind, where in places.items():
        for manifest in facts.list(kind, namespace=where):
            for source in NAMING[kind](manifest):
                if source.kind == content and source.name in called and source.namespace in ("", namespace):
                    yield manifest, source


def place(source: Source) -> str:
    """The field path of what stands in it."""
    return f"{source.field}({source.kind} {source.name})"
