"""What every test may ask for. The fixtures that need the real control plane live in `tests/real.py`."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer

from tests.dealing import Dealing, turn

pytest_plugins = ["tests.real"]

GO = {"GOGC": "400", "GOMEMLIMIT": "1GiB"}
"""How thriftily the real programs, which are written in Go, deal with memory: less than of themselves, up to a bound.
They do nearly all the work of the tests with a control plane, and did a sixth of it for their garbage."""
REAL_FIXTURES = {"control_plane", "older_control_plane", "cluster_api"}


settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")  # how long an example takes says more about the machine than about what is tested


def pytest_configure() -> None:
    """Programs under test are told how to deal with memory, and listen to Ctrl-C, also when the tests were started in
    the background, where a shell has it ignored: that is inherited."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for name, value in GO.items():
        os.environ.setdefault(name, value)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whoever uses the real control plane is marked `real`, so that `-m "not real"` is the quick half. Where several
    processes run, they have the tests in the order in which they are dealt."""
    for item in items:
        if REAL_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.real)
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: turn(item.nodeid, is_real=item.get_closest_marker("real") is not None))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Dealing:
    """Who runs which tests, where several processes do."""
    return Dealing(config, log)
