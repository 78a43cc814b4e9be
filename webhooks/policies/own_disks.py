"""A tenant's disk holds what is open to anybody or the tenant's own: nobody else's disk, and no Secret goes out by it.

The disks of a machine are judged in its template. These are those that somebody makes by hand: by a DataVolume, by what
disks and claims refer to as their source, by what makes one again and again, or by the annotations of a claim.
"""

from __future__ import annotations

from provisioning.resources import DATA_VOLUMES, PERSISTENT_VOLUME_CLAIMS
from webhooks import disks, reading, tree
from webhooks.decision import Allow, Verdict, refuse
from webhooks.facts import Facts
from webhooks.kinds import DATA_IMPORT_CRONS, DATA_SOURCES, VOLUME_IMPORT_SOURCES
from webhooks.policy import Policy, Reach, Rule
from webhooks.review import Request


def check(request: Request, facts: Facts) -> Verdict:
    if request.object is None or not reading.is_by_people(request, facts):
        return Allow()
    path = ("spec", "template") if request.resource == DATA_IMPORT_CRONS.plural else ()
    disk, was = (tree.dig(manifest, *path) for manifest in (request.object, request.old))
    at = "".join(f"{key}." for key in path)
    found = []
    if request.resource != PERSISTENT_VOLUME_CLAIMS.plural and disk.get("spec") != was.get("spec"):
        found += disks.sources(tree.dig(disk, "spec"), f"{at}spec", request.namespace)
    marks, had = (tree.dig(each, "metadata", "annotations") for each in (disk, was))
    found += disks.obeyed(marks, had, f"{at}metadata.annotations")
    return refuse(*found) if found else Allow()


POLICY = Policy(
    "own_disks",
    tuple(
        Rule(kind, reach=Reach.TENANTS)
        for kind in (DATA_VOLUMES, PERSISTENT_VOLUME_CLAIMS, VOLUME_IMPORT_SOURCES, DATA_SOURCES, DATA_IMPORT_CRONS)
    ),
    check,
)
