"""What a person wants, and what would happen to it if they asked now. Pure; `preview` finds that out."""

from __future__ import annotations

from dataclasses import dataclass

from provisioning.errors import Cause
from provisioning.model import Action, ClusterSpec, Person
from provisioning.quota import Limits
from provisioning.usage import Usage


@dataclass(frozen=True)
class Wish:
    """What a person wants: `desired` is None for a deletion, `tenant` the Tenant's name, `replaces` a request of theirs
    that waits and that this one takes the place of, `slack_group` the user group of Slack by which alone they may."""

    person: Person
    tenant: str
    namespace: str
    action: Action
    cluster: str
    desired: ClusterSpec | None
    reason: str = ""
    replaces: str = ""
    slack_group: str = ""


@dataclass(frozen=True)
class Verdict:
    """What would happen to a wish. No causes: it would be taken.

    `waiver` names the rule that makes approval unnecessary, "" when somebody has to agree. `before` and `after` are
    the tenant's usage, `hard` its limits, `digest` what an approval would be bound to.
    """

    causes: tuple[Cause, ...]
    waiver: str
    before: Usage
    after: Usage
    hard: Limits
    digest: str
