"""A digest changes with everything that is wanted, and with nothing else."""

from __future__ import annotations

import re
from typing import Any

import pytest

from provisioning.digest import digest_of
from provisioning.model import Action, ClusterSpec
from tests import builders
from tests.builders import CLUSTER


def digest(action: Action = Action.CREATE, cluster: str = "web", **fields: Any) -> str:
    return digest_of(action=action, cluster=cluster, desired=builders.spec(**fields))


def test_a_digest_has_the_form_that_a_request_takes() -> None:
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", digest())


def test_it_says_the_same_tomorrow() -> None:
    assert digest() == "sha256:6e8c880f989eec5947b27fbf7f3f5811ff873f51c571e0e880be09b5dff8d975"


@pytest.mark.parametrize(
    "other",
    [
        digest(Action.CHANGE),
        digest(cluster="web2"),
        digest(version="v1.36.0"),
        digest(lifetime="1h"),
        digest(pools=[{"name": "md0", "flavor": "small", "replicas": 3}]),
        digest(pools=[{"name": "md0", "flavor": "small", "min": 2, "max": 2}]),
        digest(addOns=[]),
        digest(addOns=[{"name": "cilium", "values": {"a": "\u00fc"}}]),
        digest(network={"pods": "10.1.0.0/16", "services": "10.95.0.0/16"}),
        digest_of(action=Action.DELETE, cluster="web", desired=None),
    ],
)
def test_whatever_differs_makes_another_digest(other: str) -> None:
    assert other != digest()


def test_the_order_of_keys_and_defaults_written_out_make_no_difference() -> None:
    backwards = dict(reversed(CLUSTER["spec"].items()))
    written_out = {**backwards, "controlPlane": {"replicas": 2}}
    for wire in (backwards, written_out):
        spec = ClusterSpec.model_validate(wire)
        assert digest_of(action=Action.CREATE, cluster="web", desired=spec) == digest()
