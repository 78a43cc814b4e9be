"""What controllers act by in Secrets of a cluster they write themselves: its kubeconfig, and its authorities' keys.

Cluster API reads the Secret `<cluster>-kubeconfig` in its own Pod, as do the components hosted beside a control plane.
A kubeconfig with `exec` in it runs a command there, and one with another server hands what they know to whoever waits
under that address (kubernetes/kubectl issue 697).

Kamaji keeps what is there and valid. Whoever writes `<cluster>-ca` before the control plane comes has the key of its
authority for ever. So the names are held whether there is such a cluster or not; only an authority's certificate
without its key may be anybody's.
"""

from __future__ import annotations

from typing import Final

from provisioning import names
from provisioning.errors import Cause
from provisioning.manifest import Manifest
from provisioning.resources import SECRETS
from webhooks import reading, tree
from webhooks.decision import Allow, Verdict, refuse
from webhooks.facts import Facts
from webhooks.policies.control_plane_keys import KEPT
from webhooks.policy import Policy, Reach, Rule
from webhooks.review import Request

SUFFIX: Final = names.kubeconfig_secret("")
"""What their names end with; those of Kamaji's own do as well."""
AUTHORITY: Final = "-ca"
_KEPT: Final = tuple(f"-{name}" for name in KEPT)


def check(request: Request, facts: Facts) -> Verdict:
    new, old = request.object, request.old
    name = str((new or {}).get("metadata", {}).get("name", ""))
    if new is None or not name.endswith((SUFFIX, *_KEPT)) or (old is not None and old.get("data") == new.get("data")):
        return Allow()
    if name.endswith(AUTHORITY) and not _holds_key(new):
        return Allow()
    if facts.trusted.is_system(request.user) or reading.tenant_of(facts, request.namespace) is None:
        return Allow()
    taken = "the kubeconfig" if name.endswith(SUFFIX) else "keys"
    text = (
        f"{name} would be taken for {taken} of a cluster, which Kamaji and its provider write and controllers of the "
        f"management cluster act by, and not {request.user.name}; take another name"
    )
    return refuse(Cause("metadata.name", text))


def _holds_key(secret: Manifest) -> bool:
    return any(key.endswith(".key") for part in ("data", "stringData") for key in tree.dig(secret, part))


POLICY = Policy("kubeconfig_writers", (Rule(SECRETS, reach=Reach.TENANTS),), check)
