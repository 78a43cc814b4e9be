"""The numbers the engine publishes, on prometheus-client's default registry. Names only; nothing is measured here."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

CACHE_OBJECTS = Gauge("clusterdesk_cache_objects", "Objects a watch cache holds.", ["resource"])
CACHE_LISTS = Counter("clusterdesk_cache_lists_total", "Whole lists a watch cache has taken.", ["resource"])
CACHE_FAILURES = Counter("clusterdesk_cache_failures_total", "Lists and watches that failed.", ["resource"])

QUEUE_DEPTH = Gauge("clusterdesk_queue_depth", "Keys that wait to be worked on.", ["queue"])
WORK = Counter("clusterdesk_work_total", "Keys worked on.", ["queue", "result"])
"""`result` is `done`, `retry` (an error we know) or `crash` (one we do not)."""
WORK_SECONDS = Histogram("clusterdesk_work_seconds", "How long one key took.", ["queue"])

LEADER = Gauge("clusterdesk_leader", "1 while this process holds the lease.", ["lease"])

APPLIED = Counter("clusterdesk_applied_total", "Manifests put by server-side apply.", ["kind"])
REFUSED = Counter("clusterdesk_refused_total", "Manifests that the API server, or a webhook, did not take.", ["kind"])
PRUNED = Counter("clusterdesk_pruned_total", "Manifests deleted because nothing renders them any more.", ["kind"])
REQUESTS = Counter("clusterdesk_requests_total", "ClusterRequests the provisioner settled.", ["result"])
"""`result` is `waived`, `expired`, `applied`, `failed`, or, of requests in the place of others, `replaced` for the old
one and `came_too_late` for the new one."""
LEDGER_CAS = Counter("clusterdesk_ledger_cas_total", "Compare-and-swaps of tenants' ledgers.", ["result"])
"""`result` is `ok`, `conflict` (somebody else was faster) or `error` (refused, or nobody knows)."""
LEDGER_BATCH = Histogram(
    "clusterdesk_ledger_batch_size", "Reservations in one compare-and-swap.", buckets=(1, 2, 5, 10, 20, 50, 100, 200)
)
LEDGER_AHEAD = Counter("clusterdesk_ledger_ahead_total", "Creations granted out of what was charged ahead.")
LEDGER_BYTES = Gauge("clusterdesk_ledger_bytes", "Length of a tenant's ledger as it was written last.", ["tenant"])
LEDGER_KEPT = Gauge(
    "clusterdesk_ledger_kept_timestamp_seconds",
    "When a tenant's ledger was looked at last; alert on its age.",
    ["tenant"],
)
LEDGER_CLAIMS = Gauge("clusterdesk_ledger_claims", "Admitted writes that were not seen yet.", ["tenant"])
LEDGER_CLAIMS_VOID = Counter("clusterdesk_ledger_claims_void_total", "Claims whose writes never came.", ["tenant"])
LEDGER_DRIFT = Gauge(
    "clusterdesk_ledger_drift",
    "What a ledger held beyond the last recount and its open claims; below zero: what it lacked. It was put right.",
    ["tenant", "dimension"],
)
LEDGER_REBUILT = Counter("clusterdesk_ledger_rebuilt_total", "Ledgers made anew that were lost or garbled.", ["tenant"])
ADOPTED = Counter(
    "clusterdesk_quota_unreserved_objects_total", "Objects that came around the webhooks and were charged.", ["tenant"]
)
QUOTA_USED = Gauge("clusterdesk_quota_used", "What a tenant is charged with.", ["tenant", "dimension"])
QUOTA_RESERVED = Gauge(
    "clusterdesk_quota_reserved", "What of it is for admitted writes that were not seen yet.", ["tenant", "dimension"]
)
QUOTA_HARD = Gauge("clusterdesk_quota_hard", "What a tenant may have; +Inf without a bound.", ["tenant", "dimension"])
CLUSTER_READY = Gauge("clusterdesk_cluster_ready", "1 when a TenantCluster is Ready.", ["namespace", "name"])
CLUSTER_DELETION_ASKED = Gauge(
    "clusterdesk_cluster_deletion_timestamp_seconds",
    "When the deletion of a TenantCluster that is still there was asked for, as Unix time; alert on its age.",
    ["namespace", "name"],
)
OF_THE_LEADER = (
    *(LEDGER_KEPT, LEDGER_CLAIMS, LEDGER_DRIFT, QUOTA_USED, QUOTA_RESERVED, QUOTA_HARD),
    *(CLUSTER_READY, CLUSTER_DELETION_ASKED),
)
"""Published by whoever leads: of whoever does no longer they would be read as if it still looked."""
CLUSTER_STALLED = Counter("clusterdesk_cluster_stalled_total", "Times that a TenantCluster stalled.", ["reason"])
"""`reason` is that of its condition Stalled: `Refused`, `WorkersFailed` and the like."""
