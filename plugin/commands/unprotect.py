"""`kubectl clusterdesk unprotect NAME`: it can be deleted again. Somebody else has to agree to that."""

from __future__ import annotations

from plugin import options
from plugin.changing import Edit, Task, command, edited
from provisioning import edits
from provisioning.model import TenantCluster
from provisioning.objects import Stored


def run(name: options.ClusterName) -> Task:
    """Take a cluster's deletion protection off. Somebody else always has to agree.

    One whose lifetime is over is deleted then.

    Ends with 1 when it was refused; with --wait also when it was denied, or is not done in time.
    """

    def edit(cluster: Stored[TenantCluster]) -> Edit:
        return Edit(edits.protected(cluster.it.spec, False), f"{name} is protected no longer")

    return edited(name, edit, arrived=lambda _: True)


COMMAND = command("unprotect", run)
