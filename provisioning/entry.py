"""The way into a cluster that a person wants. Pure; `access_desk` asks for it."""

from __future__ import annotations

from dataclasses import dataclass

from provisioning.model import AccessRole, Person


@dataclass(frozen=True)
class Entry:
    """`valid_for` is as the API writes durations, `request` a certificate request."""

    person: Person
    namespace: str
    cluster: str
    role: AccessRole
    valid_for: str
    request: str
