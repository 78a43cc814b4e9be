"""An amount in every dimension that a quota bounds, counted like a number. Pure; whole numbers only."""

from __future__ import annotations

from collections.abc import Iterable
from operator import add, le, sub
from typing import Final

import msgspec


class Usage(msgspec.Struct, frozen=True):
    """`vcpu` in milli-CPU, `memory` and `storage` in bytes, the others in pieces."""

    clusters: int = 0
    nodes: int = 0
    vcpu: int = 0
    memory: int = 0
    storage: int = 0
    gpus: int = 0
    control_plane_replicas: int = 0
    load_balancers: int = 0

    def row(self) -> tuple[int, ...]:
        """The amounts, in the order of `DIMENSIONS`."""
        # Written out, and a Struct and no dataclass: a ledger makes thousands of these while people wait.
        return (
            self.clusters,
            self.nodes,
            self.vcpu,
            self.memory,
            self.storage,
            self.gpus,
            self.control_plane_replicas,
            self.load_balancers,
        )

    def __add__(self, other: Usage) -> Usage:
        return Usage(*map(add, self.row(), other.row()))

    def __sub__(self, other: Usage) -> Usage:
        return Usage(*map(sub, self.row(), other.row()))

    def __mul__(self, times: int) -> Usage:
        return Usage(*(a * times for a in self.row()))

    def most(self, other: Usage) -> Usage:
        """The larger one, dimension by dimension."""
        return Usage(*map(max, self.row(), other.row()))

    def least(self, other: Usage) -> Usage:
        """The smaller one, dimension by dimension."""
        return Usage(*map(min, self.row(), other.row()))

    def within(self, other: Usage) -> bool:
        """Whether no dimension is larger than the other's."""
        return all(map(le, self.row(), other.row()))

    def rises(self) -> Usage:
        """What is above zero; the rest is zero."""
        return self.most(Usage())

    @classmethod
    def total(cls, amounts: Iterable[Usage]) -> Usage:
        """The sum of all of them."""
        rows = [usage.row() for usage in amounts]
        return cls(*map(sum, zip(*rows, strict=True))) if rows else cls()

    def having(self, **amounts: int) -> Usage:
        """The same with these amounts in place of its own."""
        return msgspec.structs.replace(self, **amounts)

    def __getitem__(self, dimension: str) -> int:
        value: int = getattr(self, dimension)
        return value


DIMENSIONS: Final = Usage.__struct_fields__
"""In the order in which people read them, and in which ledgers store them: new ones come at the end."""
