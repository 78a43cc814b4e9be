"""The whole conversation on the local Slack, over HTTP and over Socket Mode: what people type, press and see."""

from __future__ import annotations

from bot import replies
from provisioning import errors
from provisioning.model import Action, ApprovalPolicy, Phase
from provisioning.names import REQUESTED_BY_ANNOTATION
from tests.bot import samples
from tests.bot.conftest import Stage
from tests.bot.fake_desk import approved

WISH = {"Name": "build-7", "Workers": "2", "Reason": "Nightly builds"}


async def asked(stage: Stage) -> tuple[str, str]:
    """Lena has asked for build-7; the request's key."""
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster create")
    await lena.modal.fill(WISH)
    await lena.modal.submit()
    await lena.waits_for("is waiting for approval")
    return next(iter(stage.desk.stored))


async def test_a_wish_goes_from_form_to_approval_to_ready_on_one_card(stage: Stage) -> None:
    lena, omar = stage.slack.person("U0LENA"), stage.slack.person("U0OMAR")

    key = await asked(stage)
    assert lena.modal.title == replies.RECEIPT_TITLE
    await omar.waits_for("asks for a new cluster build-7")
    await omar.card("asks for a new cluster", at="#team-a-approvals").click("Approve")
    await omar.waits_for("Your approval of the request about build-7 counts.")
    await lena.waits_for("Approved by @omar")
    approved(stage.desk, key)
    stage.desk.put_cluster(samples.cluster(by=key[1], status=samples.building()))
    await lena.waits_for("Control plane")
    stage.desk.put_cluster(samples.cluster(by=key[1], status=samples.ready()))
    await lena.waits_for("build-7 is ready")

    assert len(lena.cards("build-7", at="dm")) == 1
    assert len(omar.cards("asks for a new cluster", at="#team-a-approvals")) == 1
    assert omar.card("asks for a new cluster", at="#team-a-approvals").buttons == []


async def test_the_request_says_who_asked_and_what_was_shown(stage: Stage) -> None:
    key = await asked(stage)

    spec = stage.desk.stored[key].it.spec
    assert (spec.requester, spec.action, spec.cluster, spec.reason) == (
        samples.LENA,
        Action.CREATE,
        "build-7",
        "Nightly builds",
    )
    assert spec.desired is not None
    assert spec.desired.pools[0].replicas == 2


