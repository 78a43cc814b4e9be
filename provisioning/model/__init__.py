"""The API's objects as pydantic models: one module a kind, values only.

Here live shapes and the few rules that are static. No client, no clock, no decision that needs two objects.
"""

from provisioning.model.catalog import AddOn, Catalog, CatalogSpec, Chart, Flavor, HostedImages, Release
from provisioning.model.cluster import (
    ClusterAddOn,
    ClusterSpec,
    ClusterStatus,
    ControlPlane,
    Network,
    NodeCount,
    NodePool,
    Step,
    StepState,
    TenantCluster,
)
from provisioning.model.conditions import Condition
from provisioning.model.ledger import LedgerSpec, TenantLedger
from provisioning.model.request import (
    ClusterRequest,
    Decision,
    Delivery,
    Person,
    Phase,
    RequestSpec,
    RequestStatus,
    Surface,
    Vote,
)
from provisioning.model.tenant import (
    Action,
    Amounts,
    ApprovalPolicy,
    QuotaSpec,
    Subject,
    Tenant,
    TenantSpec,
    Waiver,
)

__all__ = [
    "Action",
    "AddOn",
    "Amounts",
    "ApprovalPolicy",
    "Catalog",
    "CatalogSpec",
    "Chart",
    "ClusterAddOn",
    "ClusterRequest",
    "ClusterSpec",
    "ClusterStatus",
    "Condition",
    "ControlPlane",
    "Decision",
    "Delivery",
    "Flavor",
    "HostedImages",
    "LedgerSpec",
    "Network",
    "NodeCount",
    "NodePool",
    "Person",
    "Phase",
    "QuotaSpec",
    "Release",
    "RequestSpec",
    "RequestStatus",
    "Step",
    "StepState",
    "Subject",
    "Surface",
    "Tenant",
    "TenantCluster",
    "TenantLedger",
    "TenantSpec",
    "Vote",
    "Waiver",
]
