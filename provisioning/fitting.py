"""What would help whoever has no room: how many machines would fit, and who holds most of what is used. Pure."""

from __future__ import annotations

import bisect
import heapq
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from provisioning.ledger import Ledger
from provisioning.quota import Limits
from provisioning.resources import KUBEVIRT_MACHINES, VIRTUAL_MACHINES
from provisioning.usage import Usage

HOLDERS_MAX: Final = 3
"""Slots that are named for one dimension."""

_MACHINES: Final = tuple(f"{kind.plural}.{kind.group}/" for kind in (KUBEVIRT_MACHINES, VIRTUAL_MACHINES))
"""How the slots of single machines begin."""


@dataclass(frozen=True)
class Pieces:
    """Many of one size within something that is asked for: `count` of them, called so, each of which costs `each`.

    `had` of them are there already.
    """

    called: str
    each: Usage
    count: int
    had: int = 0


@dataclass(frozen=True)
class Holder:
    """A slot of a ledger, as `ledger.slot_key` names it, and how much of one dimension it costs."""

    slot: str
    amount: int


def fitting(pieces: Pieces, *, asked: Usage, used: Usage, hard: Limits) -> int:
    """The most of these pieces that would fit, with all the rest of what is asked for; 0 when not even that fits.

    `asked` is what everything asked for costs on top of `used`, with all the pieces in it.
    """

    def is_too_much(number: int) -> bool:
        return bool(hard.excess(used, asked - pieces.each * (pieces.count - number)))

    return max(0, bisect.bisect_left(range(pieces.count + 1), True, key=is_too_much) - 1)


def holders(ledger: Ledger, dimension: str, hard: Limits) -> tuple[Holder, ...]:
    """Who holds most of a dimension, the largest first."""
    amounts = ((hard.amount(slot.cost, dimension), key) for key, slot in ledger.slots.items())
    most = heapq.nsmallest(HOLDERS_MAX, ((-amount, key) for amount, key in amounts if amount))
    return tuple(Holder(key, -amount) for amount, key in most)


def left_over(ledger: Ledger, dimensions: Collection[str], hard: Limits) -> int:
    """Machines that cost something of these by themselves: they are more than what they were made for is charged with.

    Somebody made that smaller, as a rule, and they are on their way out.
    """
    found = (key for key, slot in ledger.slots.items() if any(hard.amount(slot.cost, each) for each in dimensions))
    # A virtual machine has the name of its KubevirtMachine, and may outlive it.
    return len({key.partition("/")[2] for key in found if key.startswith(_MACHINES)})
