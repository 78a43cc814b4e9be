"""What an access is worth: how long, the role in the tenant that goes with it, and how it is told. Pure.

The certificate says who somebody is; the role comes from one ClusterRoleBinding in the tenant for each access. Taking
the binding away ends what the person may do there, though the certificate lives on. Whoever has two accesses to one
cluster has the roles of both, until each has ended.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from provisioning import lifetime, people
from provisioning.errors import Cause
from provisioning.manifest import Manifest
from provisioning.manifests.marks import MANAGED_BY, MANAGED_BY_LABEL
from provisioning.model import (
    AccessPolicy,
    AccessRole,
    AccessSpec,
    AccessStatus,
    ClusterAccess,
    Condition,
    Person,
    TenantSpec,
)
from provisioning.model import conditions as conditions_of
from provisioning.model.conditions import Truth
from provisioning.objects import Stored, format_time, parse_time
from provisioning.resources import CLUSTER_ROLE_BINDINGS, GROUP

CLUSTER_ROLES: Final = {AccessRole.ADMIN: "cluster-admin", AccessRole.VIEWER: "view"}
"""Kubernetes' own roles, bound in the whole tenant cluster. `view` sees no Secrets."""
GROUPS: Final = {AccessRole.ADMIN: "clusterdesk:admin", AccessRole.VIEWER: "clusterdesk:viewer"}
"""What the certificate says as organisation. We bind nothing to it; a tenant's administrators may."""
ACCESS_LABEL: Final = f"{GROUP}/access-to"
"""On the bindings in a tenant: the uid of the cluster in the management cluster, since API servers may be shared."""
ACCESS_ANNOTATION: Final = f"{GROUP}/access"
"""On the same: namespace and name of the ClusterAccess, for people who wonder."""
REVOKED: Final = "Revoked"
EXPIRED: Final = "Expired"
KEPT: Final = timedelta(days=1)
"""How long an access that is over is kept to be read, before it is deleted."""


def roles(tenant: TenantSpec, person: Person, groups: Iterable[str] = ()) -> tuple[AccessRole, ...]:
    """What this person (in these Kubernetes groups) may be in the tenant's clusters, the least first."""
    groups = tuple(groups)
    if people.member(tenant, person, groups):
        return (AccessRole.VIEWER, AccessRole.ADMIN)
    return (AccessRole.VIEWER,) if people.approves_some(tenant, person, groups) else ()


def why_not(spec: AccessSpec, tenant: TenantSpec) -> Cause | None:
    """Why this access is not for its person: asked when it is made, and for as long as it lasts.

    Whether somebody is still in the group by which they belong is known only when they come; that the group belongs is
    seen.
    """
    may_be = roles(tenant, Person(user=spec.user), (spec.group,) if spec.group else ())
    if not may_be:
        return Cause("spec.user", f"{spec.user} is neither a member nor an approver of this tenant")
    if spec.role not in may_be:
        text = f"{spec.user} is an approver and no member of this tenant, and so can be Viewer only"
        return Cause("spec.role", text)
    return None


def may_revoke(access: Stored[ClusterAccess], tenant: TenantSpec, person: Person) -> bool:
    """Whether somebody at a door of ours may end this access: their own, or as an approver anybody's."""
    return access.it.spec.user == person.user or people.approves_some(tenant, person)


def ends_at(
    access: Stored[ClusterAccess], policy: AccessPolicy, *, now: datetime, cluster_ends: datetime | None
) -> datetime:
    """When a certificate made now is to end: as asked, but neither past the tenant's cap nor the cluster's own end."""
    asked = min(lifetime.parse(access.it.spec.valid_for), lifetime.parse(policy.longest))
    return min(now + asked, cluster_ends) if cluster_ends else now + asked


def over(access: Stored[ClusterAccess], now: datetime) -> str:
    """Why nothing can come of this access any more: `Revoked` or `Expired`; empty while something can."""
    if access.it.spec.revoked:
        return REVOKED
    ends = access.it.status.expires_at
    return EXPIRED if ends is not None and parse_time(ends) <= now else ""


def is_refused(access: Stored[ClusterAccess]) -> bool:
    """Whether its status says that nothing comes of it any more."""
    return conditions_of.is_true(access.it.status.conditions, "Stalled")


def is_new(access: Stored[ClusterAccess], now: datetime) -> bool:
    """Whether it may still get its certificate."""
    return not access.it.status.certificate and not access.meta.deleting and not over(access, now)


def waits(access: Stored[ClusterAccess], now: datetime) -> bool:
    """Whether it waits for its certificate, and has not been refused one for good."""
    return is_new(access, now) and not is_refused(access)


def gives_role(access: Stored[ClusterAccess], now: datetime) -> bool:
    """Whether its binding belongs into the tenant."""
    return bool(access.it.status.certificate) and not access.meta.deleting and not over(access, now)


