"""Access to a cluster is for people of its tenant, each for themselves, and its status is ours."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from provisioning.resources import CLUSTER_ACCESSES, CLUSTERS
from tests.provisioning import accesses
from tests.webhooks.estate import BLUE, WORLD, cluster, tweak
from tests.webhooks.fakes import World
from tests.webhooks.reviews import manifest, request
from webhooks.decision import Allow, Deny
from webhooks.defaults import complete_access
from webhooks.policies.own_access import POLICY
from webhooks.trusted import Trusted

BOT, PROVISIONER = Trusted().bot, Trusted().provisioner


def access(*, name: str = "ann-web", namespace: str = BLUE, **spec: Any) -> Any:
    return accesses.access(name, namespace=namespace, **spec)


def check(new: Any, *, there: Any = (), **rest: Any) -> Any:
    return World(*WORLD, *(there or [cluster()])).check(POLICY, request(CLUSTER_ACCESSES, new, **rest))


def refused(verdict: Any) -> tuple[int, set[str]]:
    assert isinstance(verdict, Deny)
    return verdict.code, {cause.field for cause in verdict.causes}


@pytest.mark.parametrize("role", ["Admin", "Viewer"])
def test_a_member_gets_in_either_way(role: str) -> None:
    assert check(access(role=role)) == Allow()


def test_a_member_by_group_gets_in_with_kubectl_only() -> None:
    by_group = access(user="dan", group="blue-team")
    assert check(by_group, user="dan", groups=["blue-team"]) == Allow()
    assert refused(check(by_group, user="dan")) == (403, {"spec.group"})
    assert refused(check(by_group, user=BOT, groups=["blue-team"])) == (403, {"spec.group"})
    assert refused(check(access(user="dan"), user=BOT, groups=["blue-team"])) == (403, {"spec.slack", "spec.user"})
    unsaid = check(access(user="dan"), user="dan", groups=["blue-team"])
    assert refused(unsaid) == (403, {"spec.group"})
    assert "must be blue-team, by which dan belongs to this tenant" in unsaid.reason


def test_a_group_that_they_are_in_and_that_is_not_the_tenants_helps_nobody() -> None:
    verdict = check(access(user="eve", group="red-team"), user="eve", groups=["red-team"])
    assert refused(verdict) == (403, {"spec.user"})


def test_somebody_has_ten_accesses_to_a_cluster_that_last_and_no_more() -> None:
    def stored(number: int, **spec: Any) -> Any:
        return {**access(name=f"a{number}", **spec), "status": {"expiresAt": "2026-11-24T13:00:00Z"}}

    ten = [stored(number) for number in range(10)]
    verdict = check(access(), there=[cluster(), *ten])
    assert refused(verdict) == (403, {"spec.user"})
    assert "ann has 10 accesses to web that last, 10 is the most; revoke one" in verdict.reason
    for other in (
        stored(9, revoked=True),
        stored(9, user="bob"),
        stored(9, cluster="other"),
        tweak(stored(9), "status.expiresAt", "2026-11-24T12:00:00Z"),
        tweak(stored(9), "metadata.deletionTimestamp", "2026-11-24T12:00:00Z"),
    ):
        assert check(access(), there=[cluster(), *ten[:9], other]) == Allow()


def test_a_cluster_has_so_many_accesses_and_no_more() -> None:
    everybody = [access(name=f"a{number}", user=f"u{number}") for number in range(500)]
    verdict = check(access(), there=[cluster(), *everybody])
    assert refused(verdict) == (403, {"spec.cluster"})
    assert check(access(), there=[cluster(), *everybody[1:]]) == Allow()


def test_an_approver_who_is_no_member_may_look() -> None:
    assert check(access(user="bob"), user="bob") == Allow()
    verdict = check(access(user="bob", role="Admin"), user="bob")
    assert refused(verdict) == (403, {"spec.role"})
    assert "can be Viewer only" in verdict.reason


def test_the_bot_acts_for_people_whose_slack_account_is_listed() -> None:
    assert check(access(slack="UANN"), user=BOT) == Allow()
    assert refused(check(access(), user=BOT)) == (403, {"spec.slack"})
    assert refused(check(access(slack="UBOB"), user=BOT)) == (403, {"spec.slack"})
    assert refused(check(access(user="cyd", slack="UCYD"), user=BOT)) == (403, {"spec.slack"})


def test_the_bot_acts_for_people_known_by_their_address_where_the_tenant_lets_addresses_count() -> None:
    people = [{"user": "ann", "slack": "UANN"}, {"user": "fay@example.com"}, {"user": "gus"}]
    by_email = tweak(tweak(WORLD[1], "spec.members", people), "spec.identity", {"email": True})

    def check_in(tenant: Any, **spec: Any) -> Any:
        world = World(WORLD[0], tenant, WORLD[2], cluster())
        return world.check(POLICY, request(CLUSTER_ACCESSES, access(**spec), user=BOT))

    assert check_in(by_email, user="fay@example.com", slack="UFAY") == Allow()
    off = tweak(by_email, "spec.identity", {"email": False})
    for tenant, user, slack in (
        (off, "fay@example.com", "UFAY"),
        (by_email, "fay@example.com", "UANN"),
        (by_email, "ann", "UFAY"),
        (by_email, "gus", "UGUS"),
    ):
        assert "spec.slack" in refused(check_in(tenant, user=user, slack=slack))[1], (user, slack)


def test_nobody_else_says_whose_slack_account_is_told() -> None:
    verdict = check(access(slack="UANN"))
    assert refused(verdict) == (403, {"spec.slack"})
    assert "is for the bot to say" in verdict.reason


@pytest.mark.parametrize("user", ["eve", "bob", PROVISIONER, "kubernetes-admin"])
def test_nobody_makes_access_for_somebody_else(user: str) -> None:
    verdict = check(access(), user=user, groups=["system:masters"])
    assert refused(verdict) == (403, {"spec.user"})
    assert f"must be {user}, who sends this" in verdict.reason


def test_a_stranger_gets_nowhere() -> None:
    assert refused(check(access(user="eve"), user="eve")) == (403, {"spec.user"})


def test_a_request_that_would_not_be_honoured_is_refused_now() -> None:
    weak = accesses.request(ec.generate_private_key(ec.SECP521R1()))
    for sent in ("hello", weak, accesses.REQUEST[:-60]):
        verdict = check(access(request=sent))
        assert refused(verdict) == (422, {"spec.request"})
        assert "taken are ECDSA P-256" in verdict.reason


def test_a_user_name_that_no_certificate_can_carry_is_refused_now() -> None:
    user = "ü" * 40
    verdict = check(access(user=user, group="blue-team"), user=user, groups=["blue-team"])
    assert refused(verdict) == (422, {"spec.user"})


def test_too_long_a_time_is_refused_with_the_cap() -> None:
    verdict = check(access(validFor="25h"))
    assert refused(verdict) == (422, {"spec.validFor"})
    assert "25h is longer than 24h" in verdict.reason
    shorter = [tweak(WORLD[1], "spec.access", {"longest": "1h"}), WORLD[2], cluster()]
    verdict = World(*shorter).check(POLICY, request(CLUSTER_ACCESSES, access()))
    assert "2h is longer than 1h" in verdict.reason


def test_the_cluster_must_be_there_whoever_made_it() -> None:
    assert refused(check(access(cluster="nowhere"))) == (422, {"spec.cluster"})
    assert check(access(), there=[manifest(CLUSTERS, "web")]) == Allow()
    assert refused(check(access(), there=[cluster(namespace="elsewhere")])) == (422, {"spec.cluster"})


def test_a_namespace_without_a_tenant_has_no_access_to_give() -> None:
    assert refused(check(access(namespace="elsewhere"))) == (403, {"metadata.namespace"})


def test_everything_wrong_is_told_at_once() -> None:
    verdict = check(access(user="eve", cluster="nowhere", validFor="90h", request="x"), user="eve")
    assert refused(verdict)[1] == {"spec.user", "spec.request", "spec.validFor", "spec.cluster"}


@pytest.mark.parametrize("user", ["ann", BOT, "kubernetes-admin"])
def test_the_certificate_is_written_by_the_provisioner_alone(user: str) -> None:
    old = {**access(), "status": {}}
    new = {**old, "status": {"certificate": "PEM", "server": "https://evil.example.com"}}
    assert isinstance(check(new, old=old, user=user, subresource="status"), Deny)
    assert check(new, old=old, user=PROVISIONER, subresource="status") == Allow()


def test_the_bot_writes_where_the_card_is_and_nothing_else_of_the_status() -> None:
    card = {"surface": "Requester", "channel": "D1", "ts": "1.2"}
    old = {**access(), "status": {"certificate": "PEM"}}

    def written(status: Any, user: str = BOT) -> Any:
        return check({**old, "status": status}, old=old, user=user, subresource="status")

    assert written({"certificate": "PEM", "delivery": card}) == Allow()
    assert written({"certificate": "PEM", "reminder": {**card, "surface": "News"}}) == Allow()
    assert isinstance(written({"certificate": "PEM", "delivery": card}, user="ann"), Deny)
    assert isinstance(written({"certificate": "OTHER", "delivery": card}), Deny)
    assert isinstance(written({"delivery": card}), Deny)


def test_who_leaves_the_user_out_means_themselves() -> None:
    lean = access()
    del lean["spec"]["user"]

    def completed(new: Any, user: str) -> Any:
        sent = request(CLUSTER_ACCESSES, new, user=user)
        return World(*WORLD).complete(complete_access.DEFAULT, sent)["spec"].get("user")

    assert completed(lean, "ann") == "ann"
    assert completed(lean, BOT) is None
    assert completed(access(), "eve") == "ann", "who names somebody else is told so, not corrected"


def test_the_group_by_which_somebody_belongs_is_filled_in_and_passes_the_rule() -> None:
    lean = access()
    del lean["spec"]["user"]
    for user, groups, group in (
        ("dan", ["everybody", "blue-team"], "blue-team"),
        ("ann", ["blue-team"], ""),
        ("eve", ["red-team"], ""),
    ):
        sent = request(CLUSTER_ACCESSES, lean, user=user, groups=groups)
        done = World(*WORLD).complete(complete_access.DEFAULT, sent)
        again = request(CLUSTER_ACCESSES, done, user=user, groups=groups)
        assert done["spec"].get("group", "") == group
        assert World(*WORLD).complete(complete_access.DEFAULT, again) == done
        assert isinstance(check(done, user=user, groups=groups), Deny if user == "eve" else Allow)
