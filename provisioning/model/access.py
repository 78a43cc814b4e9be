"""ClusterAccess: one person's way into one cluster, for a while. No key is ever in it; that stays with the person."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from provisioning.model.base import Duration, Model, ShortText, Timestamp, rules
from provisioning.model.conditions import Conditions
from provisioning.model.request import Delivery

_FIXED = " && ".join(f"self.{field} == oldSelf.{field}" for field in ("cluster", "user", "role", "request", "validFor"))
_KEPT = tuple(
    f"has(self.{field}) == has(oldSelf.{field}) && (!has(self.{field}) || self.{field} == oldSelf.{field})"
    for field in ("group", "slack")
)
_CHANGED = "an access cannot be changed, only revoked; make another one"


class AccessRole(StrEnum):
    """What somebody may do in the cluster."""

    ADMIN = "Admin"
    """Everything."""
    VIEWER = "Viewer"
    """Look at most things, but at no Secret, and change nothing."""


class AccessSpec(Model):
    model_config = ConfigDict(
        json_schema_extra=rules(
            (_FIXED, _CHANGED),
            (
                "!(has(oldSelf.revoked) && oldSelf.revoked) || (has(self.revoked) && self.revoked)",
                "what is revoked stays revoked; make another access",
            ),
            *((rule, _CHANGED) for rule in _KEPT),
            ("!self.user.startsWith('system:')", "names that start with system: are Kubernetes' own"),
            (
                "!self.request.contains('PRIVATE KEY')",
                "send the certificate request only; this key is burnt, make another one",
            ),
            ("duration(self.validFor) >= duration('1m')", "validFor must be a minute or more"),
        )
    )

    cluster: Annotated[str, Field(pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$", max_length=63)]
    """The cluster's name, in the same namespace."""
    user: Annotated[str, Field(min_length=1, max_length=64)]
    """Who gets in: the Kubernetes user name of the person, the same here and in the cluster."""
    role: AccessRole
    """What they may do there: Admin everything, Viewer look at most things."""
    group: ShortText = ""
    """The Kubernetes group by which they belong to the tenant; empty for one whom it lists by name. Filled in."""
    slack: Annotated[str, Field(pattern=r"^([UW][A-Z0-9]{1,20})?$")] = ""
    """The Slack account that it was asked for from, and that is told what becomes of it; empty for other ways."""
    request: Annotated[str, Field(min_length=1, max_length=16384)]
    """A certificate request (PKCS#10, PEM). Only its public key is taken; the names in it do not matter."""
    valid_for: Duration
    """How long the certificate is valid, such as 8h; no longer than the tenant's `access.longest`."""
    revoked: bool = False
    """Set it to take the access away; deleting the object does the same."""


class AccessStatus(Model):
    observed_generation: int = 0
    """The generation that this was seen of."""
    conditions: Conditions = ()
    certificate: Annotated[str, Field(max_length=16384)] = ""
    """The person's certificate (PEM). It opens nothing without their key, and gives no right without the role."""
    authority: Annotated[str, Field(max_length=65536)] = ""
    """What the cluster's API server is verified with (PEM)."""
    server: ShortText = ""
    """The address of the cluster's API server."""
    issued_at: Timestamp | None = None
    """When the certificate was made."""
    expires_at: Timestamp | None = None
    """When the certificate ends, and the role with it."""
    delivery: Delivery | None = None
    """The card about it that stands in Slack."""
    reminder: Delivery | None = None
    """The last message in Slack that it ends soon. Its revision says how long before."""


class ClusterAccess(Model):
    """One person's way into one cluster, for a while: a certificate request in, a certificate out."""

    spec: AccessSpec
    status: AccessStatus = AccessStatus()
