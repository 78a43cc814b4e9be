"""What was told of a cluster in Slack is the bot's to note."""

from __future__ import annotations

from typing import Any

import pytest

from provisioning.names import TOLD_ANNOTATION
from provisioning.resources import TENANT_CLUSTERS
from tests.webhooks.estate import WORLD, cluster, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import request
from webhooks.decision import Allow, Deny
from webhooks.policies.slack_notes import FIELD, POLICY
from webhooks.trusted import Trusted

NOTE = '[{"surface":"News","channel":"C1","ts":"1.0"}]'


def told(note: str) -> Any:
    return tweak(cluster(), "metadata.annotations", {TOLD_ANNOTATION: note} if note else None)


def ask(new: Any, *, user: str = "ann", **rest: Any) -> Any:
    return World(*WORLD).check(POLICY, request(TENANT_CLUSTERS, new, user=user, **rest))


def test_the_bot_notes_what_it_told_and_nobody_else_does() -> None:
    assert ask(told(NOTE), old=told(""), user=Trusted().bot) == Allow()
    for user in ("ann", Trusted().provisioner):
        verdict = ask(told(NOTE), old=told(""), user=user)
        assert isinstance(verdict, Deny)
        assert verdict.reason == f"{FIELD}: is written by clusterdesk's bot alone; leave it as it is"


@pytest.mark.parametrize("after", ["", "[]"])
def test_nobody_takes_it_away_or_makes_it_say_something_else(after: str) -> None:
    assert isinstance(ask(told(after), old=told(NOTE)), Deny)


def test_a_new_cluster_comes_without_one() -> None:
    assert ask(told("")) == Allow()
    assert isinstance(ask(told(NOTE)), Deny)


def test_whoever_leaves_it_alone_changes_all_the_rest() -> None:
    assert ask(tweak(told(NOTE), "spec.version", "v1.36.0"), old=told(NOTE)) == Allow()


def test_also_while_it_goes_and_its_end_is_told() -> None:
    going = [tweak(told(note), "metadata.deletionTimestamp", "2026-11-24T12:00:00Z") for note in (NOTE, "")]
    assert isinstance(ask(going[1], old=going[0]), Deny)
    assert ask(tweak(going[0], "metadata.finalizers", None), old=going[0]) == Allow()


def test_the_platform_may() -> None:
    assert ask(told(""), old=told(NOTE), groups=("system:masters",)) == Allow()