def may_linger(access: Stored[ClusterAccess], now: datetime) -> bool:
    """Whether there may be a role in the tenant by which its certificate is worth something.

    Where there is none, nobody has to wait for a tenant that does not answer: without a certificate no binding was
    ever made, and after its end no binding makes it good again. What is left of bindings goes at the next look there.
    """
    ends = access.it.status.expires_at
    return ends is not None and parse_time(ends) > now


def disposable_at(access: Stored[ClusterAccess], now: datetime) -> datetime | None:
    """From when on it is deleted, being over or refused; None while something may come of it."""
    ends = access.it.status.expires_at
    if not over(access, now) and not is_refused(access):
        return None
    return (parse_time(ends) if ends else access.meta.created or now) + KEPT


def changes_at(access: Stored[ClusterAccess], now: datetime) -> datetime | None:
    """The next moment at which time alone changes something: its end, or its removal."""
    ends = access.it.status.expires_at
    return parse_time(ends) if ends and gives_role(access, now) else disposable_at(access, now)


def binding(access: Stored[ClusterAccess], cluster_uid: str) -> Manifest:
    """The role of one access, as it stands in the tenant. Named by uid: another access of its name is another one."""
    api_group = CLUSTER_ROLE_BINDINGS.group
    return {
        "apiVersion": CLUSTER_ROLE_BINDINGS.api_version,
        "kind": CLUSTER_ROLE_BINDINGS.kind,
        "metadata": {
            "name": f"clusterdesk:access:{access.meta.uid}",
            "labels": {MANAGED_BY_LABEL: MANAGED_BY, ACCESS_LABEL: cluster_uid},
            "annotations": {ACCESS_ANNOTATION: "/".join(access.key)},
        },
        "roleRef": {"apiGroup": api_group, "kind": "ClusterRole", "name": CLUSTER_ROLES[access.it.spec.role]},
        "subjects": [{"apiGroup": api_group, "kind": "User", "name": access.it.spec.user}],
    }


def strays(wanted: Iterable[Manifest], there: Iterable[Manifest]) -> list[Manifest]:
    """Bindings that nobody should have, or that say another role: those cannot be changed, only made again."""
    roles = {one["metadata"]["name"]: one["roleRef"] for one in wanted}
    return [one for one in there if roles.get(one["metadata"]["name"]) != one["roleRef"]]


def absent(wanted: Iterable[Manifest], there: Iterable[Manifest]) -> list[Manifest]:
    """Bindings that are not there as they should be."""
    found = {one["metadata"]["name"]: (one["roleRef"], one.get("subjects")) for one in there}
    return [one for one in wanted if found.get(one["metadata"]["name"]) != (one["roleRef"], one["subjects"])]


def told(access: Stored[ClusterAccess], *, now: datetime, obstacle: str = "", refusal: str = "") -> AccessStatus:
    """The status to publish. `obstacle`: what is waited for; `refusal`: why nothing will ever come of it."""
    end, before = over(access, now), access.it.status
    if end:
        return _with(access, now, ready="False", reason=end, message=obstacle, stalled=not obstacle)
    if refusal:
        return _with(access, now, ready="False", reason="Refused", message=refusal, stalled=True)
    if not obstacle:
        return _with(access, now, ready="True", reason="Issued")
    if conditions_of.is_true(before.conditions, "Ready"):
        return before  # In place when the tenant was last seen, and nobody but us takes it away.
    return _with(access, now, ready="False", reason="Waiting", message=obstacle)


def end_told(status: AccessStatus) -> str:
    """`Revoked` or `Expired` once that is said of it and nothing is left in the tenant; empty before."""
    ready = conditions_of.find(status.conditions, "Ready")
    return ready.reason if ready is not None and ready.reason in (REVOKED, EXPIRED) and not ready.message else ""


def is_settled(access: Stored[ClusterAccess], now: datetime) -> bool:
    """Whether its status says that everything in the tenant is as it should be."""
    if access.meta.deleting:
        return False
    end, status = over(access, now), access.it.status
    return end_told(status) == end if end else conditions_of.is_true(status.conditions, "Ready")


def _with(
    access: Stored[ClusterAccess],
    now: datetime,
    *,
    ready: Truth,
    reason: str,
    message: str = "",
    stalled: bool = False,
) -> AccessStatus:
    before, moment = access.it.status, format_time(now)
    goes_on = ready != "True" and not stalled

    def condition(type_: str, status: Truth, why: str, words: str = "") -> Condition:
        return Condition(
            type=type_,
            status=status,
            reason=why,
            message=words,
            last_transition_time=moment,
            observed_generation=access.meta.generation,
        )

    wanted = (
        condition("Ready", ready, reason, message),
        condition("Reconciling", _truth(goes_on), reason, message if goes_on else ""),
        condition("Stalled", _truth(stalled), reason, message if stalled else ""),
    )
    return before.model_copy(
        update={
            "observed_generation": access.meta.generation,
            "conditions": conditions_of.merge(before.conditions, wanted),
        }
    )


def _truth(it: bool) -> Truth:
    return "True" if it else "False"