async def test_the_form_redraws_its_quota_while_it_is_filled(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster create build-7")
    assert "vCPU ▒░░░░░░░░░ 0 → 4 of 40" in lena.modal.text

    await lena.modal.fill({"Size of a worker": "large", "Workers": "3"})

    await lena.waits_for("0 → 64 of 40")
    assert lena.modal.value("Name") == ("build-7",)
    assert lena.modal.value("Workers") == ("3",)


async def test_a_wish_above_the_quota_is_refused_at_its_field_and_the_input_stays(stage: Stage) -> None:
    stage.desk.causes = (errors.Cause("spec.pools[0].replicas", "vCPU: asks for 44, 40 of 40 free"),)
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster create")
    await lena.modal.fill(WISH)

    await lena.modal.submit()

    assert lena.modal.errors == {"Workers": "vCPU: asks for 44, 40 of 40 free"}
    assert lena.modal.value("Name") == ("build-7",)
    assert not stage.desk.stored


async def test_a_taken_name_is_refused_with_a_free_one(stage: Stage) -> None:
    by = {REQUESTED_BY_ANNOTATION: "eva@example.com"}
    stage.desk.put_cluster(samples.cluster("build-7", annotations=by))
    stage.desk.put_cluster(samples.cluster("build-8"))
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster create")
    await lena.modal.fill(WISH)

    await lena.modal.submit()

    made = f"made for eva@example.com on {samples.NOW:%Y-%m-%d}"
    assert lena.modal.errors == {"Name": f"build-7 exists already ({made}). Free: build-9."}


async def test_what_somebody_has_asked_for_already_is_said_with_since_when(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    for _ in range(2):
        await lena.command("/cluster create")
        await lena.modal.fill(WISH)
        await lena.modal.submit()

    request = next(name for _, name in stage.desk.stored)
    assert f"That is already {request}, waiting since" in lena.modal.text
    assert len(stage.desk.stored) == 1


async def test_what_is_approved_and_waits_for_room_is_not_asked_for_again_either(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    for _ in range(2):
        await lena.command("/cluster create")
        await lena.modal.fill(WISH)
        await lena.modal.submit()
        (key,) = stage.desk.stored
        waits = samples.waits_for_room()
        stage.desk.status(key, phase=waits.phase, decided_at=waits.decided_at, conditions=waits.conditions)

    assert f"That is already {key[1]}, waiting since" in lena.modal.text


async def test_a_rule_that_makes_approval_unnecessary_is_named_in_the_receipt(stage: Stage) -> None:
    stage.desk.waiver = "small clusters"
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster create")
    await lena.modal.fill(WISH)

    await lena.modal.submit()

    assert "No approval needed (rule small clusters)" in lena.modal.text


async def test_fewer_at_most_than_at_least_is_refused_in_the_form(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster create")
    await lena.modal.fill(WISH | {"Workers": "4", "Grow up to": "2"})

    await lena.modal.submit()

    assert lena.modal.errors == {"Grow up to": replies.MAX_BELOW}


async def test_a_submit_while_the_cluster_api_is_down_says_that_nothing_was_requested(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster create")
    await lena.modal.fill(WISH)
    stage.desk.down = True

    await lena.modal.submit()
    assert lena.modal.errors == {"Name": replies.NOT_SAVED}
    stage.desk.down = False
    await lena.modal.submit()

    assert lena.modal.title == replies.RECEIPT_TITLE
    assert len(stage.desk.stored) == 1


async def test_a_lost_answer_is_told_as_unknown_and_the_same_form_asks_once(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster create")
    await lena.modal.fill(WISH)
    stage.desk.down_after = 1  # the preview is answered, the request is not

    await lena.modal.submit()
    assert lena.modal.errors == {"Name": replies.PERHAPS_SAVED}
    stage.desk.down_after = None
    await lena.modal.submit()
    await lena.modal.close()

    assert len(stage.desk.stored) == 1


async def test_an_approver_denies_with_a_reason_that_the_requester_reads(stage: Stage) -> None:
    lena, eva = stage.slack.person("U0LENA"), stage.slack.person("U0EVA")
    key = await asked(stage)
    await eva.waits_for("asks for a new cluster")

    await eva.card("asks for a new cluster", at="#team-a-approvals").click("Deny…")
    await eva.modal.submit()
    assert list(eva.modal.errors) == ["Why not?"]
    await eva.modal.fill({"Why not?": "Use the *shared* one"})
    await eva.modal.submit()

    await lena.waits_for("was denied")
    assert lena.sees("Use the *shared* one")
    assert stage.desk.stored[key].it.status.votes[0].reason == "Use the *shared* one"
    assert eva.sees("Your denial of the request about build-7 counts.")


async def test_nobody_but_an_approver_decides_and_is_told_so(stage: Stage) -> None:
    key = await asked(stage)
    lena, gus, pat = (stage.slack.person(user) for user in ("U0LENA", "U0GUEST", "U0PAT"))
    await lena.waits_for("asks for a new cluster")

    for person, sentence in ((lena, replies.OWN_REQUEST), (gus, replies.GUEST), (pat, replies.UNMAPPED)):
        await person.card("asks for a new cluster", at="#team-a-approvals").click("Approve")
        await person.waits_for(sentence)

    assert not stage.slack.person("U0OMAR").sees(replies.OWN_REQUEST)
    assert stage.desk.stored[key].it.status.phase is Phase.PENDING


async def test_whoever_may_not_decide_is_told_before_writing_a_reason(stage: Stage) -> None:
    members = (samples.subject(samples.LENA), samples.subject(samples.PAT))
    stage.desk.tenants["team-a"] = samples.tenant(members=members)
    await asked(stage)
    lena, pat = stage.slack.person("U0LENA"), stage.slack.person("U0PAT")
    await lena.modal.close()
    await lena.waits_for("asks for a new cluster")

    for person, sentence in ((lena, replies.OWN_REQUEST), (pat, replies.NOT_AN_APPROVER)):
        await person.card("asks for a new cluster", at="#team-a-approvals").click("Deny…")
        await person.waits_for(sentence)
        assert not person.has_modal


async def test_second_click_on_approve_is_refused_not_repeated(stage: Stage) -> None:
    stage.desk.tenants["team-a"] = samples.tenant(approval=ApprovalPolicy(required=2))
    omar = stage.slack.person("U0OMAR")
    await asked(stage)
    await omar.waits_for("asks for a new cluster")
    card = omar.card("asks for a new cluster", at="#team-a-approvals")

    await card.click("Approve")
    await omar.waits_for("1 more approval needed")
    await card.click("Approve")

    await omar.waits_for(replies.ALREADY_VOTED)
    assert [w for w in stage.desk.writes if w.startswith("vote")] == ["vote Approve omar"]


async def test_a_click_on_a_card_that_shows_something_else_does_not_count(stage: Stage) -> None:
    key = await asked(stage)
    omar = stage.slack.person("U0OMAR")
    await omar.waits_for("asks for a new cluster")
    found = stage.desk.stored[key]
    other = samples.request(key[1], desired=samples.spec(lifetime="72h"), namespace=key[0])
    stage.desk.stored[key] = other  # the card has not caught up
    stage.desk._seen[key] = other

    await omar.card("asks for a new cluster", at="#team-a-approvals").click("Approve")

    await omar.waits_for(replies.CHANGED)
    await omar.waits_for("3 days")
    assert found.it.spec.digest != other.it.spec.digest
    assert not [w for w in stage.desk.writes if w.startswith("vote")]


async def test_a_click_that_comes_late_is_told_who_was_first(stage: Stage) -> None:
    key = await asked(stage)
    eva = stage.slack.person("U0EVA")
    await eva.waits_for("asks for a new cluster")
    stage.desk.lag = True
    approved(stage.desk, key)
    card = eva.card("asks for a new cluster", at="#team-a-approvals")
    await card.click("Approve")
    await eva.waits_for("Too late")
    stage.desk.lag = False
    stage.desk.catch_up()

    await eva.waits_until(lambda: card.buttons == [])


async def test_a_decision_made_by_kubectl_repaints_every_card(stage: Stage) -> None:
    key = await asked(stage)
    omar, lena = stage.slack.person("U0OMAR"), stage.slack.person("U0LENA")
    await omar.waits_for("asks for a new cluster")

    approved(stage.desk, key)

    await lena.waits_until(lambda: not lena.sees("is waiting for approval"))
    await omar.waits_until(lambda: omar.card("asks for a new cluster", at="#team-a-approvals").buttons == [])


async def test_the_requester_withdraws_and_the_approvers_card_follows(stage: Stage) -> None:
    await asked(stage)
    lena, omar = stage.slack.person("U0LENA"), stage.slack.person("U0OMAR")

    await lena.card("is waiting for approval", at="dm").click("Withdraw")

    await lena.waits_for("was withdrawn")
    await omar.waits_for("Withdrawn")
    assert omar.card("asks for a new cluster", at="#team-a-approvals").buttons == []


async def test_a_press_while_the_cluster_api_is_down_is_told_and_counts_once_later(stage: Stage) -> None:
    key = await asked(stage)
    omar = stage.slack.person("U0OMAR")
    await omar.waits_for("asks for a new cluster")
    stage.desk.down = True
    card = omar.card("asks for a new cluster", at="#team-a-approvals")
    await card.click("Approve")
    await omar.waits_for(replies.NOT_DECIDED)
    stage.desk.down = False

    await card.click("Approve")

    await omar.waits_for("counts.")
    assert stage.desk.stored[key].it.status.phase is Phase.APPROVED


async def test_deleting_needs_the_name_typed_as_it_is(stage: Stage) -> None:
    stage.desk.put_cluster(samples.cluster(status=samples.ready()))
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster delete build-7")
    field = replies.CONFIRM

    await lena.modal.fill({field: "build-8"})
    await lena.modal.submit()
    assert list(lena.modal.errors) == [field]
    await lena.modal.fill({field: "build-7"})
    await lena.modal.submit()

    assert lena.sees("The deletion of build-7 is noted")
    assert [r.it.spec.action for r in stage.desk.stored.values()] == [Action.DELETE]


async def test_people_who_may_not_are_each_told_why(stage: Stage) -> None:
    for user, sentence in (
        ("U0GUEST", replies.GUEST),
        ("U0STELLA", replies.STRANGER),
        ("U0PAT", replies.UNMAPPED),
    ):
        person = stage.slack.person(user)
        await person.command("/cluster create")
        assert person.sees(sentence), user
        assert not person.has_modal


async def test_a_typo_is_answered_with_what_was_meant(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster creat build-7")

    assert lena.sees("Did you mean /cluster create?")


async def test_list_show_and_help_are_seen_by_nobody_else(stage: Stage) -> None:
    stage.desk.put_cluster(samples.cluster(status=samples.ready()))
    lena, omar = stage.slack.person("U0LENA"), stage.slack.person("U0OMAR")

    await lena.command("/cluster list", at="#team-a-approvals")
    assert lena.sees("build-7")
    await lena.command("/cluster show build-7")
    assert lena.sees("https://10.0.0.7:6443")
    await lena.command("/cluster")
    assert lena.sees("I get you a Kubernetes cluster")

    assert not omar.sees("10.0.0.7")


async def test_a_member_of_several_tenants_chooses_and_the_form_follows(stage: Stage) -> None:
    stage.desk.tenants["team-b"] = samples.tenant(
        "team-b", approval=ApprovalPolicy(required=2), flavors=("medium",), quota=samples.tenant().it.spec.quota
    )
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster create build-7")
    assert "1 approver of this tenant must agree" in lena.modal.text

    await lena.modal.fill({"Tenant": "Team B"})
    await lena.waits_for("2 approvers of this tenant must agree")

    assert lena.modal.options("Size of a worker") == ["medium: 4 vCPU, 16Gi"]
    assert lena.modal.value("Name") == ("build-7",)
