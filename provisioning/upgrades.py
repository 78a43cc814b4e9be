"""The way from one Kubernetes version to the next: which may follow which, and what a cluster's parts may have now.

Pure. Decided from the Catalog and from what stands, never from what was done before: whoever takes over goes on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from provisioning import resources
from provisioning.errors import Cause, RuleError
from provisioning.manifest import Manifest
from provisioning.model import Release

_VERSION: Final = re.compile(r"v?([0-9]+\.[0-9]+\.[0-9]+)")
_POOLS: Final = resources.MACHINE_DEPLOYMENTS.kind


@dataclass(frozen=True)
class Versions:
    """What a cluster's parts are to have now. Workers trail behind a control plane that is being upgraded: Cluster API
    starts no machine that is newer than it."""

    control_plane: str
    workers: str


def numbers(version: str) -> tuple[int, ...]:
    """A version so that it can be compared."""
    return tuple(int(part) for part in version.removeprefix("v").split("."))


def is_step(before: str, after: str) -> bool:
    """Whether Kamaji goes from one version to the other at once: never back, and no minor version left out."""
    (old_major, old_minor, *_), (major, minor, *_) = numbers(before), numbers(after)
    return numbers(after) > numbers(before) and major == old_major and minor - old_minor <= 1


def follows(release: Release, before: str) -> bool:
    """Whether a cluster may go from that version to this release at once, by Kamaji's rule and the Catalog's."""
    return is_step(before, release.version) and (not release.upgrades_from or before in release.upgrades_from)


def way(here: str, wanted: str, releases: Iterable[Release]) -> tuple[str, ...]:
    """The versions to go through from one to the other, the wanted one last; empty when there is no way.

    The shortest way, and of several the one over the newest versions.
    """
    newest_first = sorted(releases, key=lambda release: numbers(release.version), reverse=True)
    ways: dict[str, tuple[str, ...]] = {here: ()}
    places = [here]
    # The list grows while it is walked, so nearer versions come before those that are farther away.
    for place in places:
        for release in newest_first:
            if release.version not in ways and follows(release, place):
                ways[release.version] = (*ways[place], release.version)
                places.append(release.version)
    return ways.get(wanted, ())


def versions(wanted: str, releases: Sequence[Release], existing: Iterable[Manifest], *, hold: bool = False) -> Versions:
    """What control plane and workers are to have now, on the way to the wanted version. `hold`: nothing begins.

    The control plane goes first and the workers when it has really arrived; it goes on only when no worker of an
    earlier version is left. Raises `RuleError` when there is no way.
    """
    there = list(existing)
    told = [tidy(m["spec"]["template"]["spec"].get("version")) for m in there if m["kind"] == _POOLS]
    control_plane = next((m for m in there if m["kind"] == resources.KAMAJI_CONTROL_PLANES.kind), None)
    if control_plane is None:
        # Made anew over data that is there, it must not be older: it had reached what its workers were told to be.
        first = max(filter(None, told), key=numbers, default=wanted)
        return Versions(first, first)
    reached = tidy((control_plane.get("status") or {}).get("version"))
    asked = tidy(control_plane["spec"].get("version")) or reached or wanted
    here = reached or asked
    if hold or asked == wanted:
        return Versions(asked, here)
    if here == wanted:
        # Somebody else asked for more than was wanted.
        return Versions(wanted, here)
    ahead = way(here, wanted, releases)
    if not ahead:
        raise RuleError(Cause("spec.version", _no_way(here, wanted)))
    if asked == here:
        made = [tidy(m["spec"].get("version")) for m in there if m["kind"] == resources.MACHINES.kind]
        rolled = all(version == here for version in (*told, *made))
        return Versions(ahead[0] if rolled else here, here)
    # Half-way there already. A later patch of the same minor version may mend what keeps it from arriving.
    mends = is_step(asked, ahead[0]) and numbers(asked)[:2] == numbers(ahead[0])[:2]
    return Versions(ahead[0] if mends else asked, here)


def _no_way(here: str, wanted: str) -> str:
    if numbers(wanted) < numbers(here):
        return f"the control plane runs {here}, and cannot go back to {wanted}"
    return f"the control plane runs {here}, and the Catalog has no way from there to {wanted}"


def tidy(version: str | None) -> str:
    """With the v that the Catalog writes; providers take it with or without. Empty for what is no version."""
    found = _VERSION.fullmatch(version or "")
    return f"v{found[1]}" if found else ""
