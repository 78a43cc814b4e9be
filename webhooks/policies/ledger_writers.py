"""Ledgers are written by our own accounts only, whatever RBAC somebody was given.

The API server does not even ask about our own writes (see `Reach.OURS`): a door that waits for itself stays shut.
"""

from __future__ import annotations

from typing import Final

from provisioning.resources import TENANT_LEDGERS
from webhooks.decision import Allow, Deny, Verdict
from webhooks.facts import Facts
from webhooks.policy import CREATE, DELETE, UPDATE, Policy, Reach, Rule
from webhooks.review import Request

TOLD: Final = (
    "the ledger {name} is kept by clusterdesk itself; change the quota in the Tenant, and what is used follows from "
    "the objects there are"
)


def check(request: Request, facts: Facts) -> Verdict:
    if request.user.name in (facts.trusted.provisioner, facts.trusted.webhooks):
        return Allow()
    return Deny(TOLD.format(name=request.name))


POLICY = Policy("ledger_writers", (Rule(TENANT_LEDGERS, (CREATE, UPDATE, DELETE), reach=Reach.OURS),), check)
