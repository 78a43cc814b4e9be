"""`kubectl clusterdesk protect NAME`: nobody deletes it, until that is taken back."""

from __future__ import annotations

from plugin import options
from plugin.changing import Edit, Task, command, edited
from provisioning import edits
from provisioning.model import TenantCluster
from provisioning.objects import Stored


def run(name: options.ClusterName) -> Task:
    """Keep a cluster from being deleted, by anybody and by the end of its lifetime.

    When its lifetime is over it sleeps, and keeps what it has stored.

    Ends with 1 when it was refused; with --wait also when it was denied, or is not done in time.
    """

    def edit(cluster: Stored[TenantCluster]) -> Edit:
        return Edit(edits.protected(cluster.it.spec, True), f"{name} is protected: nobody deletes it")

    return edited(name, edit, arrived=lambda _: True)


COMMAND = command("protect", run)
