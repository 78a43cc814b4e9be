"""Authorities and leaves: what is in them, and who accepts them."""

import ipaddress
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from certs import authority, errors
from tests.certs.fakes import START
from tests.certs.verifying import why_refused

HOST = "desk.clusterdesk.svc"


def test_leaf_of_an_authority_is_accepted_for_its_hosts_and_for_no_other() -> None:
    ca = authority.found(now=START)
    leaf = authority.issue(ca, [HOST, "127.0.0.1"], now=START)
    assert why_refused(leaf, ca.certificate_pem, HOST, START) is None
    assert why_refused(leaf, ca.certificate_pem, "kubernetes.default.svc", START) is not None


def test_leaf_is_refused_by_who_trusts_another_authority() -> None:
    leaf = authority.issue(authority.found(now=START), [HOST], now=START)
    assert why_refused(leaf, authority.found(now=START).certificate_pem, HOST, START) is not None


def test_leaf_is_valid_an_hour_before_it_was_made_for_verifiers_that_are_slow() -> None:
    ca = authority.found(now=START)
    leaf = authority.issue(ca, [HOST], now=START)
    assert why_refused(leaf, ca.certificate_pem, HOST, START - timedelta(hours=1)) is None
    assert why_refused(leaf, ca.certificate_pem, HOST, START - timedelta(hours=1, seconds=1)) is not None


def test_leaf_lives_thirty_days_and_never_longer_than_its_authority() -> None:
    ca = authority.found(now=START)
    assert authority.issue(ca, [HOST], now=START).ends == START + timedelta(days=30)
    late = START + timedelta(days=360)
    assert authority.issue(ca, [HOST], now=late).ends == ca.ends == START + timedelta(days=365)


def test_names_and_addresses_land_in_their_own_kind_of_alternative_name() -> None:
    leaf = authority.issue(authority.found(now=START), [HOST, "127.0.0.1", "::1"], now=START)
    names = leaf.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [HOST]
    assert names.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")]


def test_host_longer_than_a_common_name_may_be_is_no_problem() -> None:
    host = "a-rather-long-service-name-of-sixty-characters-and-then-some.namespace.svc"
    ca = authority.found(now=START)
    assert why_refused(authority.issue(ca, [host], now=START), ca.certificate_pem, host, START) is None


def test_authority_signs_leaves_and_no_further_authority() -> None:
    limits = authority.found(now=START).certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (limits.critical, limits.value.ca, limits.value.path_length) == (True, True, 0)


def test_keys_are_ecdsa_on_p256() -> None:
    ca = authority.found(now=START)
    assert ca.key is not None
    assert isinstance(ca.key.curve, ec.SECP256R1)
    assert isinstance(authority.issue(ca, [HOST], now=START).key.curve, ec.SECP256R1)


def test_two_authorities_differ_in_name_so_that_a_bundle_of_both_is_never_ambiguous() -> None:
    first, second = authority.found(now=START), authority.found(now=START)
    assert first.certificate.subject != second.certificate.subject


def test_retired_authority_signs_nothing() -> None:
    with pytest.raises(ValueError, match="retired"):
        authority.issue(authority.found(now=START).retired(), [HOST], now=START)


def test_leaf_without_hosts_is_refused() -> None:
    with pytest.raises(ValueError, match="host"):
        authority.issue(authority.found(now=START), [], now=START)


def test_private_keys_do_not_show_in_what_is_logged() -> None:
    ca = authority.found(now=START)
    assert "key" not in repr(ca)
    assert "key=" not in repr(authority.issue(ca, [HOST], now=START))


@pytest.mark.parametrize("text", [b"", b"hello", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_text_that_is_no_certificate_is_malformed(text: bytes) -> None:
    with pytest.raises(errors.Malformed):
        authority.read_certificates(text)


def test_key_that_is_none_or_of_another_kind_is_malformed() -> None:
    with pytest.raises(errors.Malformed):
        authority.read_key(b"hello")
    other = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(errors.Malformed, match="EC"):
        authority.read_key(other)
