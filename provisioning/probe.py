"""Our own look at tenants' API servers: do they answer, are their Nodes ready and taken over, do DNS and network run.

Never waits for a tenant: whoever asks gets the last answer at once, and is told when a newer one differs. One small
task for each tenant asks, soon after something has changed and ever more seldom while nothing does. A tenant that hangs
costs a place in a queue of its own kind only, so the others are asked as quickly as ever. At rest the management
cluster is not asked at all: credentials are kept while they work, and read anew now and then.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Protocol

import structlog

from provisioning import access, errors, names, pods
from provisioning.access import Access
from provisioning.background import Background
from provisioning.manifest import Key, Manifest
from provisioning.resources import NODES, PODS, SECRETS, Resource

log = structlog.get_logger()

UNINITIALISED: Final = frozenset(
    {"node.cloudprovider.kubernetes.io/uninitialized", "node.cluster.x-k8s.io/uninitialized"}
)
"""Taints that the cloud controller manager takes off a new Node, and Cluster API."""
SYSTEM: Final = "kube-system"
NETWORK_PODS: Final = "k8s-app in (kube-dns,kube-proxy,cilium,calico-node,canal,kube-router)"
"""DNS and the usual networks by their own labels. Whatever else runs in kube-system is its administrators' matter."""
NAMED_AT_MOST: Final = 10


class Secrets(Protocol):
    """What a probe needs of `Kube`."""

    async def find(self, resource: Resource, name: str, *, namespace: str = "") -> Manifest | None: ...


@dataclass(frozen=True)
class Pace:
    """Seconds: how long an answer stands that satisfies, and one that does not: from `eager` up to `most`, while it
    stays the same. `timeout`: what a tenant may take to answer. `trust`: how long credentials that work are kept.
    """

    content: float = 600.0
    eager: float = 1.5
    most: float = 30.0
    timeout: float = 4.0
    trust: float = 3600.0
    at_once: int = 8

    def stands(self, *, content: bool, repeated: int) -> float:
        """Seconds until the next look, with jitter: a thousand tenants that came up together are not asked together."""
        wanted = self.content if content else min(self.most, self.eager * 1.3 ** min(repeated, 40))
        return wanted * (0.8 + random.random() * 0.4)  # noqa: S311 - jitter, no secret


@dataclass(frozen=True)
class Answer:
    """`obstacle` says in plain words why the API server cannot be used; empty when it can."""

    obstacle: str
    nodes_ready: int = 0
    uninitialised: tuple[str, ...] = ()
    """Names of the first few Nodes that nobody has taken over yet, so that nothing is scheduled to them."""
    unready: tuple[str, ...] = ()
    """What of DNS and network does not run, in plain words."""

    def satisfies(self, nodes: int) -> bool:
        """Whether it is all that one could hear of a tenant that should have so many Nodes."""
        return not (self.obstacle or self.uninitialised or self.unready) and self.nodes_ready >= nodes


NOT_YET = Answer("its API server has not been asked yet")


