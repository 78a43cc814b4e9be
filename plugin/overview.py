"""How many clusters look in a table, and one on a page. Draws only; the words are Slack's too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Column, Table
from rich.text import Text

from plugin import asked, tables
from plugin.desk import Sight
from provisioning import ending_words, names, plain, stage, wording
from provisioning.handmade import HandMade
from provisioning.model import ClusterRequest, TenantCluster
from provisioning.objects import Stored, parse_time
from provisioning.stage import Stage

COLOUR: Final = {
    Stage.READY: "green",
    Stage.ASLEEP: "cyan",
    Stage.STALLED: "bold red",
    Stage.BUILDING: "yellow",
    Stage.DELETING: "yellow",
}
NARROW: Final = ("name", "status", "workers", "version", "until")
WIDE: Final = (*NARROW, "ready", "endpoint", "asked by", "in the way")
_SETTLED: Final = (Stage.READY, Stage.ASLEEP)


def clusters(found: Sight, *, wide: bool, everywhere: bool = False) -> RenderableType:
    """A line for each request that waits, then a row for each cluster, those made by hand last."""
    titles = (*(("namespace",) if everywhere else ()), *(WIDE if wide else NARROW))
    table = Table(*(Column(title, overflow="fold") for title in titles), box=None, pad_edge=False)
    rows = [(it.meta.namespace, _row(it)) for it in found.ours()]
    rows += [(it.meta.namespace, _row_by_hand(it)) for it in found.by_hand()]
    for namespace, row in rows:
        cells = (*((Text(namespace),) if everywhere else ()), *row)
        table.add_row(*cells[: len(titles)])
    return Group(*map(_waiting, found.waiting()), *((table,) if rows else ()))


def one(found: Sight, *, wide: bool, now: datetime) -> RenderableType:
    """The cluster with what people want to know of it, and what is asked about it."""
    parts: list[RenderableType] = []
    for cluster in found.ours():
        parts += _page(cluster, wide=wide, now=now)
    for host in found.by_hand():
        at, keeper = stage.of_hand_made(host), wording.kept_by(host.keeper.tool, plain.one_line(host.keeper.name))
        parts += [_headline(host.meta.name, f"is {wording.AVAILABLE[at].lower()}", at)]
        parts += [Text(wording.by_hand(keeper, add_ons=host.has_add_ons)), _facts(_of_hand_made(host))]
    return Group(*parts, *map(_waiting, found.waiting()))


def _page(cluster: Stored[TenantCluster], *, wide: bool, now: datetime) -> Iterator[RenderableType]:
    at = stage.of_cluster(cluster)
    yield _headline(cluster.meta.name, wording.SAID[at], at)
    yield _facts(_of_cluster(cluster, wide=wide))
    if wide or at not in _SETTLED:
        yield tables.steps(cluster, now=now)


def _of_cluster(cluster: Stored[TenantCluster], *, wide: bool) -> Iterator[tuple[str, str]]:
    spec, status = cluster.it.spec, cluster.it.status
    yield "namespace", cluster.meta.namespace
    yield from ((f"pool {pool.name}", asked.pool(pool, None)) for pool in spec.pools)
    yield "workers", f"{status.nodes.ready} of {status.nodes.wanted} ready"
    yield "version", _version(cluster)
    copies = spec.control_plane.replicas
    yield "control plane", f"{copies} {'replica' if copies == 1 else 'replicas'}"
    yield "add-ons", ", ".join(add_on.name for add_on in spec.add_ons)
    yield "endpoint", status.endpoint
    yield "until", _until(cluster) or "no end"
    yield "given up", _given_up(cluster)
    yield "protection", "nobody deletes it" if spec.deletion_protection else ""
    yield "asked by", cluster.meta.annotations.get(names.REQUESTED_BY_ANNOTATION, "")
    if stage.of_cluster(cluster) not in (Stage.READY, Stage.DELETING):
        yield "in the way", tables.in_the_way(cluster)
    if wide:
        yield "pods", spec.network.pods or ""
        yield "services", spec.network.services or ""
        yield "made of", ", ".join(status.inventory)


def _of_hand_made(host: HandMade) -> Iterator[tuple[str, str]]:
    yield "namespace", host.meta.namespace
    yield "workers", f"{host.nodes.ready} of {host.nodes.wanted} ready"
    yield "endpoint", host.endpoint
    yield "in the way", host.message


def _row(cluster: Stored[TenantCluster]) -> tuple[Text, ...]:
    at, status = stage.of_cluster(cluster), cluster.it.status
    way = "" if at is Stage.READY else tables.in_the_way(cluster)
    pools = ", ".join(asked.pool(pool, None) for pool in cluster.it.spec.pools)
    by = cluster.meta.annotations.get(names.REQUESTED_BY_ANNOTATION, "")
    rest = (pools, _version(cluster), _until(cluster), f"{status.nodes.ready}/{status.nodes.wanted}", status.endpoint)
    return (_text(cluster.meta.name), _text(at.value, COLOUR.get(at, "")), *map(_text, (*rest, by, way)))


def _row_by_hand(host: HandMade) -> tuple[Text, ...]:
    at, ready = stage.of_hand_made(host), f"{host.nodes.ready}/{host.nodes.wanted}"
    status = f"{wording.AVAILABLE[at]}, {wording.BY_HAND}"
    rest = (f"{host.nodes.wanted}", host.version, "", ready, host.endpoint, host.keeper.name, host.message)
    return (_text(host.meta.name), _text(status, COLOUR.get(at, "")), *map(_text, rest))


def _waiting(request: Stored[ClusterRequest]) -> Text:
    spec, at = request.it.spec, stage.of_request(request, None)
    said = f": {wording.waiting(spec.action, spec.requester.user)}" if at is Stage.WAITING else f" {wording.SAID[at]}"
    return _text(f"{spec.cluster}{said} ({request.meta.name})", "yellow")


def _headline(name: str, said: str, at: Stage) -> Text:
    return Text.assemble((name, "bold"), " ", (said, COLOUR.get(at, "")))


def _facts(facts: Iterator[tuple[str, str]]) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in facts:
        if value:
            table.add_row(label, _text(value))
    return table


def _version(cluster: Stored[TenantCluster]) -> str:
    """What it runs, and what it is to run where that is something else."""
    runs, wanted = cluster.it.status.version, cluster.it.spec.version or ""
    return f"{runs} -> {wanted}" if runs and wanted and runs != wanted else runs or wanted


def _until(cluster: Stored[TenantCluster]) -> str:
    end = cluster.it.status.expires_at
    return asked.moment(parse_time(end)) if end else ""


def _given_up(cluster: Stored[TenantCluster]) -> str:
    end = cluster.it.status.gives_up_at
    return ending_words.given_up_unless(asked.moment(parse_time(end))) if end else ""


def _text(words: str, style: str = "") -> Text:
    """Somebody's words, which are neither markup nor a command to the terminal."""
    return Text(plain.one_line(words), style=style)
