"""What the chart puts into the environment is what the programs read from it, and they start with it."""

from dataclasses import replace
from pathlib import Path

import pytest

from bot.settings import Settings as BotSettings
from provisioning.settings import CommonSettings
from provisioning.settings import Settings as ProvisionerSettings
from tests.charts.rendering import CI, Helm, environment
from webhooks.settings import Settings as WebhooksSettings
from webhooks.trusted import Trusted

PREFIX = "CLUSTERDESK_"
SETTINGS: dict[str, type[CommonSettings]] = {
    "bot": BotSettings,
    "provisioner": ProvisionerSettings,
    "webhooks": WebhooksSettings,
}
FROM_ELSEWHERE = {"namespace": "clusterdesk-system", "pod_name": "a-pod", "host": "10.0.0.1"}


def settings(helm: Helm, values: Path, component: str) -> CommonSettings:
    manifests = helm.render(values, release="clusterdesk")
    read = SETTINGS[component]
    given = {}
    for name, value in environment(manifests, component).items():
        if name.startswith(PREFIX):
            field = name.removeprefix(PREFIX).lower()
            assert field in read.model_fields, f"{component} reads no {name}"
            given[field] = value if isinstance(value, str) else FROM_ELSEWHERE.get(field, "a-secret")
    return read.model_validate(given)


@pytest.mark.parametrize("component", SETTINGS)
@pytest.mark.parametrize("values", [p for p in CI if p.name != "everything-values.yaml"], ids=lambda path: path.name)
def test_program_starts_with_the_environment_that_the_chart_gives_it(helm: Helm, values: Path, component: str) -> None:
    made = settings(helm, values, component)
    assert made.health_port == 8081
    assert made.log_level == "INFO"


def test_webhooks_trust_the_accounts_of_their_own_release(helm: Helm) -> None:
    made = settings(helm, CI[0], "webhooks")
    assert isinstance(made, WebhooksSettings)
    trusted = made.trusted()
    assert trusted.bot == "system:serviceaccount:clusterdesk-system:clusterdesk-bot"
    assert trusted.provisioner == "system:serviceaccount:clusterdesk-system:clusterdesk-provisioner"
    assert trusted.platform_groups == {"system:masters", "kubeadm:cluster-admins"}
    assert trusted == replace(Trusted(), platform_groups=trusted.platform_groups)
    assert "clusterdesk-webhooks.clusterdesk-system.svc" in made.names()