@dataclass
class _Known:
    """What is known of one tenant. `wanted` is what whoever asked last would be satisfied with."""

    answer: Answer = NOT_YET
    wanted: tuple[int, Hashable] = (0, None)
    repeated: int = 0
    access: Access | None = None
    access_at: float = 0.0
    awake: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class Probe(Background[_Known]):
    """Asks in the background. `changed` is called with the key whose answer is another now, `answered` each time that a
    tenant answers, with the way to it."""

    def __init__(
        self,
        secrets: Secrets,
        *,
        changed: Callable[[Key], None],
        answered: Callable[[Key, Access], None] = lambda *_: None,
        pace: Pace | None = None,
    ) -> None:
        self._pace = pace or Pace()
        super().__init__(at_once=self._pace.at_once)
        self._secrets = secrets
        self._changed = changed
        self._answered = answered

    def answer(self, key: Key, *, nodes: int, sign: Hashable = None) -> Answer:
        """The last answer. From now on the tenant is asked, more often while fewer than `nodes` are ready.

        `sign` is whatever hints that the answer may be another: when it changes, the tenant is asked at once.
        """
        known = self._known.setdefault(key, _Known())
        if known.wanted != (nodes, sign):
            known.wanted, known.repeated = (nodes, sign), 0
            known.awake.set()
        if known.task is None or known.task.done():
            # Whatever has ended it: a tenant that nobody asks would be told of for ever as it answered last.
            known.task = asyncio.ensure_future(self._follow(key, known))
        return known.answer

    def awaits(self, key: Key) -> bool:
        """Whether somebody wants to know, and the first answer is still to come."""
        known = self._known.get(key)
        return known is not None and known.answer is NOT_YET

    async def _follow(self, key: Key, known: _Known) -> None:
        while True:
            known.awake.clear()
            async with self._turn(hangs=bool(known.answer.obstacle) and known.answer is not NOT_YET):
                answer = await self._look(key, known)
            known.repeated = known.repeated + 1 if answer == known.answer else 0
            if answer != known.answer:
                log.info("tenant_answers", namespace=key[0], cluster=key[1], obstacle=answer.obstacle or None)
                known.answer = answer
                self._changed(key)
            if known.access is not None and not answer.obstacle:
                self._answered(key, known.access)
            # Signs may come in showers; nobody is asked more often than this.
            await asyncio.sleep(self._pace.eager)
            content = answer.satisfies(known.wanted[0])
            stands = self._pace.stands(content=content, repeated=known.repeated)
            with suppress(TimeoutError):
                async with asyncio.timeout(stands - self._pace.eager):
                    await known.awake.wait()

    async def _look(self, key: Key, known: _Known) -> Answer:
        kept = known.access is not None
        answer = await self._ask(key, known)
        if answer.obstacle and kept:
            # Perhaps it is the credentials that are old.
            known.access = None
            answer = await self._ask(key, known)
        return answer

    async def _ask(self, key: Key, known: _Known) -> Answer:
        try:
            async with asyncio.timeout(self._pace.timeout):
                found = await self._access(key, known)
        except access.UnusableKubeconfig as error:
            return Answer(f"its kubeconfig cannot be used: {error}")
        except errors.Forbidden as error:
            return Answer(f"its kubeconfig may not be read: {error.message}")
        except (errors.KubeError, TimeoutError):
            # The management cluster has a bad moment; that says nothing of the tenant.
            return known.answer
        if found is None:
            return Answer("its kubeconfig is not there")
        try:
            async with asyncio.timeout(self._pace.timeout), found.connect() as tenant:
                await tenant.text("/readyz")
                nodes = (await tenant.list(NODES)).items
                network = (await tenant.list(PODS, namespace=SYSTEM, labels=NETWORK_PODS)).items
                return _told(nodes, network)
        except access.UnusableKubeconfig as error:
            return Answer(f"its kubeconfig cannot be used: {error}")
        except (errors.KubeError, TimeoutError):
            return Answer("its API server does not answer")

    async def _access(self, key: Key, known: _Known) -> Access | None:
        """The tenant's credentials, read when they are not known, or old. None when they are not there."""
        if known.access is None or time.monotonic() - known.access_at >= self._pace.trust:
            secret = await self._secrets.find(SECRETS, names.kubeconfig_secret(key[1]), namespace=key[0])
            known.access = access.of_secret(secret) if secret is not None else None
            known.access_at = time.monotonic()
        return known.access


def _told(nodes: list[Manifest], network: list[Manifest]) -> Answer:
    """What a tenant that answers says of itself."""
    ready = sum(map(pods.is_ready, nodes))
    return Answer(
        "",
        nodes_ready=ready,
        uninitialised=tuple(sorted(map(_name, filter(_is_uninitialised, nodes)))[:NAMED_AT_MOST]),
        # Without a Node that is ready they have nowhere to run.
        unready=tuple(_down(network)) if ready else (),
    )


def _is_uninitialised(node: Manifest) -> bool:
    return any(taint["key"] in UNINITIALISED for taint in (node.get("spec") or {}).get("taints") or ())


def _down(network: Iterable[Manifest]) -> Iterator[str]:
    """What runs nowhere at all. One Pod of several may always be missing for a moment."""
    by_app: defaultdict[str, list[Manifest]] = defaultdict(list)
    for pod in network:
        by_app[pod["metadata"]["labels"]["k8s-app"]].append(pod)
    for app, all_of_it in sorted(by_app.items()):
        if not any(map(pods.is_ready, all_of_it)):
            reasons = sorted({reason for pod in all_of_it for reason in pods.reasons(pod)})
            yield f"{app}: 0 of {len(all_of_it)} Pods are ready" + (f" ({', '.join(reasons)})" if reasons else "")


def _name(manifest: Manifest) -> str:
    name: str = manifest["metadata"]["name"]
    return name
