"""A tenant's kubeconfig is read with suspicion."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import yaml

from provisioning import access
from provisioning.access import UnusableKubeconfig
from provisioning.manifest import Manifest


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def kubeconfig(*, cluster: Manifest | None = None, user: Manifest | None = None) -> str:
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "web",
        "contexts": [{"name": "web", "context": {"cluster": "web", "user": "admin"}}],
        "clusters": [
            {
                "name": "web",
                "cluster": {
                    "server": "https://192.0.2.7:6443",
                    "certificate-authority-data": encoded("ca"),
                    **(cluster or {}),
                },
            }
        ],
        "users": [
            {
                "name": "admin",
                "user": {"client-certificate-data": encoded("cert"), "client-key-data": encoded("key"), **(user or {})},
            }
        ],
    }
    return yaml.safe_dump(content)


def test_what_kamaji_writes_is_read() -> None:
    found = access.of_secret({"data": {"value": encoded(kubeconfig())}})
    assert found.server == "https://192.0.2.7:6443"
    assert (found.authority, found.certificate, found.key) == (b"ca", b"cert", b"key")


@pytest.mark.parametrize(
    ("cluster", "user", "why"),
    [
        ({}, {"exec": {"command": "/bin/sh"}}, "exec"),
        ({}, {"auth-provider": {"name": "gcp"}}, "auth-provider"),
        ({}, {"tokenFile": "/var/run/secrets/kubernetes.io/serviceaccount/token"}, "tokenFile"),
        ({}, {"client-key": "/etc/kubernetes/admin.key"}, "client-key"),
        ({"certificate-authority": "/etc/passwd"}, {}, "certificate-authority"),
        ({"proxy-url": "http://192.0.2.1"}, {}, "proxy-url"),
        ({"insecure-skip-tls-verify": True}, {}, "insecure-skip-tls-verify"),
        ({"server": "http://192.0.2.7"}, {}, "https"),
        ({"server": "https://"}, {}, "https"),
        ({"server": "https://[::1"}, {}, "https"),
        ({"server": "https://192.0.2.7:65536"}, {}, "https"),
        ({"server": "https://192.0.2.7:api"}, {}, "https"),
        ({"server": "https://\u2100.example.org"}, {}, "https"),
        ({"certificate-authority-data": "not base64!"}, {}, "base64"),
    ],
)
def test_what_would_run_read_or_divert_anything_is_refused(cluster: Manifest, user: Manifest, why: str) -> None:
    with pytest.raises(UnusableKubeconfig, match=why):
        access.parse(kubeconfig(cluster=cluster, user=user))


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{", "current-context: x", "contexts: {}", "a: &a [*a]", "---\n---\n"),
        *("at: 2026-99-99", "[" * 20_000, "- a\n" * 250_000),
    ],
    ids=range(10),
)
def test_what_is_no_kubeconfig_is_refused(text: str) -> None:
    with pytest.raises(UnusableKubeconfig):
        access.parse(text)


@pytest.mark.parametrize(
    "text", [yaml.safe_dump({"current-context": "x" * 50_000}), kubeconfig(user={"y" * 50_000: "z"})], ids=range(2)
)
def test_why_fits_into_a_status_whatever_it_holds(text: str) -> None:
    with pytest.raises(UnusableKubeconfig) as refused:
        access.parse(text)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("data", [None, {}, {"value": "%"}, {"value": 7}])
def test_a_secret_without_one_is_refused(data: Any) -> None:
    with pytest.raises(UnusableKubeconfig):
        access.of_secret({"data": data})


async def test_certificates_that_are_none_are_refused_not_crashed_on() -> None:
    with pytest.raises(UnusableKubeconfig, match="certificates"):
        async with access.parse(kubeconfig()).connect():
            pass


def test_credentials_are_not_shown_when_it_is_printed() -> None:
    assert "key" not in repr(access.parse(kubeconfig()))
