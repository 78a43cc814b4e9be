"""A tenant's kubeconfig, read with suspicion, and a connection made from it.

Whoever may write Secrets in a tenant's namespace may write this one, and a kubeconfig can name programs to run, files
to read and proxies to go through. Only what Kamaji writes is taken: a server, its authority, and inline credentials.
"""

from __future__ import annotations

import base64
import binascii
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from provisioning import documents, errors
from provisioning.kube import Kube
from provisioning.library import client as library
from provisioning.manifest import Manifest

LONGEST: Final = 128 * 1024
"""Characters of a kubeconfig. One with certificates has some ten thousand, and reading holds everybody else up."""
SHOWN: Final = 63
"""Characters of a name in it that are said again: statuses hold only so much."""
ANSWERS: Final = 32 * 2**20
"""Bytes that a tenant may answer while we are connected: two thousand Nodes, say, and no more than we have room for."""


class UnusableKubeconfig(errors.ClusterdeskError):
    """It is no kubeconfig, or asks for something that we do not do for a tenant."""


@dataclass(frozen=True, repr=False)
class Access:
    """Where a tenant's API server is, and what to show it."""

    server: str
    authority: bytes
    certificate: bytes = b""
    key: bytes = b""
    token: str = ""

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Kube]:
        """A connection, for as long as one is in there. Raises `UnusableKubeconfig`, and `Unavailable` for an answer of
        a shape that no API server gives: whoever wrote the kubeconfig chose who answers."""
        async with self._kube() as kube:
            try:
                yield kube
            except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
                raise errors.Unavailable(f"what answers is no API server: {type(error).__name__}") from error

    def _kube(self) -> Kube:
        """The credentials are on disk only while they are read."""
        configuration = library.Configuration(host=self.server)
        configuration.verify_ssl = True
        if self.token:
            configuration.api_key = {"BearerToken": f"Bearer {self.token}"}
        with tempfile.TemporaryDirectory(prefix="clusterdesk-") as folder:
            configuration.ssl_ca_cert = _file(folder, "authority", self.authority)
            if self.certificate:
                configuration.cert_file = _file(folder, "certificate", self.certificate)
                configuration.key_file = _file(folder, "key", self.key)
            try:
                return Kube.by(configuration, most=ANSWERS)
            except OSError as error:  # ssl.SSLError is one
                raise UnusableKubeconfig(f"its certificates cannot be read: {error}") from error


def of_secret(secret: Manifest) -> Access:
    """The access in Cluster API's kubeconfig Secret (key `value`). Raises `UnusableKubeconfig`."""
    text = (secret.get("data") or {}).get("value", "")
    return parse(_decoded(text, "value").decode("utf-8", "replace"))


def parse(text: str) -> Access:
    """The current context's access. Raises `UnusableKubeconfig`."""
    if len(text) > LONGEST:
        raise UnusableKubeconfig(f"it has {len(text)} characters; none that was made for a cluster has {LONGEST}")
    try:
        found = documents.read(text)
    except (documents.Unreadable, documents.Overgrown) as error:
        raise UnusableKubeconfig(str(error)) from error
    content = found[0] if len(found) == 1 else None
    if not isinstance(content, dict):
        raise UnusableKubeconfig("it is no kubeconfig")
    context = _named(content, "contexts", content.get("current-context"), "context")
    cluster = _named(content, "clusters", context.get("cluster"), "cluster")
    user = _named(content, "users", context.get("user"), "user")
    _only(cluster, {"server", "certificate-authority-data"})
    _only(user, {"client-certificate-data", "client-key-data", "token"})
    server = cluster.get("server")
    if not isinstance(server, str) or not _is_address(server):
        raise UnusableKubeconfig("its server is no https address")
    return Access(
        server=server.rstrip("/"),
        authority=_decoded(cluster.get("certificate-authority-data", ""), "certificate-authority-data"),
        certificate=_decoded(user.get("client-certificate-data", ""), "client-certificate-data"),
        key=_decoded(user.get("client-key-data", ""), "client-key-data"),
        token=str(user.get("token", "")),
    )


def _is_address(server: str) -> bool:
    try:
        parts = urlsplit(server)
        return parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:  # half an IPv6 address, or a port that there cannot be
        return False


def _named(content: Mapping[str, Any], kind: str, name: Any, inner: str) -> Mapping[str, Any]:
    entries = content.get(kind)
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("name") == name and isinstance(entry.get(inner), dict):
            found: Mapping[str, Any] = entry[inner]
            return found
    raise UnusableKubeconfig(f"it has no {inner} named {str(name)[:SHOWN]!r}")


def _only(part: Mapping[str, Any], known: set[str]) -> None:
    strange = sorted(set(part) - known)
    if strange:
        raise UnusableKubeconfig(f"it uses {', '.join(strange)[:SHOWN]}, which is not taken from a tenant")


def _decoded(text: Any, field: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError) as error:
        raise UnusableKubeconfig(f"its {field} is no base64") from error


def _file(folder: str, name: str, content: bytes) -> str:
    path = Path(folder) / name
    path.touch(mode=0o600)
    path.write_bytes(content)
    return str(path)
