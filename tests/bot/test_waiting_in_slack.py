"""While a request waits, on the local Slack, over HTTP and over Socket Mode: questions, nudges, edits, asking again."""

from __future__ import annotations

import pytest

from bot import replies
from provisioning.lifecycle import Reason
from provisioning.model import Action, Amounts, ApprovalPolicy, Decision, Phase, QuotaSpec
from tests.bot import samples
from tests.bot.conftest import Stage

KEY = ("tenant-team-a", "cr-7f3k2m4p6q")
CARD = "asks for a new cluster build-7"
AT = "#team-a-approvals"
BY_FORM = samples.spec(add_ons=())
"""What the form asks for; the API server's part fills the usual add-ons in."""


async def test_a_question_goes_to_the_requester_and_the_answer_back_and_both_cards_show_both(stage: Stage) -> None:
    lena, eva, omar = (stage.slack.person(user) for user in ("U0LENA", "U0EVA", "U0OMAR"))
    stage.desk.put(samples.request())
    await eva.waits_for(CARD)

    await eva.card(CARD, at=AT).click("Ask a question")
    await eva.modal.fill({replies.QUESTION: "  "})
    await eva.modal.submit()
    assert list(eva.modal.errors) == [replies.QUESTION]
    await eva.modal.fill({replies.QUESTION: "Why *not* the <!channel> one?"})
    await eva.modal.submit()
    assert eva.modal.title == replies.QUESTION_TITLE
    await lena.waits_for("has a question about build-7")
    await omar.waits_until(lambda: "Why *not* the <!channel> one?" in omar.card(CARD, at=AT).text)

    await lena.card("has a question about", at="dm").click("Answer")
    assert "Why *not* the <!channel> one?" in lena.modal.text
    await lena.modal.fill({replies.ANSWER: "It is `full`"})
    await lena.modal.submit()

    await eva.waits_for("has answered your question")
    (answer,) = [call for call in stage.slack.api.calls if "has answered" in str(call.args.get("text"))]
    assert answer.args["thread_ts"] == eva.card(CARD, at=AT).ts
    await omar.waits_until(lambda: "It is `full`" in omar.card(CARD, at=AT).text)
    await lena.waits_until(lambda: "It is `full`" in lena.card("is waiting for approval", at="dm").text)
    await lena.waits_until(lambda: lena.card("has a question about", at="dm").buttons == [])


async def test_whoever_does_not_decide_is_told_before_writing_a_question(stage: Stage) -> None:
    lena, gus = stage.slack.person("U0LENA"), stage.slack.person("U0GUEST")
    stage.desk.put(samples.request())
    await lena.waits_for(CARD)

    for person, sentence in ((lena, replies.OWN_REQUEST), (gus, replies.GUEST)):
        await person.card(CARD, at=AT).click("Ask a question")
        await person.waits_for(sentence)
        assert not person.has_modal


async def test_a_question_that_could_reach_nobody_is_not_asked(stage: Stage) -> None:
    eva = stage.slack.person("U0EVA")
    stage.desk.put(samples.request(requester=samples.KAI))
    await eva.waits_for(CARD)

    await eva.card(CARD, at=AT).click("Ask a question")

    await eva.waits_for("I know no Slack account of oidc:kai_*bold*")


async def test_a_question_while_the_cluster_api_is_down_keeps_its_words(stage: Stage) -> None:
    eva = stage.slack.person("U0EVA")
    stage.desk.put(samples.request())
    await eva.waits_for(CARD)
    await eva.card(CARD, at=AT).click("Ask a question")
    await eva.modal.fill({replies.QUESTION: "Why?"})
    stage.desk.down = True

    await eva.modal.submit()
    assert eva.modal.errors == {replies.QUESTION: replies.NOT_DECIDED}
    stage.desk.down = False
    await eva.modal.submit()

    assert [each.words for each in stage.desk.stored[KEY].it.status.questions] == ["Why?"]


