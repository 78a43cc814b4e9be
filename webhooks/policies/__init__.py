"""The policies, one file each: what is refused, whoever asks. A new one is one file and one line here."""

from webhooks.policies import (
    approved_only,
    catalogued_charts,
    cluster_shape,
    four_eyes,
    hand_made,
    hosted_controllers_only,
    immutable_templates,
    kamaji_rules,
    ledger_writers,
    own_access,
    own_infrastructure,
    protected_clusters,
    request_rules,
    tenant_namespaces,
    tenant_quota,
)

POLICIES = (
    cluster_shape.POLICY,
    approved_only.POLICY,
    protected_clusters.POLICY,
    tenant_quota.POLICY,
    hand_made.POLICY,
    request_rules.POLICY,
    four_eyes.POLICY,
    own_access.POLICY,
    hosted_controllers_only.POLICY,
    catalogued_charts.POLICY,
    immutable_templates.POLICY,
    own_infrastructure.POLICY,
    kamaji_rules.POLICY,
    tenant_namespaces.POLICY,
    ledger_writers.POLICY,
)
