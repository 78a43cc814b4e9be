"""Certificates for people: what is taken of a request, what never is, and what the API server reads in the result."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import example, given
from hypothesis import strategies as st

from provisioning import issuing
from provisioning.issuing import Refused, UnusableAuthority

NOW = datetime(2026, 8, 3, 12, tzinfo=UTC)
RSA_KEY = rsa.generate_private_key(65537, 2048)
"""Made once: it takes a while."""


def authority(
    key: Any = None, *, ends: datetime = NOW + timedelta(days=365), identified: bool = True
) -> issuing.Authority:
    """A tenant's, as Kamaji would make it."""
    return issuing.authority(secret(key or RSA_KEY, ends=ends, identified=identified))


def secret(key: Any, *, ends: datetime = NOW + timedelta(days=365), identified: bool = True, shown: Any = None) -> Any:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kubernetes")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=400))
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    if identified:
        builder = builder.add_extension(x509.SubjectKeyIdentifier(b"its own"), critical=False)
    made = builder.sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    return {
        "data": {
            "tls.crt": encoded(made.public_bytes(serialization.Encoding.PEM)),
            "tls.key": encoded(pem(shown or key)),
        }
    }


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def pem(key: Any) -> bytes:
    made: bytes = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made


def request(key: Any, *, subject: x509.Name | None = None, extensions: Any = ()) -> str:
    """What somebody sends, asking for whatever they like."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject or x509.Name([]))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    plain = isinstance(key, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey)
    return builder.sign(key, None if plain else hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def issued(
    key: Any = None,
    *,
    asked: str = "",
    signer: issuing.Authority | None = None,
    user: str = "ann",
    until: datetime = NOW + timedelta(hours=8),
) -> x509.Certificate:
    taken = issuing.public_key(asked or request(key or ec.generate_private_key(ec.SECP256R1())))
    made = issuing.issue(signer or authority(), taken, user=user, group="clusterdesk:viewer", now=NOW, until=until)
    return x509.load_pem_x509_certificate(made.encode())


def named(certificate: x509.Certificate) -> list[tuple[str, str]]:
    return [(a.oid._name, str(a.value)) for a in certificate.subject]


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP384R1()),
        ed25519.Ed25519PrivateKey.generate(),
        RSA_KEY,
    ],
    ids=["P-256", "P-384", "Ed25519", "RSA"],
)
def test_the_certificate_is_for_the_key_that_signed_the_request(key: Any) -> None:
    assert issued(key).public_key() == key.public_key()


@pytest.mark.parametrize(
    "key",
    [
        ec.generate_private_key(ec.SECP521R1()),
        ec.generate_private_key(ec.SECP256K1()),
        ed448.Ed448PrivateKey.generate(),
        rsa.generate_private_key(65537, 1024),  # noqa: S505 - weak on purpose
        rsa.generate_private_key(3, 2048),
        dsa.generate_private_key(2048),
    ],
    ids=["P-521", "secp256k1", "Ed448", "short RSA", "RSA with exponent 3", "DSA"],
)
def test_other_keys_are_refused_with_those_that_are_taken(key: Any) -> None:
    with pytest.raises(Refused, match="taken are ECDSA P-256 and P-384, Ed25519, and RSA from 2048"):
        issuing.public_key(request(key))


def test_who_cannot_sign_with_a_key_gets_no_certificate_for_it() -> None:
    """Otherwise somebody could have a certificate made for another person's key, and be taken for the same."""
    der = x509.load_pem_x509_csr(request(RSA_KEY).encode()).public_bytes(serialization.Encoding.DER)
    forged = base64.encodebytes(der[:-1] + bytes([der[-1] ^ 1])).decode()
    with pytest.raises(Refused, match="its signature does not fit its key"):
        issuing.public_key(f"-----BEGIN CERTIFICATE REQUEST-----\n{forged}-----END CERTIFICATE REQUEST-----\n")


def test_a_private_key_is_sent_back_at_once() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(Refused, match="holds a private key"):
        issuing.public_key(pem(key).decode() + request(key))


def test_a_version_that_nobody_knows_is_refused_not_crashed_on() -> None:
    der = x509.load_pem_x509_csr(ODD.encode()).public_bytes(serialization.Encoding.DER)
    newer = base64.encodebytes(der.replace(b"\x02\x01\x00", b"\x02\x01\x07", 1)).decode()
    with pytest.raises(Refused, match="no certificate request"):
        issuing.public_key(f"-----BEGIN CERTIFICATE REQUEST-----\n{newer}-----END CERTIFICATE REQUEST-----\n")


