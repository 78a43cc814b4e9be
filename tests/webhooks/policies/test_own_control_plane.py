"""A control plane by hand brings no image, no Pod and nobody else's data into the management cluster."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.manifest import Manifest
from provisioning.resources import KAMAJI_CONTROL_PLANES
from tests.webhooks.estate import BLUE, WORLD, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Deny
from webhooks.policies.own_control_plane import POLICY
from webhooks.trusted import Trusted

PLAIN: Manifest = {
    "version": "v1.34.4",
    "replicas": 2,
    "dataStoreName": "default",
    "registry": "registry.k8s.io",
    "addons": {"coreDNS": {}, "konnectivity": {"server": {"port": 8132}, "agent": {"mode": "DaemonSet"}}},
    "scheduler": {"resources": {"requests": {"cpu": "250m", "memory": "1Gi"}, "limits": {"cpu": 4, "memory": "8Gi"}}},
    "apiServer": {"extraArgs": ["--oidc-issuer-url=https://id.example.org", "--audit-log-maxage=3", "-v=2"]},
    "controllerManager": {"extraArgs": ["--terminated_pod_gc_threshold=100", "--cloud-provider=external"]},
    "network": {"serviceType": "LoadBalancer", "certSANs": ["api.example.org"]},
    "deployment": {"nodeSelector": {}, "extraVolumes": []},
}
"""What people may want of one, with what the CRD fills in."""


def control_plane(spec: Manifest = PLAIN, *, namespace: str = BLUE) -> Manifest:
    return manifest(KAMAJI_CONTROL_PLANES, "hand", spec, namespace=namespace)


def fields(new: Manifest, **rest: Any) -> list[str]:
    verdict = World(*WORLD).check(POLICY, request(KAMAJI_CONTROL_PLANES, new, **rest))
    return [cause.field for cause in verdict.causes] if isinstance(verdict, Deny) else []


def test_what_people_may_want_of_a_control_plane_passes() -> None:
    assert fields(control_plane()) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("registry", "registry.evil.example.org"),
        ("apiServer.containerImageName", "evil"),
        ("scheduler.containerImageName", "evil"),
        ("addons.konnectivity.server.image", "evil"),
        ("addons.konnectivity.server.extraArgs", ["--kubeconfig=/x"]),
        ("dataStoreName", "gold"),
        ("dataStoreSchema", "tenant_red_web"),
        ("dataStoreUsername", "tenant_red_web"),
        ("dataStoreOverrides", [{"resource": "/events", "dataStore": "gold"}]),
        ("kine.extraArgs", ["--endpoint=postgres://elsewhere"]),
        ("deployment.extraContainers", [{"name": "a", "image": "evil"}]),
        ("deployment.extraInitContainers", [{"name": "a", "image": "evil"}]),
        ("deployment.serviceAccountName", "web-csi-controller"),
        ("deployment.nodeSelector", {"node-role.kubernetes.io/control-plane": ""}),
        ("deployment.tolerations", [{"operator": "Exists"}]),
        ("deployment.affinity", {"nodeAffinity": {"a": 1}}),
        ("deployment.runtimeClassName", "privileged"),
        ("deployment.podAdditionalMetadata", {"annotations": {"k8s.v1.cni.cncf.io/networks": "infra"}}),
        ("deployment.additionalMetadata", {"labels": {"a": "b"}}),
        ("deployment.externalClusterReference", {"kubeconfigSecretName": "x"}),
        ("deployment.extraVolumes", [{"name": "a", "configMap": {"name": "mine", "defaultMode": 0o755}}]),
        ("deployment.extraVolumes", [{"name": "a", "secret": {"secretName": "web-ca"}}]),
        ("apiServer.extraVolumeMounts", [{"name": "a", "mountPath": "/usr/local/sbin/kube-apiserver", "subPath": "x"}]),
        ("controllerManager.extraVolumeMounts", [{"name": "a", "mountPath": "/ca"}]),
        ("network.serviceAnnotations", {"metallb.io/loadBalancerIPs": "192.0.2.1"}),
        ("network.serviceLabels", {"a": "b"}),
        ("network.serviceAddress", "192.0.2.1"),
        ("network.additionalServicePorts", [{"port": 22}]),
        ("network.ingress.extraAnnotations", {"nginx.ingress.kubernetes.io/server-snippet": "x"}),
        ("network.loadBalancerConfig.loadBalancerClass", "public"),
        ("scheduler.resources.claims", [{"name": "a"}]),
        ("addons.konnectivity.server.resources.requests.ephemeral-storage", "1Ti"),
        ("apiServer.resources.requests.cpu", "5"),
        ("controllerManager.resources.limits.memory", "9Gi"),
        ("addons.konnectivity.server.resources.requests.memory", "1e30"),
        ("hostNetworkOfNextYear", True),
    ],
)
def test_what_reaches_further_than_the_tenant_is_the_platforms(path: str, value: Any) -> None:
    reaching = tweak(control_plane(), f"spec.{path}", value)
    (found,) = fields(reaching)
    assert f"spec.{path}".startswith(found)
    assert fields(reaching, groups=("system:masters",)) == []
    assert fields(reaching, user=Trusted().provisioner) == []
    # What the platform wrote stays when others go on from there.
    assert fields(tweak(reaching, "spec.replicas", 3), old=reaching) == []


@pytest.mark.parametrize(
    "flag",
    [
        "--etcd-prefix=/red",
        "--etcd-servers=https://x",
        "--etcd_prefix=/red",
        "--kubeconfig=/x",
        "--authentication-kubeconfig",
        "--authentication_kubeconfig=/x",
        "--master",
        "--authentication-token-webhook-config-file=/x",
        "--authorization-webhook-config-file=/x",
        "--authorization-config=/x",
        "--audit-webhook-config-file=/x",
        "--audit-log-path=/x",
        "--anonymous-auth=true",
        "--cloud-provider=aws",
        "--oidc-ca-file=/x",
        "--admission-control-config-file=/x",
        "--encryption-provider-config=/x",
        "--egress-selector-config-file=/x",
        "--tracing-config-file=/x",
        "--cluster-signing-key-file=/x",
        "--flex-volume-plugin-dir=/x",
        "--config=/x",
        "--flag-of-next-year",
        "--v --kubeconfig=/x",
        " --kubeconfig=/x",
        "-kubeconfig=/x",
        "kubeconfig=/x",
        "",
    ],
)
def test_no_argument_reads_a_file_or_leads_to_another_store_or_api_server(flag: str) -> None:
    asked = tweak(control_plane(), "spec.controllerManager", {"extraArgs": ["--v=2", flag]})
    assert fields(asked) == ["spec.controllerManager.extraArgs[1]"]
    assert fields(tweak(asked, "spec.replicas", 3), old=asked) == []


@pytest.mark.parametrize(
    ("flag", "is_refused"),
    [
        ("--disable-admission-plugins=NodeRestriction,ValidatingAdmissionPolicy", True),
        ("--disable_admission_plugins=validatingadmissionpolicy", True),
        ("--runtime-config=admissionregistration.k8s.io/v1=false", True),
        ("--runtime-config=admissionregistration.k8s.io/v1/validatingadmissionpolicies=false", True),
        ("--runtime-config=api/all=false", True),
        ("--runtime-config=batch/v2=true,api/ga=false", True),
        ("--feature-gates=ValidatingAdmissionPolicy=false", True),
        ("--disable-admission-plugins=PodSecurity", False),
        ("--enable-admission-plugins=ValidatingAdmissionPolicy", False),
        ("--runtime-config=resource.k8s.io/v1beta1=true", False),
        ("--runtime-config=api/beta=true,api/all=true", False),
        ("--runtime-config=admissionregistration.k8s.io/v1beta1=true", False),
        ("--runtime-config=api/all=true,api/ga=false", True),
        ("--feature-gates=UserNamespacesSupport=true", False),
    ],
)
def test_nobody_switches_off_what_guards_the_tenant(flag: str, is_refused: bool) -> None:
    asked = tweak(control_plane(), "spec.apiServer", {"extraArgs": ["--v=2", flag]})
    assert fields(asked) == (["spec.apiServer.extraArgs[1]"] if is_refused else [])
    assert fields(tweak(asked, "spec.replicas", 3), old=asked) == fields(asked, groups=("system:masters",)) == []


def test_what_somebody_keeps_from_going_is_held_to_it_as_well() -> None:
    """Kamaji's provider makes what a KamajiControlPlane says, deleted or not, as long as a finalizer keeps it."""
    held = tweak(control_plane(), "metadata.deletionTimestamp", "2026-11-24T10:00:00Z")
    assert fields(tweak(held, "spec.registry", "registry.evil.example.org"), old=held) == ["spec.registry"]
    assert fields(held, old=control_plane()) == []


def test_namespaces_of_nobody_are_left_alone() -> None:
    assert fields(control_plane({"registry": "evil"}, namespace="elsewhere")) == []
