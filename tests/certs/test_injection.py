"""caBundles: which are wrong, and the patch that sets them right."""

import base64
from typing import Any

import jsonpatch
import pytest

from certs import injection

PEM = b"-----BEGIN CERTIFICATE-----\nours\n-----END CERTIFICATE-----\n"
ENCODED = base64.b64encode(PEM).decode()


def configuration(*bundles: str | None) -> dict[str, Any]:
    webhooks = [
        {"name": f"w{i}", "clientConfig": {"url": "https://x"} | ({} if b is None else {"caBundle": b})}
        for i, b in enumerate(bundles)
    ]
    return {"metadata": {"name": "desk", "resourceVersion": "7"}, "webhooks": webhooks}


def crd(conversion: dict[str, Any] | None) -> dict[str, Any]:
    spec = {} if conversion is None else {"conversion": conversion}
    return {"metadata": {"name": "x.clusterdesk.dev", "resourceVersion": "7"}, "spec": spec}


def read(manifest: dict[str, Any]) -> injection.Target:
    target = injection.read("/path", manifest)
    assert target is not None
    return target


def test_absent_and_foreign_bundles_are_replaced_and_right_ones_left_alone() -> None:
    manifest = configuration(None, ENCODED, base64.b64encode(b"theirs").decode(), "not base64!")
    changed = jsonpatch.apply_patch(manifest, injection.patch(read(manifest), PEM))
    assert [w["clientConfig"]["caBundle"] for w in changed["webhooks"]] == [ENCODED] * 4
    assert len(injection.patch(read(manifest), PEM)) == 4, "one test, and three of four webhooks"


def test_target_that_holds_the_bundle_needs_no_patch() -> None:
    target = read(configuration(ENCODED, ENCODED))
    assert injection.holds(target, PEM)
    assert injection.patch(target, PEM) == []


def test_patch_fails_whole_when_somebody_wrote_since() -> None:
    patch = injection.patch(read(configuration(None)), PEM)
    newer = configuration(None)
    newer["metadata"]["resourceVersion"] = "8"
    with pytest.raises(jsonpatch.JsonPatchTestFailed):
        jsonpatch.apply_patch(newer, patch)


def test_conversion_webhook_of_a_crd_is_a_target() -> None:
    manifest = crd({"strategy": "Webhook", "webhook": {"clientConfig": {"service": {"name": "desk"}}}})
    changed = jsonpatch.apply_patch(manifest, injection.patch(read(manifest), PEM))
    assert changed["spec"]["conversion"]["webhook"]["clientConfig"]["caBundle"] == ENCODED


@pytest.mark.parametrize("manifest", [crd(None), crd({"strategy": "None"}), configuration(), {**crd(None), "spec": {}}])
def test_objects_without_a_webhook_are_no_targets(manifest: dict[str, Any]) -> None:
    assert injection.read("/path", manifest) is None


def test_authority_beside_others_in_the_bundle_is_trusted() -> None:
    target = read(configuration(base64.b64encode(b"other\n" + PEM).decode()))
    assert injection.tells(target, PEM)
    assert not injection.holds(target, PEM)
    assert not injection.tells(read(configuration(ENCODED, None)), PEM)
