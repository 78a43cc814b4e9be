"""Objects that the bot's tests start from: the people of the local workspace, two tenants, a catalog."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from provisioning import giving_up, names, room, stage, standing
from provisioning.digest import digest_of
from provisioning.handmade import HandMade, Keeper
from provisioning.model import (
    Action,
    AddOn,
    Amounts,
    ApprovalPolicy,
    CatalogSpec,
    Chart,
    ClusterAddOn,
    ClusterRequest,
    ClusterSpec,
    ClusterStatus,
    Condition,
    DeprecatedApi,
    Flavor,
    HoldingBudget,
    HostedImages,
    NodeCount,
    NodePool,
    Person,
    Phase,
    Precheck,
    QuotaSpec,
    Release,
    RequestSpec,
    RequestStatus,
    Step,
    StepState,
    Subject,
    Tenant,
    TenantCluster,
    TenantSpec,
)
from provisioning.model.catalog import PriceList
from provisioning.model.tenant import Channels, LifetimePolicy
from provisioning.objects import Meta, Stored

NOW = datetime(2026, 3, 5, 13, 0, tzinfo=UTC)
AT = "2026-03-05T13:00:00Z"
LATER = "2026-03-05T13:05:41Z"
TOMORROW = "2026-03-06T13:00:00Z"

LENA = Person(user="lena", slack="U0LENA")
OMAR = Person(user="omar", slack="U0OMAR")
EVA = Person(user="eva", slack="U0EVA")
PAT = Person(user="pat", slack="U0PAT")
KAI = Person(user="oidc:kai_*bold*")
"""Somebody who only uses kubectl, with a name that would like to be markup."""

HOSTILE = "*bold* <!channel> <https://evil.example|click me> `code` & :tada:\n> quoted\u202e"


def catalog() -> CatalogSpec:
    image = "registry.example/image:v1"
    return CatalogSpec(
        flavors=(
            Flavor(name="small", vcpu=2, memory="8Gi", description="for builds"),
            Flavor(name="medium", vcpu=4, memory="16Gi"),
            Flavor(name="large", vcpu=16, memory="64Gi"),
        ),
        versions=(
            Release(version="v1.33.9", image=image),
            Release(version="v1.34.5", image=image, recommended=True),
            Release(version="v1.35.1", image=image),
        ),
        add_ons=(
            AddOn(name="cilium", chart=Chart(repository="https://h.example", name="cilium", version="1"), default=True),
            AddOn(name="cert-manager", chart=Chart(repository="https://h.example", name="cert-manager", version="1")),
            AddOn(name="velero", chart=Chart(repository="https://h.example", name="velero", version="1")),
        ),
        hosted=HostedImages(
            cloud_controller_manager=image,
            csi_driver=image,
            csi_provisioner=image,
            csi_attacher=image,
            csi_resizer=image,
            cluster_autoscaler=image,
        ),
    )


def priced() -> CatalogSpec:
    """The same with prices."""
    prices = PriceList(currency="EUR", cluster="0.1", vcpu="0.04", memory_gib="0.005")
    return catalog().model_copy(update={"prices": prices})


def subject(person: Person) -> Subject:
    return Subject(user=person.user, slack=person.slack)


def tenant(name: str = "team-a", **changes: Any) -> Stored[Tenant]:
    """Lena is a member, Omar and Eva approve; one approval; cards go to #team-a-approvals."""
    wanted: dict[str, Any] = {
        "display_name": name.replace("-", " ").title(),
        "namespaces": (f"tenant-{name}",),
        "members": (subject(LENA),),
        "approvers": (subject(OMAR), subject(EVA)),
        "quota": QuotaSpec(hard=Amounts(clusters=5, nodes=20, vcpu=40, memory="160Gi")),
        "approval": ApprovalPolicy(required=1),
        "lifetime": LifetimePolicy(default="24h", longest="168h"),
        "channels": Channels(approvals="C0TEAMA"),
    }
    return Stored(Meta(name=name, uid=f"uid-{name}", created=NOW), Tenant(spec=TenantSpec(**(wanted | changes))))


def spec(**changes: Any) -> ClusterSpec:
    wanted: dict[str, Any] = {
        "version": "v1.34.5",
        "pools": (NodePool(name="workers", flavor="small", replicas=2),),
        "add_ons": (ClusterAddOn(name="cilium"),),
        "lifetime": "24h",
    }
    return ClusterSpec(**(wanted | changes))


