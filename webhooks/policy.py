"""What a policy and a default are: a name, what they apply to, and one pure function. No policy lives here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from provisioning.manifest import Manifest
from provisioning.resources import Resource
from webhooks.charge import Charge
from webhooks.decision import Verdict
from webhooks.facts import Facts
from webhooks.review import Request

CREATE, UPDATE, DELETE = "CREATE", "UPDATE", "DELETE"


class Reach(Enum):
    """Where the API server should ask us at all."""

    EVERYWHERE = "rules"
    """Every namespace except the platform's own, and cluster-scoped objects."""
    TENANTS = "content"
    """Namespaces that carry the tenant label only: kinds of which there are many everywhere, what others need who have
    no tenants, and deletions, which must not wait for us anywhere else."""
    HOSTED = "hosted"
    """The same namespaces, for their own service accounts only: those of what is hosted beside a control plane."""
    OURS = "ours"
    """What our own accounts keep, for everybody but them: they must never wait for themselves."""
    NOTED = "noted"
    """What is never refused in tenants' namespaces, and told in the audit trail: nothing waits for us there."""


@dataclass(frozen=True)
class Rule:
    """Operations on a kind (or on a subresource of it) that the API server asks us about."""

    resource: Resource
    operations: tuple[str, ...] = (CREATE, UPDATE)
    subresource: str = ""
    reach: Reach = Reach.EVERYWHERE


@dataclass(frozen=True)
class Unless:
    """A policy's answer "yes, unless the world says otherwise": `check` may have to wait for what it asks of it.

    So it is asked only where nobody else refuses, and of the API server itself.
    """

    check: Callable[[Facts], Verdict]


@dataclass(frozen=True)
class Policy:
    """Refuses or admits; all policies that apply to a request are asked, and all their denials are told."""

    name: str
    applies_to: tuple[Rule, ...]
    check: Callable[[Request, Facts], Verdict | Charge | Unless]
    concerns: Callable[[Request], bool] | None = None
    """Which changes it is asked about at all; None for every one. What many ask is found out once."""


@dataclass(frozen=True)
class Default:
    """Completes an object: takes it as it is and returns it as it should be, and leaves what it took alone.

    Doing it twice is doing it once.
    """

    name: str
    applies_to: tuple[Rule, ...]
    complete: Callable[[Request, Manifest, Facts], Manifest]


About = tuple[str, str, str, str]
"""What a request is about: group, plural, subresource, operation."""
_K = TypeVar("_K", Policy, Default)


def table(kinds: Iterable[_K]) -> Mapping[About, Sequence[_K]]:
    """Who is to be asked about what, in their order. Looked up at every request, so made once."""
    found: dict[About, dict[_K, None]] = defaultdict(dict)
    for kind in kinds:
        for rule in kind.applies_to:
            for operation in rule.operations:
                found[rule.resource.group, rule.resource.plural, rule.subresource, operation][kind] = None
    return {about: tuple(those) for about, those in found.items()}


def only_noted(kinds: Iterable[Policy]) -> frozenset[About]:
    """What we are told of and never refuse, whatever state we are in."""
    reaches: dict[About, set[Reach]] = defaultdict(set)
    for rule in (rule for kind in kinds for rule in kind.applies_to):
        for operation in rule.operations:
            reaches[rule.resource.group, rule.resource.plural, rule.subresource, operation].add(rule.reach)
    return frozenset(about for about, found in reaches.items() if found == {Reach.NOTED})


def about(request: Request) -> About:
    return request.group, request.resource, request.subresource, request.operation
