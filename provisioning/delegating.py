"""ApprovalDelegations as the desk writes them: one of each approver in a namespace, the newer in place of the older."""

from __future__ import annotations

from datetime import datetime

from provisioning import errors, names
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.model import ApprovalDelegation, DelegationSpec, Person
from provisioning.objects import Stored, format_time
from provisioning.resources import APPROVAL_DELEGATIONS


def manifest(namespace: str, approver: Person, delegate: Person, *, until: datetime, reason: str) -> Manifest:
    """Named after the approver, so that saying it twice is saying it once."""
    spec = DelegationSpec(approver=approver, delegate=delegate, until=format_time(until), reason=reason)
    return {
        "apiVersion": APPROVAL_DELEGATIONS.api_version,
        "kind": APPROVAL_DELEGATIONS.kind,
        "metadata": {"name": names.delegation_name(approver.user), "namespace": namespace},
        "spec": spec.wire(),
    }


async def put(kube: Kube, wanted: Manifest) -> None:
    """Write it in place of what was there. Raises `KubeError`; `Conflict` when somebody else writes it just now."""
    try:
        await kube.create(APPROVAL_DELEGATIONS, wanted)
    except errors.AlreadyExists:
        meta = wanted["metadata"]
        present = await kube.get(APPROVAL_DELEGATIONS, meta["name"], namespace=meta["namespace"])
        await kube.replace(APPROVAL_DELEGATIONS, {**present, "spec": wanted["spec"]})


async def end(kube: Kube, one: Stored[ApprovalDelegation]) -> None:
    """It holds no longer. One that is gone already is as well ended."""
    try:
        await kube.delete(APPROVAL_DELEGATIONS, one.meta.name, namespace=one.meta.namespace, uid=one.meta.uid)
    except errors.NotFound:
        return
