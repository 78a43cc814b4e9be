"""The real API server keeps the same promises: so tests on the fake mean something."""

from __future__ import annotations

import pytest

from provisioning.kube import Kube
from tests.provisioning.kube_contract.promises import Promises


@pytest.fixture
def kube(admin: Kube) -> Kube:
    return admin


class TestReal(Promises):
    pass
