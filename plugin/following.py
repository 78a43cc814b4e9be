"""Looks at a cluster again and again, and draws how far it is, until it has come where it is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from rich.console import Console
from rich.live import Live

from plugin import finding, tables
from plugin.session import Session
from provisioning.model import TenantCluster
from provisioning.objects import Stored

SECONDS_BETWEEN_LOOKS: Final = 1.0


async def until(
    session: Session, name: str, done: Callable[[Stored[TenantCluster]], bool], *, console: Console
) -> Stored[TenantCluster] | None:
    """The cluster once it is done, or None once there is none. Whoever has no patience bounds it from outside."""
    with Live(console=console, auto_refresh=False) as live:
        while (found := await finding.find(session, name)) is not None:
            live.update(tables.status(found, now=datetime.now(UTC)), refresh=True)
            if done(found):
                break
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
    return found
