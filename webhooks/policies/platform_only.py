"""What a tenant may have, what is on offer, and how the management cluster is used: only the platform writes these.

A Tenant is a quota and the people who decide. A Catalog and an instancetype say how large a machine is, a ClusterClass
what a cluster is made of, a DataStore where all tenants' data is. A preference is what KubeVirt adds to a machine after
it was judged, annotations among it, by which images run beside the guest; so was a preset, before there were these. And
the ways to more machines that nobody measures (pools of either kind, replica sets, templates, clones, restored
snapshots), out of a disk (exports, backups, migrations elsewhere) or to another's (a DataSource is a name for one): no
tenant cluster needs them. A ClusterSummary is what Sveltos makes of a profile for one cluster, whosever that is. RBAC
says the same, as long as nobody gives `cluster-admin` away; this holds then as well.
"""

from __future__ import annotations

from typing import Final

from provisioning.errors import Cause
from provisioning.resources import (
    CATALOGS,
    CLUSTER_CLASSES,
    DATA_STORES,
    KAMAJI_CONTROL_PLANE_TEMPLATES,
    KUBECONFIG_GENERATORS,
    KUBEVIRT_CLUSTER_TEMPLATES,
    TENANTS,
    VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES,
    Resource,
)
from webhooks import extent, reading
from webhooks.decision import Allow, Verdict, refuse
from webhooks.facts import Facts
from webhooks.policy import CREATE, DELETE, UPDATE, Policy, Reach, Rule
from webhooks.review import Request

TOLD: Final = "only the platform may {verb} a {kind}{where}, and {user} is not of it"
OURS = (TENANTS, CATALOGS)
CLASSES = (CLUSTER_CLASSES, KAMAJI_CONTROL_PLANE_TEMPLATES, KUBEVIRT_CLUSTER_TEMPLATES)
ANY = "*"
"""Whatever version is served: only who writes is looked at."""
PREFERENCES = Resource(
    "instancetype.kubevirt.io",
    ANY,
    "virtualmachineclusterpreferences",
    "VirtualMachineClusterPreference",
    namespaced=False,
)
WIDE = (
    DATA_STORES,
    KUBECONFIG_GENERATORS,
    VIRTUAL_MACHINE_CLUSTER_INSTANCETYPES,
    PREFERENCES,
    Resource("cdi.kubevirt.io", ANY, "objecttransfers", "ObjectTransfer", namespaced=False),
    Resource("runtime.cluster.x-k8s.io", ANY, "extensionconfigs", "ExtensionConfig", namespaced=False),
)
SUMMARIES = Resource("config.projectsveltos.io", ANY, "clustersummaries", "ClusterSummary")
SCALED = (
    Resource("cluster.x-k8s.io", ANY, "machinepools", "MachinePool"),
    Resource("kubevirt.io", ANY, "virtualmachineinstancereplicasets", "VirtualMachineInstanceReplicaSet"),
    Resource("pool.kubevirt.io", ANY, "virtualmachinepools", "VirtualMachinePool"),
)
MACHINERY = (
    *SCALED,
    Resource("kubevirt.io", ANY, "virtualmachineinstancepresets", "VirtualMachineInstancePreset"),
    Resource("kubevirt.io", ANY, "virtualmachineinstancemigrations", "VirtualMachineInstanceMigration"),
    Resource("backup.kubevirt.io", ANY, "virtualmachinebackups", "VirtualMachineBackup"),
    Resource("backup.kubevirt.io", ANY, "virtualmachinebackuptrackers", "VirtualMachineBackupTracker"),
    Resource("template.kubevirt.io", ANY, "virtualmachinetemplates", "VirtualMachineTemplate"),
    Resource("template.kubevirt.io", ANY, "virtualmachinetemplaterequests", "VirtualMachineTemplateRequest"),
    Resource("clone.kubevirt.io", ANY, "virtualmachineclones", "VirtualMachineClone"),
    Resource("snapshot.kubevirt.io", ANY, "virtualmachinesnapshots", "VirtualMachineSnapshot"),
    Resource("snapshot.kubevirt.io", ANY, "virtualmachinerestores", "VirtualMachineRestore"),
    Resource("export.kubevirt.io", ANY, "virtualmachineexports", "VirtualMachineExport"),
    Resource("instancetype.kubevirt.io", ANY, "virtualmachineinstancetypes", "VirtualMachineInstancetype"),
    Resource("instancetype.kubevirt.io", ANY, "virtualmachinepreferences", "VirtualMachinePreference"),
    Resource("cdi.kubevirt.io", ANY, "datasources", "DataSource"),
    Resource("cdi.kubevirt.io", ANY, "dataimportcrons", "DataImportCron"),
    SUMMARIES,
)
KINDS = (*OURS, *WIDE, *CLASSES, *MACHINERY)


def check(request: Request, facts: Facts) -> Verdict:
    if facts.trusted.is_system(request.user) or _says_the_same(request):
        return Allow()
    if request.namespace and (
        reading.is_platforms(facts, request) or reading.tenant_of(facts, request.namespace) is None
    ):
        return Allow()
    if request.resource == SUMMARIES.plural and request.user.name in facts.trusted.sveltos:
        return Allow()
    kind = next(kind.kind for kind in KINDS if (kind.group, kind.plural) == (request.group, request.resource))
    verb = {CREATE: "make", UPDATE: "change", DELETE: "delete"}.get(request.operation, "write")
    where = " in a tenant's namespace" if request.namespace else ""
    return refuse(Cause("", TOLD.format(verb=verb, kind=kind, where=where, user=request.user.name)))


def _says_the_same(request: Request) -> bool:
    return extent.says_the_same(request) and "spec" in (request.object or {})


POLICY = Policy(
    "platform_only",
    (
        *(Rule(kind, (CREATE, UPDATE, DELETE)) for kind in OURS),
        *(Rule(kind) for kind in WIDE),
        *(Rule(kind, reach=Reach.TENANTS) for kind in (*CLASSES, *MACHINERY)),
        *(Rule(kind, (UPDATE,), subresource="scale", reach=Reach.TENANTS) for kind in SCALED),
    ),
    check,
)
