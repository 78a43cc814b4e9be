"""What gives access to the management cluster, on its way into a tenant by any of the ways there are."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
import yaml

from provisioning.resources import (
    CLUSTER_RESOURCE_SETS,
    CONFIG_MAPS,
    HELM_CHART_PROXIES,
    HELM_RELEASES,
    KUBEADM_CONFIG_TEMPLATES,
    SECRETS,
    SERVICE_ACCOUNTS,
)
from tests.webhooks.estate import WORLD
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny
from webhooks.kinds import ENDPOINT_SLICES
from webhooks.policies.no_management_credentials import POLICY


def certificate(of: str) -> str:
    body = base64.b64encode((of * 40).encode()).decode()
    lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    return f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def kubeconfig(server: str = "https://10.0.0.9:6443", authority: str = "ours") -> str:
    cluster = {
        "server": server,
        **({"certificate-authority-data": encoded(certificate(authority))} if authority else {}),
    }
    users = [{"name": "u", "user": {"token": "t"}}]
    return yaml.safe_dump({"kind": "Config", "clusters": [{"name": "c", "cluster": cluster}], "users": users})


def token(account: str = "autoscaler", uid: str = "uid-autoscaler", *, old: bool = False) -> str:
    bound = {"kubernetes.io": {"namespace": "tenant-blue", "serviceaccount": {"name": account, "uid": uid}}}
    prefix = "kubernetes.io/serviceaccount/"
    lasting = {
        f"{prefix}namespace": "tenant-blue",
        f"{prefix}service-account.name": account,
        f"{prefix}service-account.uid": uid,
    }
    parts = ({"alg": "RS256"}, lasting if old else bound)
    return ".".join([base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts] + ["c2ln"])


def secret(**data: str) -> str:
    return yaml.safe_dump(
        {"kind": "Secret", "metadata": {"name": "s"}, "data": {k: encoded(v) for k, v in data.items()}}
    )


ESTATE = (
    *WORLD,
    manifest(CONFIG_MAPS, "kube-root-ca.crt", data={"ca.crt": certificate("ours")}, namespace="kube-system"),
    manifest(
        CONFIG_MAPS, "cluster-info", data={"kubeconfig": kubeconfig("https://k8s.example.org")}, namespace="kube-public"
    ),
    manifest(
        ENDPOINT_SLICES,
        "kubernetes",
        namespace="default",
        endpoints=[{"addresses": ["192.0.2.7", "2001:db8::7"]}],
        ports=[{"name": "https", "port": 6443}],
    ),
    manifest(SERVICE_ACCOUNTS, "autoscaler"),
)
INTO = manifest(CLUSTER_RESOURCE_SETS, "s", {"clusterSelector": {}, "resources": [{"kind": "ConfigMap", "name": "c"}]})
REMOTE = {"secretRef": {"name": "web-kubeconfig"}}


def check(resource: Any, new: Any, *more: Any, **rest: Any) -> Any:
    return World(*ESTATE, *more).check(POLICY, request(resource, new, **rest))


def sent(text: str) -> Any:
    """What is said when the text is put where a ClusterResourceSet takes manifests from."""
    return check(CONFIG_MAPS, manifest(CONFIG_MAPS, "c", data={"a": text}), INTO)


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        (kubeconfig(), "certificate authority of the management cluster"),
        (kubeconfig("https://192.0.2.7:6443", "theirs"), "for 192.0.2.7, the management cluster's API server"),
        (kubeconfig("https://k8s.example.org", "theirs"), "for k8s.example.org, the management cluster's API server"),
        (secret(value=kubeconfig()), "certificate authority of the management cluster"),
        (secret(token=token()), "ServiceAccount tenant-blue/autoscaler"),
        (f"#!/bin/sh\ncat > /root/.kube/config <<EOF\n{kubeconfig()}EOF\n", "certificate authority"),
        (f"#!/bin/sh\nkubectl --server=https://192.0.2.7:6443 --token={token(old=True)} get nodes", "a token of"),
        (json.dumps({"data": {"cloud-config": f"kubeconfig: |\n  {token()}\n"}}), "a token of"),
        (secret(inner=secret(value=kubeconfig())), "certificate authority"),
    ],
)
def test_it_is_refused_however_it_is_wrapped(text: str, evidence: str) -> None:
    verdict = sent(text)
    assert isinstance(verdict, Deny)
    assert evidence in verdict.reason
    assert "acts on the management cluster" in verdict.reason
    assert verdict.causes[0].field.startswith("data.a")


@pytest.mark.parametrize(
    "text",
    [
        kubeconfig("https://10.95.0.1:443", "theirs"),
        kubeconfig("https://web.tenant-blue.svc:6443", "theirs"),
        kubeconfig("https://kubernetes.default.svc", "theirs"),
        secret(token=token("other")),
        secret(token=token(uid="uid-of-the-tenants-own")),
        secret(**{"tls.crt": certificate("ours")}),
        "server: not an address\nclusters: 3\n",
        "clusters:\n- cluster: {server: 'https://[::1'}\n",
        "eyJ.eyJ.x eyJhIjox.eyJhIjox.eyJhIjox",
    ],
)
def test_the_tenants_own_and_what_only_looks_like_it_is_let_through(text: str) -> None:
    assert sent(text) == Allow()


@pytest.mark.parametrize(
    ("server", "authority", "told"),
    [
        # A load balancer, or a node, on which tenants' control planes are as well.
        ("https://192.0.2.7:31443", "theirs", ""),
        ("https://k8s.example.org:6443", "theirs", ""),
        ("https://192.0.2.7", "theirs", ""),
        ("https://192.0.2.7:31443", "ours", "certificate authority of the management cluster"),
        # Whoever trusts any authority may mean ours behind another port of it.
        ("https://192.0.2.7:31443", "", "for 192.0.2.7, where the management cluster's API server is"),
        ("https://192.0.2.8:31443", "", ""),
        # The same address, spelled otherwise.
        ("https://[2001:0db8:0::7]:6443", "theirs", "for 2001:db8::7, the management cluster's API server"),
        ("https://K8S.example.org.:443/", "theirs", "for k8s.example.org, the management cluster's API server"),
        ("https://192.0.2.7:99999", "theirs", ""),
    ],
)
def test_an_api_server_of_a_tenant_may_be_at_the_same_host_on_another_port(
    server: str, authority: str, told: str
) -> None:
    verdict = sent(kubeconfig(server, authority))
    assert told in verdict.reason if told else verdict == Allow()


def test_where_nobody_says_on_which_port_it_listens_every_port_is_its_own() -> None:
    silent = manifest(ENDPOINT_SLICES, "kubernetes", namespace="default", endpoints=[{"addresses": ["192.0.2.7"]}])
    content = manifest(CONFIG_MAPS, "c", data={"a": kubeconfig("https://192.0.2.7:31443", "theirs")})
    assert isinstance(World(*WORLD, silent, INTO).check(POLICY, request(CONFIG_MAPS, content)), Deny)


def joining(by: Any) -> Any:
    """A machine that looks for its control plane by this kubeconfig."""
    discovery = {"file": {"kubeConfigPath": "/etc/kubernetes/discovery.conf", "kubeConfig": by}}
    spec = {"joinConfiguration": {"discovery": discovery}}
    return manifest(KUBEADM_CONFIG_TEMPLATES, "t", {"template": {"spec": spec}})


@pytest.mark.parametrize(
    ("resource", "new", "field"),
    [
        (
            KUBEADM_CONFIG_TEMPLATES,
            manifest(KUBEADM_CONFIG_TEMPLATES, "t", {"template": {"spec": {"files": [{"content": kubeconfig()}]}}}),
            "spec.template.spec.files[0].content",
        ),
        (
            KUBEADM_CONFIG_TEMPLATES,
            manifest(KUBEADM_CONFIG_TEMPLATES, "t", {"template": {"spec": {"preKubeadmCommands": [f"x {token()}"]}}}),
            "spec.template.spec.preKubeadmCommands[0]",
        ),
        (
            KUBEADM_CONFIG_TEMPLATES,
            joining({"cluster": {"certificateAuthorityData": encoded(certificate("ours"))}}),
            "spec.template.spec.joinConfiguration.discovery.file.kubeConfig",
        ),
        (
            KUBEADM_CONFIG_TEMPLATES,
            joining({"user": {"exec": {"command": "cat", "env": [{"name": "TOKEN", "value": token()}]}}}),
            "spec.template.spec.joinConfiguration.discovery.file.kubeConfig.users[0].exec.env[0].value",
        ),
        (
            HELM_RELEASES,
            manifest(HELM_RELEASES, "r", {"kubeConfig": REMOTE, "values": {"a": {"kubeconfig": kubeconfig()}}}),
            "spec.values.a.kubeconfig",
        ),
        (
            HELM_CHART_PROXIES,
            manifest(HELM_CHART_PROXIES, "p", {"valuesTemplate": f"t: {token()}"}),
            "spec.valuesTemplate",
        ),
        (
            SECRETS,
            manifest(SECRETS, "s", data={"a": encoded(kubeconfig())}, type="addons.cluster.x-k8s.io/resource-set"),
            "data.a",
        ),
    ],
)
def test_every_way_into_a_tenant_is_looked_at(resource: Any, new: Any, field: str) -> None:
    verdict = check(resource, new)
    assert isinstance(verdict, Deny)
    assert verdict.causes[0].field == field


def test_a_machine_may_look_for_its_own_control_plane_by_a_kubeconfig() -> None:
    own = {"cluster": {"server": "https://10.9.9.9:6443", "certificateAuthorityData": encoded(certificate("theirs"))}}
    assert check(KUBEADM_CONFIG_TEMPLATES, joining(own)) == Allow()


def test_what_stays_in_the_management_cluster_may_have_its_credentials() -> None:
    kept = manifest(SECRETS, "gitops", data={"value": encoded(kubeconfig()), "token": encoded(token())}, type="Opaque")
    assert check(SECRETS, kept) == Allow()
    here = manifest(HELM_RELEASES, "r", {"serviceAccountName": "a", "values": {"kubeconfig": kubeconfig()}})
    assert check(HELM_RELEASES, here) == Allow()


def test_more_tokens_than_can_be_looked_up_are_refused() -> None:
    verdict = sent("\n".join(token(f"a{number}") for number in range(30)))
    assert isinstance(verdict, Deny)
    assert "more than 20 tokens" in verdict.reason


def test_a_management_cluster_of_which_nothing_is_known_stops_nobody() -> None:
    content = manifest(CONFIG_MAPS, "c", data={"a": kubeconfig()})
    assert World(*WORLD, INTO).check(POLICY, request(CONFIG_MAPS, content)) == Allow()


@pytest.mark.parametrize(
    "text", ["eyJ-" * 250_000, json.dumps({"certificate-authority": " " * 900_000 + "!"}), "server " * 140_000]
)
def test_a_megabyte_that_looks_like_a_credential_at_every_letter_is_answered_in_time(text: str) -> None:
    started = time.process_time()
    check(CONFIG_MAPS, manifest(CONFIG_MAPS, "c", data={"a": text}))
    assert time.process_time() - started < 5


def test_a_script_that_names_more_servers_than_anybody_has_does_not_pass() -> None:
    authority = encoded(certificate("theirs"))
    text = f"certificate-authority-data: {authority}\n'" + "".join(f"server: https://a{n}\n" for n in range(1001))
    verdict = sent(text)
    assert isinstance(verdict, Deny)
    assert "it holds more than 1000 texts that may be credentials" in verdict.reason
