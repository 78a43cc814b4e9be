"""No access to the management cluster goes into a tenant.

Whoever is administrator inside a tenant reads everything in it. So a kubeconfig for the management cluster's API server
or a token of one of its ServiceAccounts must not get there, by whatever way; what needs such access runs beside the
control plane. A kubeconfig is known by the certificate authority in it, which is the one that Kubernetes publishes, or
by the API server's own addresses; a token by the uid of the account. Names prove nothing.

A tenant's API server may share the address of the management cluster's and have another port. A kubeconfig for that is
known by an authority of its own: what another one vouches for there is another API server.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from provisioning.documents import Overgrown
from provisioning.errors import Cause
from provisioning.resources import CONFIG_MAPS, SERVICE_ACCOUNTS
from webhooks import credentials, deliveries, extent, inspection, tree
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
ANY_PORT: Final = 0
"""Where the EndpointSlice says none."""


@dataclass(frozen=True)
class Management:
    """What the management cluster's API server is known by."""

    authorities: frozenset[str]
    addresses: frozenset[tuple[str, int]]
    """Host and port."""

    def why_at(self, host: str, port: int, *, has_authority: bool) -> str:
        """By what a kubeconfig for this address is for it; empty when it is not."""
        if not self.addresses.isdisjoint({(host, port), (host, ANY_PORT)}):
            return f"a kubeconfig for {host}, the management cluster's API server"
        if has_authority or host not in {each for each, _ in self.addresses}:
            return ""
        return f"a kubeconfig for {host}, where the management cluster's API server is, and for no authority of another"


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
        case Kubeconfig(host=host, port=port, authorities=authorities):
            if authorities & management.authorities:
                return "a kubeconfig with the certificate authority of the management cluster"
            return management.why_at(host, port, has_authority=bool(authorities))
        case Token(namespace=namespace, account=account, uid=uid):
            there = facts.get(SERVICE_ACCOUNTS, account, namespace=namespace)
            ours = there is not None and there["metadata"].get("uid") == uid
            return f"a token of the management cluster's ServiceAccount {namespace}/{account}" if ours else ""


def _management(facts: Facts) -> Management:
    root = _data(facts, ROOT_AUTHORITY, "ca.crt")
    info = credentials.find(Part("", Form.TEXT, _data(facts, CLUSTER_INFO, "kubeconfig")))
    slices = facts.get(ADDRESSES.resource, ADDRESSES.name, namespace=ADDRESSES.namespace) or {}
    hosts = [str(a) for e in tree.mappings(slices.get("endpoints")) for a in tree.sequence(e.get("addresses"))]
    ports = [port for each in tree.mappings(slices.get("ports")) if isinstance(port := each.get("port"), int)]
    known = [kubeconfig for kubeconfig in info if isinstance(kubeconfig, Kubeconfig)]
    authorities = credentials.certificates(root).union(*(k.authorities for k in known))
    own = {(credentials.host_of(host), port) for host in hosts for port in ports or [ANY_PORT]}
    return Management(authorities, frozenset(own | {(k.host, k.port) for k in known if k.host}))


def _data(facts: Facts, of: One, key: str) -> str:
    found = facts.get(of.resource, of.name, namespace=of.namespace) or {}
    return tree.text(tree.mapping(found.get("data")).get(key))


POLICY = Policy("no_management_credentials", deliveries.RULES, check, concerns=extent.says_something_else)
