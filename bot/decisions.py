"""How somebody decides about a request in Slack: by which buttons, and why otherwise than about others. Pure.

What must never live here: who may decide (`provisioning.approval`), or what a press does (`presses`).
"""

from __future__ import annotations

from bot import blocks, buttons, outline, replies, text
from bot.blocks import Block
from bot.sights import Sight
from provisioning import approval, approval_words, risk
from provisioning.model import Action, CatalogSpec, ClusterSpec, TenantSpec
from provisioning.usage import Usage

NAME_SHOWN = 60
"""Characters of a user name in a question that has room for 300."""


def controls(sight: Sight) -> tuple[Block, ...]:
    """Approve, where that counts in Slack, Deny…, and a question first."""
    approve = (buttons.approve(sight.request, confirm=_twice(sight)),) if sight.deciding.approval.in_slack else ()
    return (*approve, buttons.deny(sight.request), buttons.ask(sight.request))


def notes(sight: Sight) -> tuple[str, ...]:
    """What whoever decides is told: why not as about other requests, and how where not by a button."""
    meta, size = sight.request.meta, sight.size
    how = () if sight.deciding.approval.in_slack else (replies.approved_at_terminal(meta.name, meta.namespace),)
    old = sight.cluster.it.spec if sight.cluster else None
    guarded = of_protection(old, sight.request.it.spec.desired)
    return (*_large(sight.tenant.it.spec, size, sight.catalog), *guarded, *how)


def of_protection(old: ClusterSpec | None, new: ClusterSpec | None) -> tuple[str, ...]:
    """That somebody else has to agree, where a change takes protection off."""
    return (replies.UNPROTECTS,) if approval.is_unprotection(old, new) else ()


def outlook(tenant: TenantSpec, size: Usage | None, catalog: CatalogSpec) -> tuple[str, ...]:
    """The same for whoever asks."""
    how = () if risk.deciding(tenant, size, catalog).approval.in_slack else (replies.APPROVED_AT_TERMINAL,)
    return (*_large(tenant, size, catalog), *how)


def _large(tenant: TenantSpec, size: Usage | None, catalog: CatalogSpec) -> tuple[str, ...]:
    found = risk.large(tenant, size, catalog)
    return (replies.large(approval_words.large(found)),) if found else ()


def _twice(sight: Sight) -> Block | None:
    """The question that is asked once more, where much hangs on the answer."""
    spec = sight.request.it.spec
    going = spec.action is Action.DELETE
    if not going and not sight.is_large:
        return None
    old = sight.cluster.it.spec if sight.cluster else None
    shown = spec.desired or old
    question = replies.approve_question(
        text.clip(text.one_line(spec.requester.user), NAME_SHOWN),
        spec.action,
        spec.cluster,
        sight.tenant.meta.name,
        price=outline.hourly(shown, sight.catalog) if shown else "",
        workers=outline.pools(shown, sight.catalog) if shown else "",
    )
    asked = blocks.confirm(
        title=replies.APPROVE_DELETION_TITLE if going else replies.APPROVE_LARGE_TITLE,
        words=question,
        yes=replies.APPROVE,
        no=replies.CANCEL,
        style="danger" if going else "",
    )
    # It says a person's name.
    return asked | {"text": blocks.verbatim(question, 300)}
