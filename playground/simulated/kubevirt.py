"""Plays the KubeVirt provider, and the virtual machine with its kubelet: a KubevirtMachine becomes a Node.

What it writes follows kubernetes-sigs/cluster-api-provider-kubevirt v0.11.2. It also makes the VirtualMachine
object, so that a sweep after a deletion has something to find. Failures it knows: `unschedulable`, `image-pull`,
`vm-stuck` (the VirtualMachine does not go, until somebody takes KubeVirt's finalizer off); on the KubevirtMachine or on
the template that it came from.
"""

from __future__ import annotations

import contextlib
import hashlib
from datetime import UTC, datetime
from typing import Any, Final

from playground.simulated.stage import (
    Played,
    Stage,
    condition,
    drop_finalizer,
    ensure,
    ensure_finalizer,
    failure,
    with_conditions,
)
from provisioning import errors, names, resources
from provisioning.kube import Kube
from provisioning.manifest import Manifest
from provisioning.objects import format_time

FINALIZER: Final = "kubevirtmachine.infrastructure.cluster.x-k8s.io"
VM_FINALIZER: Final = "kubevirt.io/virtualMachineControllerFinalize"
CAPI_TAINT: Final = {"key": "node.cluster.x-k8s.io/uninitialized", "effect": "NoSchedule"}
CLOUD_TAINT: Final = {"key": "node.cloudprovider.kubernetes.io/uninitialized", "value": "true", "effect": "NoSchedule"}
MACHINES = resources.KUBEVIRT_MACHINES
TEMPLATE_ANNOTATION: Final = "cluster.x-k8s.io/cloned-from-name"


async def act(stage: Stage, machine: Manifest) -> None:
    """Bring one KubevirtMachine a step closer to a Node that has joined."""
    meta = machine["metadata"]
    owner = stage.owner(machine, resources.MACHINES)
    if "deletionTimestamp" in meta:
        if await _vm_is_gone(stage, meta["namespace"], meta["name"]):
            await drop_finalizer(stage, MACHINES, machine, FINALIZER)
        return
    if owner is None or not owner["spec"]["bootstrap"].get("dataSecretName"):
        return
    if await ensure_finalizer(stage, MACHINES, machine, FINALIZER):
        return
    await _ensure_vm(stage, machine)
    if why := _refusal(_failure(stage, machine)):
        await _report(stage, machine, *why)
        return
    if (machine.get("status") or {}).get("ready"):
        return
    client = await _tenant(stage, machine)
    if client is None:
        return
    await _ensure_node(client, machine, owner, await _registration(stage, owner))
    await _ensure_ready(stage, machine)


def _failure(stage: Stage, machine: Manifest) -> str:
    template = (machine["metadata"].get("annotations") or {}).get(TEMPLATE_ANNOTATION, "")
    origin = stage.get(resources.KUBEVIRT_MACHINE_TEMPLATES, machine["metadata"]["namespace"], template)
    return failure(machine) or (failure(origin) if origin else "")


def _refusal(wanted: str) -> tuple[str, str] | None:
    """Reason and message of a failure on purpose, as the real provider words them."""
    return {
        "unschedulable": ("Unschedulable", "0/3 nodes are available: 3 Insufficient memory."),
        "image-pull": ("DVImagePullFailed", "Failed to pull the container disk: ErrImagePull: not found"),
    }.get(wanted)


async def _report(stage: Stage, machine: Manifest, reason: str, message: str) -> None:
    bad = {**condition("VMProvisioned", "False", reason, message, now=_now()), "severity": "Info"}
    await ensure(stage, MACHINES, machine, "status", {"ready": False, "conditions": with_conditions(machine, bad)})


async def _ensure_vm(stage: Stage, machine: Manifest) -> None:
    meta = machine["metadata"]
    present = stage.get(resources.VIRTUAL_MACHINES, meta["namespace"], meta["name"])
    if present is not None:
        if _failure(stage, machine) == "vm-stuck":
            await ensure_finalizer(stage, resources.VIRTUAL_MACHINES, present, VM_FINALIZER)
        return
    template = machine["spec"]["virtualMachineTemplate"]
    cluster = meta["labels"][names.CAPI_CLUSTER_LABEL]
    vm = {
        "apiVersion": resources.VIRTUAL_MACHINES.api_version,
        "kind": "VirtualMachine",
        "metadata": {
            "name": meta["name"],
            "namespace": meta["namespace"],
            "labels": {
                "kubevirt.io/vm": meta["name"],
                "name": meta["name"],
                names.CAPI_CLUSTER_LABEL: cluster,
                "cluster.x-k8s.io/role": "worker",
                "capk.cluster.x-k8s.io/kubevirt-machine-name": meta["name"],
                "capk.cluster.x-k8s.io/kubevirt-machine-namespace": meta["namespace"],
            },
            "ownerReferences": [
                {
                    "apiVersion": machine["apiVersion"],
                    "kind": machine["kind"],
                    "name": meta["name"],
                    "uid": meta["uid"],
                    "controller": True,
                }
            ],
        },
        "spec": template["spec"],
    }
    try:
        await stage.kube.create(resources.VIRTUAL_MACHINES, vm)
    except errors.AlreadyExists:
        return  # The cache had not seen it yet.


