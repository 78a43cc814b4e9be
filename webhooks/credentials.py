"""Finds kubeconfigs and ServiceAccount tokens in what is about to go into a tenant. Pure.

Whose they are is not decided here: a tenant may have those of its own API server. `of_management` holds them against
what is known of the management cluster's.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from provisioning import documents
from provisioning.documents import Overgrown
from webhooks import tree
from webhooks.parts import Form, Part, decoded

TOKENS_MAX = 20
"""Tokens of one part that are looked up."""
SIGNS_MAX = 1000
"""Texts of one part that look like a token, and addresses of servers in one script."""
LAYERS_MAX = 4
"""Texts within texts: a kubeconfig in a Secret, in a ConfigMap's manifest, is the third."""

_WORDS = ("certificate-authority", "clusters", "--server")
_LONG = re.compile(r"[A-Za-z0-9+/]{100}|\\[xuU\n]")
"""A text with neither a word of these nor anything so long, or so spelled, holds no kubeconfig."""
# What is taken is not given back, and a token's head is short: a text could make these patterns go over it again from
# each of its letters.
_ENCODED = re.compile(r"[A-Za-z0-9+/\s]{100,}+={0,2}\s*")
_TOKEN = re.compile(r"\beyJ[\w-]{1,500}+\.(eyJ[\w-]++)\.[\w-]")
_AUTHORITY = re.compile(r"certificate-authority-data[\"']?\s*[:=]\s*[\"']?([A-Za-z0-9+/=]+)")
_SERVER = re.compile(r"\bserver[\"']?\s*[:=]\s*[\"']?(https?://[^\s\"',}]+)")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")


@dataclass(frozen=True)
class Kubeconfig:
    """Access to an API server: where it is, and the certificates of the authorities that it is known by."""

    field: str
    host: str
    port: int = 0
    authorities: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Token:
    """A ServiceAccount's token. The signature is not looked at: whose uid it bears, it is meant to be."""

    field: str
    namespace: str
    account: str
    uid: str


Credential = Kubeconfig | Token


def find(part: Part) -> list[Credential]:
    """All that is in the part. Raises `Overgrown`."""
    if part.form in (Form.CHART, Form.ADDRESSES):
        return []
    look = _in_text if isinstance(part.content, str) else _in_tree
    found = list(dict.fromkeys(look(part.content, part.field, LAYERS_MAX)))
    if sum(isinstance(credential, Token) for credential in found) > TOKENS_MAX:
        raise Overgrown(f"it holds more than {TOKENS_MAX} tokens of ServiceAccounts")
    return found


def certificates(pem: str) -> frozenset[str]:
    """The certificates in a text, each in one line, so that they can be compared."""
    return frozenset("".join(body.split()) for body in _CERTIFICATE.findall(pem))


def _in_text(text: str, at: str, layers: int) -> Iterator[Credential]:
    if "eyJ" in text:
        for claims in _each(_TOKEN, text):
            yield from _token(claims, at)
    if not layers or not (any(word in text for word in _WORDS) or _LONG.search(text)):
        return
    try:
        found = [document for document in documents.read(text) if isinstance(document, Mapping | list)]
    except documents.Unreadable:
        found = []
    for document in found:
        yield from _in_tree(document, at, layers)
    if not found:
        yield from _in_script(text, at)


def _in_tree(content: Any, at: str, layers: int) -> Iterator[Credential]:
    read = set[str]()
    for path, node in tree.walk(content, at):
        if isinstance(node, Mapping):
            for entry in tree.mappings(node.get("clusters")):
                cluster = tree.mapping(entry.get("cluster"))
                yield from _kubeconfig(
                    tree.text(cluster.get("server")), tree.text(cluster.get("certificate-authority-data")), path
                )
        elif isinstance(node, str) and node not in read:
            read.add(node)
            # The content of a Secret is encoded, and what it is one has to look at.
            inner = decoded(node, "base64") if _ENCODED.fullmatch(node) else node
            yield from _in_text(inner, path, layers - 1)


def _in_script(text: str, at: str) -> Iterator[Credential]:
    """A kubeconfig that a script writes: its lines, wherever they are."""
    authorities = "".join(decoded(found, "base64") for found in _AUTHORITY.findall(text))
    known = certificates(authorities)
    for server in _each(_SERVER, text) or ([""] if authorities else []):
        host, port = _address(server)
        if host or known:
            yield Kubeconfig(at, host, port, known)


def _each(pattern: re.Pattern[str], text: str) -> list[str]:
    """What is found, once each. Raises `Overgrown`."""
    found = list(dict.fromkeys(pattern.findall(text)))
    if len(found) > SIGNS_MAX:
        raise Overgrown(f"it holds more than {SIGNS_MAX} texts that may be credentials, or servers for them")
    return found


def _kubeconfig(server: str, authority: str, at: str) -> Iterator[Kubeconfig]:
    host, port = _address(server)
    known = certificates(decoded(authority, "base64"))
    if host or known:
        yield Kubeconfig(at, host, port, known)


def _address(server: str) -> tuple[str, int]:
    """Host and port; an empty host where it is no address."""
    try:
        parts = urlsplit(server)
        return host_of(parts.hostname or ""), parts.port or (80 if parts.scheme == "http" else 443)
    except ValueError:
        return "", 0


def host_of(name: str) -> str:
    """A host's name or address, as it is written one way only."""
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name.lower().removesuffix(".")


def _token(claims: str, at: str) -> Iterator[Token]:
    try:
        found = tree.mapping(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))))
    except (ValueError, RecursionError):
        return
    # Tokens that live in Secrets for ever say it otherwise.
    bound, prefix = tree.mapping(found.get("kubernetes.io")), "kubernetes.io/serviceaccount/"
    account = tree.mapping(bound.get("serviceaccount"))
    namespace = tree.text(bound.get("namespace") or found.get(f"{prefix}namespace"))
    name = tree.text(account.get("name") or found.get(f"{prefix}service-account.name"))
    uid = tree.text(account.get("uid") or found.get(f"{prefix}service-account.uid"))
    if _NAME.fullmatch(namespace) and _NAME.fullmatch(name) and uid:
        yield Token(at, namespace, name, uid)
