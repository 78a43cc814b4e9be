"""What the admission door counts, under the names that dashboards look for."""

from __future__ import annotations

from functools import cache

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter(
    "clusterdesk_admission_requests_total",
    "Admission requests by what they were about and how they were answered.",
    ["kind", "operation", "subresource", "decision", "dry_run"],
)
SECONDS = Histogram(
    "clusterdesk_admission_duration_seconds",
    "Seconds from the whole body to the answer.",
    ["door"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
IN_FLIGHT = Gauge("clusterdesk_admission_requests_in_flight", "Admission requests being decided.")
FORBIDDEN = Gauge(
    "clusterdesk_admission_forbidden_standing",
    "Objects in tenants that a policy would refuse if they were written now, by the last look of the leader.",
    ["policy"],
)
LOOKED = Gauge(
    "clusterdesk_admission_looked_timestamp_seconds",
    "When the leader last looked through all that stands in tenants, in seconds since 1970.",
)
REJECTED = Counter("clusterdesk_admission_bodies_rejected_total", "Bodies that were no admission request.", ["reason"])

requests, seconds = cache(REQUESTS.labels), cache(SECONDS.labels)
"""To find the time series by its labels takes longer than to count. There are as many as kinds that we registered for,
times what can become of them."""
