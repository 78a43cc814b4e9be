"""Whose an object is, verified: by the uid of what lives, never by the words of a reference or a label. Pure.

Who may write an object may write whatever owners into it. So an owner counts only if an object of that kind and name
is there, in the same namespace, with that very uid; and where many have one owner, all of them are counted together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from provisioning.manifest import Manifest
from provisioning.resources import MACHINE_SETS, MACHINES, Resource


class Surroundings(Protocol):
    """What else there is, as it is now. Raises whatever its own door raises for what it cannot say."""

    def get(self, resource: Resource, name: str, *, namespace: str = "") -> Manifest | None:
        """The object, None when there is none."""
        ...

    def list(self, resource: Resource, *, namespace: str = "") -> Sequence[Manifest]:
        """All objects of the kind in the namespace."""
        ...


def owner(manifest: Manifest, kind: Resource, there: Surroundings, *, controlling: bool = True) -> Manifest | None:
    """The object of this kind that owns the manifest, as its controller unless said otherwise."""
    meta = manifest["metadata"]
    for claim in claims(manifest, kind, controlling=controlling):
        found = there.get(kind, str(claim.get("name")), namespace=meta["namespace"])
        if found is not None and found["metadata"]["uid"] == claim.get("uid"):
            return found
    return None


def claims(manifest: Manifest, kind: Resource, *, controlling: bool = True) -> Iterator[Mapping[str, Any]]:
    """The references to owners of this kind. Claims, and no more."""
    for claim in manifest["metadata"].get("ownerReferences") or ():
        # What has no slash is a version of the core group.
        group = str(claim.get("apiVersion", "")).rpartition("/")[0]
        if (claim.get("kind"), group) == (kind.kind, kind.group) and (claim.get("controller") or not controlling):
            yield claim


def named(manifest: Manifest, kinds: Iterable[Resource]) -> Iterator[tuple[Resource, str]]:
    """What the manifest says that it is a part of. Claims again."""
    for kind in kinds:
        for claim in claims(manifest, kind, controlling=False):
            yield kind, str(claim.get("name"))


def families(kind: Resource, there: Surroundings, *, namespace: str) -> dict[str, list[Manifest]]:
    """All of a kind that name a controller, by its uid: whoever lives and has that uid has these for children."""
    found: dict[str, list[Manifest]] = {}
    for one in there.list(kind, namespace=namespace):
        for uid in {str(claim.get("uid")) for claim in _owners(one) if claim.get("controller")}:
            found.setdefault(uid, []).append(one)
    return found


class MachineSets:
    """Which MachineSet each KubevirtMachine of a namespace was made for.

    At first it names the MachineSet, which is not its controller; then its Machine takes it over as its controller, and
    the MachineSet is that Machine's. Source: cluster-api, `core/reconcilers/machineset` and `.../machine`.
    """

    def __init__(self, there: Surroundings, namespace: str) -> None:
        self._sets = {uid_of(one): one for one in there.list(MACHINE_SETS, namespace=namespace)}
        self._machines = {uid_of(one): one for one in there.list(MACHINES, namespace=namespace)}

    def of(self, kubevirt_machine: Manifest) -> Manifest | None:
        """The MachineSet, None when it was made for none."""
        for claim in _owners(kubevirt_machine):
            machine = self._machines.get(str(claim.get("uid")))
            if machine is not None and not _is_made_of(machine, kubevirt_machine):
                continue
            found = self._sets.get(str(claim.get("uid")) if machine is None else _controller(machine))
            if found is not None:
                return found
        return None

    def left_of(self, kubevirt_machine: Manifest) -> str:
        """The cluster whose Machine this is, if that one's MachineSet is gone; "" otherwise."""
        for claim in _owners(kubevirt_machine):
            machine = self._machines.get(str(claim.get("uid")))
            if machine is not None and _is_made_of(machine, kubevirt_machine):
                sets = {str(set_.get("uid")) for set_ in claims(machine, MACHINE_SETS)}
                return (
                    str((machine.get("spec") or {}).get("clusterName", ""))
                    if sets and sets.isdisjoint(self._sets)
                    else ""
                )
        return ""


def name_of(manifest: Manifest) -> str:
    return str(manifest["metadata"]["name"])


def uid_of(manifest: Manifest) -> str:
    return str(manifest["metadata"]["uid"])


def _is_made_of(machine: Manifest, kubevirt_machine: Manifest) -> bool:
    """Whether this is the one machine that the Machine stands for: it has no second one."""
    reference = (machine.get("spec") or {}).get("infrastructureRef") or {}
    return bool(reference.get("name") == kubevirt_machine["metadata"]["name"])


def _controller(manifest: Manifest) -> str:
    return next((str(claim.get("uid")) for claim in _owners(manifest) if claim.get("controller")), "")


def _owners(manifest: Manifest) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = manifest["metadata"].get("ownerReferences") or ()
    return found
