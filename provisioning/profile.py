"""Which generation of Cluster API's APIs a management cluster speaks. Pure.

All of the program renders and reads the newer one; for the older one a `provisioning.legacy_kube` stands at the door.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Literal

from provisioning import legacy
from provisioning.resources import Resource


class Profile(StrEnum):
    """Chosen once, when a program starts."""

    V1BETA2 = "v1beta2"
    """Cluster API 1.12 or newer with Kamaji's provider 0.20 or newer."""
    V1BETA1 = "v1beta1"
    """Kamaji's provider up to 0.19, with a Cluster API that serves v1beta1."""

    def at(self, kind: Resource) -> Resource:
        """Where the kind is served."""
        return legacy.old(kind) if self is Profile.V1BETA1 else kind


AUTO: Final = "auto"
Setting = Literal["auto", "v1beta2", "v1beta1"]
"""`auto` leaves it to what the API server serves."""


def spoken(groups: Mapping[str, tuple[str, ...]]) -> Profile:
    """By the versions that an API server serves, by API group.

    The old one only where all of it is served, and not all of the new: what lacks a provider is held to the new one.
    """
    new = [api_version.split("/") for api_version in legacy.OLD]
    old = [api_version.split("/") for api_version in legacy.NEW]
    return Profile.V1BETA1 if _serves(groups, old) and not _serves(groups, new) else Profile.V1BETA2


def _serves(groups: Mapping[str, tuple[str, ...]], wanted: list[list[str]]) -> bool:
    return all(version in groups.get(group, ()) for group, version in wanted)
