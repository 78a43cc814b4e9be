"""The bundle: who is trusted, who signs, and its way into a Secret and back."""

from datetime import timedelta

import pytest

from certs import authority, bundle, errors
from certs.bundle import Bundle
from tests.certs.fakes import START

OLD, NEW = authority.found(now=START), authority.found(now=START + timedelta(days=1))


def test_oldest_authority_with_a_key_signs_so_that_a_newcomer_is_announced_first() -> None:
    announced = Bundle().adding(OLD).adding(NEW)
    assert announced.signer == OLD
    assert announced.newest == NEW
    assert announced.pem == OLD.certificate_pem + NEW.certificate_pem


def test_newest_signs_once_the_others_are_retired_and_these_stay_trusted() -> None:
    retired = Bundle((OLD, NEW)).retiring()
    assert retired.signer == NEW
    assert retired.holds(OLD)
    assert retired.authorities[0].key is None


def test_adding_what_is_there_changes_nothing() -> None:
    assert Bundle((OLD, NEW)).adding(OLD) == Bundle((OLD, NEW))


def test_restored_authority_is_trusted_as_the_oldest_and_does_not_sign() -> None:
    restored = Bundle((NEW,)).restoring(OLD)
    assert restored.pem == OLD.certificate_pem + NEW.certificate_pem
    assert restored.signer == NEW
    assert restored.restoring(OLD) == restored


def test_ended_authorities_are_dropped_and_not_a_second_earlier() -> None:
    both = Bundle((OLD, NEW))
    assert both.dropping_ended(OLD.ends) == both
    assert both.dropping_ended(OLD.ends + timedelta(seconds=1)) == Bundle((NEW,))


def test_empty_bundle_has_nobody_to_sign() -> None:
    assert Bundle().signer is None
    assert Bundle().newest is None
    assert Bundle().pem == b""


@pytest.mark.parametrize("state", [Bundle((OLD,)), Bundle((OLD, NEW)), Bundle((OLD, NEW)).retiring()])
def test_secret_brings_back_the_certificates_in_order_and_the_keys_that_were_kept(state: Bundle) -> None:
    read = bundle.parse(state.data())
    assert read.pem == state.pem
    assert [a.key_pem for a in read.authorities] == [a.key_pem for a in state.authorities]


def test_key_of_a_retired_authority_is_in_the_secret_no_more() -> None:
    data = Bundle((OLD, NEW)).retiring().data()
    assert OLD.key_pem not in data.values()
    assert NEW.key_pem in data.values()


def test_secret_that_we_would_not_have_written_is_malformed() -> None:
    (key_name,) = set(Bundle((OLD,)).data()) - {bundle.CERTIFICATES}
    for data in (
        {},
        {bundle.CERTIFICATES: b"nonsense"},
        {bundle.CERTIFICATES: OLD.certificate_pem, key_name: b"nonsense"},
        {bundle.CERTIFICATES: OLD.certificate_pem, key_name: NEW.key_pem or b""},
    ):
        with pytest.raises(errors.Malformed):
            bundle.parse(data)
