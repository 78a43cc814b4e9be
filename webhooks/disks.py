"""What the importer makes a disk of, as people may say it: a disk is new, or made of what is open to anybody or in this
namespace. Pure.

The importer runs a Pod in the namespace that mounts the Secrets which a disk's source names, and sends what is in them
to the address beside; for one kind of source it runs an image of one's own there. It takes all of that from annotations
of a claim as well. Source: CDI, `pkg/controller/import-controller.go`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from provisioning.errors import Cause
from webhooks import bounds, tree
from webhooks.tree import Tree

SOURCES: Final = frozenset(
    {
        "blank",
        "upload",
        "pvc",
        "snapshot",
        *(f"http.{key}" for key in ("url", "checksum", "certConfigMap")),
        *(f"registry.{key}" for key in ("url", "imageStream", "pullMethod", "platform", "certConfigMap")),
    }
)
"""Paths below `spec.source`."""
OBEYED: Final = re.compile(
    r"cdi\.kubevirt\.io/storage\.(import|pod)\.(?!retainAfterCompletion$).*|(k8s\.v1\.cni\.cncf\.io|v1\.multus-cni\.io)/.*"
)
"""Annotations that say what a claim is filled with and how, or that the Pod which fills it has as well."""
LEAVE: Final = "leave it out, or ask the platform"


def sources(spec: Tree, at: str, namespace: str) -> Iterator[Cause]:
    """What a DataVolume (or what else has its `source`) may not say; `at` is where its spec is."""
    for field, _ in bounds.beyond(tree.dig(spec, "source"), SOURCES):
        text = f"is no source for a tenant's disk: it takes a Secret along, or runs something beside; {LEAVE}"
        yield Cause(f"{at}.source.{field}", text)
    yield from elsewhere(spec, at, namespace)
    for part in ("pvc", "storage"):
        for key in sorted({"volumeName", "selector"} & tree.dig(spec, part).keys()):
            yield Cause(f"{at}.{part}.{key}", f"would take a volume that is there already; {LEAVE}")
    if spec.get("priorityClassName"):
        yield Cause(f"{at}.priorityClassName", f"would push others off their nodes; {LEAVE}")


def elsewhere(spec: Tree, at: str, namespace: str) -> Iterator[Cause]:
    """What a DataVolume or a claim would be made of that is in another namespace."""
    for path in (
        ("source", "pvc"),
        ("source", "snapshot"),
        ("sourceRef",),
        ("dataSourceRef",),
        *((part, source) for part in ("pvc", "storage") for source in ("dataSource", "dataSourceRef")),
    ):
        named = tree.dig(spec, *path).get("namespace") or namespace
        if named != namespace:
            where = f"{at}.{'.'.join(path)}.namespace"
            yield Cause(where, f"must be {namespace}, the disk's own, and not {named}")


def obeyed(after: Tree, before: Tree, at: str) -> Iterator[Cause]:
    """Annotations that are new, and that the importer or the network would act by."""
    for key, value in sorted(after.items()):
        if OBEYED.fullmatch(key) and before.get(key) != value:
            yield Cause(f"{at}[{key}]", f"says how the importer fills it, and with what; {LEAVE}")
