"""The defaults, one file each: what is completed, in this order. A new one is one file and one line here."""

from webhooks.defaults import (
    complete_access,
    complete_cluster,
    complete_request,
    complete_vote,
    kamaji_addons,
    label_clusters,
    managed_by_kamaji,
)

DEFAULTS = (
    complete_cluster.DEFAULT,
    complete_request.DEFAULT,
    complete_vote.DEFAULT,
    complete_access.DEFAULT,
    label_clusters.DEFAULT,
    kamaji_addons.DEFAULT,
    managed_by_kamaji.DEFAULT,
)
