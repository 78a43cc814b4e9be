"""What was seen inside a cluster that an upgrade may run into."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from provisioning.model.base import Seen, ShortText, Text, Timestamp

BUDGETS_MOST: Final = 12
APIS_MOST: Final = 24
"""More than any Kubernetes has that are on their way out."""
UNSEEN_MOST: Final = 4


class HoldingBudget(Seen):
    """A PodDisruptionBudget that lets no Pod leave a worker."""

    namespace: ShortText
    name: ShortText
    expected: Annotated[int, Field(ge=0)] = 0
    """The Pods that it is about. 0 where the cluster has not counted them."""
    healthy: Annotated[int, Field(ge=0)] = 0
    """How many of them are healthy."""
    needed: Annotated[int, Field(ge=0)] = 0
    """How many must be."""


class DeprecatedApi(Seen):
    """An API that somebody asked for lately, and that a later Kubernetes has no more."""

    group: ShortText = ""
    """Empty for the core group."""
    version: ShortText
    resource: ShortText
    removed_release: Annotated[str, Field(pattern=r"^[0-9]{1,3}\.[0-9]{1,3}$", max_length=7)]
    """The first Kubernetes without it, such as 1.37."""


class Precheck(Seen):
    """A look into the cluster. It is repeated while the cluster answers, and noted where it shows something else."""

    checked_at: Timestamp | None = None
    """When somebody looked and found this; left out where nobody could yet."""
    budgets: Annotated[tuple[HoldingBudget, ...], Field(max_length=BUDGETS_MOST)] = ()
    """PodDisruptionBudgets that let no Pod leave a worker."""
    more_budgets: Annotated[int, Field(ge=0)] = 0
    """How many more there are."""
    apis: Annotated[tuple[DeprecatedApi, ...], Field(max_length=APIS_MOST)] = ()
    """APIs in use that a later Kubernetes has no more; those that go first come first."""
    unseen: Annotated[tuple[Text, ...], Field(max_length=UNSEEN_MOST)] = ()
    """What could not be looked at, and why."""
