"""What a control plane keeps in Secrets is given to no machine and no tenant: whoever has its keys signs with them.

Cluster API, Flux and Sveltos read Secrets for whoever names them. By a file of a KubeadmConfig, or the values of a
release that stays in the management cluster, people who may read no Secret would have the authority of every cluster
beside theirs, a kubeconfig that never ends, and the password of the database that Kamaji shares among tenants. Such
Secrets are known by their owners; names are free.

Kamaji writes some fifteen of them for each cluster, and what could name one is in as many lists. So the lists are asked
once, when the control plane comes, about all the names that it will use; from then on nothing may name
one of them, whether the Secret is there or not.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterator
from typing import Final

from provisioning.documents import Overgrown
from provisioning.errors import Cause
from provisioning.manifest import Key, Manifest, key_of
from provisioning.resources import KAMAJI_CONTROL_PLANES, SECRETS, TENANT_CONTROL_PLANES
from webhooks import deliveries, extent, inspection, named, tree
from webhooks.decision import Allow, Verdict, refuse
from webhooks.facts import All, Facts, One
from webhooks.parts import Source
from webhooks.policy import Policy, Reach, Rule
from webhooks.review import Request

KEEPERS: Final = (KAMAJI_CONTROL_PLANES, TENANT_CONTROL_PLANES)
"""Who keeps keys in Secrets: those name it as their owner."""
EACH_MAX: Final = 20
"""Control planes that are asked about one by one. For more, all of the namespace are listed: people can name hundreds,
and cannot have as many. Only what Sveltos has for all clusters names some of several namespaces."""

KEPT: Final = (
    *(f"{name}-certificate" for name in ("api-server", "api-server-kubelet-client", "datastore", "konnectivity", "sa")),
    *(f"front-proxy-{name}-certificate" for name in ("ca", "client")),
    *(f"{name}-kubeconfig" for name in ("admin", "controller-manager", "konnectivity", "scheduler")),
    *("ca", "datastore-config", "kubeconfig"),
)
"""What Kamaji and its provider call them, after the name of the control plane and a dash. Source: clastix/kamaji,
`internal/resources`; of others the lists are asked for each."""


def check(request: Request, facts: Facts) -> Verdict:
    manifest = request.object
    if manifest is None or not deliveries.is_concern(request, facts):
        return Allow()
    try:
        causes = list(_judge_of(request)(request, manifest, facts))
    except Overgrown as error:
        return inspection.refuse_unread(error)
    return refuse(*causes) if causes else Allow()


def _may_matter(request: Request) -> bool:
    """Who keeps keys, and the keys, are looked at whatever changes; who names them, where they say something else."""
    return _judge_of(request) is not _of_naming or extent.says_something_else(request)


def _judge_of(request: Request) -> Callable[[Request, Manifest, Facts], Iterator[Cause]]:
    return _JUDGES.get((request.group, request.resource), _of_naming)


def _of_naming(request: Request, manifest: Manifest, facts: Facts) -> Iterator[Cause]:
    before = {_which(source) for source in named.by(request, request.old)} if request.old is not None else set()
    sources = [s for s in named.by(request, manifest) if s.kind == SECRETS.kind and _which(s) not in before]
    kept = {source: keeper_of(secret) for source, secret in named.read(sources, request.namespace, facts)}
    namesakes = {source: _namesakes(source, request.namespace) for source in sources if not kept.get(source)}
    there = _there(frozenset(itertools.chain(*namesakes.values())), facts)
    for source in sources:
        keeper = kept.get(source) or next((there[key] for key in namesakes.get(source, ()) if key in there), "")
        if keeper:
            yield Cause(
                source.field,
                f"the Secret {source.name} is what {keeper} keeps for itself: whoever has it is that cluster's "
                "authority or administrator for ever; leave it out, and ask for a ClusterAccess to get in",
            )


def _namesakes(source: Source, namespace: str) -> list[Key]:
    """Which control planes would have that name for keys of theirs, though those may not be there yet."""
    place = source.namespace or namespace
    names = [source.name.removesuffix(f"-{key}") for key in KEPT if source.name.endswith(f"-{key}")]
    return [(place, name) for name in names if name and place]


def _there(namesakes: Collection[Key], facts: Facts) -> dict[Key, str]:
    """Which of these control planes there are, and what each is. However many are asked about, few questions are."""
    if len(namesakes) <= EACH_MAX:
        facts.need(*(One(kind, name, place) for place, name in namesakes for kind in KEEPERS))
        found = {kind: [(p, n) for p, n in namesakes if facts.get(kind, n, namespace=p)] for kind in KEEPERS}
    else:
        places = {place for place, _ in namesakes}
        where = "" if len(places) > 1 else places.pop()
        facts.need(*(All(kind, where) for kind in KEEPERS))
        found = {kind: [*map(key_of, facts.list(kind, namespace=where))] for kind in KEEPERS}
    # The first kind wins.
    return {key: f"the {kind.kind} {key[1]}" for kind in reversed(KEEPERS) for key in found[kind]}


def _of_keeper(request: Request, manifest: Manifest, facts: Facts) -> Iterator[Cause]:
    """Of a control plane that comes after what names its keys."""
    if request.old is not None:
        return
    name = tree.dig(manifest, "metadata").get("name")
    for user, source in named.anywhere(SECRETS.kind, [f"{name}-{key}" for key in KEPT], request.namespace, facts):
        yield Cause(
            "metadata.name",
            f"{source.field} of the {user['kind']} {user['metadata']['name']} would give {source.name}, in which it "
            "keeps its keys, to others; take it out there, or take another name",
        )


def _of_key(request: Request, manifest: Manifest, facts: Facts) -> Iterator[Cause]:
    """Of a Secret that comes after what names it, or was there as anybody's before a control plane took it."""
    keeper, name = keeper_of(manifest), tree.dig(manifest, "metadata").get("name")
    if not keeper or keeper_of(request.old or {}) or name in [f"{keeper.rpartition(' ')[2]}-{key}" for key in KEPT]:
        return
    if deliveries.is_read(request, facts):
        yield Cause(
            "metadata.name",
            f"something in this namespace would give {name}, in which {keeper} keeps its keys, to others; take it "
            "out there, and this is made by itself",
        )


def _which(source: Source) -> tuple[str, str, str]:
    """The same for one and the same Secret, by whatever field it is named."""
    return source.kind, source.namespace, source.name


def keeper_of(secret: Manifest) -> str:
    """Whose keys are in it; empty when they are nobody's."""
    owners = tree.mappings(tree.dig(secret, "metadata").get("ownerReferences"))
    kinds = [kind.kind for kind in KEEPERS]
    return next((f"the {o['kind']} {o.get('name')}" for o in owners if o.get("kind") in kinds), "")


_JUDGES: Final = {
    (SECRETS.group, SECRETS.plural): _of_key,
    **{(kind.group, kind.plural): _of_keeper for kind in KEEPERS},
}

POLICY = Policy(
    "control_plane_keys",
    (
        *(rule for rule in deliveries.RULES if rule.resource in (*named.NAMING, *KEEPERS)),
        Rule(SECRETS, reach=Reach.TENANTS),
    ),
    check,
    concerns=_may_matter,
)
