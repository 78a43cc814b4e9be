"""Our own look at tenants' API servers: do they answer, and how many Nodes do they call ready.

Never waits for a tenant: whoever asks gets the last answer at once, and is told when a newer one differs. A tenant that
hangs costs one bounded task, and nobody is asked more often than the pace allows.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from provisioning import access, errors, names
from provisioning.kube import Manifest
from provisioning.resources import NODES, SECRETS, Resource

log = structlog.get_logger()

Key = tuple[str, str]
"""Namespace and name of the cluster."""


class Secrets(Protocol):
    """What a probe needs of `Kube`."""

    async def find(self, resource: Resource, name: str, *, namespace: str = "") -> Manifest | None: ...


@dataclass(frozen=True)
class Pace:
    """Seconds: how long an answer stands, how long one that did not satisfy, how long a tenant may take to answer."""

    content: float = 15.0
    eager: float = 1.5
    timeout: float = 4.0
    at_once: int = 8


@dataclass(frozen=True)
class Answer:
    """`obstacle` says in plain words why the API server cannot be used; empty when it can."""

    obstacle: str
    nodes_ready: int = 0


NOT_YET = Answer("its API server has not been asked yet")


@dataclass
class _Known:
    answer: Answer
    at: float
    task: asyncio.Task[None] | None = None


class Probe:
    """Asks in the background. `changed` is called with the key whose answer is another now."""

    def __init__(self, secrets: Secrets, *, changed: Callable[[Key], None], pace: Pace | None = None) -> None:
        self._secrets = secrets
        self._changed = changed
        self._pace = pace or Pace()
        self._known: dict[Key, _Known] = {}
        self._gate = asyncio.Semaphore(self._pace.at_once)

    def answer(self, key: Key, *, nodes: int) -> Answer:
        """The last answer. Asks again when it is old, sooner while fewer than `nodes` are ready."""
        known = self._known.setdefault(key, _Known(NOT_YET, at=float("-inf")))
        content = not known.answer.obstacle and known.answer.nodes_ready >= nodes
        stands = self._pace.content if content else self._pace.eager
        if known.task is None and time.monotonic() - known.at >= stands:
            known.task = asyncio.ensure_future(self._ask(key, known))
        return known.answer

    def forget(self, key: Key) -> None:
        """The cluster is gone."""
        known = self._known.pop(key, None)
        if known is not None and known.task is not None:
            known.task.cancel()

    async def close(self) -> None:
        """Stop asking."""
        tasks = [known.task for known in self._known.values() if known.task is not None]
        for key in list(self._known):
            self.forget(key)
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, key: Key, known: _Known) -> None:
        async with self._gate:
            answer = await self._look(key)
        known.at, known.task = time.monotonic(), None
        if answer != known.answer:
            log.info("tenant_answers", namespace=key[0], cluster=key[1], obstacle=answer.obstacle or None)
            known.answer = answer
            self._changed(key)

    async def _look(self, key: Key) -> Answer:
        try:
            async with asyncio.timeout(self._pace.timeout):
                secret = await self._secrets.find(SECRETS, names.kubeconfig_secret(key[1]), namespace=key[0])
                if secret is None:
                    return Answer("its kubeconfig is not there")
                async with access.of_secret(secret).connect() as tenant:
                    await tenant.text("/readyz")
                    nodes = await tenant.list(NODES)
        except access.UnusableKubeconfig as error:
            return Answer(f"its kubeconfig cannot be used: {error}")
        except (errors.KubeError, TimeoutError):
            return Answer("its API server does not answer")
        return Answer("", nodes_ready=sum(map(_is_ready, nodes.items)))


def _is_ready(node: Manifest) -> bool:
    conditions = (node.get("status") or {}).get("conditions") or ()
    return any(c.get("type") == "Ready" and c.get("status") == "True" for c in conditions)