async def _vm_is_gone(stage: Stage, namespace: str, name: str) -> bool:
    """Delete the virtual machine; whether it is gone."""
    known = stage.get(resources.VIRTUAL_MACHINES, namespace, name)
    if known is not None and "deletionTimestamp" in known["metadata"]:
        return False
    try:
        left = await stage.kube.delete(resources.VIRTUAL_MACHINES, name, namespace=namespace)
    except errors.NotFound:
        return True
    return not left["metadata"].get("finalizers")


async def _tenant(stage: Stage, machine: Manifest) -> Kube | None:
    """A connection to the tenant that the machine belongs to, once its control plane runs."""
    meta = machine["metadata"]
    cluster = stage.get(resources.CLUSTERS, meta["namespace"], meta["labels"][names.CAPI_CLUSTER_LABEL])
    if cluster is None:
        return None
    name = cluster["spec"]["controlPlaneRef"]["name"]
    control_plane = stage.get(resources.KAMAJI_CONTROL_PLANES, meta["namespace"], name)
    return await stage.tenants.client(control_plane["metadata"]["uid"]) if control_plane else None


async def _registration(stage: Stage, owner: Manifest) -> Manifest:
    """What the kubelet was told of the Node that it registers."""
    reference = owner["spec"]["bootstrap"].get("configRef") or {}
    config = await stage.kube.find(
        resources.KUBEADM_CONFIGS, reference.get("name", ""), namespace=owner["metadata"]["namespace"]
    )
    join = ((config or {}).get("spec") or {}).get("joinConfiguration") or {}
    told: Manifest = join.get("nodeRegistration") or {}
    return told


async def _ensure_node(client: Kube, machine: Manifest, owner: Manifest, told: Manifest) -> None:
    meta = machine["metadata"]
    arguments = {argument["name"]: argument["value"] for argument in told.get("kubeletExtraArgs") or []}
    labels = dict(pair.split("=", 1) for pair in arguments.get("node-labels", "").split(",") if pair)
    # With an external cloud provider the Node waits for it.
    cloud = [CLOUD_TAINT] if arguments.get("cloud-provider") == "external" else []
    node: Manifest = {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": meta["name"], "labels": {"kubernetes.io/hostname": meta["name"], **labels}},
        "spec": {
            "providerID": _provider_id(machine),
            "taints": [CAPI_TAINT, *cloud, *(told.get("taints") or [])],
        },
    }
    with contextlib.suppress(errors.AlreadyExists):
        await client.create(resources.NODES, node)
    status = _node_status(machine, owner)
    await client.merge(resources.NODES, meta["name"], {"status": status}, subresource="status")


def _node_status(machine: Manifest, owner: Manifest) -> Manifest:
    spec = machine["spec"]["virtualMachineTemplate"]["spec"]["template"]["spec"]
    domain = spec.get("domain") or {}
    cpu = domain.get("cpu") or {}
    cores = cpu.get("cores", 1) * cpu.get("sockets", 1) * cpu.get("threads", 1)
    capacity = {
        "cpu": str(cores),
        "memory": (domain.get("memory") or {}).get("guest", "4Gi"),
        "pods": "110",
        "ephemeral-storage": "20Gi",
    }
    now = _now()
    conditions = [
        {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status"},
        *(
            {"type": f"{kind}Pressure", "status": "False", "reason": f"KubeletHasSufficient{kind}", "message": ""}
            for kind in ("Memory", "Disk", "PID")
        ),
    ]
    return {
        "addresses": _addresses(machine),
        "capacity": capacity,
        "allocatable": capacity,
        "nodeInfo": {
            "kubeletVersion": owner["spec"].get("version", ""),
            "kubeProxyVersion": "",
            "osImage": "simulated",
            "kernelVersion": "simulated",
            "containerRuntimeVersion": "containerd://simulated",
            "architecture": "amd64",
            "operatingSystem": "linux",
            "machineID": "",
            "systemUUID": machine["metadata"]["uid"],
            "bootID": "",
        },
        "conditions": [{**c, "lastHeartbeatTime": now, "lastTransitionTime": now} for c in conditions],
    }


async def _ensure_ready(stage: Stage, machine: Manifest) -> None:
    if await ensure(stage, MACHINES, machine, "spec", {"providerID": _provider_id(machine)}):
        return  # The next look sees the new revision and writes the status.
    now = _now()
    # The older form of a condition, which has no message when all is well.
    good = [
        {"type": type_, "status": "True", "lastTransitionTime": now}
        for type_ in ("VMProvisioned", "BootstrapExecSucceeded")
    ]
    status = {
        "ready": True,
        "nodeupdated": True,
        "addresses": _addresses(machine),
        "conditions": with_conditions(machine, *good),
    }
    await ensure(stage, MACHINES, machine, "status", status)


def _provider_id(machine: Manifest) -> str:
    return f"kubevirt://{machine['metadata']['name']}"


def _addresses(machine: Manifest) -> list[dict[str, Any]]:
    """An address of the range 10.244.0.0/16 that stays the same for a name."""
    name = machine["metadata"]["name"]
    digest = hashlib.sha256(name.encode()).digest()
    return [
        {"type": "InternalIP", "address": f"10.244.{digest[0]}.{digest[1]}"},
        {"type": "Hostname", "address": name},
    ]


def _now() -> str:
    return format_time(datetime.now(UTC))


PLAYED = Played(
    "kubevirt",
    MACHINES,
    act,
    looks_at=(
        resources.CLUSTERS,
        resources.KAMAJI_CONTROL_PLANES,
        resources.KUBEVIRT_MACHINE_TEMPLATES,
        resources.MACHINES,
        resources.VIRTUAL_MACHINES,
    ),
)
