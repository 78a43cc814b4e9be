"""Asks the API server what `preflight` judges by: reading only, a few dozen small questions, all at once."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Iterable, Sequence
from typing import Final, TypeVar

import structlog

from provisioning import errors, legacy_kube, names, objects, preflight, profile, requirements, resources
from provisioning.ground import Ground
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.model import Catalog, CatalogSpec
from provisioning.profile import Profile
from provisioning.resources import Resource

log = structlog.get_logger()

T = TypeVar("T")

KUBEADM_ACCOUNT: Final = "capi-kubeadm-bootstrap-system/capi-kubeadm-bootstrap-manager"
"""What Cluster API's own manifests call the account of its kubeadm provider."""
PART_OF: Final = "app.kubernetes.io/part-of=clusterdesk"
REVIEWS: Final = Resource("authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", namespaced=False)
WEBHOOKS: Final = Resource(
    "admissionregistration.k8s.io",
    "v1",
    "validatingwebhookconfigurations",
    "ValidatingWebhookConfiguration",
    namespaced=False,
)


async def take(
    kube: Kube, setting: profile.Setting = profile.AUTO, *, kubeadm_account: str = KUBEADM_ACCOUNT
) -> Ground:
    """Look at everything. Raises `KubeError` when the API server does not answer."""
    version = await kube.call("GET", "/version")
    catalog, trouble = await _catalog(kube)
    groups, labels, data_store, reads, hooks = await asyncio.gather(
        legacy_kube.groups(kube),
        _labels(kube),
        _data_store(kube, catalog.data_store if catalog is not None else names.CATALOG),
        _kubeadm_reads(kube, kubeadm_account),
        _hooks(kube),
    )
    return Ground(
        version=str(version.get("gitVersion", "")),
        profile=profile.spoken(groups) if setting == profile.AUTO else Profile(setting),
        groups=groups,
        kinds=await _kinds(kube, groups),
        labels=labels,
        catalog=catalog,
        catalog_trouble=trouble,
        data_store=data_store,
        kubeadm_account=kubeadm_account,
        kubeadm_reads=reads,
        rules=None if hooks is None else _in_force(hooks),
        asked_at=_asked_at(hooks or ()),
    )


async def _kinds(kube: Kube, groups: dict[str, tuple[str, ...]]) -> frozenset[tuple[str, str]]:
    """apiVersion and kind of what is served in the versions that we need, of either profile."""
    known = {one.at(kind) for one in Profile for kind in requirements.EVERY}
    wanted = {kind.api_version for kind in known if kind.version in groups.get(kind.group, ())}
    answers = await asyncio.gather(*(_allowed(kube.call("GET", f"/apis/{one}")) for one in sorted(wanted)))
    # Whoever answers something else, a proxy for one, serves nothing that we know of.
    lists = [answer for answer in answers if answer is not None and "groupVersion" in answer]
    return frozenset((answer["groupVersion"], served["kind"]) for answer in lists for served in answer["resources"])


async def _labels(kube: Kube) -> dict[Resource, dict[str, str] | None]:
    """Labels of the CRDs that carry a contract; None for one that may not be read."""
    found: dict[Resource, dict[str, str] | None] = {}
    kinds = tuple(requirements.CONTRACTS)
    asked = (_allowed(_found(kube, resources.CUSTOM_RESOURCE_DEFINITIONS, f"{k.plural}.{k.group}")) for k in kinds)
    for kind, answer in zip(kinds, await asyncio.gather(*asked), strict=True):
        if answer is None:
            found[kind] = None
        elif answer:
            found[kind] = answer["metadata"].get("labels") or {}
    return found


async def _catalog(kube: Kube) -> tuple[CatalogSpec | None, str]:
    """What is on offer, or why that cannot be told."""
    answer = await _allowed(_found(kube, resources.CATALOGS, names.CATALOG))
    if not answer:
        return None, "may not be read" if answer is None else ""
    try:
        return objects.read(Catalog, answer).it.spec, ""
    except errors.Invalid as error:
        return None, error.message


async def _data_store(kube: Kube, name: str) -> Manifest | None:
    return await _allowed(_found(kube, resources.DATA_STORES, name))


async def _kubeadm_reads(kube: Kube, account: str) -> bool | None:
    """Whether the kubeadm provider's account may read control planes; None when there is no such account, or we may
    not ask."""
    namespace, _, name = account.partition("/")
    if not await _allowed(_found(kube, resources.SERVICE_ACCOUNTS, name, namespace=namespace)):
        return None
    kind = resources.KAMAJI_CONTROL_PLANES
    review = {
        "apiVersion": REVIEWS.api_version,
        "kind": REVIEWS.kind,
        "metadata": {},
        "spec": {
            "user": f"system:serviceaccount:{namespace}:{name}",
            "groups": ["system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated"],
            "resourceAttributes": {"group": kind.group, "resource": kind.plural, "verb": "get"},
        },
    }
    answer = await _allowed(kube.create(REVIEWS, review))
    return None if answer is None else answer["status"].get("allowed") is True


async def _hooks(kube: Kube) -> list[Manifest] | None:
    """Our validating webhooks; None where we may not ask."""
    answer = await _allowed(kube.list(WEBHOOKS, labels=PART_OF))
    return None if answer is None else [hook for item in answer.items for hook in item.get("webhooks") or ()]


def _in_force(hooks: Sequence[Manifest]) -> bool:
    return bool(hooks) and all(hook["clientConfig"].get("caBundle") for hook in hooks)


def _asked_at(hooks: Iterable[Manifest]) -> dict[str, frozenset[str]]:
    """The versions that the webhooks' rules name, by the CRD's name."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for rule in (rule for hook in hooks for rule in hook.get("rules") or ()):
        for crd in (f"{plural}.{group}" for group in rule["apiGroups"] for plural in rule["resources"]):
            found[crd] |= set(rule["apiVersions"])
    return {crd: frozenset(versions) for crd, versions in found.items()}


async def _found(kube: Kube, resource: Resource, name: str, *, namespace: str = "") -> Manifest:
    """The object, or an empty one where there is none."""
    return await kube.find(resource, name, namespace=namespace) or {}


async def _allowed(asking: Awaitable[T]) -> T | None:
    """The answer, None where we may not ask."""
    try:
        return await asking
    except errors.Forbidden:
        return None


async def tell(kube: Kube, setting: profile.Setting = profile.AUTO) -> None:
    """Log what is missing, a line each. Only news: nothing waits for it, and no trouble in asking is raised."""
    try:
        ground = await take(kube, setting)
    except errors.KubeError as error:
        log.info("preflight_not_made", why=error.message)
        return
    for lack in preflight.missing(preflight.findings(ground)):
        log.warning("requirement_missing", what=lack.what, wanted=lack.wanted, found=lack.found, do=lack.remedy)
