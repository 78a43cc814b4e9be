"""A tenant's machine is a guest and no more: it brings nothing of the management cluster in, and keeps to its place.

KubeVirt makes Pods of it. Its fields can mount the namespace's Secrets (the authorities of all clusters are there) or a
node's disk into the guest, clone another tenant's disk, join other networks, run an image beside it, choose the nodes
of the platform, or push others off theirs. So tenants write the fields that are listed here, in templates and in
machines; for the others they ask the platform. Fields: kubevirt.io/api, core/v1; CDI's DataVolume.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from provisioning.errors import Cause
from provisioning.resources import KUBEVIRT_MACHINE_TEMPLATES, KUBEVIRT_MACHINES
from webhooks import bounds, difference, disks, reading, tree
from webhooks.decision import Allow, Verdict, refuse
from webhooks.facts import Facts
from webhooks.policy import Policy, Rule
from webhooks.review import Request
from webhooks.tree import Tree

_VM: Final = "virtualMachineTemplate"
_POD: Final = f"{_VM}.spec.template.spec"
_DOMAIN: Final = f"{_POD}.domain"
ALLOWED: Final = frozenset(
    {
        "virtualMachineBootstrapCheck",
        # `own_infrastructure` says which.
        "infraClusterSecretRef",
        f"{_VM}.metadata",
        f"{_VM}.spec.running",
        f"{_VM}.spec.runStrategy",
        f"{_VM}.spec.instancetype",
        # Both kinds of preference are the platform's to write; a revision of one is an object that others write, too.
        f"{_VM}.spec.preference.kind",
        f"{_VM}.spec.preference.name",
        f"{_VM}.spec.updateVolumesStrategy",
        f"{_VM}.spec.dataVolumeTemplates",
        f"{_VM}.spec.template.metadata.labels",
        f"{_VM}.spec.template.metadata.creationTimestamp",
        f"{_VM}.spec.template.metadata.annotations[kubevirt.io/allow-pod-bridge-network-live-migration]",
        f"{_POD}.affinity.podAffinity",
        f"{_POD}.affinity.podAntiAffinity",
        f"{_POD}.architecture",
        f"{_POD}.dnsConfig",
        f"{_POD}.dnsPolicy",
        f"{_POD}.evictionStrategy",
        f"{_POD}.hostname",
        f"{_POD}.livenessProbe",
        f"{_POD}.networks",
        f"{_POD}.nodeSelector[topology.kubernetes.io/region]",
        f"{_POD}.nodeSelector[topology.kubernetes.io/zone]",
        f"{_POD}.readinessProbe",
        f"{_POD}.startStrategy",
        f"{_POD}.subdomain",
        f"{_POD}.terminationGracePeriodSeconds",
        f"{_POD}.topologySpreadConstraints",
        f"{_POD}.volumes",
        f"{_DOMAIN}.clock",
        *(f"{_DOMAIN}.cpu.{key}" for key in ("cores", "sockets", "maxSockets", "threads", "model", "features", "numa")),
        *(f"{_DOMAIN}.cpu.{key}" for key in ("dedicatedCpuPlacement", "isolateEmulatorThread", "realtime")),
        f"{_DOMAIN}.features",
        f"{_DOMAIN}.firmware.bootloader",
        f"{_DOMAIN}.firmware.uuid",
        f"{_DOMAIN}.ioThreads",
        f"{_DOMAIN}.ioThreadsPolicy",
        f"{_DOMAIN}.machine",
        *(f"{_DOMAIN}.memory.{key}" for key in ("guest", "maxGuest", "hugepages", "reservedOverhead.addedOverhead")),
        # What is counted, and no devices, which people would take past the quota of GPUs.
        *(f"{_DOMAIN}.resources.{part}.{name}" for part in ("requests", "limits") for name in ("cpu", "memory")),
        f"{_DOMAIN}.resources.overcommitGuestOverhead",
        f"{_DOMAIN}.devices.autoattachGraphicsDevice",
        f"{_DOMAIN}.devices.autoattachMemBalloon",
        f"{_DOMAIN}.devices.autoattachSerialConsole",
        f"{_DOMAIN}.devices.blockMultiQueue",
        f"{_DOMAIN}.devices.disks",
        f"{_DOMAIN}.devices.gpus",
        f"{_DOMAIN}.devices.hostDevices",
        f"{_DOMAIN}.devices.interfaces",
        f"{_DOMAIN}.devices.logSerialConsole",
        f"{_DOMAIN}.devices.networkInterfaceMultiqueue",
        f"{_DOMAIN}.devices.rng",
        f"{_DOMAIN}.devices.tpm",
        f"{_DOMAIN}.devices.useVirtioTransitional",
        f"{_DOMAIN}.devices.watchdog",
    }
)
"""Paths below a machine's spec."""
VOLUMES: Final = frozenset(
    {
        "containerDisk",
        "dataVolume",
        "persistentVolumeClaim",
        "emptyDisk",
        "cloudInitNoCloud",
        "cloudInitConfigDrive",
    }
)
"""Kinds of volume that hold what the tenant put there, and no credential. No `ephemeral` one: it writes to a node's
disk, and nobody can say how much."""
BINDINGS: Final = frozenset({"bridge", "masquerade"})
INTERFACE: Final = BINDINGS | {"name", "model", "macAddress", "bootOrder", "ports", "state", "dhcpOptions", "acpiIndex"}
_OF_DISKS: Final = "cdi.kubevirt.io/"
_REQUIRED: Final = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED: Final = "preferredDuringSchedulingIgnoredDuringExecution"
_LEAVE: Final = disks.LEAVE
_BEYOND: Final = f"reaches beyond the guest, into the management cluster; {_LEAVE}"


