"""No access to the management cluster goes into a tenant.

Whoever is administrator inside a tenant reads everything in it. So a kubeconfig for the management cluster's API server
or a token of one of its ServiceAccounts must not get there, by whatever way; what needs such access runs beside the
control plane. A kubeconfig is known by the certificate authority in it, which is the one that Kubernetes publishes, or
by the API server's own addresses; a token by the uid of the account. Names prove nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from provisioning.documents import Overgrown
from provisioning.errors import Cause
from provisioning.resources import CONFIG_MAPS, SERVICE_ACCOUNTS
from webhooks import credentials, deliveries, inspection, tree
from webhooks.credentials import Credential, Kubeconfig, Token
from webhooks.decision import Allow, Verdict
from webhooks.facts import Facts, One
from webhooks.kinds import ENDPOINT_SLICES
from webhooks.parts import Form, Part
from webhooks.policy import Policy
from webhooks.review import Request

ROOT_AUTHORITY = One(CONFIG_MAPS, "kube-root-ca.crt", "kube-system")
"""Kubernetes publishes it into every namespace; here no tenant can change it."""
CLUSTER_INFO = One(CONFIG_MAPS, "cluster-info", "kube-public")
"""Where kubeadm says under which address the API server is known; elsewhere there is none."""
ADDRESSES = One(ENDPOINT_SLICES, "kubernetes", "default")
"""The API servers' own. Not the Service's: in a tenant the same address may be its own API server's."""


@dataclass(frozen=True)
class Management:
    """What the management cluster's API server is known by."""

    authorities: frozenset[str]
    hosts: frozenset[str]


def check(request: Request, facts: Facts) -> Verdict:
    try:
        found = inspection.found(request, facts, credentials.find, sift=partial(_ours, facts))
    except Overgrown as error:
        return inspection.refuse_unread(error)
    return inspection.refuse(list(_causes(found, facts))) if found else Allow()


def _ours(facts: Facts, found: Sequence[Credential]) -> Sequence[Credential]:
    """Those of the management cluster. A tenant cluster's own are in many Secrets, and nobody's concern."""
    tokens = [One(SERVICE_ACCOUNTS, c.account, c.namespace) for c in found if isinstance(c, Token)]
    facts.need(ROOT_AUTHORITY, CLUSTER_INFO, ADDRESSES, *tokens)
    management = _management(facts)
    return [credential for credential in found if _evidence(credential, management, facts)]


def _causes(found: Sequence[Credential], facts: Facts) -> Iterator[Cause]:
    management = _management(facts)
    for credential in found:
        yield Cause(
            credential.field,
            f"{_evidence(credential, management, facts)}: whoever reads it in the tenant acts on the management "
            "cluster; what needs it runs beside the control plane, where clusterdesk puts it, so leave it out here",
        )


def _evidence(credential: Credential, management: Management, facts: Facts) -> str:
    """By what it is one of the management cluster's; empty when it is not."""
    match credential:
        case Kubeconfig(host=host, authorities=authorities):
            if authorities & management.authorities:
                return "a kubeconfig with the certificate authority of the management cluster"
            return f"a kubeconfig for {host}, the management cluster's API server" if host in management.hosts else ""
        case Token(namespace=namespace, account=account, uid=uid):
            there = facts.get(SERVICE_ACCOUNTS, account, namespace=namespace)
            ours = there is not None and there["metadata"].get("uid") == uid
            return f"a token of the management cluster's ServiceAccount {namespace}/{account}" if ours else ""


def _management(facts: Facts) -> Management:
    root = _data(facts, ROOT_AUTHORITY, "ca.crt")
    info = credentials.find(Part("", Form.TEXT, _data(facts, CLUSTER_INFO, "kubeconfig")))
    slices = facts.get(ADDRESSES.resource, ADDRESSES.name, namespace=ADDRESSES.namespace) or {}
    addresses = [str(a) for e in tree.mappings(slices.get("endpoints")) for a in tree.sequence(e.get("addresses"))]
    known = [kubeconfig for kubeconfig in info if isinstance(kubeconfig, Kubeconfig)]
    authorities = credentials.certificates(root).union(*(k.authorities for k in known))
    return Management(authorities, frozenset({*addresses, *(k.host for k in known if k.host)}))


def _data(facts: Facts, of: One, key: str) -> str:
    found = facts.get(of.resource, of.name, namespace=of.namespace) or {}
    return tree.text(tree.mapping(found.get("data")).get(key))


POLICY = Policy("no_management_credentials", deliveries.RULES, check)
