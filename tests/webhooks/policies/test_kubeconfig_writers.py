"""What controllers take for a cluster's kubeconfig or its keys, only controllers write."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.resources import SECRETS
from tests.webhooks.estate import WORLD, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny
from webhooks.policies.control_plane_keys import KEPT
from webhooks.policies.kubeconfig_writers import POLICY

KAMAJI = "system:serviceaccount:kamaji-system:kamaji-controller-manager"


def check(new: Any, **rest: Any) -> Any:
    return World(*WORLD).check(POLICY, request(SECRETS, new, **rest))


def secret(name: str = "web-kubeconfig", value: str = "a", **more: Any) -> Any:
    return manifest(SECRETS, name, data={"value": value}, **more)


def test_people_write_none_and_change_none() -> None:
    for verdict in (check(secret()), check(secret(value="b"), old=secret()), check(secret("web-admin-kubeconfig"))):
        assert isinstance(verdict, Deny)
        assert "take another name" in verdict.reason


@pytest.mark.parametrize("name", [f"web-{key}" for key in KEPT])
def test_nobody_writes_in_advance_what_a_control_plane_would_keep(name: str) -> None:
    planted = manifest(SECRETS, name, data={"ca.crt": "a", "ca.key": "b"})
    for verdict in (check(planted), check(tweak(planted, "data", {"ca.key": "c"}), old=planted)):
        assert isinstance(verdict, Deny)
        assert f"{name} would be taken for" in verdict.reason
    assert check(planted, user=KAMAJI) == Allow()


def test_a_certificate_without_its_key_is_no_authority_until_the_key_comes() -> None:
    bare = manifest(SECRETS, "registry-ca", data={"ca.crt": "a"})
    assert check(bare) == Allow()
    assert isinstance(check(tweak(bare, "data", {"ca.crt": "a", "tls.key": "b"}), old=bare), Deny)


@pytest.mark.parametrize(
    "rest",
    [{"user": KAMAJI}, {"groups": ("system:masters",)}],
)
def test_kamaji_does_and_the_platform_may(rest: Any) -> None:
    assert check(secret(), **rest) == Allow()


def test_marks_on_it_and_other_secrets_are_free() -> None:
    assert check(tweak(secret(), "metadata.labels", {"a": "b"}), old=secret()) == Allow()
    assert check(secret("web-kubeconfig-of-mine")) == Allow()
    assert check(secret(namespace="elsewhere")) == Allow()