def check(request: Request, facts: Facts) -> Verdict:
    if request.object is None or not reading.is_by_people(request, facts):
        return Allow()
    path = ("spec",) if request.resource == KUBEVIRT_MACHINES.plural else ("spec", "template", "spec")
    after, before = tree.dig(request.object, *path), tree.dig(request.old, *path)
    if after == before:
        return Allow()
    at = ".".join(path)
    pod, was = (tree.dig(machine, *_POD.split(".")) for machine in (after, before))
    inside = f"{at}.{_POD}"
    found = [
        *(Cause(f"{at}.{field}", _BEYOND) for field, _ in bounds.added(after, before, ALLOWED)),
        *_volumes(pod, was, inside),
        *_probes(pod, was, inside),
        *_networks(pod, was, inside),
        *_devices(pod, was, inside, facts),
        *_affinity(pod, was, inside),
        *_disks(after, before, f"{at}.{_VM}.spec.dataVolumeTemplates", request.namespace),
    ]
    return refuse(*found) if found else Allow()


def _volumes(pod: Tree, was: Tree, at: str) -> Iterator[Cause]:
    for number, volume in difference.fresh(pod, was, "volumes"):
        for kind in sorted(volume.keys() - VOLUMES - {"name"}):
            yield Cause(f"{at}.volumes[{number}].{kind}", f"is no volume for a tenant's guest; {_LEAVE}")
        for kind in ("cloudInitNoCloud", "cloudInitConfigDrive"):
            for key in sorted({"secretRef", "networkDataSecretRef"} & tree.dig(volume, kind).keys()):
                text = "would bring a Secret of this namespace into the guest; write the data itself"
                yield Cause(f"{at}.volumes[{number}].{kind}.{key}", text)


def _probes(pod: Tree, was: Tree, at: str) -> Iterator[Cause]:
    """The node itself asks, and so reaches what no guest does: also what listens for the node alone."""
    for probe in ("livenessProbe", "readinessProbe"):
        for way in ("httpGet", "tcpSocket"):
            host = tree.dig(pod, probe, way).get("host")
            if host and pod[probe] != was.get(probe):
                yield Cause(
                    f"{at}.{probe}.{way}.host", "would have the node ask somebody else than the guest; leave it out"
                )


def _networks(pod: Tree, was: Tree, at: str) -> Iterator[Cause]:
    for number, network in difference.fresh(pod, was, "networks"):
        for kind in sorted(network.keys() - {"name", "pod"}):
            yield Cause(f"{at}.networks[{number}].{kind}", f"is another network than the Pods'; {_LEAVE}")
    devices, had = (tree.dig(each, "domain", "devices") for each in (pod, was))
    for number, interface in difference.fresh(devices, had, "interfaces"):
        for key in sorted(interface.keys() - INTERFACE):
            text = f"is no way for a tenant's guest into a network: take {' or '.join(sorted(BINDINGS))}"
            yield Cause(f"{at}.domain.devices.interfaces[{number}].{key}", text)


def _devices(pod: Tree, was: Tree, at: str, facts: Facts) -> Iterator[Cause]:
    devices, had = (tree.dig(each, "domain", "devices") for each in (pod, was))
    asked = [(kind, n, d) for kind in ("gpus", "hostDevices") for n, d in difference.fresh(devices, had, kind)]
    offered = {gpu.device for flavor in reading.catalog(facts).flavors for gpu in flavor.gpus} if asked else set()
    for kind, number, device in asked:
        if device.get("deviceName") not in offered:
            text = f"must be a device of the Catalog's flavors ({', '.join(sorted(offered)) or 'there is none'})"
            yield Cause(f"{at}.domain.devices.{kind}[{number}].deviceName", text)


def _disks(machine: Tree, was: Tree, at: str, namespace: str) -> Iterator[Cause]:
    spec, had = (tree.dig(each, _VM, "spec") for each in (machine, was))
    for number, disk in difference.fresh(spec, had, "dataVolumeTemplates"):
        yield from disks.sources(tree.dig(disk, "spec"), f"{at}[{number}].spec", namespace)
        for key in sorted(tree.dig(disk, "metadata", "annotations")):
            # CDI hands others on to the Pods that fill the disk, and network plugins obey them.
            if not key.startswith(_OF_DISKS) or disks.OBEYED.fullmatch(key):
                yield Cause(f"{at}[{number}].metadata.annotations[{key}]", _BEYOND)


def _affinity(pod: Tree, was: Tree, at: str) -> Iterator[Cause]:
    """A guest that wants nobody of another namespace beside it keeps those from its node, and from its whole region."""
    for kind in ("podAffinity", "podAntiAffinity"):
        affinity, had = (tree.dig(each, "affinity", kind) for each in (pod, was))
        terms = [
            *((f"{_REQUIRED}[{n}]", term) for n, term in difference.fresh(affinity, had, _REQUIRED)),
            *(
                (f"{_PREFERRED}[{n}].podAffinityTerm", tree.dig(each, "podAffinityTerm"))
                for n, each in difference.fresh(affinity, had, _PREFERRED)
            ),
        ]
        for where, term in terms:
            # An empty selector is every namespace.
            for key in ("namespaces", "namespaceSelector"):
                if term.get(key) not in (None, []):
                    text = f"must not look at Pods of other namespaces; {_LEAVE}"
                    yield Cause(f"{at}.affinity.{kind}.{where}.{key}", text)


POLICY = Policy("own_machines", (Rule(KUBEVIRT_MACHINE_TEMPLATES), Rule(KUBEVIRT_MACHINES)), check)