ODD = request(ec.generate_private_key(ec.SECP256R1()))


@given(st.one_of(st.text(), st.integers(0, len(ODD) - 1).map(lambda cut: ODD[:cut])))
@example("-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----")
@example("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----")
@example(ODD.replace("REQUEST", "REQUESTS"))
@example("\ud83d\ude80 \x00")
def test_whatever_else_is_sent_is_refused_in_words_and_never_crashed_on(text: str) -> None:
    if text.strip() == ODD.strip():
        return
    with pytest.raises(Refused, match="no certificate request"):
        issuing.public_key(text)


@given(st.data())
def test_one_wrong_character_makes_a_request_another_key_or_none(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(ODD) - 1))
    text = ODD[:place] + data.draw(st.characters(codec="ascii")) + ODD[place + 1 :]
    try:
        key = issuing.public_key(text)
    except Refused:
        return
    assert key == issuing.public_key(ODD)


def test_names_and_rights_that_the_request_asks_for_are_not_honoured() -> None:
    masters = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "system:masters"),
            x509.NameAttribute(NameOID.COMMON_NAME, "kubernetes-admin"),
        ]
    )
    wishes = [
        x509.BasicConstraints(ca=True, path_length=None),
        x509.SubjectAlternativeName([x509.DNSName("kubernetes.default.svc")]),
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
    ]
    made = issued(asked=request(RSA_KEY, subject=masters, extensions=wishes))
    assert named(made) == [("organizationName", "clusterdesk:viewer"), ("commonName", "ann")]
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert list(made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        ExtendedKeyUsageOID.CLIENT_AUTH
    ]
    with pytest.raises(x509.ExtensionNotFound):
        made.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert not made.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign


@pytest.mark.parametrize("user", ["system:admin", "system:serviceaccount:kube-system:x", "", "a" * 65, "ü" * 33])
def test_names_that_are_not_ours_to_give_are_refused(user: str) -> None:
    with pytest.raises(Refused):
        issued(user=user)


@pytest.mark.parametrize(
    "key", [RSA_KEY, ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()]
)
@pytest.mark.parametrize("identified", [True, False])
def test_the_tenants_authority_stands_behind_it_whatever_its_key(key: Any, identified: bool) -> None:
    signer = authority(key, identified=identified)
    issued(signer=signer).verify_directly_issued_by(signer.certificate)


def test_it_begins_a_minute_ago_and_ends_when_it_is_said_to() -> None:
    made = issued(until=NOW + timedelta(hours=2))
    assert made.not_valid_before_utc == NOW - timedelta(minutes=1)
    assert made.not_valid_after_utc == NOW + timedelta(hours=2)


def test_it_never_outlives_the_tenants_authority() -> None:
    ends = NOW + timedelta(minutes=90)
    assert issued(signer=authority(ends=ends)).not_valid_after_utc == ends
    with pytest.raises(UnusableAuthority, match="ended at 2026-08-03 11:00 UTC"):
        issued(signer=authority(ends=NOW - timedelta(hours=1)))


@pytest.mark.parametrize(
    "found",
    [
        {},
        {"data": None},
        {"data": {"tls.crt": "%", "tls.key": "%"}},
        {"data": {"tls.crt": encoded(b"crt"), "tls.key": encoded(b"key")}},
        secret(RSA_KEY, shown=ec.generate_private_key(ec.SECP256R1())),
        secret(RSA_KEY, shown=ed448.Ed448PrivateKey.generate()),
    ],
    ids=["empty", "no data", "no base64", "no PEM", "another's key", "a key that we do not sign with"],
)
def test_an_authority_that_cannot_sign_is_told_not_crashed_on(found: Any) -> None:
    with pytest.raises(UnusableAuthority, match="authority"):
        issuing.authority(found)


def test_the_authoritys_key_is_not_shown_when_it_is_printed() -> None:
    assert "key" not in repr(authority())


def test_a_certificate_is_found_again_by_its_serial_number_and_its_key() -> None:
    made = issued(RSA_KEY)
    marks = issuing.Marks.of(made.public_bytes(serialization.Encoding.PEM).decode())
    assert int(marks.serial, 16) == made.serial_number
    assert marks.key == issuing.Marks.of(issued(RSA_KEY).public_bytes(serialization.Encoding.PEM).decode()).key
    assert marks.key != issuing.Marks.of(issued().public_bytes(serialization.Encoding.PEM).decode()).key
    assert marks.ends == made.not_valid_after_utc
