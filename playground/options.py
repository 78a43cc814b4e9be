"""What `clusterdesk-playground up` can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """What `clusterdesk-playground up` was asked for. Port 0 means any free one."""

    state: Path
    ready_file: Path | None = None
    slack_api_url: str = ""
    slack_mode: str = "http"
    bot_port: int = 0
    webhook_replicas: int = 1
    tenant_apiservers: bool = True
    browser: bool = True
