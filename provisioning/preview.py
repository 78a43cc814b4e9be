"""What would happen to a wish before anybody is asked: our own rules first, then the API server's word by a dry run.

The dry run goes through our own webhook, so what people read in a form is what an admission would say. What must never
live here: a sentence for people, or a lasting write.
"""

from __future__ import annotations

from provisioning import approval, errors, giving_up, names, people, quota, risk, shape
from provisioning.completion import complete
from provisioning.digest import digest_of
from provisioning.errors import Cause
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.model import (
    Action,
    CatalogSpec,
    ClusterRequest,
    ClusterSpec,
    Tenant,
    TenantCluster,
    TenantSpec,
)
from provisioning.objects import Stored
from provisioning.quota import Limits
from provisioning.resources import TENANT_CLUSTERS
from provisioning.usage import Usage
from provisioning.wish import Verdict, Wish


async def verdict(
    kube: Kube,
    wish: Wish,
    *,
    catalog: CatalogSpec,
    tenant: Stored[Tenant] | None,
    stored: Stored[TenantCluster] | None,
    hard: Limits,
    used: Usage,
) -> Verdict:
    """`stored` is the cluster as it is, `used` what the tenant has as published. Raises `KubeError` when the API server
    cannot be asked."""
    gives_up = tenant is not None and _gives_up(wish, stored, tenant.it.spec, catalog)
    if tenant is None or not (gives_up or people.member(tenant.it.spec, wish.person)):
        cause = Cause("tenant", f"{wish.person.user} is no member of {wish.tenant}")
        return Verdict((cause,), "", Usage(), Usage(), quota.UNBOUNDED, "")
    old = stored.it.spec if stored is not None else None
    desired = complete(wish.desired, catalog=catalog, tenant=tenant.it.spec) if wish.desired else None
    was = quota.envelope(old, catalog) if old else Usage()
    becomes = quota.envelope(desired, catalog) if desired else Usage()
    causes = _mismatch(wish, stored, tenant.it.spec)
    if desired is not None and not causes:
        causes = shape.problems(desired, name=wish.cluster, catalog=catalog, tenant=tenant.it.spec, old=old)
        if causes:
            # The webhook will not get to judge this, so that what is too much is told here: all reasons at once.
            causes += _too_much(hard.excess(used, becomes - was))
    if desired is not None and not causes:
        causes = await _dry_run(kube, wish, desired)
    size = becomes if desired else was
    extension = approval.is_extension(old, desired)
    unprotects = approval.is_unprotection(old, desired)
    policy = risk.deciding(tenant.it.spec, size, catalog, unprotects=unprotects).approval
    waiver = approval.waiver_for(policy, wish.action, size, catalog, extension=extension) or ""
    waiver = giving_up.RULE if gives_up else waiver
    digest = digest_of(action=wish.action, cluster=wish.cluster, desired=desired)
    # What is published may lag behind: nobody uses less than they have.
    before = used.most(was)
    return Verdict(causes, waiver, before, before - was + becomes, hard, digest)


async def shortage(kube: Kube, request: Stored[ClusterRequest]) -> tuple[Cause, ...]:
    """Where the tenant's quota has no room now for what was asked for. Whatever else may be in its way is not told.

    Raises `KubeError` when the API server cannot be asked.
    """
    spec = request.it.spec
    if spec.desired is None:
        return ()
    wish = Wish(spec.requester, "", request.meta.namespace, spec.action, spec.cluster, spec.desired)
    try:
        await _try(kube, wish, spec.desired)
    except errors.NoRoom as full:
        return full.causes
    except (errors.AlreadyExists, errors.Forbidden, errors.Invalid, errors.NotFound):
        return ()
    return ()


def _gives_up(wish: Wish, stored: Stored[TenantCluster] | None, tenant: TenantSpec, catalog: CatalogSpec) -> bool:
    """Whether it is given up before it was ready, which whoever decides may do as well."""
    if stored is None or wish.action is not Action.DELETE:
        return False
    groups = (wish.slack_group,) if wish.slack_group else ()
    return giving_up.obstacle(stored, wish.person, tenant=tenant, catalog=catalog, slack_groups=groups) is None


async def _dry_run(kube: Kube, wish: Wish, desired: ClusterSpec) -> tuple[Cause, ...]:
    try:
        await _try(kube, wish, desired)
    except errors.AlreadyExists:
        return (Cause("metadata.name", f"{wish.cluster} exists already"),)
    except errors.NotFound:
        if wish.action is Action.CREATE:
            raise
        return (_missing(wish),)
    except (errors.Forbidden, errors.Invalid) as error:
        return error.causes or (Cause("", error.message),)
    return ()


async def _try(kube: Kube, wish: Wish, desired: ClusterSpec) -> None:
    """Have the API server judge it as it would be carried out, and write nothing."""
    if wish.action is Action.CREATE:
        await kube.create(TENANT_CLUSTERS, _previewed({}, wish, desired), dry_run=True)
        return
    present = await kube.get(TENANT_CLUSTERS, wish.cluster, namespace=wish.namespace)
    # As the change is carried out: an apply would keep what others wrote and the wish leaves out.
    await kube.replace(TENANT_CLUSTERS, _previewed(present, wish, desired), dry_run=True)


def _too_much(found: tuple[quota.Excess, ...]) -> tuple[Cause, ...]:
    return tuple(Cause("spec.pools", quota.describe(excess)) for excess in found)


def _mismatch(wish: Wish, stored: Stored[TenantCluster] | None, tenant: TenantSpec) -> tuple[Cause, ...]:
    """Whether there is a cluster where one is needed, and none where one is to be made, in the tenant's namespace."""
    if wish.namespace not in tenant.namespaces:
        return (Cause("metadata.namespace", f"{wish.namespace} is no namespace of {wish.tenant}"),)
    if wish.action is Action.CREATE and stored is not None:
        return (Cause("metadata.name", f"{wish.cluster} exists already"),)
    if wish.action is not Action.CREATE and stored is None:
        return (_missing(wish),)
    return ()


def _missing(wish: Wish) -> Cause:
    return Cause("metadata.name", f"there is no cluster {wish.cluster}")


def _previewed(present: Manifest, wish: Wish, desired: ClusterSpec) -> Manifest:
    """The cluster as it would be, with the mark that says that nobody means to write it yet."""
    meta = {"name": wish.cluster, "namespace": wish.namespace, **present.get("metadata", {})}
    annotations = {**(meta.get("annotations") or {}), names.PREVIEW_ANNOTATION: "true"}
    return {
        **present,
        "apiVersion": TENANT_CLUSTERS.api_version,
        "kind": TENANT_CLUSTERS.kind,
        "metadata": {**meta, "annotations": annotations},
        "spec": desired.wire(),
    }
