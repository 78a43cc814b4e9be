"""Every card and form as JSON, to be read in a diff: `python -m tests.bot.golden` writes the files anew."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bot import approvals, cards, commands, forms
from bot.answers import Open, Say
from bot.buttons import ticket_of
from bot.cards import Card, Sight
from provisioning import edits, quota
from provisioning.handmade import Keeper
from provisioning.model import (
    Action,
    ApprovalPolicy,
    Decision,
    Delivery,
    NodePool,
    Phase,
    RequestStatus,
    Surface,
    TenantCluster,
    Vote,
)
from provisioning.model.cluster import Hibernation, HibernationSchedule
from provisioning.objects import Stored
from provisioning.usage import Usage
from tests.bot import samples
from tests.bot.fake_desk import FakeDesk

FOLDER = Path(__file__).with_name("golden")
USED = Usage(clusters=2, nodes=5, vcpu=10_000, memory=40 * 2**30)
BY_OMAR = Vote(voter=samples.OMAR, decision=Decision.APPROVE, at=samples.LATER)


def sight(status: RequestStatus | None = None, cluster: Stored[TenantCluster] | None = None, **kind: Any) -> Sight:
    tenant = samples.tenant(approval=ApprovalPolicy(required=kind.pop("required", 1)))
    made = samples.request(status=status, **kind)
    hard = quota.limits(tenant.it.spec.quota.hard)
    return Sight(made, tenant, samples.catalog(), cluster=cluster, hard=hard, used=USED)


def _applied(cluster: Stored[TenantCluster] | None, **kind: Any) -> Sight:
    status = RequestStatus(phase=Phase.APPLIED, votes=(BY_OMAR,), decided_at=samples.AT)
    return sight(status, cluster, **kind)


def _denied() -> RequestStatus:
    vote = Vote(voter=samples.EVA, decision=Decision.DENY, reason=samples.HOSTILE, at=samples.LATER)
    return RequestStatus(phase=Phase.DENIED, votes=(vote,), decided_at=samples.LATER)


def _sent(*, undeliverable: bool) -> RequestStatus:
    places = [Delivery(surface=Surface.APPROVER, channel="C0TEAMA", ts="" if undeliverable else "1.1")]
    if undeliverable:
        places += [Delivery(surface=Surface.APPROVER, channel=f"D{n}", ts="1.1") for n in (1, 2)]
    return RequestStatus(expires_at=samples.TOMORROW, deliveries=tuple(places))


def _desk() -> FakeDesk:
    desk = FakeDesk(used={"team-a": USED})
    desk.put_cluster(samples.cluster(status=samples.ready(), annotations={"clusterdesk.dev/requested-by": "lena"}))
    desk.put_cluster(samples.cluster("alpha", by="cr-other", status=samples.building()))
    desk.put(samples.request("cr-waiting", cluster="build-8"))
    desk.put(samples.request("cr-denied", cluster="build-6", status=_denied()))
    kai = Keeper(name=samples.KAI.user)
    alone = samples.hand_made(
        "lone", keeper=kai, add_ons=False, ready=False, version="*v*", endpoint="", message=samples.HOSTILE
    )
    desk.by_hand = (samples.hand_made(), alone)
    return desk


def _said(line: str) -> Card:
    answer = commands.answer(line, desk=_desk(), person=samples.LENA, now=samples.NOW)
    if not isinstance(answer, Say):
        raise TypeError(line)
    return answer.card


def _opened(line: str, desk: FakeDesk | None = None) -> Mapping[str, Any]:
    answer = commands.answer(line, desk=desk or _desk(), person=samples.LENA, now=samples.NOW)
    if not isinstance(answer, Open):
        raise TypeError(line)
    return answer.view


def _two_tenants() -> FakeDesk:
    desk = _desk()
    desk.tenants["team-b"] = samples.tenant("team-b", approval=ApprovalPolicy(required=0))
    return desk


def _two_pools() -> FakeDesk:
    desk = _desk()
    pools = (NodePool(name="md0", flavor="small", replicas=2), NodePool(name="gpu", flavor="large", min=0, max=2))
    desk.put_cluster(samples.cluster(status=samples.ready(), pools=pools))
    return desk


def _scheduled() -> FakeDesk:
    """Asleep at the hour of `samples.NOW`."""
    desk = _desk()
    sleeps = Hibernation(schedules=(HibernationSchedule(start="0 12 * * *", end="0 14 * * *"),))
    desk.put_cluster(samples.cluster(status=samples.asleep(), hibernation=sleeps))
    return desk


def _knowing() -> FakeDesk:
    """With prices, and three clusters that came up."""
    desk = FakeDesk(used={"team-a": USED}, offered=samples.priced())
    for number in range(3):
        desk.put_cluster(samples.cluster(f"old-{number}", status=samples.ready()))
    desk.put(samples.request("cr-waiting", cluster="build-8"))
    return desk


def _beside() -> Sight:
    """One of two that wait for the same room, with prices."""
    desk = _knowing()
    asked = desk.put(samples.request("cr-1"))
    found = approvals.sight(desk, asked)
    assert found is not None
    return found


_GROWS = samples.spec(pools=(NodePool(name="workers", flavor="large", min=1, max=4),))
_ASK, _TELL = cards.approver, cards.requester

CARDS: dict[str, Callable[[], Card]] = {
    "approver_asked": lambda: _ASK(sight()),
    "approver_asked_one_of_two": lambda: _ASK(
        sight(RequestStatus(votes=(BY_OMAR,), expires_at=samples.TOMORROW), required=2)
    ),
    "approver_asked_beside": lambda: _ASK(_beside()),
    "approver_asked_change": lambda: _ASK(
        sight(None, samples.cluster(status=samples.ready()), action=Action.CHANGE, desired=_GROWS)
    ),
    "approver_asked_hibernate": lambda: _ASK(
        sight(None, samples.cluster(status=samples.ready()), action=Action.CHANGE, desired=edits.asleep(samples.spec()))
    ),
    "approver_asked_delete": lambda: _ASK(
        sight(None, samples.cluster(status=samples.ready()), action=Action.DELETE, reason="")
    ),
    "approver_asked_hostile": lambda: _ASK(sight(requester=samples.KAI, reason=samples.HOSTILE * 10)),
    "approver_approved": lambda: _ASK(_applied(None)),
    "approver_denied": lambda: _ASK(sight(_denied())),
    "approver_expired": lambda: _ASK(sight(RequestStatus(phase=Phase.EXPIRED, decided_at=samples.TOMORROW))),
    "requester_waiting": lambda: _TELL(sight(_sent(undeliverable=False))),
    "requester_waiting_channel_archived": lambda: _TELL(sight(_sent(undeliverable=True))),
    "requester_denied": lambda: _TELL(sight(_denied())),
    "requester_withdrawn": lambda: _TELL(sight(RequestStatus(phase=Phase.WITHDRAWN, decided_at=samples.LATER))),
    "requester_expired": lambda: _TELL(sight(RequestStatus(phase=Phase.EXPIRED, decided_at=samples.TOMORROW))),
    "requester_waived": lambda: _TELL(
        sight(RequestStatus(phase=Phase.APPROVED, waiver="small clusters", decided_at=samples.AT))
    ),
    "requester_failed": lambda: _TELL(
        sight(RequestStatus(phase=Phase.FAILED, votes=(BY_OMAR,), message="quota: vCPU 44 of 40"))
    ),
    "requester_building": lambda: _TELL(_applied(samples.cluster(status=samples.building()))),
    "requester_stuck": lambda: _TELL(_applied(samples.cluster(status=samples.stuck()))),
    "requester_ready": lambda: _TELL(_applied(samples.cluster(status=samples.ready()))),
    "requester_asleep": lambda: _TELL(_applied(samples.cluster(status=samples.asleep()))),
    "requester_deleting": lambda: _TELL(_applied(samples.cluster(deleting=True), action=Action.DELETE)),
    "requester_deleted": lambda: _TELL(_applied(None, action=Action.DELETE)),
    "requester_superseded": lambda: _TELL(_applied(samples.cluster(by="cr-newer", status=samples.ready()))),
    "command_list": lambda: _said("list"),
    "command_show_ready": lambda: _said("show build-7"),
    "command_show_building": lambda: _said("show team-a/alpha"),
    "command_show_requested": lambda: _said("show build-8"),
    "command_show_by_hand": lambda: _said("show lab"),
    "command_show_by_hand_without_add_ons": lambda: _said("show team-a/lone"),
    "command_delete_by_hand": lambda: _said("delete lab"),
    "command_quota": lambda: _said("quota"),
    "command_requests": lambda: _said("requests"),
    "command_help": lambda: _said("help"),
}
VIEWS: dict[str, Callable[[], Mapping[str, Any]]] = {
    "form_create": lambda: _opened("create"),
    "form_create_filled": lambda: _opened("create build-9 large 72h"),
    "form_create_knowing": lambda: _opened("create build-9 small 72h", _knowing()),
    "form_create_two_tenants": lambda: _opened("create team-b/build-9", _two_tenants()),
    "form_which": lambda: _opened("scale"),
    "form_delete": lambda: _opened("delete build-7"),
    "form_scale": lambda: _opened("scale build-7"),
    "form_scale_two_pools": lambda: _opened("scale build-7", _two_pools()),
    "form_resize_two_pools": lambda: _opened("resize build-7", _two_pools()),
    "form_addons": lambda: _opened("addons build-7"),
    "form_extend": lambda: _opened("extend build-7"),
    "form_wake": lambda: _opened("wake build-7", _scheduled()),
    "form_upgrade": lambda: _opened("upgrade build-7"),
    "form_deny": lambda: forms.deny(ticket_of(samples.request()), cluster="build-7"),
    "receipt": lambda: forms.receipt(request="cr-1", cluster="build-7", action=Action.CREATE, differs=False),
    "receipt_differs": lambda: forms.receipt(request="cr-1", cluster="build-7", action=Action.CREATE, differs=True),
    "told": lambda: forms.told("Too late."),
}


def drawn(name: str) -> str:
    """A card or a form as text."""
    if name in VIEWS:
        content: Any = VIEWS[name]()
    else:
        card = CARDS[name]()
        content = {"text": card.text, "blocks": card.blocks}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    for name in (*CARDS, *VIEWS):
        (FOLDER / f"{name}.json").write_text(drawn(name), encoding="utf-8")


if __name__ == "__main__":
    main()
