"""What goes with a cluster, counted from what carries its label."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning import losses
from provisioning.losses import Losses

GI = 2**30


def owned(kind: str) -> dict[str, Any]:
    return {"name": "x", "ownerReferences": [{"kind": kind, "name": "web"}]}


def claim(size: object = "10Gi", meta: Any = None) -> dict[str, Any]:
    return {"metadata": meta or {"name": "pvc-1"}, "spec": {"resources": {"requests": {"storage": size}}}}


def service(type_: str = "LoadBalancer", meta: Any = None) -> dict[str, Any]:
    return {"metadata": meta or {"name": "shop"}, "spec": {"type": type_}}


@pytest.mark.parametrize(
    ("services", "claims", "lost"),
    [
        ([], [], Losses()),
        ([service(), service()], [claim(), claim("1Gi")], Losses(2, 11 * GI, 2)),
        ([service("ClusterIP")], [], Losses()),
        ([service(meta=owned("TenantControlPlane"))], [], Losses()),
        ([], [claim(meta=owned("PersistentVolumeClaim"))], Losses()),
        ([], [claim(meta=owned("DataVolume"))], Losses(1, 10 * GI)),
        ([], [claim("many")], Losses(1)),
        ([], [{"metadata": {"name": "pvc-2"}}], Losses(1)),
    ],
    ids=[
        *("nothing", "both", "no load balancer", "the address of its API server", "one that fills another"),
        *("one of a volume", "a size that nobody reads", "no size"),
    ],
)
def test_counted_is_what_people_made_in_it(services: Any, claims: Any, lost: Losses) -> None:
    assert losses.of(services, claims) == lost
