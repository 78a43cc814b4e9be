"""How tests are dealt out to processes that run at the same time (`make test JOBS=2`): a file at a time, in order, the
undivided folders first.

What the tests of a file share is started once, so a file is never divided; nor are some folders. Each process has a
control plane of its own, so nobody meets the objects of another.
"""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

UNDIVIDED = ("tests/e2e/", "tests/faults/")
"""Folders whose tests share playgrounds, or a control plane that they maltreat."""


def share(nodeid: str) -> str:
    """What a test is never parted from: its folder or its file."""
    file = nodeid.partition("::")[0]
    return next((folder for folder in UNDIVIDED if file.startswith(folder)), file)


def comes_first(nodeid: str) -> bool:
    """Whether a test is dealt before all others: the undivided folders take longest, and everybody would wait for them
    in the end. And while one process keeps the machine busy with them, another has the many tests that wait."""
    return share(nodeid) in UNDIVIDED


class Dealing(LoadScopeScheduling):  # type: ignore[misc]
    """Whoever is nearly through gets the next share."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        # xdist would begin with where the most tests are. The longest ones are few, and would come last.
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return share(nodeid)
