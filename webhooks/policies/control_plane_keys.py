"""What a control plane keeps in Secrets is given to no machine and no tenant: whoever has its keys signs with them.

Cluster API, Flux and Sveltos read Secrets for whoever names them. By a file of a KubeadmConfig people who may read no
Secret would have the authority of every cluster beside theirs, a kubeconfig that never ends, and the password of the
database that Kamaji shares among tenants. Such Secrets are known by their owners; names are free.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from provisioning.documents import Overgrown
from provisioning.errors import Cause
from provisioning.resources import KAMAJI_CONTROL_PLANES, SECRETS, TENANT_CONTROL_PLANES
from webhooks import deliveries, inspection, named, tree
from webhooks.decision import Allow, Verdict, refuse
from webhooks.facts import Facts, Manifest
from webhooks.parts import Source
from webhooks.policy import Policy, Reach, Rule
from webhooks.review import Request

KEEPERS: Final = frozenset(kind.kind for kind in (KAMAJI_CONTROL_PLANES, TENANT_CONTROL_PLANES))
"""Who keeps keys in Secrets: those name it as their owner."""


def check(request: Request, facts: Facts) -> Verdict:
    manifest = request.object
    if manifest is None or not deliveries.is_concern(request, facts):
        return Allow()
    judge = _of_key if _is_secret(request) else _of_naming
    try:
        causes = list(judge(request, manifest, facts))
    except Overgrown as error:
        return inspection.refuse_unread(error)
    return refuse(*causes) if causes else Allow()


def _of_naming(request: Request, manifest: Manifest, facts: Facts) -> Iterator[Cause]:
    before = {_which(source) for source in named.by(request, request.old)} if request.old is not None else set()
    sources = [s for s in named.by(request, manifest) if s.kind == SECRETS.kind and _which(s) not in before]
    for source, secret in named.read(sources, request.namespace, facts):
        keeper = _keeper(secret)
        if keeper:
            yield Cause(
                source.field,
                f"the Secret {source.name} is what {keeper} keeps for itself: whoever has it is that cluster's "
                "authority or administrator for ever; leave it out, and ask for a ClusterAccess to get in",
            )


def _of_key(request: Request, manifest: Manifest, facts: Facts) -> Iterator[Cause]:
    """Of a Secret that comes after what names it, or was there as anybody's before a control plane took it."""
    keeper, name = _keeper(manifest), tree.dig(manifest, "metadata").get("name")
    if keeper and not _keeper(request.old or {}) and deliveries.is_sent(request, facts):
        yield Cause(
            "metadata.name",
            f"something in this namespace would give {name}, in which {keeper} keeps its keys, to a machine or a "
            "tenant; take it out there, and this is made by itself",
        )


def _which(source: Source) -> tuple[str, str, str]:
    """The same for one and the same Secret, by whatever field it is named."""
    return source.kind, source.namespace, source.name


def _keeper(secret: Manifest) -> str:
    """Whose keys are in it; empty when they are nobody's."""
    owners = tree.mappings(tree.dig(secret, "metadata").get("ownerReferences"))
    return next((f"the {o['kind']} {o.get('name')}" for o in owners if o.get("kind") in KEEPERS), "")


def _is_secret(request: Request) -> bool:
    return (request.group, request.resource) == (SECRETS.group, SECRETS.plural)


POLICY = Policy(
    "control_plane_keys",
    (
        *(rule for rule in deliveries.RULES if rule.resource in named.NAMING),
        Rule(SECRETS, reach=Reach.TENANTS),
    ),
    check,
)
