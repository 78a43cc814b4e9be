"""A tenant's control plane is what Kamaji makes of it: no image, no Pod, no data of anybody else's comes in by a field.

A KamajiControlPlane becomes Pods of the management cluster, which hold the credentials of the data store that all
tenants share. An own image there, a container beside it, another service account, another tenant's schema or etcd
prefix, an annotation that a load balancer obeys: each would reach further than the tenant. So tenants write the fields
that are listed here; for the others they ask the platform. What is there already may stay. How Kamaji uses each
field: clastix/kamaji, internal/builders/controlplane.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from provisioning import quantity
from provisioning.errors import Cause, MalformedQuantity
from provisioning.resources import KAMAJI_CONTROL_PLANES
from webhooks import bounds, reading, tree
from webhooks.decision import Allow, Verdict, refuse
from webhooks.facts import Facts
from webhooks.policy import Policy, Rule
from webhooks.review import Request
from webhooks.tree import Tree

PROGRAMS: Final = ("apiServer", "controllerManager", "scheduler")
SIZED: Final = (*PROGRAMS, "addons.konnectivity.server")
"""What becomes a container of each replica's Pod and may ask for room on its node."""
MOST: Final[Mapping[str, tuple[Callable[[object], int], str]]] = {
    "cpu": (quantity.milli, "4"),
    "memory": (quantity.byte_count, "8Gi"),
}
"""What one of them may ask for, and how it is read. The quota counts replicas and not what is in them, so a replica
must have an end. This is enough for a cluster of some hundred nodes; for more, the platform writes it."""
ALLOWED: Final = frozenset(
    {
        "version",
        "replicas",
        "controlPlaneEndpoint",
        "admissionControllers",
        "kubelet",
        "addons.coreDNS",
        "addons.kubeProxy",
        "addons.konnectivity.agent",
        *(f"addons.konnectivity.server.{key}" for key in ("port", "version")),
        *(f"{program}.{key}" for program in PROGRAMS for key in ("extraArgs", "probes")),
        *(f"{each}.resources.{part}.{name}" for each in SIZED for part in ("requests", "limits") for name in MOST),
        *(f"network.{key}" for key in ("serviceType", "certSANs", "dnsServiceIPs", "advertiseAddress")),
        "network.loadBalancerConfig.loadBalancerSourceRanges",
        *(f"network.ingress.{key}" for key in ("className", "hostname")),
        *(f"network.gateway.{key}" for key in ("name", "namespace", "hostname", "port", "sectionName")),
        *(f"deployment.{key}" for key in ("strategy", "topologySpreadConstraints")),
    }
)
"""Paths below `spec`. What runs in the tenant alone is judged where everything is that goes into a tenant. No volumes:
a file can be put in a program's place, or be a credential or an authority of another cluster."""
USUAL: Final = {
    "registry": "registry.k8s.io",
    "addons.konnectivity.server.image": "registry.k8s.io/kas-network-proxy/proxy-server",
}
"""What Kamaji's own CRD fills in."""
SAFE: Final = frozenset(
    {
        "--anonymous-auth=false",
        "--service-account-lookup=true",
        "--use-service-account-credentials=true",
        "--audit-log-path=-",
        "--cloud-provider=external",
    }
)
"""Arguments that only bind it tighter, or write where its log goes."""
FLAGS: Final = re.compile(
    "-v|--("
    + "|".join(
        (
            "v|vmodule|logging-format|profiling|feature-gates|kube-api-(qps|burst)",
            "leader-elect(-lease-duration|-renew-deadline|-retry-period)?",
            "tls-(min-version|cipher-suites)",
            # Of the API server.
            "oidc-(issuer-url|client-id|(username|groups)-(claim|prefix)|required-claim|signing-algs)|api-audiences|service-account-(issuer|jwks-uri|(extend|max)-token-expiration)",
            "audit-log-(format|max(age|backup|size))",
            "(enable|disable)-admission-plugins|runtime-config|emulated-version",
            "http2-max-streams-per-connection|shutdown-delay-duration",
            "max(-mutating)?-requests-inflight|(min-)?request-timeout|goaway-chance|enable-priority-and-fairness",
            "(default-)?watch-cache(-sizes?)?|delete-collection-workers|event-ttl|service-node-port-range",
            "default-(not-ready|unreachable)-toleration-seconds|cors-allowed-origins|allow-privileged",
            # Of the controller manager.
            "controllers|concurrent-[a-z-]+-syncs|min-resync-period|terminated-pod-gc-threshold",
            "max-endpoints-per-slice|(attach-detach-reconcile-sync|route-reconciliation)-period",
            "horizontal-pod-autoscaler-[a-z-]+|node-monitor-(grace-)?period|(secondary-)?node-eviction-rate",
            "unhealthy-zone-threshold|large-cluster-size-threshold|node-cidr-mask-size(-ipv[46])?",
            "cluster-signing-duration|namespace-sync-period|resource-quota-sync-period",
            # Of the scheduler.
            "pod-max-in-unschedulable-pods-duration",
        )
    )
    + ")"
)
"""Arguments that people may write. Others read a file, which may say which program to run, or whom to trust; talk to
another store or API server, by another credential; or open the program to others."""
GUARDS: Final = ("validatingadmissionpolic", "admissionregistration", "api/all", "api/ga")
"""By what the tenant guard is switched off, which the tenant's API server judges by itself: its plugin, or its API."""
FLAG_MAX: Final = 100
"""Characters of an argument that are told."""
_LEAVE: Final = "leave it out, or ask the platform"
WHY: Final = (
    ("dataStore", "is where tenants' data is: leave it out, and Kamaji gives this cluster a place of its own"),
    ("kine", "is how the data store is reached, which all tenants share; leave it out"),
    ("registry", "is where images come from that run in the management cluster; leave it out"),
    ("network", f"claims something of the management cluster's network; {_LEAVE}"),
    ("deployment", f"runs, mounts or chooses something in the management cluster; {_LEAVE}"),
)


