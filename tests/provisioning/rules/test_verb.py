"""Which verb a change could have come from."""

from __future__ import annotations

import pytest

from provisioning import edits
from provisioning.model import ClusterSpec
from tests import builders

POOL = {"name": "md0", "flavor": "small", "replicas": 2}


@pytest.mark.parametrize(
    ("fields", "verb"),
    [
        ({"pools": [{**POOL, "replicas": 3}]}, "scale"),
        ({"pools": [{"name": "md0", "flavor": "small", "min": 1, "max": 3}]}, "scale"),
        ({"pools": [{**POOL, "flavor": "large"}]}, "resize"),
        ({"addOns": [{"name": "cilium"}, {"name": "cert-manager"}]}, "addons"),
        ({"lifetime": "8h"}, "extend"),
        ({"version": "v1.36.0"}, "upgrade"),
        ({"deletionProtection": True}, "protect"),
        ({"deletionProtection": True, "lifetime": "8h"}, ""),
        ({"hibernation": {"enabled": True}}, ""),
        ({"lifetime": "8h", "version": "v1.36.0"}, ""),
        ({"pools": [{**POOL, "flavor": "large", "replicas": 3}]}, ""),
        ({"pools": [POOL, {**POOL, "name": "md1"}]}, ""),
        ({"pools": [{**POOL, "labels": {"team": "web"}}]}, ""),
        ({}, ""),
    ],
)
def test_a_change_of_one_kind_has_a_verb(fields: dict[str, object], verb: str) -> None:
    after: ClusterSpec = builders.spec(**fields)

    assert edits.verb(builders.spec(), after) == verb


def test_to_take_protection_off_is_another_verb() -> None:
    guarded: ClusterSpec = builders.spec(deletionProtection=True)

    assert edits.verb(guarded, builders.spec()) == "unprotect"
