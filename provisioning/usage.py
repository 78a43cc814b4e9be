"""An amount in every dimension that a quota bounds, counted like a number. Pure; whole numbers only."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final


@dataclass(frozen=True)
class Usage:
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
        # Not `dataclasses.astuple`, which copies deeply: a ledger adds thousands of these up while people wait.
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
        return Usage(*(a + b for a, b in zip(self.row(), other.row(), strict=True)))

    def __sub__(self, other: Usage) -> Usage:
        return Usage(*(a - b for a, b in zip(self.row(), other.row(), strict=True)))

    def __mul__(self, times: int) -> Usage:
        return Usage(*(a * times for a in self.row()))

    def most(self, other: Usage) -> Usage:
        """The larger one, dimension by dimension."""
        return Usage(*(max(a, b) for a, b in zip(self.row(), other.row(), strict=True)))

    def within(self, other: Usage) -> bool:
        """Whether no dimension is larger than the other's."""
        return all(a <= b for a, b in zip(self.row(), other.row(), strict=True))

    def rises(self) -> Usage:
        """What is above zero; the rest is zero."""
        return self.most(Usage())

    def __getitem__(self, dimension: str) -> int:
        value: int = getattr(self, dimension)
        return value


DIMENSIONS: Final = tuple(field.name for field in fields(Usage))
"""In the order in which people read them, and in which ledgers store them: new ones come at the end."""
