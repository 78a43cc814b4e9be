"""Why Pods do not run, in the words of Kubernetes: a Deployment itself says only that too few of them do. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from provisioning.manifest import Manifest

_MEANWHILE: Final = frozenset({"ContainerCreating", "PodInitializing"})
"""What every Pod waits for at first, and says nothing. A volume that cannot be mounted shows in Events only."""


def is_ready(thing: Manifest) -> bool:
    """Of a Pod, or a Node."""
    conditions = (thing.get("status") or {}).get("conditions") or ()
    return any(c.get("type") == "Ready" and c.get("status") == "True" for c in conditions)


def reasons(pod: Manifest) -> Iterator[str]:
    """A word each, and the sentence to it when there is one: `ImagePullBackOff: Back-off pulling image "x"`."""
    status = pod.get("status") or {}
    for condition in status.get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            yield _told(condition)
    for container in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        waiting = (container.get("state") or {}).get("waiting") or {}
        if waiting.get("reason") and waiting["reason"] not in _MEANWHILE:
            yield _told(waiting)


def trouble(pods: Iterable[Manifest], *, of: str) -> str:
    """Why the first Pod of the Deployment of that name that is not ready does not run; empty when nobody says."""
    # `<deployment>-<hash>-<random>`: so those of web-csi-controller are none of web.
    its_own = re.compile(rf"{re.escape(of)}-[a-z0-9]+-[a-z0-9]+")
    for pod in sorted(pods, key=lambda pod: str(pod["metadata"]["name"])):
        if its_own.fullmatch(pod["metadata"]["name"]) and not is_ready(pod):
            told = "; ".join(dict.fromkeys(reasons(pod)))
            if told:
                return told
    return ""


def _told(saying: Manifest) -> str:
    reason, message = saying.get("reason") or "", saying.get("message") or ""
    return f"{reason}: {message}" if reason and message else reason or message
