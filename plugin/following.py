"""Looks at a cluster again and again, and draws how far it is, until it has come where it is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from rich.console import Console
from rich.live import Live

from plugin import finding, tables
from plugin.errors import NotDone
from plugin.session import Session
from provisioning.model import TenantCluster
from provisioning.objects import Stored

SECONDS_BETWEEN_LOOKS: Final = 1.0


async def until(
    session: Session,
    began: Stored[TenantCluster],
    done: Callable[[Stored[TenantCluster]], bool],
    *,
    timeout: timedelta | None = None,
) -> Stored[TenantCluster] | None:
    """The cluster once it is done, or None once it is gone. Raises `NotDone` when it takes longer than `timeout`."""
    name, last = began.meta.name, began
    try:
        async with asyncio.timeout(timeout.total_seconds() if timeout is not None else None):
            with Live(console=Console(), auto_refresh=False) as live:
                while (found := await finding.find(session, name)) is not None:
                    last = found
                    live.update(tables.status(found, now=datetime.now(UTC)), refresh=True)
                    if done(found):
                        break
                    await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
        return found
    except TimeoutError as error:
        raise NotDone(
            f"{name} did not come that far in {timeout}: {tables.in_the_way(last)}; "
            f"it goes on, look with: kubectl clusterdesk status {name} -n {session.namespace}"
        ) from error
