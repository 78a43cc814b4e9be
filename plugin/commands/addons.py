"""`kubectl clusterdesk addons NAME --add=THIS --remove=THAT`: what is installed into a cluster."""

from __future__ import annotations

import difflib
from typing import Annotated

import typer
from rich.table import Column, Table
from rich.text import Text

from plugin import completion, finding, options, printing, wishes
from plugin.command import Command
from plugin.course import PATIENCE, Course, see_through
from plugin.errors import NotDone
from plugin.session import Session, carry_out
from provisioning import edits, objects, plain, wording
from provisioning.manifest import Manifest
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
    reason: options.ReasonOption = "",
    dry_run: options.DryRunOption = options.DryRun.NONE,
    wait: options.WaitOption = False,
    timeout: options.TimeoutOption = PATIENCE,
    output: options.OutputOption = options.Output.TABLE,
    namespace: options.NamespaceOption = "",
    context: options.ContextOption = "",
    kubeconfig: options.KubeconfigOption = options.HOME_KUBECONFIG,
) -> None:
    """Choose what is installed into a cluster; without --add and --remove it shows what there is to choose from.

    Ends with 1 when it was refused; with --wait also when it was denied, or is not ready in time.
    """
    course = Course(output, dry_run, wait, timeout)
    more, fewer = tuple(add or ()), tuple(remove or ())
    told: list[str] = []

    async def choose(session: Session) -> None:
        catalog = await session.catalog()

        def edit(cluster: Stored[TenantCluster]) -> ClusterSpec:
            after = chosen(cluster.it.spec, more, fewer, catalog=catalog)
            told[:] = [f"{name}: {_listed(cluster.it.spec)} -> {_listed(after)}"]
            return after

        outcome = await wishes.change(session, name, edit, reason=reason, dry_run=course.dry)
        await see_through(session, outcome, course, done=told[0])

    async def look(session: Session) -> tuple[Manifest, CatalogSpec | None]:
        return await finding.manifest(session, name), await session.catalog()

    if more or fewer:
        carry_out(choose, kubeconfig=kubeconfig, context=context, namespace=namespace)
        return
    found, catalog = carry_out(look, kubeconfig=kubeconfig, context=context, namespace=namespace)
    if printing.is_for_programs(output):
        printing.object_(output, found)
    else:
        printing.drawing(_table(objects.read(TenantCluster, found).it.spec, catalog))


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


COMMAND = Command("addons", run)
