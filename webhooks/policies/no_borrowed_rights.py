"""What a tenant has installed in the management cluster is installed by an account of the tenant's own.

Flux' controllers may do everything there, and without `kubeConfig` and `serviceAccountName` they do it for whoever may
write a HelmRelease. With a `kubeConfig` that is a ConfigMap and no Secret, they show a token of their own to whatever
address that says, unless it names an account, and it may change at any time. Sveltos has no account to name, so a
tenant's profile stays out of the management cluster, and names nothing in other namespaces; nor does Cluster API's
add-on provider for Helm, which takes the cluster and the Secrets that it is told, wherever they are. What they fetch,
and what they reach, they do not by identities of their own either (`webhooks.identities`).
Source: Flux' "multi-tenancy lock-down", which a platform can switch on there as well, and may have forgotten. Where it
says that it has, a release that names no account is carried out by the default one of its namespace. Flux' operator,
which makes whatever stands in a ResourceSet, has a switch of its own, and that tells nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from provisioning.errors import Cause
from provisioning.manifest import Manifest
from provisioning.resources import HELM_CHART_PROXIES, HELM_RELEASE_PROXIES, HELM_RELEASES
from webhooks import carriers, difference, extent, hubs, identities, marks, reading, tree
from webhooks.decision import Allow, Verdict, refuse
from webhooks.facts import Facts
from webhooks.hubs import Entry
from webhooks.kinds import KUSTOMIZATIONS, PROFILES, RESOURCE_SETS
from webhooks.policy import Policy, Reach, Rule
from webhooks.review import Request, User

KINDS = (
    *(HELM_RELEASES, KUSTOMIZATIONS, RESOURCE_SETS, PROFILES, HELM_CHART_PROXIES, HELM_RELEASE_PROXIES),
    *identities.KINDS,
)
_PROXIES = (HELM_CHART_PROXIES.kind, HELM_RELEASE_PROXIES.kind)
_LENT = tuple(kind.kind for kind in identities.KINDS)
ELSEWHERE = ("clusterRef", "credentials.secret", "tlsConfig.caSecret")
"""What of a proxy may name another namespace."""


def check(request: Request, facts: Facts) -> Verdict:
    manifest = request.object
    if manifest is None or extent.goes_as_it_is(request) or reading.is_platforms(facts, request):
        return Allow()
    if request.old is not None and _work(manifest) == _work(request.old):
        # What is there already can be suspended and removed.
        return Allow()
    if manifest["kind"] in _LENT and _may_lend(request.user, facts):
        return Allow()
    locked_down = facts.trusted.flux_locked_down
    causes = list(_borrowed(manifest, _there(request, manifest, facts), locked_down=locked_down))
    if not causes or reading.tenant_of(facts, request.namespace) is None:
        return Allow()
    return refuse(*causes)


def _may_lend(user: User, facts: Facts) -> bool:
    """The platform, what is its own; and Sveltos keeps up what is registered there."""
    return facts.trusted.is_system(user) or user.name in facts.trusted.sveltos


def _there(request: Request, manifest: Manifest, facts: Facts) -> Manifest | None:
    """What may stay as it was said before: in the object itself, or in the proxy of which the provider makes it."""
    is_proxy = manifest["kind"] in _PROXIES
    if is_proxy and facts.trusted.is_platform(request.user):
        return manifest
    if request.old is not None or not is_proxy:
        return request.old
    owner = marks.controller(manifest)
    if owner.get("kind") != HELM_CHART_PROXIES.kind:
        return None
    return facts.get(HELM_CHART_PROXIES, tree.text(owner.get("name")), namespace=request.namespace)


def _borrowed(manifest: Manifest, before: Manifest | None, *, locked_down: bool) -> Iterator[Cause]:
    if manifest["kind"] == PROFILES.kind:
        for entry in _added(hubs.local_entries, manifest, before):
            told = "a tenant's profile may not deploy into the management cluster; leave deploymentType out, or Remote"
            yield Cause(entry.field, told)
        for entry in _added(hubs.borrowed_by_profile, manifest, before):
            namespace = entry.content.get("namespace")
            told = f"Sveltos would read it in {namespace} with its own rights; name what is in this namespace"
            yield Cause(entry.field, told)
    elif manifest["kind"] in _PROXIES:
        own = tree.dig(manifest, "metadata").get("namespace")
        for path in ELSEWHERE:
            namespace, was = (tree.dig(one, "spec", *path.split(".")).get("namespace") for one in (manifest, before))
            if namespace and namespace not in (own, was):
                told = (
                    f"the add-on provider would go to {namespace} with its own rights; name what is in this namespace"
                )
                yield Cause(f"spec.{path}.namespace", told)
    elif manifest["kind"] in _LENT:
        yield from identities.borrowed(manifest)
    else:
        yield from _by_flux(manifest, locked_down=locked_down)


def _by_flux(manifest: Manifest, *, locked_down: bool) -> Iterator[Cause]:
    spec = tree.mapping(manifest.get("spec"))
    if manifest["kind"] == RESOURCE_SETS.kind:
        if not spec.get("serviceAccountName"):
            yield Cause(
                "spec.serviceAccountName",
                "without it Flux' operator would make all that stands here with its own rights, and it may do "
                "everything; name a ServiceAccount of this namespace",
            )
    elif tree.dig(spec, "kubeConfig").get("configMapRef"):
        yield Cause(
            "spec.kubeConfig.configMapRef",
            "by it Flux would show a token of its own account to the address in that ConfigMap; aim it at a cluster "
            "with spec.kubeConfig.secretRef",
        )
    elif not locked_down and not carriers.targets_tenant(manifest) and not spec.get("serviceAccountName"):
        yield Cause(
            "spec.serviceAccountName",
            f"without it and without spec.kubeConfig Flux would install this {manifest['kind']} into the management "
            "cluster with all of its own rights; name a ServiceAccount of this namespace, or aim it at a cluster with "
            "spec.kubeConfig.secretRef",
        )


def _added(read: Callable[[Manifest], Iterator[Entry]], manifest: Manifest, before: Manifest | None) -> list[Entry]:
    """A profile does many things, and those that it did before may stay when others go."""
    there = read(before) if before is not None else ()
    return list(difference.surplus(read(manifest), there, lambda entry: repr(difference.placeless(entry))))


def _work(manifest: Manifest) -> Manifest:
    """What it does; not whether it is paused."""
    return {key: value for key, value in tree.mapping(manifest.get("spec")).items() if key not in ("suspend", "paused")}


POLICY = Policy(
    "no_borrowed_rights",
    tuple(Rule(kind, reach=Reach.TENANTS) for kind in KINDS),
    check,
)
