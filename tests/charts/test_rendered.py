"""What comes out: names, selectors, secrets, permissions."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from provisioning.manifest import Manifest
from tests.charts.rendering import CHART, CI, COMPONENTS, Helm, container, environment, kinds, only

CLUSTER_WIDE = {
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "FlowSchema",
    "MutatingWebhookConfiguration",
    "PriorityLevelConfiguration",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
}


@pytest.mark.parametrize("values", CI, ids=lambda path: path.name)
def test_every_object_is_ours_by_label_and_lives_in_the_release_namespace(helm: Helm, values: Path) -> None:
    for manifest in helm.render(values, release="desk", namespace="somewhere"):
        meta = manifest["metadata"]
        assert meta["labels"]["app.kubernetes.io/part-of"] == "clusterdesk"
        assert meta["labels"]["app.kubernetes.io/instance"] == "desk"
        assert meta.get("namespace") == (None if manifest["kind"] in CLUSTER_WIDE else "somewhere"), meta["name"]
        assert len(meta["name"]) <= 63


def test_nothing_of_the_default_names_is_left_in_a_release_of_another_name(helm: Helm) -> None:
    manifests = helm.render(release="desk", namespace="somewhere")
    text = yaml.safe_dump([m for m in manifests if m["kind"] != "CustomResourceDefinition"])
    assert "clusterdesk-system" not in text
    assert "desk-clusterdesk-webhooks" in text
    for name in COMPONENTS:
        assert f"\nclusterdesk-{name}" not in text.replace(f"desk-clusterdesk-{name}", "")
    assert "\x00" not in text


def test_services_budgets_and_policies_select_the_pods_they_are_for(helm: Helm) -> None:
    manifests = helm.render({"slack": {"mode": "http"}})
    labels = {
        name: only(manifests, "Deployment", f"clusterdesk-{name}")["spec"]["template"]["metadata"]["labels"]
        for name in COMPONENTS
    }
    selectors: list[tuple[str, Manifest]] = [
        *((m["metadata"]["name"], m["spec"]["selector"]) for m in kinds(manifests, "Service")),
        *((m["metadata"]["name"], m["spec"]["selector"]["matchLabels"]) for m in kinds(manifests, "Deployment")),
        *(
            (m["metadata"]["name"], m["spec"]["selector"]["matchLabels"])
            for m in kinds(manifests, "PodDisruptionBudget")
        ),
        *((m["metadata"]["name"], m["spec"]["podSelector"]["matchLabels"]) for m in kinds(manifests, "NetworkPolicy")),
    ]
    assert len(selectors) == 2 + 3 + 3 + 3
    for name, selector in selectors:
        component = name.removeprefix("clusterdesk-")
        assert selector.items() <= labels[component].items()
        assert [other for other in COMPONENTS if selector.items() <= labels[other].items()] == [component]


def test_webhook_configurations_call_the_service_that_the_certificate_is_for(helm: Helm) -> None:
    manifests = helm.render(release="desk", namespace="somewhere")
    service = only(manifests, "Service", "desk-clusterdesk-webhooks")
    deployment = only(manifests, "Deployment", "desk-clusterdesk-webhooks")
    (served,) = deployment["spec"]["template"]["spec"]["containers"]
    (hosts,) = (e["value"] for e in served["env"] if e["name"] == "CLUSTERDESK_HOSTS")
    configurations = kinds(manifests, "ValidatingWebhookConfiguration") + kinds(
        manifests, "MutatingWebhookConfiguration"
    )
    assert len(configurations) == 2
    for webhook in (webhook for configuration in configurations for webhook in configuration["webhooks"]):
        called = webhook["clientConfig"]["service"]
        assert (called["name"], called["namespace"]) == (service["metadata"]["name"], "somewhere")
        assert called.get("port", 443) in {port["port"] for port in service["spec"]["ports"]}
        assert f"{called['name']}.{called['namespace']}.svc" in hosts.split(",")
        assert "caBundle" not in webhook["clientConfig"], "an upgrade would wipe what the keeper put there"


def test_webhooks_never_ask_about_the_namespaces_that_they_need_themselves(helm: Helm) -> None:
    manifests = helm.render({"webhooks": {"excludedNamespaces": ["velero"]}}, namespace="somewhere")
    asked = [
        expression
        for configuration in manifests
        if configuration["kind"].endswith("WebhookConfiguration")
        for webhook in configuration["webhooks"]
        for expression in webhook.get("namespaceSelector", {}).get("matchExpressions", [])
        if expression["operator"] == "NotIn"
    ]
    assert asked
    for expression in asked:
        assert expression["key"] == "kubernetes.io/metadata.name", "a label that nobody can forge"
        assert {"kube-system", "somewhere", "velero"} <= set(expression["values"])


def test_refusals_fail_closed_and_completions_fail_open(helm: Helm) -> None:
    manifests = helm.render()
    (validating,) = kinds(manifests, "ValidatingWebhookConfiguration")
    (mutating,) = kinds(manifests, "MutatingWebhookConfiguration")
    noted = [w for w in validating["webhooks"] if w["name"] == "noted.clusterdesk.dev"]
    assert [(w["failurePolicy"], w["timeoutSeconds"]) for w in noted] == [("Ignore", 2)], "it refuses nothing"
    assert {w["failurePolicy"] for w in validating["webhooks"] if w not in noted} == {"Fail"}
    assert {w["failurePolicy"] for w in mutating["webhooks"]} == {"Ignore"}
    for webhook in validating["webhooks"] + mutating["webhooks"]:
        assert webhook["sideEffects"] == "NoneOnDryRun"
        assert webhook["matchPolicy"] == "Equivalent"
        assert webhook["admissionReviewVersions"] == ["v1"]


def test_bot_is_given_the_secret_of_its_mode_and_no_other(helm: Helm) -> None:
    for mode, needed, absent in (("http", "SIGNING_SECRET", "APP_TOKEN"), ("socket", "APP_TOKEN", "SIGNING_SECRET")):
        env = environment(helm.render({"slack": {"mode": mode, "existingSecret": "ours"}}), "bot")
        assert env[f"CLUSTERDESK_SLACK_{needed}"]["secretKeyRef"]["name"] == "ours"
        assert f"CLUSTERDESK_SLACK_{absent}" not in env
    others = [environment(helm.render(), name) for name in ("provisioner", "webhooks")]
    assert not [name for env in others for name in env if "SLACK" in name]


def test_bot_is_told_who_looks_after_the_platform(helm: Helm) -> None:
    env = environment(helm.render({"slack": {"platformPeople": ["U0PAT", "U0EVA"]}}), "bot")
    assert env["CLUSTERDESK_PLATFORM_PEOPLE"] == "U0PAT,U0EVA"
    assert "CLUSTERDESK_PLATFORM_PEOPLE" not in environment(helm.render(), "bot")


def test_bot_knows_people_by_their_address_only_where_that_is_switched_on(helm: Helm) -> None:
    env = environment(helm.render({"slack": {"email": True}}), "bot")
    assert env["CLUSTERDESK_SLACK_EMAIL"] == "true"
    assert "CLUSTERDESK_SLACK_EMAIL" not in environment(helm.render(), "bot")


def test_no_secret_is_ever_rendered(helm: Helm) -> None:
    for values in CI:
        assert kinds(helm.render(values), "Secret") == []


def test_certificates_of_cert_manager_are_mounted_and_injected_by_it(helm: Helm) -> None:
    manifests = helm.render({"certs": {"mode": "cert-manager"}})
    assert environment(manifests, "webhooks")["CLUSTERDESK_CERTS_MODE"] == "cert-manager"
    (certificate,) = kinds(manifests, "Certificate")
    pod = only(manifests, "Deployment", "clusterdesk-webhooks")["spec"]["template"]["spec"]
    (volume,) = (v for v in pod["volumes"] if v["name"] == "certs")
    assert volume["secret"]["secretName"] == certificate["spec"]["secretName"]
    assert certificate["spec"]["issuerRef"]["name"] == kinds(manifests, "Issuer")[0]["metadata"]["name"]
    (validating,) = kinds(manifests, "ValidatingWebhookConfiguration")
    reference = f"clusterdesk-system/{certificate['metadata']['name']}"
    assert validating["metadata"]["annotations"]["cert-manager.io/inject-ca-from"] == reference


def test_crds_survive_an_uninstall_unless_somebody_says_otherwise(helm: Helm) -> None:
    policy = "helm.sh/resource-policy"
    for keep, expected in ((True, "keep"), (False, None)):
        crds = kinds(helm.render({"crds": {"keep": keep}}), "CustomResourceDefinition")
        assert len(crds) == len(list((CHART / "files" / "crds").iterdir()))
        assert {crd["metadata"].get("annotations", {}).get(policy) for crd in crds} == {expected}
    assert kinds(helm.render({"crds": {"enabled": False}}), "CustomResourceDefinition") == []


def test_image_is_pinned_by_digest_when_there_is_one(helm: Helm) -> None:
    digest = "sha256:" + "ab" * 32
    assert container(helm.render({"image": {"digest": digest}}), "bot")["image"].endswith(f"@{digest}")
    assert container(helm.render({"image": {"tag": "1.2.3"}}), "bot")["image"].endswith(":1.2.3")


def test_the_audit_trail_goes_onto_a_volume_where_there_is_one_each_pod_into_a_file_of_its_own(helm: Helm) -> None:
    for volume, expected in (({}, None), ({"persistentVolumeClaim": {"claimName": "trail"}}, "trail")):
        manifests = helm.render({"audit": {"volume": volume}})
        for name in COMPONENTS:
            served, pod = container(manifests, name), only(manifests, "Deployment", f"clusterdesk-{name}")
            volumes = {each["name"]: each for each in pod["spec"]["template"]["spec"].get("volumes") or ()}
            mounts = {each["name"]: each["mountPath"] for each in served.get("volumeMounts") or ()}
            values = [each["name"] for each in served["env"]]
            claim = volumes.get("audit", {}).get("persistentVolumeClaim", {}).get("claimName")
            assert (claim, mounts.get("audit")) == (expected, "/audit" if expected else None), name
            # Kubernetes fills in what stands further up only.
            assert ("CLUSTERDESK_AUDIT_FILE" in values) is bool(expected)
            assert not expected or values.index("CLUSTERDESK_POD_NAME") < values.index("CLUSTERDESK_AUDIT_FILE")


def test_nobody_may_do_everything_and_secrets_are_read_by_name_where_that_is_enough(helm: Helm) -> None:
    for role in kinds(manifests := helm.render(), "ClusterRole") + kinds(manifests, "Role"):
        for rule in role["rules"]:
            assert "*" not in rule["verbs"], role["metadata"]["name"]
            assert rule["apiGroups"] != ["*"], role["metadata"]["name"]
            assert not {"escalate", "bind", "impersonate"} & set(rule["verbs"]), role["metadata"]["name"]
    assert not _reaches(only(manifests, "ClusterRole", "clusterdesk-bot"), "secrets")
    # By a name that somebody has just written down, to see what they would put into a tenant.
    (looking,) = [
        rule["verbs"]
        for rule in only(manifests, "ClusterRole", "clusterdesk-webhooks")["rules"]
        if "secrets" in rule["resources"]
    ]
    assert looking == ["get"]
    for rule in only(manifests, "Role", "clusterdesk-webhooks")["rules"]:
        if "secrets" in rule["resources"]:
            assert rule["verbs"] == ["create"] or rule["resourceNames"] == ["clusterdesk-certs"]


def test_keeper_may_patch_our_webhook_configurations_and_nobody_elses(helm: Helm) -> None:
    manifests = helm.render()
    ours = {m["metadata"]["name"] for m in manifests if m["kind"].endswith("WebhookConfiguration")}
    for rule in only(manifests, "ClusterRole", "clusterdesk-webhooks")["rules"]:
        if rule["apiGroups"] == ["admissionregistration.k8s.io"] and rule["verbs"] != ["list"]:
            assert set(rule["resourceNames"]) == ours


def _reaches(role: Manifest, resource: str) -> bool:
    rules: list[dict[str, Any]] = role["rules"]
    return any(resource in rule["resources"] for rule in rules)
