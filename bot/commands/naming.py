"""Whose a name is that somebody wants for a new cluster: a cluster's, or that of a request for one. Over the desk's
caches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo

from bot import replies, text
from bot.ports import Desk
from provisioning import claims, people, room, shape
from provisioning.model import ClusterRequest, Person, Phase
from provisioning.names import REQUESTED_BY_ANNOTATION
from provisioning.objects import Meta, Stored


@dataclass(frozen=True)
class Taken:
    """A name that is not to be had: a cluster has it, or a request for one. `free` is one that is."""

    name: str
    holder: Meta | Stored[ClusterRequest]
    free: str

    def by(self, person: Person) -> Stored[ClusterRequest] | None:
        """The request of this person's own that has it."""
        it = self.holder
        return it if isinstance(it, Stored) and people.same(it.it.spec.requester, person) else None

    def told(self, person: Person, zone: tzinfo) -> str:
        """Who has it and what to do about it, beside a field."""
        if isinstance(self.holder, Meta):
            by, made = self.holder.annotations.get(REQUESTED_BY_ANNOTATION, ""), self.holder.created
            on = f"{made.astimezone(zone):%Y-%m-%d}" if made else ""
            return replies.name_taken(self.name, self.free, by=by, on=on)
        meta, it = self.holder.meta, self.holder.it
        since = text.plain_moment(meta.created, zone) if meta.created else ""
        if self.by(person) and not room.waits_for_anything(self.holder):
            return replies.accepted_already(meta.name)
        if self.by(person):
            return replies.asked_otherwise(meta.name, since, editable=it.status.phase is Phase.PENDING)
        return replies.name_claimed(self.name, self.free, by=it.spec.requester.user, since=since, request=meta.name)


@dataclass(frozen=True)
class Names:
    """Those that are not to be had in a namespace, by whom they are: a cluster or a request for one."""

    holders: Mapping[str, Meta | Stored[ClusterRequest]]

    def taken(self, name: str) -> Taken | None:
        """Whose the name is; None for one that is free."""
        holder = self.holders.get(name)
        return Taken(name, holder, claims.free_name(name, self.holders)) if holder else None

    def free(self, name: str) -> str:
        """The name that is closest to this one, and is to be had."""
        return claims.fitting_name(name, self.holders)

    def unfit(self, name: str) -> str:
        """Why no cluster can be called so, beside a field, and a free name that is close; empty where one can."""
        why = next((problem.message for problem in shape.name_problems(name)), "")
        return replies.name_unfit(why, self.free(name)) if why else ""


def names(desk: Desk, tenant: str, namespace: str, *, besides: str = "") -> Names:
    """Those of clusters, whoever made them, before those of requests; `besides` is a request that is to be replaced."""
    metas = (*(it.meta for it in desk.hand_made(tenant)), *(it.meta for it in desk.clusters(tenant)))
    made = {meta.name: meta for meta in metas if meta.namespace == namespace}
    return Names({**claims.claims(desk.requests(tenant), namespace, besides=besides), **made})