def request(
    name: str = "cr-7f3k2m4p6q",
    *,
    cluster: str = "build-7",
    action: Action = Action.CREATE,
    desired: ClusterSpec | None = None,
    requester: Person = LENA,
    reason: str = "Nightly builds",
    namespace: str = "tenant-team-a",
    status: RequestStatus | None = None,
    **more: Any,
) -> Stored[ClusterRequest]:
    """Lena asks for build-7; the provisioner has looked and set the expiry."""
    wanted = None if action is Action.DELETE else desired or spec()
    made = RequestSpec(
        action=action,
        cluster=cluster,
        desired=wanted,
        digest=digest_of(action=action, cluster=cluster, desired=wanted),
        reason=reason,
        requester=requester,
        **more,
    )
    meta = Meta(name=name, namespace=namespace, uid=f"uid-{name}", resource_version="1", created=NOW)
    return Stored(meta, ClusterRequest(spec=made, status=status or RequestStatus(expires_at=TOMORROW)))


def cluster(
    name: str = "build-7",
    *,
    namespace: str = "tenant-team-a",
    by: str = "cr-7f3k2m4p6q",
    status: ClusterStatus | None = None,
    deleting: bool = False,
    annotations: Mapping[str, str] | None = None,
    **changes: Any,
) -> Stored[TenantCluster]:
    meta = Meta(
        name=name,
        namespace=namespace,
        uid=f"uid-{name}",
        generation=1,
        resource_version="1",
        created=NOW,
        deleting=deleting,
        annotations={names.REQUEST_ANNOTATION: by, **(annotations or {})},
    )
    return Stored(meta, TenantCluster(spec=spec(**changes), status=status or ClusterStatus()))


FLUX = Keeper("Flux Kustomization", "flux-system/labs")


def hand_made(
    name: str = "lab",
    *,
    namespace: str = "tenant-team-a",
    keeper: Keeper = FLUX,
    add_ons: bool = True,
    **facts: Any,
) -> HandMade:
    """A cluster that Flux applies as objects of Cluster API."""
    meta = Meta(
        name=name,
        namespace=namespace,
        uid=f"uid-{name}",
        created=NOW,
        labels={names.ADDONS_LABEL: "default" if add_ons else "none"},
    )
    seen: dict[str, Any] = {
        "version": "v1.34.5",
        "endpoint": "https://10.0.0.9:6443",
        "ready": True,
        "nodes": NodeCount(ready=3, wanted=3),
    }
    return HandMade(meta=meta, keeper=keeper, **(seen | facts))


def building() -> ClusterStatus:
    """For the first time."""
    return ClusterStatus(
        observed_generation=1,
        initialized=False,
        steps=(
            Step(name="Accepted", state=StepState.DONE, started_at=AT, ended_at=AT),
            Step(
                name="Control plane",
                state=StepState.DONE,
                started_at="2026-03-05T13:00:02Z",
                ended_at="2026-03-05T13:01:12Z",
            ),
            Step(name="Workers", state=StepState.RUNNING, started_at="2026-03-05T13:01:12Z", message="0 of 2 ready"),
            Step(name="Ready"),
        ),
    )


def waits_for_room(
    reason: str = room.NO_ROOM, message: str = "vCPU: asks for 6, 2 of 40 free (38 used)", *, decided_at: str = AT
) -> RequestStatus:
    """Approved, and waiting for room since then."""
    return RequestStatus(
        phase=Phase.APPROVED, decided_at=decided_at, conditions=(_condition(room.WAITS, "True", reason, message),)
    )


def asleep() -> ClusterStatus:
    why = "asleep: it sleeps by its schedule from 0 19 * * 1-5 to 0 7 * * 1-5 (UTC), until 2026-03-06T07:00:00Z"
    states = (("Ready", "False", "Hibernated", why), ("Hibernated", "True", "Scheduled", why))
    told = tuple(
        Condition.model_validate(
            {"type": type_, "status": state, "reason": reason, "message": message, "lastTransitionTime": LATER}
        )
        for type_, state, reason, message in states
    )
    return ready().model_copy(update={"conditions": told, "nodes": NodeCount()})


