"""What a machine's user data includes from elsewhere comes from where the platform vouches for it.

cloud-init fetches what `#include` names and runs it as if it stood there, at every first boot anew: what it will be
nobody can see here. A script may fetch things as well, and that nobody can tell from its text.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from provisioning.documents import Overgrown
from provisioning.errors import Cause
from provisioning.resources import (
    KUBEVIRT_MACHINE_TEMPLATES,
    KUBEVIRT_MACHINES,
    MACHINE_DEPLOYMENTS,
    MACHINE_SETS,
    MACHINES,
    SECRETS,
)
from webhooks import deliveries, extent, inspection, origins, reading
from webhooks.decision import Allow, Verdict
from webhooks.facts import Facts
from webhooks.origins import Origin
from webhooks.parts import Form, Part
from webhooks.policy import Policy
from webhooks.review import Request

KINDS = (
    KUBEVIRT_MACHINE_TEMPLATES,
    KUBEVIRT_MACHINES,
    MACHINE_DEPLOYMENTS,
    MACHINE_SETS,
    MACHINES,
    SECRETS,
)
"""What holds user data, or names the Secret that does."""


def check(request: Request, facts: Facts) -> Verdict:
    try:
        found = inspection.found(request, facts, _origins, sift=partial(_unvouched, facts))
    except Overgrown as error:
        return inspection.refuse_unread(error)
    return inspection.refuse([_cause(origin) for origin in found]) if found else Allow()


def _unvouched(facts: Facts, found: Sequence[Origin]) -> Sequence[Origin]:
    catalog = reading.catalog(facts)
    return [origin for origin in found if not origins.is_trusted(origin.url, catalog)]


def _origins(part: Part) -> list[Origin]:
    return [Origin(url, part.field) for url in part.content] if part.form is Form.ADDRESSES else []


def _cause(origin: Origin) -> Cause:
    # Not the address: it may stand in a Secret, and carry a password.
    return Cause(
        origin.field,
        "it includes user data from an address that the platform does not vouch for, and what comes from there cannot "
        "be seen here; write it down in its place, or ask the platform to name the address in the Catalog's "
        "trustedSources",
    )


RULES = tuple(rule for rule in deliveries.RULES if rule.resource in KINDS)

POLICY = Policy("included_user_data", RULES, check, concerns=extent.says_something_else)
