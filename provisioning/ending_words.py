"""What people read at more than one door of a cluster's end: given up before it is ready, or deleted. Plain words.

What must never live here: a decision, or a word that only one door says.
"""

from __future__ import annotations

from typing import Final

from provisioning.stage import Stage
from provisioning.wording import SAID, count

CONFIRM: Final = "Type the cluster's name to confirm"
WHAT_GOES: Final = "What goes with it"


def given_up_unless(when: str) -> str:
    """What comes of a cluster that failed before it was ever ready. `when` is drawn as this door draws times."""
    return (
        f"Unless somebody chooses what becomes of it, it is deleted {when}: none of its workers was ever ready. "
        "Its room in the quota is free again then."
    )


def given_up_too_late(cluster: str, *, known: bool) -> str:
    """Here and below, `cluster` is drawn as this door draws names. `known`: it was ready, and it is not only unknown
    whether it was."""
    why = "was ready already" if known else "may have been ready already"
    return f"{cluster} {why}, so it cannot be cancelled any more. You can ask to delete it."


def given_up_too_soon(cluster: str) -> str:
    return f"{cluster} {SAID[Stage.ACCEPTED]}. You can cancel it once it is being set up."


def protected_from_cancelling(cluster: str) -> str:
    return f"{cluster} is protected from deletion, so it cannot be cancelled. First take the protection off."


def not_yours_to_cancel(cluster: str, who: str, tenant: str) -> str:
    """`who` asked for it, drawn as this door draws people; empty when nobody knows. `tenant` is drawn as `cluster`."""
    asked = f"Only {who}, who asked for it, and those who decide" if who else "Only those who decide"
    return f"{asked} for {tenant} can cancel {cluster}. You can ask to delete it."


def delete_warning(cluster: str, namespace: str) -> str:
    """Both are drawn as this door draws names."""
    return (
        f"This deletes {cluster} in {namespace} with everything that runs in it: "
        "workers, volumes and load balancers. It cannot be undone."
    )


def goes_running(workers: str, add_ons: str) -> str:
    """Both are drawn as this door draws them; the second is empty where there are none."""
    return f"its control plane, and its workers: {workers}{add_ons and f', its add-ons {add_ons}'}"


def goes_stored(volumes: int, size: str, balancers: int) -> str:
    """What people made in it. `size` is what all the volumes come to."""
    stored = f"{count(volumes, 'volume')} with {size}" if volumes else "no volumes"
    reached = count(balancers, "load balancer") if balancers else "no load balancers of your Services"
    return f"{stored}, {reached}"


def not_counted(why: str) -> str:
    return f"Volumes and load balancers could not be counted: {why}. All of them go."


def confirm_mismatch(cluster: str) -> str:
    return f"Type {cluster} exactly as it is written above."
