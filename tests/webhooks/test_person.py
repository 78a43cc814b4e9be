"""Whoever asks, as somebody that a tenant may list."""

from __future__ import annotations

import pytest

from provisioning.errors import Invalid
from provisioning.model import Person
from provisioning.resources import CLUSTER_ACCESSES
from tests.webhooks.estate import WORLD
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks import reading
from webhooks.defaults import complete_access
from webhooks.review import User

LONG = "u" * 254


def test_a_user_is_a_person_by_name() -> None:
    assert reading.person(User("ann", ("a",))) == Person(user="ann")


def test_a_name_that_no_tenant_can_list_is_said_to_be_wrong() -> None:
    with pytest.raises(Invalid, match=r"your name\.user: .*253"):
        reading.person(User(LONG))


def test_an_access_of_such_a_name_is_left_as_it_is() -> None:
    sent = manifest(CLUSTER_ACCESSES, "mine", {"cluster": "web"})
    assert World(*WORLD).complete(complete_access.DEFAULT, request(CLUSTER_ACCESSES, sent, user=LONG)) == sent
