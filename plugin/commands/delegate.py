"""`kubectl clusterdesk delegate USER --for 72h`: somebody else decides instead of you, for a while."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer

from plugin import asked, errors, printing
from plugin.command import Command
from plugin.errors import NotDone
from plugin.options import HOME_KUBECONFIG, ContextOption, KubeconfigOption, NamespaceOption, Span, span
from plugin.session import Session, carry_out
from provisioning import delegating, objects, people, plain, wording
from provisioning import errors as kube_errors
from provisioning.model import ApprovalDelegation, Person, Tenant
from provisioning.resources import APPROVAL_DELEGATIONS, TENANTS

USUAL: Final = Span(days=1)


def run(
    user: Annotated[str, typer.Argument(metavar="USER", help="Who decides instead of you.")] = "",
    *,
    lasting: Annotated[timedelta, typer.Option("--for", parser=span, metavar="DURATION", help="For how long.")] = USUAL,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with it.")] = "",
    stop: Annotated[bool, typer.Option("--stop", help="Have nobody decide instead of you any more.")] = False,
    namespace: NamespaceOption = "",
    context: ContextOption = "",
    kubeconfig: KubeconfigOption = HOME_KUBECONFIG,
) -> None:
    """Have somebody else decide instead of you about requests in this namespace, for a while; or stop it.

    They decide neither about their own requests nor about yours, and cannot hand it on.
    """
    if stop is bool(user):
        typer.echo("Say who is to decide instead of you, or --stop.", err=True)
        raise typer.Exit(errors.NOT_DONE)
    until = datetime.now(UTC) + lasting

    async def task(session: Session) -> str:
        return await stopped(session) if stop else await delegated(session, user, until=until, reason=reason)

    printing.say(carry_out(task, kubeconfig=kubeconfig, context=context, namespace=namespace))


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


async def stopped(session: Session) -> str:
    """Whose deciding has ended, in a sentence. Raises `NotDone` or `KubeError`."""
    me = (await session.myself()).person
    found = (await session.kube.list(APPROVAL_DELEGATIONS, namespace=session.namespace)).items
    mine = [it for it in (objects.read(ApprovalDelegation, each) for each in found) if _is_mine(it.it, me)]
    if not mine:
        raise NotDone(f"nobody decides for you in {session.namespace}")
    for each in mine:
        await delegating.end(session.kube, each)
    return wording.not_delegated(tuple(dict.fromkeys(plain.one_line(each.it.spec.delegate.user) for each in mine)))


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
