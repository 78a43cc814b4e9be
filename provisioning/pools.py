"""What a node pool may look like: every problem at once, each with its field and what would be right. Pure.

What was stored before and has not changed is not held against anybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from provisioning import lifetime, names, quota, resources
from provisioning.errors import Cause
from provisioning.manifests.bootstrap_template import node_labels, node_taint
from provisioning.model import CatalogSpec, ClusterSpec, NodePool, TenantSpec
from provisioning.neighbours import Neighbour

KUBERNETES: Final = ("kubernetes.io", "k8s.io")
KUBELETS_OWN: Final = ("kubelet.kubernetes.io", "node.kubernetes.io")
"""Within those domains, what a kubelet may label its own Node with.

Source: kubernetes/kubernetes, staging/src/k8s.io/kubelet/pkg/apis/well_known_labels.go.
"""
KUBELETS_KEYS: Final = frozenset(
    (
        "topology.kubernetes.io/region",
        "topology.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone",
        "beta.kubernetes.io/instance-type",
    )
)
"""The same, key by key; without those that it always sets by itself, such as the hostname."""
CONTROLLERS_OWN: Final = ("node.kubernetes.io", "node.cloudprovider.kubernetes.io", "node.cluster.x-k8s.io")
"""Domains of taints that come and go with the state of a Node."""
LONGEST_LABELS: Final = 1024
"""Characters that all labels of a pool may come to, as a kubelet is told them. Source: kubeadm's bootstrap CRD."""


def problems(
    spec: ClusterSpec,
    *,
    name: str,
    catalog: CatalogSpec,
    tenant: TenantSpec,
    old: ClusterSpec | None,
    beside: Mapping[str, Neighbour],
) -> Iterator[Cause]:
    """Everything that is wrong with the pools of a cluster. `beside`: the namespace's other clusters, by name."""
    yield from _flavors(spec, catalog, tenant, old)
    before = {pool.name: pool for pool in old.pools} if old is not None else {}
    taken = {
        names.machine_deployment(other, pool): (other, pool) for other, its in beside.items() for pool in its.pools
    }
    seen: set[str] = set()
    for number, pool in enumerate(spec.pools):
        at = f"spec.pools[{number}]"
        if pool.name in seen:
            yield Cause(f"{at}.name", f"there are two pools named {pool.name}")
        seen.add(pool.name)
        wanted = names.machine_deployment(name, pool.name)
        if pool.name not in before and wanted in taken:
            other, its = taken[wanted]
            yield Cause(f"{at}.name", f"{wanted} is what pool {its} of cluster {other} is called here; take another")
        was = before.get(pool.name)
        yield from _labels(pool, at, was)
        yield from _taints(pool, at, was)
        if (was is None or was.drain_timeout != pool.drain_timeout) and not lifetime.parse(pool.drain_timeout):
            text = f"{pool.drain_timeout} is no time at all; say how long Pods may take to leave, such as 5m"
            yield Cause(f"{at}.drainTimeout", text)


def _flavors(spec: ClusterSpec, catalog: CatalogSpec, tenant: TenantSpec, old: ClusterSpec | None) -> Iterator[Cause]:
    known = {(pool.name, pool.flavor): quota.machines(pool) for pool in old.pools} if old is not None else {}
    # What cannot be measured any more must not hide anything that grows, in this pool or beside it.
    grows = any(quota.machines(pool) > known.get((pool.name, pool.flavor), -1) for pool in spec.pools)
    offered = [f.name for f in catalog.flavors if not tenant.flavors or f.name in tenant.flavors]
    there_is = f"there is {', '.join(offered) or 'nothing'}"
    for number, pool in enumerate(spec.pools):
        if pool.flavor not in offered and (pool.name, pool.flavor) not in known:
            yield Cause(f"spec.pools[{number}].flavor", f"{pool.flavor} is not on offer; {there_is}")
        elif catalog.flavor(pool.flavor) is not None:
            continue
        elif grows:
            text = f"{pool.flavor} is no longer on offer, and beside it nothing can grow; {there_is}"
            yield Cause(f"spec.pools[{number}].flavor", text)
        elif old is not None and _is_replaced(pool, spec, old):
            text = f"{pool.flavor} is no longer on offer, so that no machine of it can be replaced; {there_is}"
            yield Cause(f"spec.pools[{number}].flavor", text)


def _is_replaced(pool: NodePool, spec: ClusterSpec, old: ClusterSpec) -> bool:
    """Whether a change takes new machines for a pool that was there before."""
    was = next((before for before in old.pools if before.name == pool.name), pool)
    return spec.version != old.version or (pool.labels, pool.taints) != (was.labels, was.taints)


def _labels(pool: NodePool, at: str, was: NodePool | None) -> Iterator[Cause]:
    if was is not None and was.labels == pool.labels:
        return
    for key in sorted(pool.labels):
        if _within(key, resources.GROUP):
            yield Cause(f"{at}.labels[{key}]", f"{resources.GROUP} is ours; take a domain of your own")
        elif _within(key, *KUBERNETES) and not _within(key, *KUBELETS_OWN) and key not in KUBELETS_KEYS:
            yield Cause(
                f"{at}.labels[{key}]",
                f"a kubelet may not label its Node so; of {' and '.join(KUBERNETES)} it may use "
                f"{' and '.join(KUBELETS_OWN)}: take one of those, or a domain of your own",
            )
    told = len(node_labels(pool))
    if told > LONGEST_LABELS:
        text = f"come to {told} characters, {LONGEST_LABELS} is the most that a kubelet can be told; take fewer"
        yield Cause(f"{at}.labels", text)


def _taints(pool: NodePool, at: str, was: NodePool | None) -> Iterator[Cause]:
    if was is not None and was.taints == pool.taints:
        return
    seen: set[tuple[str, str]] = set()
    for number, taint in enumerate(pool.taints):
        where, mark = f"{at}.taints[{number}]", (taint.key, taint.effect.value)
        if mark in seen:
            yield Cause(where, f"{node_taint(taint)}: there is one of this key and effect already")
        seen.add(mark)
        if _within(taint.key, resources.GROUP, *CONTROLLERS_OWN):
            yield Cause(f"{where}.key", f"{taint.key} comes and goes by itself; take a domain of your own")


def _within(key: str, *domains: str) -> bool:
    """Whether a label's or taint's key is of one of these domains, or of one below them."""
    domain, slash, _ = key.partition("/")
    return bool(slash) and any(domain == one or domain.endswith(f".{one}") for one in domains)
