"""TenantLedger: the charges of one tenant, in ONE string field.

One string, because as a map the API server's managedFields track every entry: 26 writes a second instead of 122.
`provisioning.ledger` knows what the string holds.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from provisioning.model.base import Model


class LedgerSpec(Model):
    data: Annotated[str, Field(max_length=1_000_000)] = ""


class TenantLedger(Model):
    """What a tenant is charged with. Written by the service's own accounts only."""

    spec: LedgerSpec
