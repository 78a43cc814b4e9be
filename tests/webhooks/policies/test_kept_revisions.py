"""What of a trusted Git repository Argo CD may bring into a tenant."""

from __future__ import annotations

from typing import Any

import pytest

from tests.webhooks.estate import CATALOG, WORLD, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny
from webhooks.kinds import APPLICATION_SETS, APPLICATIONS
from webhooks.policies.kept_revisions import POLICY
from webhooks.trusted import Trusted

URL = "https://git.example.org/kit"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
ARGO_CD = "system:serviceaccount:argocd:argocd-application-controller"
CATALOGUED = tweak(CATALOG, "spec.trustedSources", [URL])


def check(new: Any, **rest: Any) -> Any:
    resource = next(kind for kind in (APPLICATIONS, APPLICATION_SETS) if kind.kind == new["kind"])
    return World(CATALOGUED, *WORLD[1:]).check(POLICY, request(resource, new, **rest))


def fields(new: Any, **rest: Any) -> list[str]:
    verdict = check(new, **rest)
    return [cause.field for cause in verdict.causes] if isinstance(verdict, Deny) else []


def application(revision: Any = None, *, to: Any = None, sync: Any = None, **source: Any) -> Any:
    named = {"targetRevision": revision} if revision is not None else {}
    spec = {"destination": to or {"name": "web"}, "source": {"repoURL": URL, "path": ".", **named, **source}}
    more = {"operation": {"sync": sync}} if sync is not None else {}
    return manifest(APPLICATIONS, "a", spec, namespace="argocd", **more)


KEPT = [
    *("main", "HEAD", "", "v1.2.3", "1.2", "1.2.*", ">=1.0.0 <2.0.0", "feature/deadbeef", "pull", "release/1.2"),
    *("refs/heads/main", "refs/tags/v1", "refs/heads/pull/7/head", f"refs/tags/{COMMIT}", "refs/tags/20260101"),
]
ANYBODYS = [
    *(COMMIT, COMMIT.upper(), f"{COMMIT}{COMMIT[:24]}", COMMIT[:7], "deadbeef", "20260101"),
    *("refs/pull/7/head", "refs/merge-requests/7/head", "refs/changes/01/1/1", "refs/keep-around/a", "refs/x", "refs"),
    *("pull/7/head", "pull/7/merge", "merge-requests/7/head", "pull-requests/7/from", "changes/01/1/1"),
]


@pytest.mark.parametrize("revision", [None, *KEPT])
def test_branches_and_tags_pass(revision: Any) -> None:
    assert check(application(revision)) == Allow()


@pytest.mark.parametrize("revision", ANYBODYS)
def test_what_anybody_may_have_proposed_does_not(revision: str) -> None:
    verdict = check(application(revision))
    assert isinstance(verdict, Deny)
    assert [cause.field for cause in verdict.causes] == ["spec.source.targetRevision"]
    assert f"{revision} may be a commit that somebody proposed" in verdict.reason
    # Whoever asks.
    assert fields(application(revision), groups=("system:masters",)) == fields(application(revision), user=ARGO_CD)
    assert fields(application(revision), user=ARGO_CD) == ["spec.source.targetRevision"]


def test_wherever_it_is_said() -> None:
    source = {"repoURL": URL, "targetRevision": COMMIT}
    several = tweak(application(), "spec", {"destination": {"name": "web"}, "sources": [{"repoURL": URL}, source]})
    hydrator = {"drySource": source, "syncSource": {"targetBranch": "pull/7/head"}}
    hydrated = tweak(application(), "spec", {"destination": {"name": "web"}, "sourceHydrator": hydrator})
    made = manifest(APPLICATION_SETS, "a", {"template": application(COMMIT)}, namespace="argocd")
    at = "spec.sourceHydrator"
    for new, expected in (
        (several, ["spec.sources[1].targetRevision"]),
        (hydrated, [f"{at}.drySource.targetRevision", f"{at}.syncSource.targetBranch"]),
        (made, ["spec.template.spec.source.targetRevision"]),
        (application(sync={"source": source}), ["operation.sync.source.targetRevision"]),
        (application(sync={"revisions": ["main", COMMIT]}), ["operation.sync.revisions[1]"]),
    ):
        assert fields(new) == expected


def test_a_set_of_applications_that_does_not_say_it_yet_is_judged_by_them() -> None:
    made = manifest(APPLICATION_SETS, "a", {"template": application("{{.head_sha}}")}, namespace="argocd")
    assert check(made) == Allow()
    assert fields(application("{{.head_sha}}/pull")) == []


@pytest.mark.parametrize(
    "new",
    [
        application(COMMIT, to={"server": "https://kubernetes.default.svc"}),
        application("20260101", chart="cilium"),
        application("20260101", repoURL="oci://registry.example.org/kit"),
    ],
)
def test_charts_have_versions_and_the_management_cluster_is_argo_cds_own(new: Any) -> None:
    assert check(new) == Allow()


def test_what_is_there_may_stay_while_the_rest_changes() -> None:
    old = application(COMMIT)
    assert check(tweak(old, "spec.source.path", "other"), old=old) == Allow()
    assert fields(tweak(old, "spec.source.targetRevision", COMMIT[::-1]), old=old) == ["spec.source.targetRevision"]
    local = application(COMMIT, to={"name": "in-cluster"})
    assert fields(old, old=local) == ["spec.source.targetRevision"]


def test_argo_cd_writes_down_which_commit_a_branch_has_come_to_and_nobody_else() -> None:
    old = application("main")
    syncing = application("main", sync={"revision": COMMIT})
    assert check(syncing, old=old, user=ARGO_CD) == Allow()
    for user in ("ann", "system:serviceaccount:tenant-blue:robot", "system:serviceaccount::", "system:serviceaccount"):
        assert fields(syncing, old=old, user=user) == ["operation.sync.revision"]
    proposed = application("main", sync={"revision": "refs/pull/7/head"})
    assert fields(proposed, old=old, user=ARGO_CD) == ["operation.sync.revision"]


def test_in_a_namespace_of_the_platform_nobody_is_asked() -> None:
    facts = Trusted(namespaces=frozenset({"argocd"}))
    asked = request(APPLICATIONS, application(COMMIT))
    assert World(CATALOGUED, *WORLD[1:]).check(POLICY, asked, trusted=facts) == Allow()
