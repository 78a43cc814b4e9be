"""What an hour of something costs. Pure and exact: millionths of the currency, never a float.

A price belongs to a resource, not to a flavor, so that what is made by hand is priced like everything else, and what
is used is priced anew the moment that the Catalog says something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from typing import Final

from provisioning.model.catalog import PriceList
from provisioning.usage import Usage

MICRO: Final = 10**6
MOST: Final = 10**15 - 1
"""The largest amount that the API can show."""
_UNITS: Final = {"vcpu": 1000, "memory": 2**30, "storage": 2**30}
"""How much of a dimension one price is for; one piece where it is not said."""


@dataclass(frozen=True)
class Prices:
    """Millionths of the currency for an hour of one unit of `Usage`, by dimension."""

    currency: str = ""
    by_dimension: Mapping[str, Fraction] = field(default_factory=dict)

    def of(self, usage: Usage) -> int:
        """What an hour of this costs, in millionths of the currency, rounded up."""
        return -int(-sum((usage[name] * price for name, price in self.by_dimension.items()), Fraction()) // 1)


FREE: Final = Prices()


def of(listed: PriceList | None) -> Prices:
    """The prices of a Catalog; nothing costs anything where it has none."""
    if listed is None:
        return FREE
    texts = {
        "clusters": listed.cluster,
        "nodes": listed.node,
        "vcpu": listed.vcpu,
        "memory": listed.memory_gib,
        "storage": listed.storage_gib,
        "gpus": listed.gpu,
        "control_plane_replicas": listed.control_plane_replica,
        "load_balancers": listed.load_balancer,
    }
    return Prices(
        listed.currency,
        {name: Fraction(text) * MICRO / _UNITS.get(name, 1) for name, text in texts.items() if text},
    )


def parse(text: str) -> int:
    """An amount of the currency, as the API writes it, in millionths. Exact: there are six digits at most."""
    return int(Fraction(text) * MICRO)


def over(hourly: int, span: timedelta) -> int:
    """What so long costs at so much an hour, rounded up."""
    return -(-hourly * int(span.total_seconds()) // 3600)


def rounded(micro: int) -> int:
    """Up to the next hundredth of the currency, which is as much as people pay."""
    return -(-micro // 10_000) * 10_000


def show(micro: int) -> str:
    """Millionths as an amount of the currency: `0.25`, `12`, `0.000001`."""
    whole, rest = divmod(micro, MICRO)
    digits = f"{rest:06d}".rstrip("0")
    return f"{whole}.{digits:0<2}" if digits else str(whole)
