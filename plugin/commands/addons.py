"""`kubectl clusterdesk addons NAME --add=THIS --remove=THAT`: what is installed into a cluster."""

from __future__ import annotations

import difflib
from typing import Annotated

import typer
from rich.table import Column, Table
from rich.text import Text

from plugin import completion, finding, options, printing
from plugin.changing import Edit, Task, command, edited
from plugin.course import Course
from plugin.errors import NotDone
from plugin.session import Session
from provisioning import edits, objects, plain, wording
from provisioning.model import CatalogSpec, ClusterSpec, TenantCluster
from provisioning.objects import Stored


def run(
    name: options.ClusterName,
    *,
    add: Annotated[
        list[str] | None,
        typer.Option(help="Put this one in; may be repeated.", autocompletion=completion.add_ons),
    ] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option(help="Uninstall this one; may be repeated.", autocompletion=completion.add_ons),
    ] = None,
) -> Task:
    """Choose what is installed into a cluster; without --add and --remove it shows what there is to choose from.

    Ends with 1 when it was refused; with --wait also when it was denied, or is not ready in time.
    """
    more, fewer = tuple(add or ()), tuple(remove or ())

    async def choose(session: Session, course: Course) -> None:
        catalog = await session.catalog()

        def edit(cluster: Stored[TenantCluster]) -> Edit:
            after = chosen(cluster.it.spec, more, fewer, catalog=catalog)
            return Edit(after, f"{name}: {_listed(cluster.it.spec)} -> {_listed(after)}")

        await edited(name, edit)(session, course)

    async def look(session: Session, course: Course) -> None:
        found, catalog = await finding.manifest(session, name), await session.catalog()
        if printing.is_for_programs(course.output):
            printing.object_(course.output, found)
        else:
            printing.drawing(_table(objects.read(TenantCluster, found).it.spec, catalog))

    return choose if more or fewer else look


def chosen(
    spec: ClusterSpec, more: tuple[str, ...], fewer: tuple[str, ...], *, catalog: CatalogSpec | None
) -> ClusterSpec:
    """The cluster with these put in and those taken out. Raises `NotDone`.

    Whoever may not read the Catalog hears from the webhook what is not on offer.
    """
    if both := sorted({*more} & {*fewer}):
        raise NotDone(f"say either --add or --remove of {both[0]}")
    if catalog is not None:
        _check(spec, more, fewer, catalog)
    kept = (each.name for each in spec.add_ons if each.name not in fewer)
    return edits.with_add_ons(spec, dict.fromkeys((*kept, *more)))


def _check(spec: ClusterSpec, more: tuple[str, ...], fewer: tuple[str, ...], catalog: CatalogSpec) -> None:
    known = sorted({each.name for each in spec.add_ons} | {each.name for each in catalog.add_ons})
    for add_on in (*more, *fewer):
        if add_on not in known:
            like = difflib.get_close_matches(add_on, known, n=1)
            raise NotDone(f"there is no add-on {add_on}{f'; did you mean {like[0]}?' if like else ''}")
    for add_on in fewer:
        if add_on not in edits.optional_add_ons(spec, catalog):
            raise NotDone(wording.always_there(add_on))


def _listed(spec: ClusterSpec) -> str:
    return ", ".join(each.name for each in spec.add_ons) or "none"


def _table(spec: ClusterSpec, catalog: CatalogSpec | None) -> Table:
    """A row for each add-on that it has, or could have."""
    had = {each.name for each in spec.add_ons}
    always = {each.name for each in catalog.add_ons if each.default} if catalog is not None else set()
    offered = (each.name for each in catalog.add_ons) if catalog is not None else ()
    titles = ("add-on", "installed", "in every cluster")
    table = Table(*(Column(title, overflow="fold") for title in titles), box=None, pad_edge=False)
    for add_on in dict.fromkeys((*sorted(had), *offered)):
        yes = [Text("yes" if add_on in those else "no") for those in (had, always)]
        table.add_row(Text(plain.one_line(add_on)), *yes)
    return table


COMMAND = command("addons", run)
