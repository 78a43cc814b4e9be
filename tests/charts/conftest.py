"""The real Helm, once per session."""

import pytest

from playground.binaries import Binaries
from tests.charts.rendering import Helm


@pytest.fixture(scope="session")
def helm(control_plane_binaries: Binaries) -> Helm:
    return Helm(control_plane_binaries["helm"])
