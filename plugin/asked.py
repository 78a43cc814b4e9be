"""What a request asks for, as whoever decides reads it: every difference from what is there, nothing left out. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Column, Table
from rich.text import Text

from provisioning import approval, approval_words, lifetime, plain, quota, risk
from provisioning.model import (
    Action,
    CatalogSpec,
    ClusterRequest,
    ClusterSpec,
    DelegationSpec,
    NodePool,
    Tenant,
    TenantSpec,
    Vote,
)
from provisioning.objects import Stored
from provisioning.usage import Usage

WISHES: Final = {
    Action.CREATE: "asks for a new cluster",
    Action.CHANGE: "asks to change the cluster",
    Action.DELETE: "asks to delete the cluster",
}
NOTHING: Final = "(nothing)"
_IN_WORDS: Final = re.compile(
    r"version|lifetime|controlPlane\.replicas|addOns\.[^.]+\.name|pools\.[^.]+\.(name|flavor|replicas|min|max)"
)
"""Paths of what the rows have in words. All else of a spec is shown as it stands there."""

_SIMPLE: Final = re.compile(r"[A-Za-z0-9_/-]+")


@dataclass(frozen=True)
class Paper:
    """A request with what one has to know to decide about it. `now` is what there is of the cluster."""

    request: Stored[ClusterRequest]
    tenant: Stored[Tenant]
    catalog: CatalogSpec | None
    now: ClusterSpec | None
    delegations: tuple[DelegationSpec, ...] = ()
    """Who decides instead of whom there."""

    @property
    def size(self) -> Usage | None:
        """What is asked for at most; None where nobody can tell."""
        return risk.asked_size(self.request.it.spec, self.now, self.catalog)

    @property
    def deciding(self) -> TenantSpec:
        """The tenant as it decides about this request."""
        return risk.about(self.tenant.it.spec, self.request.it.spec, self.now, self.catalog)


def draw(paper: Paper) -> RenderableType:
    """The request, its rows, the quota, and what a vote will be bound to."""
    request, spec = paper.request, paper.request.it.spec
    where = f"{spec.cluster} in {request.meta.namespace}, of tenant {paper.tenant.meta.name}"
    table = Table("", Column(overflow="fold"), box=None, pad_edge=False, show_header=False)
    for label, value in (*rows(paper), *amounts(paper), *_circumstances(paper)):
        table.add_row(Text(plain.one_line(label), style="dim"), Text(plain.one_line(value)))
    head = Text(f"{plain.one_line(spec.requester.user)} {WISHES[spec.action]} {where}", style="bold")
    return Group(head, table)


def rows(paper: Paper) -> tuple[tuple[str, str], ...]:
    """Label and value of everything that is to be, or that is to be another: then as old -> new."""
    wanted, old = paper.request.it.spec.desired, paper.now
    if wanted is None:
        return tuple(_told(old, paper.catalog).items()) if old is not None else ()
    before = _told(old, paper.catalog) if old is not None and paper.request.it.spec.action is Action.CHANGE else {}
    after = _told(wanted, paper.catalog)
    if not before:
        return tuple(after.items())
    pairs = (
        (label, before.get(label, NOTHING), after.get(label, NOTHING)) for label in dict.fromkeys((*after, *before))
    )
    return tuple((label, f"{was} -> {becomes}") for label, was, becomes in pairs if was != becomes)


def amounts(paper: Paper) -> tuple[tuple[str, str], ...]:
    """The tenant's quota, now -> then of what it may have."""
    if paper.catalog is None:
        return (("quota", "cannot be shown: you may not read the Catalog"),)
    hard = quota.limits(paper.tenant.it.spec.quota.hard, paper.catalog)
    used = quota.usage(paper.tenant.it.status.quota.used)
    was, becomes = (
        quota.envelope(each, paper.catalog) if each is not None else Usage()
        for each in (paper.now, paper.request.it.spec.desired)
    )
    # What is published may lag behind: nobody uses less than nothing.
    then = (used - was).rises() + becomes
    return tuple(
        (
            f"quota: {quota.WORDS[name]}",
            f"{' -> '.join(hard.show(name, hard.amount(each, name)) for each in (used, then))} of {most}",
        )
        for name, most in ((name, hard.show(name, bound)) for name, bound in hard.bounds.items())
    )


def _circumstances(paper: Paper) -> Iterator[tuple[str, str]]:
    spec, deciding = paper.request.it.spec, paper.deciding
    policy = deciding.approval
    if spec.reason:
        yield "reason", spec.reason
    if (large := risk.large(paper.tenant.it.spec, paper.size, paper.catalog)) is not None:
        yield "size", approval_words.large(large)
    agreed = [_voter(vote) for vote in approval.agreed(paper.request, deciding, paper.delegations)]
    yield "approvals", f"{len(agreed)} of {policy.required}{': ' if agreed else ''}{', '.join(agreed)}"
    if paper.request.meta.created is not None:
        yield "until", moment(lifetime.expires_at(paper.request.meta.created, policy))
    yield "digest", spec.digest


def _voter(vote: Vote) -> str:
    return f"{vote.voter.user} for {vote.instead_of.user}" if vote.instead_of else vote.voter.user


def moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def pool(it: NodePool, catalog: CatalogSpec | None) -> str:
    """How many workers, of which size."""
    many = f"{it.min} to {it.max}" if it.autoscaled else str(it.replicas)
    flavor = catalog.flavor(it.flavor) if catalog else None
    return f"{many} x {it.flavor}{f' ({flavor.vcpu} vCPU, {flavor.memory} each)' if flavor else ''}"


def _told(spec: ClusterSpec, catalog: CatalogSpec | None) -> dict[str, str]:
    """A whole spec: in words what people know by them, and each other field by its path."""
    words = {f"pool {each.name}": pool(each, catalog) for each in spec.pools}
    replicas = spec.control_plane.replicas
    words |= {
        "version": spec.version or "the recommended one",
        "control plane": f"{replicas} {'replica' if replicas == 1 else 'replicas'}",
        "lifetime": spec.lifetime or "no end",
        "add-ons": ", ".join(each.name for each in spec.add_ons) or "none",
    }
    return words | {path: text for path, text in _flat(spec.wire()) if not _IN_WORDS.fullmatch(path)}


def _flat(value: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Paths and values of what is written. No two have the same path, so that none can hide behind another."""
    if isinstance(value, Mapping) and value:
        for key, each in value.items():
            yield from _flat(each, _below(at, str(key)))
    elif isinstance(value, list) and value:
        names = [each.get("name") if isinstance(each, Mapping) else None for each in value]
        named = all(isinstance(name, str) for name in names) and len(set(names)) == len(names)
        for index, (name, each) in enumerate(zip(names, value, strict=True)):
            yield from _flat(each, _below(at, name) if named and name else f"{at}[{index}]")
    else:
        yield at, json.dumps(value, ensure_ascii=False)


def _below(at: str, key: str) -> str:
    written = key if _SIMPLE.fullmatch(key) else f"[{key!r}]"
    return f"{at}.{written}" if at and written == key else f"{at}{written}"
