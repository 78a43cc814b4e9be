"""What the environment means."""

from __future__ import annotations

from dataclasses import replace

from webhooks.settings import Settings
from webhooks.trusted import Trusted


def test_without_any_environment_it_fits_a_release_called_clusterdesk() -> None:
    settings = Settings(_env_file=None)
    assert settings.trusted().bot == "system:serviceaccount:clusterdesk-system:clusterdesk-bot"
    groups = frozenset({"system:masters", "kubeadm:cluster-admins"})
    assert settings.trusted() == replace(Trusted(), platform_groups=groups)
    assert "clusterdesk-webhooks.clusterdesk-system.svc" in settings.names()


def test_accounts_and_namespaces_follow_the_namespace_we_run_in() -> None:
    trusted = Settings(namespace="desk", platform_groups="a, b,", webhooks_account="root").trusted()
    assert trusted.provisioner == "system:serviceaccount:desk:clusterdesk-provisioner"
    assert trusted.webhooks == "root"
    assert trusted.platform_groups == {"a", "b"}
    assert {"desk", "kube-system"} <= trusted.namespaces


def test_hosts_are_written_with_commas() -> None:
    assert Settings(hosts="127.0.0.1,localhost").names() == ("127.0.0.1", "localhost")
