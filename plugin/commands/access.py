"""`kubectl clusterdesk access NAME`: one's own way into a cluster, for a while; the key never leaves this machine."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import RenderableType
from rich.table import Column, Table
from rich.text import Text

from plugin import asked, completion, entering, keys, kubeconfigs, printing
from plugin.command import Command
from plugin.entering import Entry
from plugin.kubeconfigs import Target
from plugin.options import (
    HOME_KUBECONFIG,
    ContextOption,
    KubeconfigOption,
    NamespaceOption,
    Output,
    OutputOption,
    Span,
    TimeoutOption,
    duration,
)
from plugin.session import Session, carry_out
from provisioning import kubeconfig as rendering
from provisioning import objects, plain
from provisioning.manifest import Manifest
from provisioning.model import AccessRole, ClusterAccess, conditions
from provisioning.objects import Stored

PATIENCE: Final = Span(minutes=2)


class Role(StrEnum):
    """The roles of the API, as one types them."""

    VIEWER = "viewer"
    ADMIN = "admin"


def run(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="The cluster.", show_default=False, autocompletion=completion.clusters),
    ] = "",
    *,
    role: Annotated[Role, typer.Option("--role", help="Look at most things, or do anything.")] = Role.VIEWER,
    valid_for: Annotated[
        str, typer.Option("--for", parser=duration, metavar="DURATION", help="How long, such as 30m.")
    ] = "8h",
    out: Annotated[
        Path | None, typer.Option("--out", help="The file to write; NAME.kubeconfig when nothing is said.")
    ] = None,
    merge: Annotated[bool, typer.Option("--merge", help="Write it into your kubeconfig, as one more context.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    revoke: Annotated[bool, typer.Option("--revoke", help="Take away your own access to the cluster.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="Who has access, and until when.")] = False,
    timeout: TimeoutOption = PATIENCE,
    output: OutputOption = Output.TABLE,
    namespace: NamespaceOption = "",
    context: ContextOption = "",
    kubeconfig: KubeconfigOption = HOME_KUBECONFIG,
) -> None:
    """Make a key here, have a certificate made for it, and write a kubeconfig with both, for you only.

    Ends with 1 when you get no access, or not in time; then nothing is left of it. Certificates end by themselves.
    """
    if sum((list_, revoke, merge, out is not None)) > 1:
        raise typer.BadParameter("only one of --list, --revoke, --merge and --out can be meant")
    if not name and not list_:
        raise typer.BadParameter("say to which cluster, or --list")
    file = kubeconfigs.main_file(kubeconfig) if merge else out or Path(f"{name}.kubeconfig")
    target = Target(file, merge=merge, replace=force)

    async def task(session: Session) -> list[Manifest]:
        if list_:
            return await entering.listed(session, name)
        if revoke:
            return await entering.revoke(session, name, timeout=timeout)
        return [await _enter(session, Entry(name, AccessRole[role.name], valid_for), target, timeout)]

    found = carry_out(task, kubeconfig=kubeconfig, context=context, namespace=namespace)
    if printing.is_for_programs(output):
        if list_ or revoke:
            printing.objects(output, found)
        else:
            printing.object_(output, found[0])
    elif list_:
        printing.drawing(_table(found, wide=output is Output.WIDE))
    elif revoke:
        printing.say(f"Your access to {name} is taken away: its certificate may do nothing there any more.")
    else:
        _tell(objects.read(ClusterAccess, found[0]), target)


async def _enter(session: Session, entry: Entry, target: Target, timeout: timedelta) -> Manifest:
    target.check()
    key = keys.make()
    async with entering.asked(session, entry, request=key.request) as name:
        manifest = await entering.issued(session, name, timeout=timeout)
        access = objects.read(ClusterAccess, manifest)
        called = rendering.called(access) if target.merge else ""
        target.write(rendering.content(access, {"client-key-data": rendering.encoded(key.pem)}, name=called))
    return manifest


def _tell(access: Stored[ClusterAccess], target: Target) -> None:
    spec, ends = access.it.spec, access.it.status.expires_at
    until = f" until {asked.moment(objects.parse_time(ends))}" if ends else ""
    printing.say(
        f"You are {spec.role.value} of {spec.cluster}{until}. Your key is in {target.path}: keep it to yourself."
    )
    how = f"--context {rendering.called(access)}" if target.merge else f"--kubeconfig {target.path}"
    printing.say(f"Use it with: kubectl {how} get pods --all-namespaces")


def _table(found: Sequence[Manifest], *, wide: bool) -> RenderableType:
    """A row for each access, everybody's: who, to what, as what, how it stands, and until when."""
    titles = ("name", "cluster", "user", "role", "state", "until", *(("message",) if wide else ()))
    table = Table(*(Column(title, overflow="fold") for title in titles), box=None, pad_edge=False)
    for access in (objects.read(ClusterAccess, item) for item in found):
        spec, ends = access.it.spec, access.it.status.expires_at
        ready = conditions.find(access.it.status.conditions, "Ready")
        until = asked.moment(objects.parse_time(ends)) if ends else ""
        row = [access.meta.name, spec.cluster, spec.user, spec.role.value, ready.reason if ready else "New", until]
        more = [entering.message(access)] if wide else []
        table.add_row(*(Text(plain.one_line(cell)) for cell in (*row, *more)))
    return table


COMMAND = Command("access", run)
