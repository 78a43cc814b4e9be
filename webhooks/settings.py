"""What the environment tells the admission door, read once by `__main__`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from provisioning.settings import CommonSettings
from webhooks import connections
from webhooks.trusted import CONTROLLERS, FETCHERS, SVELTOS, Trusted


class Settings(CommonSettings):
    """All of it has a default that fits a release called clusterdesk. Lists are written with commas."""

    port: Annotated[int, Field(ge=0, le=65535)] = 8443
    hosts: str = ""
    """DNS names and addresses under which the API server calls us; our Service's when empty."""
    certs_mode: Literal["self", "cert-manager"] = "self"
    """`self`: our own authority, in a Secret. `cert-manager`: somebody else keeps the files in `certs_folder`."""
    certs_secret: str = "clusterdesk-certs"  # noqa: S105 - a name
    certs_folder: Path = Path("/certs")
    certs_leaf_days: Annotated[float, Field(gt=0, le=90)] = 30.0
    """How long a certificate of our own authority lives; it is renewed after two thirds."""
    drain_seconds: Annotated[float, Field(ge=0, le=120)] = 2.0
    """How long we go on serving after SIGTERM when nobody comes: whoever still has us in a list is answered."""
    connection_seconds: Annotated[float, Field(gt=0, le=3600)] = connections.SECONDS
    """After which the API server has to make a connection anew: so a replica that joins gets its share."""

    bot_account: str = ""
    provisioner_account: str = ""
    webhooks_account: str = ""
    """User names of our programs; the service accounts clusterdesk-bot, ... in our namespace when empty."""
    platform_users: str = ""
    platform_groups: str = "system:masters,kubeadm:cluster-admins"
    """Who may say whose a namespace is, what a tenant may have, and how the management cluster is used."""
    system_namespaces: str = "kube-system,kube-public,kube-node-lease"
    """Namespaces of the platform beside our own: nothing is charged or refused in them."""

    controller_namespaces: str = ",".join(sorted(CONTROLLERS))
    """Where Cluster API, its providers, Kamaji, KubeVirt and CDI are installed; their accounts there are believed."""
    flux_fetchers: str = ",".join(sorted(FETCHERS))
    """Accounts of Flux's source-controllers, which say where what they fetched is to be had."""
    flux_locked_down: bool = False
    """Whether Flux' controllers run with `--default-service-account`."""
    sveltos_controllers: str = ",".join(sorted(SVELTOS))
    """Accounts of Sveltos, which make something of profiles for each cluster and renew kubeconfigs."""

    def trusted(self) -> Trusted:
        account = f"system:serviceaccount:{self.namespace}:clusterdesk-"
        return Trusted(
            bot=self.bot_account or f"{account}bot",
            provisioner=self.provisioner_account or f"{account}provisioner",
            webhooks=self.webhooks_account or f"{account}webhooks",
            platform_users=_set(self.platform_users),
            platform_groups=_set(self.platform_groups),
            namespaces=_set(self.system_namespaces) | {self.namespace},
            home=self.namespace,
            controllers=_set(self.controller_namespaces),
            fetchers=_set(self.flux_fetchers),
            flux_locked_down=self.flux_locked_down,
            sveltos=_set(self.sveltos_controllers),
        )

    def names(self) -> tuple[str, ...]:
        """What our certificate is for."""
        service = f"clusterdesk-webhooks.{self.namespace}.svc"
        return tuple(sorted(_set(self.hosts))) or (service, f"{service}.cluster.local")


def _set(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.split(",") if part.strip())
