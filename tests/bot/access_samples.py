"""Lena's access to build-7 at each point of its life, with certificates that never change and open nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot import access_cards
from bot.cards import Card
from provisioning import asking, grants, objects
from provisioning.model import AccessRole, AccessStatus, ClusterAccess
from provisioning.objects import Stored, format_time
from tests.bot import samples

ENDS = samples.NOW + timedelta(hours=8)
REQUEST = "-----BEGIN CERTIFICATE REQUEST-----\nMIG6MGICAQAw\n-----END CERTIFICATE REQUEST-----\n"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIBxDCCAWqgAwIBAgIU\n-----END CERTIFICATE-----\n"
AUTHORITY = "-----BEGIN CERTIFICATE-----\nMIIBNTCB3KADAgECAgEB\n-----END CERTIFICATE-----\n"


def asked(*, name: str = "build-7-2as7khmebq", **spec: Any) -> Stored[ClusterAccess]:
    """No certificate yet, because the cluster sleeps."""
    manifest = asking.access(
        name=name,
        namespace="tenant-team-a",
        cluster="build-7",
        person=samples.LENA,
        role=AccessRole.ADMIN,
        valid_for="8h",
        request=REQUEST,
    )
    one = objects.read(ClusterAccess, {**manifest, "spec": {**manifest["spec"], **spec}})
    waits = "the cluster hibernates; this goes on once it is awake"
    return _with(one, grants.told(one, now=samples.NOW, obstacle=waits))


def opened(**spec: Any) -> Stored[ClusterAccess]:
    """In place until `ENDS`."""
    one = asked(**spec)
    made = {"certificate": CERTIFICATE, "authority": AUTHORITY, "server": "https://10.0.0.7:6443"}
    times = {"issued_at": format_time(samples.NOW), "expires_at": format_time(ENDS)}
    one = _with(one, one.it.status.model_copy(update={**made, **times}))
    return _with(one, grants.told(one, now=samples.NOW))


def refused() -> Stored[ClusterAccess]:
    """Nothing will ever come of it."""
    one = asked()
    return _with(one, grants.told(one, now=samples.NOW, refusal="there is no cluster build-7 in this namespace"))


def card(one: Stored[ClusterAccess], *, later: bool = False) -> Card:
    """Its card, `later` when its time is over."""
    return access_cards.draw(one, now=ENDS if later else samples.NOW)


def _with(one: Stored[ClusterAccess], status: AccessStatus) -> Stored[ClusterAccess]:
    return Stored(one.meta, one.it.model_copy(update={"status": status}))
