"""Who is believed to be a controller, by the name that the API server authenticates."""

from __future__ import annotations

import pytest

from webhooks.review import User
from webhooks.trusted import Trusted


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("system:serviceaccount:capi-system:capi-manager", True),
        ("system:serviceaccount:kube-system:generic-garbage-collector", True),
        # Where its controllers have no accounts of their own, as is the default of Kubernetes' own program.
        ("system:kube-controller-manager", True),
        ("system:kube-controller-manager:x", False),
        ("system:serviceaccount:projectsveltos:addon-controller", False),
        ("system:serviceaccount:capi-system-2:capi-manager", False),
        ("system:serviceaccount:tenant-blue:capi-system", False),
        ("x:system:serviceaccount:capi-system:capi-manager", False),
        ("system:serviceaccount:", False),
        ("ann", False),
    ],
)
def test_a_controller_is_known_by_its_account(name: str, is_one: bool) -> None:
    trusted, user = Trusted(), User(name, ())
    assert trusted.is_controller(user) == trusted.is_system(user) == is_one
