"""ApprovalDelegation: somebody decides instead of an approver, for a while. It holds in its own namespace."""

from __future__ import annotations

from pydantic import ConfigDict

from provisioning.model.base import Model, Text, Timestamp, rules
from provisioning.model.request import Person


class DelegationSpec(Model):
    model_config = ConfigDict(
        json_schema_extra=rules(
            ("self.approver.user != self.delegate.user", "one decides for oneself without a delegation"),
        )
    )

    approver: Person
    """Who is decided for: an approver whom the tenant lists by name."""
    delegate: Person
    """Who decides instead. Somebody whom some tenant lists, and not whoever they in turn might name."""
    until: Timestamp
    """When it ends."""
    reason: Text = ""
    """Why, in the approver's words."""


class ApprovalDelegation(Model):
    """For a while, somebody else decides about requests in this namespace instead of an approver."""

    spec: DelegationSpec
