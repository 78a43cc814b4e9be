"""What a TenantCluster consists of in Cluster API: one module a kind, each with one `render(blueprint)`.

The tuple is also the order of applying. A control plane and an infrastructure come before the Cluster that names them:
Cluster API looks again for a missing one only after half a minute.
"""

from provisioning.manifests import (
    bootstrap_template,
    cluster,
    control_plane,
    health_check,
    infrastructure,
    machine_deployment,
    machine_template,
)

MANIFESTS = (
    infrastructure,
    control_plane,
    cluster,
    machine_template,
    bootstrap_template,
    machine_deployment,
    health_check,
)

__all__ = ["MANIFESTS"]
