"""What every test may ask for. The fixtures that need the real control plane live in `tests/real.py`."""

from __future__ import annotations

import pytest

pytest_plugins = ["tests.real"]

REAL_FIXTURES = {"control_plane", "older_control_plane", "cluster_api"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever uses the real control plane is marked `real`, so that `-m "not real"` is the quick half."""
    for item in items:
        if REAL_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.real)
