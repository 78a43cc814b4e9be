"""`kubectl clusterdesk hibernate NAME`: no workers and no running control plane, and everything stored is kept."""

from __future__ import annotations

from plugin import options, tables
from plugin.changing import Edit, Task, command, edited
from provisioning import edits
from provisioning.model import TenantCluster
from provisioning.objects import Stored


def run(name: options.ClusterName) -> Task:
    """Put a cluster to sleep: its workers go, its control plane stops, what it has stored is kept.

    Ends with 1 when it was refused; with --wait also when it was denied, or is not asleep in time.
    """

    def edit(cluster: Stored[TenantCluster]) -> Edit:
        return Edit(edits.asleep(cluster.it.spec), f"{name} goes to sleep")

    return edited(name, edit, arrived=tables.is_asleep)


COMMAND = command("hibernate", run)
