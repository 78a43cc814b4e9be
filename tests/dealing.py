"""How tests are dealt out to processes that run at the same time (`make test JOBS=2`): a file at a time, the undivided
folders first, and from the other end, to one process, what mostly waits.

What the tests of a file share is started once, so a file is never divided; nor are some folders. Each process has a
control plane of its own, so nobody meets the objects of another.
"""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

UNDIVIDED = ("tests/e2e/", "tests/faults/")
"""Folders whose tests share playgrounds, or a control plane that they maltreat."""
OLDER = ("tests/provisioning/test_real_legacy.py", "tests/webhooks/test_real_legacy.py")
"""Files that share a second control plane, of the older generation of APIs."""


def share(nodeid: str) -> str:
    """What a test is never parted from: its folder, its file, or several files."""
    file = nodeid.partition("::")[0]
    if file in OLDER:
        return OLDER[0]
    return next((folder for folder in UNDIVIDED if file.startswith(folder)), file)


WAITING = ("tests/bot/", "tests/bench/")
"""Folders whose tests are at work for a third of their time: for a Slack that answers, or for what is measured."""


def turn(nodeid: str, *, is_real: bool) -> int:
    """Where a test stands, the lowest first. The undivided folders take longest, and everybody would wait for them in
    the end. What meets no real program is over at once, so it is where those meet who come from both ends.
    """
    if share(nodeid) in UNDIVIDED:
        return 0
    if nodeid.startswith(WAITING):
        return 3
    return 1 if is_real else 2


def begins_at_the_end(process: int, *, processes: int) -> bool:
    """Whether the process of that number, from 0, takes the last of what is left: one alone does. It waits while the
    others keep the machine busy."""
    return process == processes - 1


class Dealing(LoadScopeScheduling):  # type: ignore[misc]
    """Whoever is nearly through gets the next share."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        # xdist would begin with where the most tests are. The longest ones are few, and would come last.
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return share(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        number = int(node.gateway.id.removeprefix("gw"))
        if begins_at_the_end(number, processes=self.numnodes):
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)
