"""The objects that people's wishes become, whichever door they come through. Pure."""

from __future__ import annotations

from provisioning import names
from provisioning.digest import digest_of
from provisioning.manifest import Manifest
from provisioning.model import AccessRole, Action, ClusterSpec, Person
from provisioning.resources import CLUSTER_ACCESSES, CLUSTER_REQUESTS


def request(
    *,
    name: str,
    namespace: str,
    action: Action,
    cluster: str,
    desired: ClusterSpec | None,
    base_generation: int,
    requester: Person,
    reason: str = "",
    replaces: str = "",
    slack_group: str = "",
) -> Manifest:
    """A ClusterRequest. `desired` is the whole completed spec, None for a deletion; `base_generation` that of the
    cluster as it is now, 0 when there is none or it is to be made; `replaces` the request whose place it takes;
    `slack_group` the user group of Slack by which alone they may ask."""
    spec: Manifest = {
        "action": action.value,
        "cluster": cluster,
        "digest": digest_of(action=action, cluster=cluster, desired=desired),
        "requester": requester.wire(),
    }
    if desired is not None:
        spec["desired"] = desired.wire()
    if base_generation:
        spec["baseGeneration"] = base_generation
    if reason:
        spec["reason"] = reason
    if replaces:
        spec["replaces"] = replaces
    if slack_group:
        spec["slackGroup"] = slack_group
    return {
        "apiVersion": CLUSTER_REQUESTS.api_version,
        "kind": CLUSTER_REQUESTS.kind,
        "metadata": {"name": name, "namespace": namespace, "labels": {names.CLUSTER_LABEL: cluster}},
        "spec": spec,
    }


def access(
    *, name: str, namespace: str, cluster: str, person: Person, role: AccessRole, valid_for: str, request: str
) -> Manifest:
    """A ClusterAccess. `request` is the person's certificate request (PEM); `valid_for` as the API writes durations."""
    spec = {
        "cluster": cluster,
        "user": person.user,
        "role": role.value,
        "request": request,
        "validFor": valid_for,
    }
    return {
        "apiVersion": CLUSTER_ACCESSES.api_version,
        "kind": CLUSTER_ACCESSES.kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec | ({"slack": person.slack} if person.slack else {}),
    }
