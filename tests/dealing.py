"""How tests are dealt out to processes that run at the same time (`make test JOBS=2`): a file at a time, the undivided
folders first, and last what is over at once.

What the tests of a file share is started once, so a file is never divided; nor are some folders. Each process has a
control plane of its own, so nobody meets the objects of another.
"""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

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


def turn(nodeid: str, *, is_real: bool) -> int:
    """When a test is dealt, the lowest first. The undivided folders take longest, and everybody would wait for them in
    the end. And while one process keeps the machine busy with them, another has the many tests of the bot, which wait.
    What meets no real program and no Slack is kept for the end: it fills whatever time one process has left.
    """
    if share(nodeid) in UNDIVIDED:
        return 0
    return 1 if is_real or nodeid.startswith("tests/bot/") else 2


class Dealing(LoadScopeScheduling):  # type: ignore[misc]
    """Whoever is nearly through gets the next share."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        # xdist would begin with where the most tests are. The longest ones are few, and would come last.
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return share(nodeid)
