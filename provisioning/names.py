"""Names we give and marks we set: labels, annotations, finalizers, and names derived from other names.

Deterministic, so that doing a thing twice is doing it once. Nothing here knows a client or a clock.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any, Final

from provisioning.resources import GROUP

TENANT_LABEL: Final = f"{GROUP}/tenant"
"""On a namespace: whose it is. On an object of ours: the same, for selecting. Only the platform may set it."""
CLUSTER_LABEL: Final = f"{GROUP}/cluster"
"""On everything rendered for a TenantCluster: its name."""
POOL_LABEL: Final = f"{GROUP}/pool"
ADDONS_LABEL: Final = f"{GROUP}/addons"
"""On a Cluster made by hand: `default` when it gets the default add-ons and hosted components, `none` when it does not.

It says what is so, for whoever selects by it; what decides is its tenant's policy."""
CAPI_CLUSTER_LABEL: Final = "cluster.x-k8s.io/cluster-name"

REQUEST_ANNOTATION: Final = f"{GROUP}/request"
"""On a TenantCluster: the approved ClusterRequest that stands behind its last change."""
PREVIEW_ANNOTATION: Final = f"{GROUP}/preview"
"""On a dry run only: `true` asks what quota and shape say, before anybody has approved."""
REQUESTED_BY_ANNOTATION: Final = f"{GROUP}/requested-by"

TOLD_ANNOTATION: Final = f"{GROUP}/told-in-slack"
"""On a TenantCluster that nobody asked for in Slack: what was told of it there, and where (`provisioning.told`)."""

APPLIED_ANNOTATION: Final = f"{GROUP}/applied"
"""On everything the provisioner applies: the hash of what it applied there last."""
PAUSED_ANNOTATION: Final = f"{GROUP}/paused"
"""On a TenantCluster: `true` has the provisioner apply and prune nothing. It is deleted all the same: whoever deletes a
cluster means it, and a deletion that waits for somebody to lift a pause looks like one that hangs. And its lifetime
ends all the same."""
RECONCILE_ANNOTATION: Final = f"{GROUP}/reconcile-at"
"""On a TenantCluster: whenever its value is another, everything is applied anew and the tenant asked at once. Where
that was done, `status.lastHandledReconcileAt` has the same value."""
HANDLED_MAX: Final = 253
"""Characters of that value that are kept; who writes a longer one has it compared by its beginning."""

FINALIZER: Final = f"{GROUP}/teardown"
FIELD_MANAGER: Final = "clusterdesk"
CATALOG: Final = "default"
"""The one Catalog's name."""

DNS_LABEL: Final = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
"""RFC 1035: Services and Deployments take the cluster's name, so it must start with a letter."""
CLUSTER_NAME_MAX: Final = 30
"""Machine = VM = hostname = `<cluster>-<pool>-<hash>-<random>` must stay within 63 characters: a pool has 15 at most,
and Cluster API adds up to 17. A Helm release name must stay within 53."""


def tidy(name: str) -> str:
    """What somebody meant by a name that no cluster can have: `Build_7` -> `build-7`."""
    kept = re.sub(r"[^a-z0-9]+", "-", name.lower()).lstrip("0123456789-")
    return kept[:CLUSTER_NAME_MAX].rstrip("-") or "cluster"


def content_hash(content: Any) -> str:
    """Eight characters that change when, and only when, the content does."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def request_name(*seeds: str) -> str:
    """The name of the ClusterRequest that came from these seeds (a Slack team and view): `cr-` and ten characters."""
    digest = hashlib.sha256("\x00".join(seeds).encode()).digest()
    return "cr-" + base64.b32encode(digest).decode().lower()[:10]


def access_name(cluster: str, *seeds: str) -> str:
    """The name of the ClusterAccess that came from these seeds: the cluster's, and ten characters."""
    return f"{cluster}-{request_name(*seeds).removeprefix('cr-')}"


def delegation_name(user: str) -> str:
    """The name of the ApprovalDelegation by which this user has somebody else decide: `of-` and sixteen characters."""
    digest = hashlib.sha256(user.encode()).digest()
    return "of-" + base64.b32encode(digest).decode().lower()[:16]


def kubeconfig_secret(cluster: str) -> str:
    """The Secret in which Cluster API's control-plane provider keeps the tenant's admin kubeconfig (key `value`)."""
    return f"{cluster}-kubeconfig"


def machine_deployment(cluster: str, pool: str) -> str:
    return f"{cluster}-{pool}"