def check(request: Request, facts: Facts) -> Verdict:
    manifest = request.object
    if manifest is None or not reading.is_by_people(request, facts):
        return Allow()
    after, before = tree.dig(manifest, "spec"), tree.dig(request.old, "spec")
    found = [*_fields(after, before, facts), *_arguments(after, before), *_sizes(after, before)]
    return refuse(*found) if found else Allow()


def _fields(after: Tree, before: Tree, facts: Facts) -> Iterator[Cause]:
    for path, value in bounds.added(after, before, ALLOWED):
        # Programs write empty objects where they mean nothing.
        if (
            value == {}
            or USUAL.get(path) == value
            or (path == "dataStoreName" and value == reading.catalog(facts).data_store)
        ):
            continue
        yield Cause(f"spec.{path}", _why(path))


def _why(path: str) -> str:
    if path.endswith((".image", "containerImageName")):
        return "is an image that would run in the management cluster, beside the data store's credentials; leave it out"
    if path.endswith("extraVolumeMounts"):
        return f"mounts something in the management cluster, where it may take a program's place; {_LEAVE}"
    if ".resources." in path:
        return "would take something of a node that nobody counts; leave it out"
    return next((why for prefix, why in WHY if path.startswith(prefix)), "is for the platform to say; leave it out")


def _arguments(after: Tree, before: Tree) -> Iterator[Cause]:
    for program in PROGRAMS:
        there: list[Any] = list(tree.sequence(tree.dig(before, program).get("extraArgs")))
        for index, argument in enumerate(tree.sequence(tree.dig(after, program).get("extraArgs"))):
            if argument in there:
                continue
            flag = tree.text(argument).partition("=")[0]
            at = f"spec.{program}.extraArgs[{index}]"
            # Kubernetes' programs take the one for the other.
            if argument not in SAFE and not FLAGS.fullmatch(flag.replace("_", "-")):
                yield Cause(at, f"{flag[:FLAG_MAX]} is none of the arguments that people may give it; {_LEAVE}")
            elif _unguards(tree.text(argument)):
                yield Cause(at, "would switch off the tenant guard, which is in every tenant; leave it out")


def _unguards(argument: str) -> bool:
    flag, _, value = argument.lower().replace("_", "-").partition("=")
    items = (item.partition("=") for item in value.split(","))
    named = [on for name, _, on in items if any(guard in name for guard in GUARDS)]
    if flag == "--disable-admission-plugins":
        return bool(named)
    return flag in ("--runtime-config", "--feature-gates") and any(on not in ("", "true") for on in named)


def _sizes(after: Tree, before: Tree) -> Iterator[Cause]:
    for program in SIZED:
        for part in ("requests", "limits"):
            path = (*program.split("."), "resources", part)
            asked, there = (tree.dig(spec, *path) for spec in (after, before))
            for name, (read, most) in MOST.items():
                if asked.get(name) in (None, there.get(name)):
                    continue
                at = f"spec.{'.'.join(path)}.{name}"
                try:
                    if read(asked[name]) > read(most):
                        yield Cause(at, f"must be {most} at the most; for more, ask the platform")
                except MalformedQuantity as error:
                    yield Cause(at, str(error))


POLICY = Policy("own_control_plane", (Rule(KAMAJI_CONTROL_PLANES),), check)
