"""What the environment tells the programs, read once by `__main__`. No setting is read anywhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from provisioning.logs import Format
from provisioning.profile import Setting


class CommonSettings(BaseSettings):
    """What every program of ours is told."""

    model_config = SettingsConfigDict(env_prefix="CLUSTERDESK_", frozen=True, extra="ignore")

    kubeconfig: Path | None = None
    """A kubeconfig file; without it the Pod's service account is used."""
    namespace: str = "clusterdesk-system"
    """Where the service's own objects live: ledgers, leases."""
    api_profile: Setting = "auto"
    """Which generation of Cluster API's APIs the management cluster serves; by looking there once, with `auto`."""
    log_format: Format = "auto"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    host: str = "127.0.0.1"
    """Address to listen on; the chart sets the Pod's own."""
    health_port: Annotated[int, Field(ge=0, le=65535)] = 0
    """Port of /healthz, /readyz and /metrics. 0: none."""
    pod_name: str = ""
    """The name this replica goes by in its Lease and in the audit trail; the host's when empty."""
    audit_file: Path | None = None
    """Where lines of the audit trail go; without it to standard output."""


class Settings(CommonSettings):
    """What the provisioner is told beside."""

    workers: Annotated[int, Field(ge=1, le=64)] = 4
    """How many TenantClusters are looked at at once."""
    probe_tenants: bool = True
    """Ask each tenant's API server ourselves before we call a cluster Ready."""
    probe_seconds: Annotated[float, Field(gt=0)] = 600.0
    """Seconds for which an answer of a tenant's API server stands while nothing changes and all is well."""
    request_timeout: Annotated[float, Field(ge=8)] = 60.0
    """The API server's --request-timeout: a write that it admitted may still land that much later. No less than a door
    may grant out of what it has charged ahead (`provisioning.advance.USABLE`)."""
