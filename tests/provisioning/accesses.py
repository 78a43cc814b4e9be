"""Accesses for tests: a person's key and request, a tenant's authority and kubeconfig, and the objects around them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from provisioning.manifest import Manifest
from provisioning.resources import CLUSTER_ACCESSES
from tests.builders import NAMESPACE

KEY = ec.generate_private_key(ec.SECP256R1())
"""A person's."""
CA_KEY = ec.generate_private_key(ec.SECP256R1())


def request(key: Any = KEY) -> str:
    """What the person sends."""
    made = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


REQUEST = request()


def access(name: str = "ann-web", *, namespace: str = NAMESPACE, **spec: Any) -> Manifest:
    """Ann wants to look into the cluster web for two hours."""
    wanted = {"cluster": "web", "user": "ann", "role": "Viewer", "request": REQUEST, "validFor": "2h", **spec}
    return {
        "apiVersion": CLUSTER_ACCESSES.api_version,
        "kind": CLUSTER_ACCESSES.kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": wanted,
    }


def _authority() -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kubernetes")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(CA_KEY.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(CA_KEY, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


AUTHORITY = _authority()


def authority_secret(cluster: str = "web") -> Manifest:
    """As Kamaji keeps it."""
    key = CA_KEY.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return _secret(f"{cluster}-ca", {"tls.crt": AUTHORITY, "tls.key": key})


def kubeconfig_secret(cluster: str = "web", *, server: str = "https://web.svc:6443", ca: bytes = AUTHORITY) -> Manifest:
    """As Cluster API keeps it: how the management cluster gets in."""
    content = {
        "current-context": "web",
        "contexts": [{"name": "web", "context": {"cluster": "web", "user": "admin"}}],
        "clusters": [
            {"name": "web", "cluster": {"server": server, "certificate-authority-data": base64.b64encode(ca).decode()}}
        ],
        "users": [{"name": "admin", "user": {"token": "the admin's own"}}],
    }
    return _secret(f"{cluster}-kubeconfig", {"value": yaml.safe_dump(content).encode()})


def _secret(name: str, data: dict[str, bytes]) -> Manifest:
    return {
        "metadata": {"name": name, "namespace": NAMESPACE},
        "data": {key: base64.b64encode(value).decode() for key, value in data.items()},
    }


HOST: Manifest = {
    "metadata": {"name": "web", "namespace": NAMESPACE},
    "spec": {"controlPlaneEndpoint": {"host": "192.0.2.7", "port": 6443}},
}
"""Cluster API's Cluster, with an address."""
