"""A command that changes something: the flags that all of those have are said here, once, and how it goes on from an
edit of a cluster's spec.

A command's `run` takes its own flags and returns what is to be done. Typer reads flags off a signature, so it is given
one that has both.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from plugin import options, tables, wishes
from plugin.command import Command
from plugin.course import PATIENCE, Arrived, Course, see_through
from plugin.session import Session, carry_out
from provisioning.model import ClusterSpec, TenantCluster
from provisioning.objects import Stored

Task = Callable[[Session, Course], Awaitable[None]]
"""What a command does. Raises `NotDone` or `KubeError`."""


@dataclass(frozen=True)
class Edit:
    """The spec that a cluster is to have; `done` says so where nobody has to agree."""

    desired: ClusterSpec
    done: str


def edited(name: str, edit: Callable[[Stored[TenantCluster]], Edit], *, arrived: Arrived = tables.is_ready) -> Task:
    """Give the cluster another spec, or ask for it, and follow it until it has `arrived`. `edit` is asked anew when
    somebody else writes first."""
    made: list[Edit] = []

    def desired(cluster: Stored[TenantCluster]) -> ClusterSpec:
        made[:] = [edit(cluster)]
        return made[0].desired

    async def change(session: Session, course: Course) -> None:
        outcome = await wishes.change(session, name, desired, reason=course.reason, dry_run=course.dry)
        await see_through(session, outcome, course, done=made[0].done, arrived=arrived)

    return change


def command(name: str, run: Callable[..., Task]) -> Command:
    """`kubectl clusterdesk <name>`, with the flags of `run` and those that all have."""

    def whole(**flags: Any) -> None:
        shared = {flag.name: flags.pop(flag.name) for flag in _SHARED}
        _do(run(**flags), **shared)

    own = inspect.signature(run, eval_str=True).parameters.values()
    whole.__signature__ = inspect.Signature([*own, *_SHARED])  # type: ignore[attr-defined]
    whole.__doc__ = run.__doc__
    return Command(name, whole)


def _do(
    task: Task,
    *,
    reason: options.ReasonOption = "",
    dry_run: options.DryRunOption = options.DryRun.NONE,
    wait: options.WaitOption = False,
    timeout: options.TimeoutOption = PATIENCE,
    output: options.OutputOption = options.Output.TABLE,
    namespace: options.NamespaceOption = "",
    context: options.ContextOption = "",
    kubeconfig: options.KubeconfigOption = options.HOME_KUBECONFIG,
) -> None:
    course = Course(output, dry_run, wait, timeout, reason, namespace)

    async def do(session: Session) -> None:
        await task(session, course)

    carry_out(do, kubeconfig=kubeconfig, context=context, namespace=namespace)


_SHARED: Final = tuple(inspect.signature(_do, eval_str=True).parameters.values())[1:]
