"""clusterdesk's own programs as the playground runs them: command, environment, and where each says it is ready.

Values only; `up` starts them. Each runs as the service account it has in a real installation.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from playground.accounts import Account
from playground.controlplane import ControlPlane
from playground.errors import PlaygroundError
from playground.pki import write_private

NAMESPACE = "clusterdesk-system"
SLACK_PREFIX = "CLUSTERDESK_SLACK_"
CHARTS = Path(__file__).parent.parent / "charts"
PLATFORM_PEOPLE = "U0PAT"
"""Of the local workspace, who looks after the platform."""
ACCOUNTS = {name: Account(NAMESPACE, f"clusterdesk-{name}") for name in ("bot", "provisioner", "webhooks")}


class SecretsMissing(PlaygroundError):
    """The bot is to talk to a Slack whose secrets nobody gave."""


class Secrets(BaseModel):
    """What Slack and the bot know about each other. Made once per state folder for the local workspace."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    signing_secret: str
    bot_token: str
    app_token: str

    @classmethod
    def given(cls, environ: Mapping[str, str]) -> Secrets:
        """Those of somebody else's Slack, from the environment. Raises `SecretsMissing`."""
        found = {name: environ.get(f"{SLACK_PREFIX}{name.upper()}", "") for name in cls.model_fields}
        if not found["bot_token"]:
            raise SecretsMissing(
                f"Another Slack needs its secrets in the environment: {SLACK_PREFIX}BOT_TOKEN, and "
                f"{SLACK_PREFIX}SIGNING_SECRET (HTTP) or {SLACK_PREFIX}APP_TOKEN (Socket Mode)."
            )
        return cls(**found)

    @classmethod
    def kept_in(cls, state: Path) -> Secrets:
        """Those of this state folder."""
        path = state / "slack.json"
        if not path.exists():
            made = cls(
                signing_secret=secrets.token_hex(16),
                bot_token=f"xoxb-local-{secrets.token_hex(12)}",
                app_token=f"xapp-local-{secrets.token_hex(12)}",
            )
            write_private(path, made.model_dump_json().encode())
        return cls.model_validate_json(path.read_text())


@dataclass(frozen=True)
class Service:
    """One program of ours. `ready` is a URL that answers 200 when it can work, "" when nothing tells."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    title: str
    """What the display says while it starts."""
    ready: str = ""
    tier: int = 4
    grace: float = 10.0


def infrastructure(plane: ControlPlane, *, tenant_apiservers: bool) -> Service:
    """What plays Kamaji, the KubeVirt provider and Flux."""
    command = (
        *_module("playground.simulated"),
        f"--kubeconfig={plane.kubeconfig}",
        f"--etcd={plane.etcd_url}",
        f"--binaries={plane.binaries.folder}",
        f"--state-dir={plane.state / 'tenants'}",
        "--tenant-apiservers" if tenant_apiservers else "--no-tenant-apiservers",
    )
    # Stopped after the programs that still talk to the tenants, before the API server.
    return Service("simulated-infrastructure", command, {}, tier=3, grace=15, title="start the simulated providers")


@dataclass(frozen=True)
class Slack:
    """The Slack the bot talks to: its Web API, how it reaches the bot, and the secrets of both."""

    api_url: str
    mode: str
    secrets: Secrets


def workspace(slack: Slack, *, bot_port: int, port: int) -> Service:
    """The local page that stands for Slack."""
    environment = {
        "CLUSTERDESK_WORKSPACE_SIGNING_SECRET": slack.secrets.signing_secret,
        "CLUSTERDESK_WORKSPACE_BOT_TOKEN": slack.secrets.bot_token,
        "CLUSTERDESK_WORKSPACE_APP_TOKEN": slack.secrets.app_token,
    }
    manifest = CHARTS / f"slack-app-manifest.{slack.mode}.yaml"
    options = (
        f"--port={port}",
        f"--bot-url=http://127.0.0.1:{bot_port}",
        f"--mode={slack.mode}",
        f"--manifest={manifest}",
    )
    return Service(
        "workspace",
        (*_module("playground.workspace"), *options),
        environment,
        ready=f"http://127.0.0.1:{port}/",
        title="start the local workspace",
    )


def bot(kubeconfig: Path, slack: Slack, *, port: int, health_port: int) -> Service:
    """The Slack door."""
    environment = {
        **_common(kubeconfig, port=port, health_port=health_port),
        "CLUSTERDESK_SLACK_API_URL": slack.api_url,
        "CLUSTERDESK_SLACK_MODE": slack.mode,
        "CLUSTERDESK_SLACK_SIGNING_SECRET": slack.secrets.signing_secret,
        "CLUSTERDESK_SLACK_BOT_TOKEN": slack.secrets.bot_token,
        "CLUSTERDESK_SLACK_APP_TOKEN": slack.secrets.app_token,
        "CLUSTERDESK_PLATFORM_PEOPLE": PLATFORM_PEOPLE,
    }
    return _probed("bot", "bot", environment, health_port)


def provisioner(kubeconfig: Path, *, health_port: int, probe_tenants: bool) -> Service:
    """What makes clusters out of TenantClusters. Where all tenants share an API server, each would see all nodes there:
    then it does not look."""
    environment = _common(kubeconfig, port=0, health_port=health_port)
    environment["CLUSTERDESK_PROBE_TENANTS"] = str(probe_tenants).lower()
    return _probed("provisioner", "provisioning", environment, health_port)


def webhook(kubeconfig: Path, number: int, *, port: int, health_port: int) -> Service:
    """One replica of the admission door."""
    environment = {
        **_common(kubeconfig, port=port, health_port=health_port),
        "CLUSTERDESK_HOSTS": "127.0.0.1,localhost",
        # Nobody needs to be told first that it leaves: the balancer sees it.
        "CLUSTERDESK_DRAIN_SECONDS": "0.2",
    }
    return _probed(f"webhooks-{number}", "webhooks", environment, health_port)


def _probed(name: str, module: str, environment: Mapping[str, str], health_port: int) -> Service:
    ready = f"http://127.0.0.1:{health_port}/readyz"
    return Service(name, _module(module), environment, ready=ready, title=f"start the {name}")


def _common(kubeconfig: Path, *, port: int, health_port: int) -> dict[str, str]:
    return {
        "CLUSTERDESK_KUBECONFIG": str(kubeconfig),
        "CLUSTERDESK_NAMESPACE": NAMESPACE,
        "CLUSTERDESK_HOST": "127.0.0.1",
        "CLUSTERDESK_PORT": str(port),
        "CLUSTERDESK_HEALTH_PORT": str(health_port),
    }


def _module(name: str) -> tuple[str, ...]:
    return (sys.executable, "-m", name)
