"""What controllers act by in Secrets of a cluster they write themselves: its kubeconfig, and its authorities' keys.

Cluster API reads the Secret `<cluster>-kubeconfig` in its own Pod, as do the components hosted beside a control plane.
A kubeconfig with `exec` in it runs a command there, and one with another server hands what they know to whoever waits
under that address (kubernetes/kubectl issue 697).

Kamaji keeps what is there and valid. Whoever writes `<cluster>-ca` before the control plane comes has the key of its
authority for ever. So the names are held whether there is such a cluster or not; only an authority's certificate
without its key may be anybody's. But databases and their like have authorities of such names as well, which operators
renew without a word: those are theirs where no cluster is called so, and no cluster is made under that name then. So is
what is no authority at all, as Kamaji has them, but a certificate with a key.
"""

from __future__ import annotations

from typing import Final

from provisioning import names
from provisioning.errors import Cause
from provisioning.manifest import Manifest
from provisioning.resources import (
    CLUSTERS,
    KAMAJI_CONTROL_PLANES,
    SECRETS,
    TENANT_CLUSTERS,
    TENANT_CONTROL_PLANES,
)
from webhooks import reading, tree
from webhooks.decision import Allow, Verdict, refuse
from webhooks.facts import Facts, One
from webhooks.policies.control_plane_keys import KEPT, keeper_of
from webhooks.policy import CREATE, Policy, Reach, Rule
from webhooks.review import Request
from webhooks.tree import Tree

SUFFIX: Final = names.kubeconfig_secret("")
"""What their names end with; those of Kamaji's own do as well."""
REGISTERED: Final = f"-sveltos{SUFFIX}"
"""Sveltos' own, of a cluster that is registered there and none of Cluster API's."""
AUTHORITY: Final = "-ca"
KEY: Final = "ca.key"
"""What Kamaji keeps of it, with the certificate; all else it writes over."""
_KEPT: Final = tuple(f"-{name}" for name in KEPT)
_CALLED: Final = (TENANT_CLUSTERS, CLUSTERS, KAMAJI_CONTROL_PLANES, TENANT_CONTROL_PLANES)
"""What is called as a cluster is, or will be."""


def check(request: Request, facts: Facts) -> Verdict:
    new = request.object
    if new is None:
        return Allow()
    return _of_secret(new, request, facts) if request.resource == SECRETS.plural else _of_control_plane(request, facts)


def _of_secret(new: Manifest, request: Request, facts: Facts) -> Verdict:
    old, name = request.old, str(new["metadata"].get("name", ""))
    if not name.endswith((SUFFIX, *_KEPT)) or (old is not None and _said(old) == _said(new)):
        return Allow()
    if name.endswith(AUTHORITY) and not _holds_key(new):
        return Allow()
    if facts.trusted.is_system(request.user) or reading.tenant_of(facts, request.namespace) is None:
        return Allow()
    if name.endswith(REGISTERED) and request.user.name in facts.trusted.sveltos:
        return Allow()
    if name.endswith(AUTHORITY) and not keeper_of(new) and _may_be_theirs(new, request, facts):
        clusters = [One(kind, name.removesuffix(AUTHORITY), request.namespace) for kind in _CALLED]
        facts.need(*clusters)
        if not any(facts.get(one.resource, one.name, namespace=one.namespace) for one in clusters):
            return Allow()
    taken = "the kubeconfig" if name.endswith(SUFFIX) else "keys"
    text = (
        f"{name} would be taken for {taken} of a cluster, which Kamaji and its provider write and controllers of the "
        f"management cluster act by, and not {request.user.name}; take another name"
    )
    return refuse(Cause("metadata.name", text))


def _of_control_plane(request: Request, facts: Facts) -> Verdict:
    """Of one that comes where its authority is somebody's already, whoever makes it: for tenants others do."""
    if reading.is_platforms(facts, request) or reading.tenant_of(facts, request.namespace) is None:
        return Allow()
    name = f"{request.either['metadata']['name']}{AUTHORITY}"
    there = facts.get(SECRETS, name, namespace=request.namespace)
    if there is None or not _holds_key(there) or keeper_of(there):
        return Allow()
    text = (
        f"there is a Secret {name} with a key already, which is not Kamaji's and would be taken for this cluster's "
        "authority; take another name, or delete that Secret if nothing needs it"
    )
    return refuse(Cause("metadata.name", text))


def _may_be_theirs(new: Manifest, request: Request, facts: Facts) -> bool:
    """Whether Kamaji would take nothing of it, or somebody writes it who is not to be suspected of meaning that."""
    return KEY not in _keys(new) or reading.is_by_operator(request.user, facts)


def _said(secret: Manifest) -> tuple[Tree, str]:
    """What it holds, and whose keys it says that these are."""
    return tree.dig(secret, "data"), keeper_of(secret)


def _holds_key(secret: Manifest) -> bool:
    return any(key.endswith(".key") for key in _keys(secret))


def _keys(secret: Manifest) -> set[str]:
    return {key for part in ("data", "stringData") for key in tree.dig(secret, part)}


POLICY = Policy(
    "kubeconfig_writers",
    (Rule(SECRETS, reach=Reach.TENANTS), Rule(KAMAJI_CONTROL_PLANES, (CREATE,))),
    check,
)
