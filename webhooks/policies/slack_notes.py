"""What was told in Slack of a cluster that nobody asked for there is noted by the bot and by nobody else.

By that note it knows what people have heard: whoever wrote one could keep from them that their cluster ends. The
default keeps it through everybody's changes. This holds them to it, also while nobody answers there.
"""

from __future__ import annotations

from provisioning.errors import Cause
from provisioning.names import TOLD_ANNOTATION
from provisioning.resources import TENANT_CLUSTERS
from webhooks import marks
from webhooks.decision import Allow, Verdict, refuse
from webhooks.facts import Facts
from webhooks.policy import Policy, Rule
from webhooks.review import Request

FIELD = f"metadata.annotations[{TOLD_ANNOTATION}]"


def check(request: Request, facts: Facts) -> Verdict:
    new, old, trusted = request.object, request.old, facts.trusted
    if new is None or request.user.name == trusted.bot or trusted.is_platform(request.user):
        return Allow()
    noted = marks.annotation(old, TOLD_ANNOTATION) if old is not None else ""
    if marks.annotation(new, TOLD_ANNOTATION) == noted:
        return Allow()
    return refuse(Cause(FIELD, "is written by clusterdesk's bot alone; leave it as it is"))


POLICY = Policy("slack_notes", (Rule(TENANT_CLUSTERS),), check)