def stuck() -> ClusterStatus:
    """One whose workers find no room; somebody could do something about it."""
    before = building()
    no_room = Step(
        name="Workers",
        state=StepState.FAILED,
        started_at=AT,
        message="a worker finds no room in the management cluster: 0/3 nodes are available",
        hint="make room in the management cluster, or take a smaller flavor",
    )
    stalled = _condition("Stalled", "True", "WorkersFailed", no_room.message)
    return before.model_copy(update={"steps": (*before.steps[:2], no_room, before.steps[3]), "conditions": (stalled,)})


def unattended() -> ClusterStatus:
    """The same, while nobody chooses what becomes of it."""
    return stuck().model_copy(update={"gives_up_at": "2026-03-05T15:05:41Z"})


def nobody_chose() -> tuple[Condition, ...]:
    """What is noted in a request whose cluster was given up for that."""
    return (_condition(stage.GIVEN_UP, "True", "NobodyChose"),)


def going(*residue: str, stuck: bool = False) -> ClusterStatus:
    """On its way out: what is waited for, and once it is stuck, what is left."""
    said = "the workers are being deleted: MachineDeployments: build-7-workers"
    told = [_condition("Ready", "False", "Deleting", said)]
    if stuck:
        told.append(_condition("Stalled", "True", "Deleting", said))
    return building().model_copy(update={"conditions": tuple(told), "residue": residue})


def over() -> ClusterStatus:
    """Asleep because its lifetime was over a day after `NOW`; deleted two days later."""
    why = f"asleep: its lifetime was over at {TOMORROW}"
    told = (
        _condition("Ready", "False", "Hibernated", why),
        _condition("Hibernated", "True", "LifetimeOver", why),
    )
    ends = {"expires_at": TOMORROW, "deletes_at": "2026-03-08T13:00:00Z"}
    return ready().model_copy(update={"conditions": told, "nodes": NodeCount(), **ends})


def _condition(type_: str, status: str, reason: str, message: str = "") -> Condition:
    made = {"type": type_, "status": status, "reason": reason, "message": message, "lastTransitionTime": LATER}
    return Condition.model_validate(made)


def given_up(*, gone: bool = True, by: Person = LENA, **more: Any) -> Stored[ClusterRequest]:
    """The request by which somebody gave build-7 up a moment after they had asked for it."""
    removed = _condition(standing.REMOVED, str(gone), "Gone" if gone else "Deleting")
    status = RequestStatus(phase=Phase.APPLIED, waiver=giving_up.RULE, decided_at=AT, conditions=(removed,))
    return request("cr-gives-up", action=Action.DELETE, requester=by, reason="", status=status, **more)


def ready() -> ClusterStatus:
    steps = tuple(
        Step(name=name, state=StepState.DONE, started_at=AT, ended_at=LATER)
        for name in ("Accepted", "Control plane", "Workers", "Ready")
    )
    return ClusterStatus(
        observed_generation=1,
        initialized=True,
        conditions=(
            Condition(type="Ready", status="True", reason="Ready", last_transition_time=LATER, observed_generation=1),
        ),
        steps=steps,
        version="v1.34.5",
        endpoint="https://10.0.0.7:6443",
        kubeconfig_secret="build-7-kubeconfig",
        nodes=NodeCount(ready=2, wanted=2),
        expires_at=TOMORROW,
        precheck=Precheck(checked_at=AT),
    )


HOLDING = (
    HoldingBudget(namespace="shop", name="web", expected=2, healthy=2, needed=2),
    HoldingBudget(namespace="shop", name="queue", expected=1, healthy=1, needed=1),
    HoldingBudget(namespace="shop", name="new"),
    HoldingBudget(namespace="shop", name="db", expected=3, healthy=2, needed=2),
)


def hindered(*, unseen: tuple[str, ...] = ()) -> ClusterStatus:
    """One that is ready, and in which an upgrade to v1.35.1 runs into something."""
    return ready().model_copy(
        update={
            "precheck": Precheck(
                checked_at=AT,
                budgets=HOLDING,
                apis=(
                    DeprecatedApi(group="example.dev", version="v1beta1", resource="gadgets", removed_release="1.35"),
                    DeprecatedApi(version="v1beta1", resource="widgets", removed_release="1.36"),
                ),
                unseen=unseen,
            )
        }
    )