async def test_a_nudge_counts_once_an_hour_and_the_second_one_is_told_why_not(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    stage.desk.put(samples.request())
    await lena.waits_for("is waiting for approval")
    card = lena.card("is waiting for approval", at="dm")

    await card.click("Nudge")
    await lena.waits_for(replies.NUDGED)
    await card.click("Nudge")

    await lena.waits_for(replies.REFUSED[Reason.TOO_SOON])
    assert stage.desk.stored[KEY].it.status.nudged_at == samples.LATER


async def test_an_edit_makes_a_new_request_and_the_old_card_says_what_is_otherwise(stage: Stage) -> None:
    lena, omar = stage.slack.person("U0LENA"), stage.slack.person("U0OMAR")
    ample = QuotaSpec(hard=Amounts(vcpu=200))
    stage.desk.tenants["team-a"] = samples.tenant(approval=ApprovalPolicy(required=2), quota=ample)
    stage.desk.put(samples.request(desired=BY_FORM))
    await omar.waits_for(CARD)
    await omar.card(CARD, at=AT).click("Approve")
    await lena.waits_for("is waiting for approval")
    await lena.waits_for("so far")

    await lena.card("is waiting for approval", at="dm").click("Edit")
    assert [lena.modal.value(name) for name in ("Name", "Workers", "Reason")] == [
        ("build-7",),
        ("2",),
        ("Nightly builds",),
    ]
    await lena.modal.submit()
    assert replies.NOTHING_CHANGED in lena.modal.errors.values()
    await lena.modal.fill({"Size of a worker": "large", "Workers": "3"})
    await lena.waits_for("0 → 64 of 200")
    await lena.modal.submit()
    assert lena.modal.title == replies.RECEIPT_TITLE

    old = stage.desk.stored[KEY]
    assert old.it.status.phase is Phase.WITHDRAWN
    new = stage.desk.stored[KEY[0], old.it.status.replaced_by]
    assert (new.it.spec.replaces, new.it.status.votes) == (KEY[1], ())
    await omar.waits_for("Changed since you looked: Workers 2 × small")  # noqa: RUF001 - the sign for times
    await omar.waits_until(lambda: len(omar.cards(CARD, at=AT)) == 2)
    changed, asked = omar.cards(CARD, at=AT)
    assert changed.buttons == []
    assert "Approve" in asked.buttons
    await lena.waits_until(lambda: len(lena.cards("is waiting for approval", at="dm")) == 1)


async def test_a_click_on_a_card_from_before_an_edit_does_not_count_and_shows_what_is_otherwise(stage: Stage) -> None:
    lena, omar = stage.slack.person("U0LENA"), stage.slack.person("U0OMAR")
    stage.desk.put(samples.request())
    await omar.waits_for(CARD)
    await lena.command("/cluster edit build-7")
    await lena.modal.fill({"Workers": "3"})
    stage.desk.lag = True  # the card has not caught up
    await lena.modal.submit()

    await omar.card(CARD, at=AT).click("Approve")
    await omar.waits_for("Too late")
    stage.desk.lag = False
    stage.desk.catch_up()

    await omar.waits_for("Changed since you looked")
    assert not [w for w in stage.desk.writes if w.startswith("vote")]


async def test_an_edit_that_comes_after_the_decision_is_told_so(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    stage.desk.put(samples.request())
    await lena.command("/cluster edit build-7")
    await lena.modal.fill({"Workers": "3"})
    await stage.desk.vote(*KEY, samples.OMAR, Decision.APPROVE, digest=stage.desk.stored[KEY].it.spec.digest)

    await lena.modal.submit()

    assert "does not wait any more: it is Approved" in " ".join(lena.modal.errors.values())
    assert len(stage.desk.stored) == 1


async def test_what_was_denied_is_asked_again_with_the_same_wish_in_the_form(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    stage.desk.put(samples.request(desired=BY_FORM))
    await lena.waits_for("is waiting for approval")
    stage.desk.status(KEY, phase=Phase.EXPIRED, decided_at=samples.TOMORROW)
    await lena.waits_for("expired: nobody decided in time")

    await lena.card("expired", at="dm").click("Ask again")
    assert lena.modal.value("Name") == ("build-7",)
    await lena.modal.submit()

    assert lena.modal.title == replies.RECEIPT_TITLE
    (new,) = [request for key, request in stage.desk.stored.items() if key != KEY]
    assert (new.it.spec.digest, new.it.spec.replaces) == (stage.desk.stored[KEY].it.spec.digest, "")


async def test_whoever_a_request_is_handed_on_to_gets_a_card_and_decides(stage: Stage) -> None:
    steps = [{"after": "4h", "approvers": [{"user": "pat", "slack": "U0PAT"}]}]
    policy = ApprovalPolicy.model_validate({"required": 1, "escalation": steps})
    stage.desk.tenants["team-a"] = samples.tenant(approval=policy)
    pat, omar = stage.slack.person("U0PAT"), stage.slack.person("U0OMAR")
    stage.desk.put(samples.request(action=Action.CREATE))

    await pat.waits_for(CARD)  # made in March: its time has come long ago
    await omar.waits_for("Handed on to")
    assert stage.desk.stored[KEY].it.status.handed_on


@pytest.mark.parametrize("line", ["nudge build-7", "edit build-7", "again build-7"])
async def test_nothing_of_anybody_elses_is_meant(stage: Stage, line: str) -> None:
    eva = stage.slack.person("U0EVA")
    stage.desk.put(samples.request())

    await eva.command(f"/cluster {line}")

    await eva.waits_for("No request of yours")
