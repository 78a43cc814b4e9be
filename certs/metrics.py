"""The numbers certificates publish, on prometheus-client's default registry."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

NOT_AFTER = Gauge(
    "clusterdesk_certificate_not_after_seconds",
    "Unix time at which a certificate ends.",
    ["role"],
)
"""`role` is `leaf` (what this process serves) or `authority` (the newest in the bundle)."""

BUNDLE_SIZE = Gauge("clusterdesk_ca_bundle_authorities", "Authorities that verifiers are told to trust.")

PASSES = Counter("clusterdesk_certificate_passes_total", "Looks at the state of the certificates.", ["result"])
"""`result` is `ok`, `conflict` or `error`."""
