"""What Argo CD takes from a Git repository is a branch or a tag of it, and no commit that anybody may have proposed.

The platform trusts a repository by its address, for what those write to whom it belongs. A server has the commits of
everybody who proposes one as well, and gives them out under that very address: by a ref of its own (`refs/pull/...`),
and by the commit itself, also when it stands in a fork. Source: argo-cd, `util/git/client.go`. Flux fetches no such
commit, and its refs are judged with its sources, by `catalogued_charts`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from provisioning.errors import Cause
from provisioning.manifest import Manifest
from webhooks import deliveries, difference, hubs, reading
from webhooks.decision import Allow, Verdict, refuse
from webhooks.facts import Facts
from webhooks.kinds import APPLICATION_SETS, APPLICATIONS
from webhooks.origins import Revision
from webhooks.policy import Policy, Rule
from webhooks.review import Request

TOLD: Final = (
    "{name} may be a commit that somebody proposed to whom the repository does not belong; take a branch or a tag, and "
    "one that is called so by refs/heads/ or refs/tags/ before its name"
)


def check(request: Request, facts: Facts) -> Verdict:
    manifest = request.object
    if manifest is None or not deliveries.is_concern(request, facts):
        return Allow()
    said = _new(hubs.revisions_of_application, manifest, request.old)
    once = _new(hubs.revisions_of_sync, manifest, request.old)
    if any(it.is_commit for it in once) and reading.is_by_operator(request.user, facts):
        # Argo CD writes down which commit a branch has come to before it takes that.
        once = [it for it in once if not it.is_commit]
    found = [Cause(it.field, TOLD.format(name=it.name)) for it in (*said, *once) if not it.is_kept]
    return refuse(*found) if found else Allow()


def _new(read: Callable[[Manifest], Iterator[Revision]], manifest: Manifest, old: Manifest | None) -> list[Revision]:
    """What is there already may stay when the rest changes."""
    return list(difference.added(read(manifest), read(old) if old is not None else ()))


POLICY = Policy("kept_revisions", (Rule(APPLICATIONS), Rule(APPLICATION_SETS)), check)
