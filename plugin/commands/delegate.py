"""`kubectl clusterdesk delegate [USER --for 72h]`: who decides instead of whom, and somebody instead of you."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer

from plugin import asked, delegations, errors, printing
from plugin.command import Command
from plugin.errors import NotDone
from plugin.options import (
    HOME_KUBECONFIG,
    ContextOption,
    EverywhereOption,
    KubeconfigOption,
    NamespaceOption,
    Output,
    OutputOption,
    Span,
    span,
)
from plugin.session import Session, carry_out
from provisioning import approval_words, delegating, objects, people, plain
from provisioning import errors as kube_errors
from provisioning.manifest import Manifest
from provisioning.model import ApprovalDelegation, Person, Tenant
from provisioning.resources import APPROVAL_DELEGATIONS, TENANTS

USUAL: Final = Span(days=1)


def run(
    user: Annotated[
        str, typer.Argument(metavar="USER", help="Who decides instead of you; without it, who does so far.")
    ] = "",
    *,
    lasting: Annotated[
        timedelta, typer.Option("--for", parser=span, metavar="DURATION", help="For how long, such as 3d or 2w.")
    ] = USUAL,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with it.")] = "",
    stop: Annotated[bool, typer.Option("--stop", help="Have nobody decide instead of you any more.")] = False,
    everywhere: EverywhereOption = False,
    output: OutputOption = Output.TABLE,
    namespace: NamespaceOption = "",
    context: ContextOption = "",
    kubeconfig: KubeconfigOption = HOME_KUBECONFIG,
) -> None:
    """List who decides instead of you in this namespace, and instead of whom you do.

    With a USER, have them decide about requests instead of you, for a while; with --stop, nobody any more. They decide
    neither about their own requests nor about yours, and cannot hand it on.
    """
    if user and (stop or everywhere):
        typer.echo("Say who is to decide instead of you, in one namespace; or --stop.", err=True)
        raise typer.Exit(errors.NOT_DONE)
    now = datetime.now(UTC)

    async def said(session: Session) -> str:
        if stop:
            return await stopped(session, everywhere=everywhere)
        return await delegated(session, user, until=now + lasting, reason=reason)

    async def look(session: Session) -> tuple[list[Manifest], Person]:
        me, found = (await session.myself()).person, await _all(session, everywhere=everywhere)
        return delegations.ordered(found, me, now=now), me

    if stop or user:
        printing.say(carry_out(said, kubeconfig=kubeconfig, context=context, namespace=namespace))
        return
    there, me = carry_out(look, kubeconfig=kubeconfig, context=context, namespace=namespace)
    if printing.is_for_programs(output):
        printing.objects(output, there)
    elif not there:
        printing.say("nobody decides instead of you, and you decide instead of nobody else")
    else:
        printing.drawing(delegations.drawing(there, me, everywhere=everywhere))


async def delegated(session: Session, user: str, *, until: datetime, reason: str) -> str:
    """What was noted, in a sentence. Raises `NotDone` or `KubeError`."""
    me, delegate = (await session.myself()).person, await _known(session, Person(user=user))
    wanted = delegating.manifest(session.namespace, me, delegate, until=until, reason=reason)
    try:
        await delegating.put(session.kube, wanted)
    except (kube_errors.Forbidden, kube_errors.Invalid) as error:
        causes = error.causes or (kube_errors.Cause("", error.message),)
        raise errors.refusal("nothing was delegated", causes) from error
    return f"{plain.one_line(user)} decides for you in {session.namespace} until {asked.moment(until)}."


async def stopped(session: Session, *, everywhere: bool = False) -> str:
    """Whose deciding has ended, in a sentence. Raises `NotDone` or `KubeError`."""
    me, found = (await session.myself()).person, await _all(session, everywhere=everywhere)
    mine = [it for it in (objects.read(ApprovalDelegation, each) for each in found) if _is_mine(it.it, me)]
    if not mine:
        raise NotDone(f"nobody decides for you in {'any namespace' if everywhere else session.namespace}")
    for each in mine:
        await delegating.end(session.kube, each)
    return approval_words.not_delegated(
        tuple(dict.fromkeys(plain.one_line(each.it.spec.delegate.user) for each in mine))
    )


async def _all(session: Session, *, everywhere: bool) -> Sequence[Manifest]:
    found = await session.kube.list(APPROVAL_DELEGATIONS, namespace="" if everywhere else session.namespace)
    return found.items


def _is_mine(delegation: ApprovalDelegation, me: Person) -> bool:
    return people.same(delegation.spec.approver, me)


async def _known(session: Session, person: Person) -> Person:
    """With the Slack account that a tenant lists for them, as far as one may see the tenants; else the webhook says."""
    try:
        tenants = (await session.kube.list(TENANTS)).items
    except kube_errors.Forbidden:
        return person
    known = (people.recognised(objects.read(Tenant, each).it.spec, person) for each in tenants)
    return next((each for each in known if each.slack), person)


COMMAND = Command("delegate", run)
