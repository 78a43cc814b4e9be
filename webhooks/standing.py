"""What stands in tenants' namespaces and would be refused if it were written now. Pure: objects in, requests out.

Two writes in the same moment may each be harmless without the other, and what came while nobody answered at the door
was not looked at. By the policies' own words such an object is found afterwards; what must never live here is another
rule. Nothing is deleted: somebody may be using it, and whose it is has to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from provisioning.audit import Code, Event
from provisioning.manifest import Manifest
from provisioning.news import News
from provisioning.objects import Meta
from provisioning.resources import (
    CLUSTER_CLASSES,
    CLUSTERS,
    HELM_CHART_PROXIES,
    KAMAJI_CONTROL_PLANES,
    Resource,
)
from webhooks import named
from webhooks.decision import PASSING, Deny, Verdict
from webhooks.policies import (
    catalogued_charts,
    control_plane_keys,
    hosted_controllers_only,
    included_user_data,
    no_management_credentials,
)
from webhooks.policy import CREATE, Policy
from webhooks.review import Request, User
from webhooks.witness import REFUSED_BY

POLICIES: Final[Sequence[Policy]] = (
    hosted_controllers_only.POLICY,
    catalogued_charts.POLICY,
    no_management_credentials.POLICY,
    # Who names keys is looked at; a control plane would be asked about all of them once more.
    replace(
        control_plane_keys.POLICY,
        applies_to=tuple(r for r in control_plane_keys.POLICY.applies_to if r.resource in named.NAMING),
    ),
    included_user_data.POLICY,
)
"""Those that look into content, and at nobody who writes it."""
KINDS: Final[Sequence[Resource]] = (
    *named.NAMING,
    HELM_CHART_PROXIES,
    KAMAJI_CONTROL_PLANES,
    CLUSTERS,
    CLUSTER_CLASSES,
)
"""What sends something into a tenant. ConfigMaps and Secrets are read when one of these names them."""
FORBIDDEN_FOUND: Final = "ForbiddenFound"


@dataclass(frozen=True)
class Found:
    """An object, and what the policies would say of it."""

    resource: Resource
    meta: Meta
    denial: Deny

    @property
    def policies(self) -> Sequence[str]:
        return self.denial.audit.get(REFUSED_BY, "").split(",")

    @property
    def event(self) -> Event:
        """For the audit trail: like a denial, without its words."""
        facts = {"kind": self.resource.kind, REFUSED_BY: ",".join(self.policies), "object": self.meta.uid}
        facts |= {"tenant": tenant} if (tenant := self.denial.audit.get("tenant", "")) else {}
        about = "/".join(part for part in (self.meta.namespace, self.meta.name) if part)
        return Event(Code.FORBIDDEN_FOUND, who="", where="cluster", about=about, facts=facts)

    @property
    def news(self) -> News:
        """For `kubectl describe`."""
        note = f"what stands here would be refused if it were written now: {self.denial.reason}"
        return News(FORBIDDEN_FOUND, note, "Inspect", warning=True)


def as_written(resource: Resource, manifest: Manifest) -> Request:
    """The request by which somebody would make this object. It is tried only."""
    meta = manifest["metadata"]
    return Request(
        uid=meta["uid"],
        operation=CREATE,
        group=resource.group,
        version=resource.version,
        resource=resource.plural,
        kind=resource.kind,
        namespace=meta.get("namespace", ""),
        name=meta["name"],
        user=User(""),
        object=manifest,
        dry_run=True,
    )


def read(resource: Resource, manifest: Manifest, verdict: Verdict) -> Found | None:
    """What a verdict about it comes to. One without a cause is about something else, such as a Catalog that is gone."""
    if not isinstance(verdict, Deny) or verdict.code in PASSING or not verdict.causes:
        return None
    return Found(resource, Meta.of(manifest), verdict)
