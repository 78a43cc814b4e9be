"""What the forms know, on the local Slack, over HTTP and over Socket Mode; and what they say when nobody answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot import offers, replies
from provisioning import errors, objects
from provisioning.model import (
    Action,
    Amounts,
    ApprovalPolicy,
    ClusterAddOn,
    EscalationStep,
    HibernationSchedule,
    NodePool,
    Phase,
    Release,
    RequestStatus,
    Subject,
    Waiver,
)
from provisioning.model.catalog import PriceList
from provisioning.model.tenant import LifetimePolicy
from provisioning.usage import Usage
from tests.bot import samples
from tests.bot.conftest import Stage

WISH = {"Name": "build-7", "Reason": "Nightly builds"}
GI = 2**30
FULL = Usage(clusters=1, nodes=4, vcpu=36_000, memory=16 * GI)
"""Four vCPU are left."""


async def test_the_form_tells_price_usual_time_and_who_agrees(stage: Stage) -> None:
    stage.desk.offered = samples.priced()
    for number in range(3):
        stage.desk.put_cluster(samples.cluster(f"old-{number}", status=samples.ready()))
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster create build-7 small 24h")

    assert "Estimated: 0.22 EUR an hour, 5.28 EUR for 24 hours." in lena.modal.text
    assert "Usually ready in 17 min; nine of ten within 17 min." in lena.modal.text
    assert "1 approver of this tenant must agree: @omar or @eva." in lena.modal.text
    await lena.modal.fill({"Lifetime": "3 days", "Grow up to": "2"})
    await lena.waits_for("Estimated: 0.34 EUR an hour at most, 24.48 EUR for 3 days.")


async def test_what_it_costs_in_all_is_told_in_hundredths_rounded_up(stage: Stage) -> None:
    prices = PriceList(currency="EUR", vcpu="0.001001")
    stage.desk.offered = samples.catalog().model_copy(update={"prices": prices})
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster create build-7 small 24h")

    assert "Estimated: 0.002002 EUR an hour, 0.05 EUR for 24 hours." in lena.modal.text


async def test_what_else_waits_is_told_and_whether_all_of_it_fits(stage: Stage) -> None:
    stage.desk.used["team-a"] = FULL.having(vcpu=30_000)
    stage.desk.put(samples.request("cr-other", cluster="build-8"))
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster create build-7 small")
    assert "Also waiting in team-a: 1 request, Clusters +1, Workers +3, vCPU +6, Memory +24Gi; both fit." in (
        lena.modal.text
    )
    await lena.modal.fill({"Workers": "2"})

    await lena.waits_for("only one of the two fits.")


async def test_the_form_of_a_change_tells_the_difference_in_price(stage: Stage) -> None:
    stage.desk.offered = samples.priced()
    stage.desk.put_cluster(samples.cluster(status=samples.ready()))
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster scale build-7")
    assert "Estimated: 0.34 EUR an hour." in lena.modal.text

    await lena.modal.fill({"Workers": "4"})

    await lena.waits_for("Estimated: 0.34 EUR → 0.58 EUR an hour.")


async def test_the_form_of_an_extension_tells_what_the_longer_life_costs(stage: Stage) -> None:
    stage.desk.offered = samples.priced()
    made = samples.cluster(status=samples.ready())
    # Its lifetime is not over, whenever this runs.
    stage.desk.put_cluster(replace(made, meta=replace(made.meta, created=datetime.now(UTC))))
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster extend build-7")
    assert "Estimated: 0.34 EUR an hour, 2.72 EUR for 8 hours." in lena.modal.text

    await lena.modal.fill({"Longer by": "3 days"})

    await lena.waits_for("Estimated: 0.34 EUR an hour, 24.48 EUR for 3 days.")


async def test_what_the_api_server_says_of_a_change_is_told_as_soon_as_its_form_is_open(stage: Stage) -> None:
    stage.desk.put_cluster(samples.cluster(status=samples.ready()))
    stage.desk.causes = (errors.Cause("spec.version", "not while it is being upgraded"),)
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster upgrade build-7")

    await lena.waits_for("not while it is being upgraded")


async def test_the_form_of_an_upgrade_tells_the_way_the_order_the_time_and_what_people_notice(stage: Stage) -> None:
    for number in range(3):
        stage.desk.put_cluster(samples.cluster(f"old-{number}", status=samples.ready()))
    pools = (NodePool(name="md0", flavor="small", replicas=2), NodePool(name="gpu", flavor="large", min=0, max=3))
    stage.desk.put_cluster(samples.cluster(status=samples.ready(), version="v1.33.9", pools=pools))
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster upgrade build-7")

    assert lena.modal.options("Kubernetes version") == ["v1.34.5"]
    assert "v1.33.9 → v1.34.5. After that v1.35.1: one minor version at a time" in lena.modal.text
    assert "First the control plane; once it has arrived, all pools at the same time" in lena.modal.text
    assert "md0 (2, one by one)" in lena.modal.text
    assert "About 23 min by what it took here of late" in lena.modal.text
    assert "what has not left after 5m goes with it" in lena.modal.text


async def test_another_version_redraws_the_way_and_keeps_the_reason(stage: Stage) -> None:
    stage.desk.offered = samples.catalog().model_copy(
        update={
            "versions": (*samples.catalog().versions, Release(version="v1.34.9", image="registry.example/image:v1"))
        }
    )
    stage.desk.put_cluster(samples.cluster(status=samples.ready(), version="v1.33.9"))
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster upgrade build-7")
    assert "v1.33.9 → v1.34.9." in lena.modal.text

    await lena.modal.fill({"Reason": "Patches", "Kubernetes version": "v1.34.5"})

    await lena.waits_for("v1.33.9 → v1.34.5. After that v1.35.1")
    assert lena.modal.value("Reason") == ("Patches",)
    await lena.modal.submit()
    (request,) = stage.desk.stored.values()
    assert request.it.spec.desired is not None
    assert (request.it.spec.desired.version, request.it.spec.reason) == ("v1.34.5", "Patches")


async def test_an_upgrade_that_is_on_its_way_is_told_before_the_next_is_asked_for(stage: Stage) -> None:
    status = samples.ready().model_copy(update={"version": "v1.33.9"})
    stage.desk.put_cluster(samples.cluster(status=status))
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster upgrade build-7")

    assert "It still runs v1.33.9, on its way to v1.34.5: this begins once that is done." in lena.modal.text


async def test_add_ons_that_the_api_server_would_refuse_are_told_while_they_are_chosen(stage: Stage) -> None:
    stage.desk.put_cluster(samples.cluster(status=samples.ready()))
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster addons build-7")
    stage.desk.causes = (errors.Cause("spec.addOns", "velero needs a bucket"),)

    await lena.modal.fill({"Add-ons": ("velero",)})

    await lena.waits_for("velero needs a bucket")
    assert lena.modal.value("Add-ons") == ("velero",)


async def test_a_name_that_is_taken_is_told_with_a_free_one_before_anything_is_sent(stage: Stage) -> None:
    stage.desk.put_cluster(samples.cluster("build-7"))
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster create build-7 small")

    assert f"build-7 exists already (made on {samples.NOW:%Y-%m-%d}). Free: build-8." in lena.modal.text


async def test_a_name_that_a_cluster_has_which_somebody_made_by_hand_is_taken_as_well(stage: Stage) -> None:
    stage.desk.by_hand = (samples.hand_made("build-7"),)
    stage.desk.put_cluster(samples.cluster("build-8"))
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster create build-7 small")

    assert f"build-7 exists already (made on {samples.NOW:%Y-%m-%d}). Free: build-9." in lena.modal.text


async def test_a_name_that_is_typed_is_looked_at_as_it_is_typed(stage: Stage) -> None:
    stage.desk.put_cluster(samples.cluster("build-7"))
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster create")

    await lena.modal.fill({"Name": "build-7"})
    await lena.waits_for("build-7 exists already")
    await lena.modal.fill({"Name": "build-9"})

    await lena.waits_until(lambda: "build-7 exists already" not in lena.modal.text)


@pytest.mark.parametrize(
    ("name", "free"), [("Build_7", "build-8"), ("7", "cluster"), ("build-", "build")], ids=["taken", "digits", "end"]
)
async def test_what_is_no_name_is_answered_with_a_free_one_in_the_form_and_at_its_field(
    stage: Stage, name: str, free: str
) -> None:
    stage.desk.put_cluster(samples.cluster("build-7"))
    stage.desk.causes = (errors.Cause("spec.pools", "vCPU: asks for 4, 2 free"),)
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster create")

    await lena.modal.fill({**WISH, "Name": name})
    await lena.waits_for(f"such as build-7. Free: {free}.")
    assert "vCPU: asks for 4, 2 free" in lena.modal.text
    await lena.modal.submit()

    assert "cannot be a cluster's name: it starts with a letter" in lena.modal.errors["Name"]
    assert lena.modal.errors["Name"].endswith(f"Free: {free}.")
    assert "vCPU: asks for 4, 2 free" in lena.modal.errors["Workers"]
    assert lena.modal.value("Name") == (name,)

    stage.desk.causes = (errors.Cause("spec.addOns", "velero needs a bucket"),)
    await lena.modal.submit()
    assert lena.modal.errors["Name"].split("\n")[1:] == ["velero needs a bucket"], "it has no field of its own here"
    assert stage.desk.stored == {}


async def test_a_form_without_a_name_yet_tells_the_api_servers_word_all_the_same(stage: Stage) -> None:
    stage.desk.causes = (errors.Cause("spec.pools", "memory: asks for 8Gi, 2Gi free"),)
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster create")

    await lena.waits_for("memory: asks for 8Gi, 2Gi free")


async def test_a_form_says_what_becomes_of_a_cluster_whose_lifetime_is_over(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster create")
    assert "The cluster is deleted when its lifetime is over." in lena.modal.text

    stage.desk.put_tenant(samples.tenant(lifetime=LifetimePolicy(longest="168h", hibernation="72h")))
    await lena.command("/cluster create")

    assert "When its lifetime is over the cluster sleeps for 3 days, and then it is deleted." in lena.modal.text


async def test_a_name_for_which_somebody_else_waits_is_refused_with_who_since_when_and_a_free_one(
    stage: Stage,
) -> None:
    stage.desk.put(samples.request("cr-omars", requester=samples.OMAR))
    lena = stage.slack.person("U0LENA")
    told = "omar has asked for build-7 already, on 2026-03-05 14:00 your time (cr-omars). Free: build-8."

    await lena.command("/cluster create build-7 small")
    assert told in lena.modal.text
    assert "Details" not in lena.modal.buttons
    await lena.modal.fill(WISH)
    await lena.modal.submit()

    assert lena.modal.errors == {"Name": told}
    assert list(stage.desk.stored) == [("tenant-team-a", "cr-omars")]
    await lena.modal.fill({"Name": "build-8"})
    await lena.modal.submit()
    assert lena.modal.title == replies.RECEIPT_TITLE


@pytest.mark.parametrize(
    ("status", "way"),
    [(None, "/cluster edit cr-mine changes it"), (samples.waits_for_room(), "/cluster withdraw cr-mine takes it back")],
)
async def test_ones_own_request_for_the_name_is_said_while_the_form_is_filled_and_can_be_looked_at(
    stage: Stage, status: RequestStatus | None, way: str
) -> None:
    stage.desk.put(samples.request("cr-mine", status=status))
    lena = stage.slack.person("U0LENA")
    told = f"That is already cr-mine, waiting since 2026-03-05 14:00 your time. {way}."

    await lena.command("/cluster create build-7 large")
    assert told in lena.modal.text
    await lena.modal.fill(WISH)
    await lena.modal.submit()
    assert lena.modal.errors == {"Name": told}
    await lena.modal.click("Details")

    await lena.waits_until(lambda: lena.modal.title == replies.DETAILS_TITLE)
    assert "asks for a new cluster build-7" in lena.modal.text
    assert len(stage.desk.stored) == 1


async def test_the_same_wish_while_it_waits_for_room_is_the_same_request_though_there_is_no_room(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster create build-7 small")
    await lena.modal.fill(WISH)
    await lena.modal.submit()
    (key,) = stage.desk.stored
    waits = samples.waits_for_room()
    stage.desk.status(key, phase=waits.phase, decided_at=waits.decided_at, conditions=waits.conditions)
    stage.desk.causes = (errors.Cause("spec.pools", "vCPU: asks for 6, 2 of 40 free"),)

    await lena.command("/cluster create build-7 small")
    await lena.modal.fill(WISH)
    await lena.modal.submit()

    assert f"That is already {key[1]}, waiting since" in lena.modal.text
    await lena.modal.click("Details")
    await lena.waits_until(lambda: lena.modal.title == replies.DETAILS_TITLE)
    assert len(stage.desk.stored) == 1


async def test_a_name_that_is_approved_and_has_no_cluster_yet_is_taken(stage: Stage) -> None:
    accepted = RequestStatus(phase=Phase.APPROVED, decided_at=objects.format_time(samples.NOW))
    stage.desk.put(samples.request("cr-omars", requester=samples.OMAR, status=accepted))
    stage.desk.put(samples.request("cr-mine", cluster="web-1", status=accepted))
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster create build-7 small")
    assert "omar has asked for build-7 already" in lena.modal.text
    await lena.modal.fill({**WISH, "Name": "web-1"})
    await lena.modal.submit()

    told = "That is already cr-mine, which is accepted and starts in a moment."
    assert lena.modal.errors == {"Name": told}
    assert len(stage.desk.stored) == 2


async def test_the_same_wish_once_more_when_it_is_approved_is_the_same_request(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    for phase in (Phase.PENDING, Phase.APPROVED):
        for key in stage.desk.stored:
            stage.desk.status(key, phase=phase, decided_at=objects.format_time(samples.NOW))
        await lena.command("/cluster create build-7 small")
        await lena.modal.fill(WISH)
        await lena.modal.submit()

    (key,) = stage.desk.stored
    assert f"That is already {key[1]}, which is accepted and starts in a moment." in lena.modal.text


async def test_a_request_that_is_edited_is_not_in_its_own_way(stage: Stage) -> None:
    stage.desk.put(samples.request("cr-mine"))
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster edit cr-mine")
    assert "That is already" not in lena.modal.text
    await lena.modal.fill({"Workers": "3"})
    await lena.waits_for("0 → 8 of 40")
    assert "That is already" not in lena.modal.text

    await lena.modal.submit()

    assert lena.modal.title == replies.RECEIPT_TITLE
    assert len(stage.desk.stored) == 2


async def test_a_day_in_a_form_is_that_of_whoever_reads_it(stage: Stage) -> None:
    made = samples.cluster("build-7")
    late = datetime(2026, 3, 5, 23, 30, tzinfo=UTC)
    stage.desk.put_cluster(replace(made, meta=replace(made.meta, created=late)))
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster create build-7 small")

    assert "build-7 exists already (made on 2026-03-06). Free: build-8." in lena.modal.text


async def test_whoever_needs_no_approval_reads_by_which_rule(stage: Stage) -> None:
    rule = Waiver(name="small clusters", actions=(Action.CREATE,), up_to=Amounts(vcpu=8))
    stage.desk.tenants["team-a"] = samples.tenant(approval=ApprovalPolicy(required=1, waivers=(rule,)))
    stage.desk.waiver = "small clusters"
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster create build-7 small")

    assert "Approval: none needed, by this tenant's rule small clusters." in lena.modal.text


async def test_an_approver_does_not_read_their_own_name_among_those_who_may_agree(stage: Stage) -> None:
    approvers = (*map(samples.subject, (samples.LENA, samples.OMAR)), Subject(group="platform"))
    stage.desk.tenants["team-a"] = samples.tenant(approvers=approvers)
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster create build-7")

    assert "must agree: @omar or platform." in lena.modal.text


async def test_where_too_few_could_agree_that_is_told_before_anything_is_sent(stage: Stage) -> None:
    policy = ApprovalPolicy(required=2)
    stage.desk.tenants["team-a"] = samples.tenant(approval=policy, approvers=(samples.subject(samples.OMAR),))
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster create build-7")

    assert replies.TOO_FEW_APPROVERS in lena.modal.text


async def test_what_does_not_fit_is_told_with_what_would_in_the_form_and_at_the_field(stage: Stage) -> None:
    stage.desk.used["team-a"] = FULL
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster create build-7 2x small")
    assert "Fits: 1 × small." in lena.modal.text  # noqa: RUF001 - the sign for times
    assert "36 → 42 of 40 · does not fit: 2 missing" in lena.modal.text
    assert "For more ask @omar or @eva: vCPU +2." in lena.modal.text
    stage.desk.causes = (errors.Cause("spec.pools", "vCPU: asks for 6, 4 of 40 free"),)
    await lena.modal.fill(WISH)

    await lena.modal.submit()

    ways = "Fits: 1 × small.\nFor more ask omar or eva: vCPU +2."  # noqa: RUF001 - the sign for times
    assert lena.modal.errors == {"Workers": f"vCPU: asks for 6, 4 of 40 free\n{ways}"}
    assert lena.modal.value("Reason") == ("Nightly builds",)
    assert not stage.desk.stored


async def test_where_the_api_server_says_that_it_fits_nothing_else_is_said_from_caches(stage: Stage) -> None:
    stage.desk.used["team-a"] = FULL
    stage.desk.freed["team-a"] = FULL.having(vcpu=10_000)
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster create build-7 2x small")

    await lena.waits_for("10 → 16 of 40")
    for word in ("does not fit", "Fits:", "For more ask", "🟥"):
        assert word not in lena.modal.text


async def test_what_does_not_fit_into_a_pool_is_told_at_that_pool(stage: Stage) -> None:
    stage.desk.put_cluster(samples.cluster(status=samples.ready()))
    stage.desk.used["team-a"] = FULL
    stage.desk.causes = (errors.Cause("spec.pools", "vCPU: asks for 6, 4 of 40 free"),)
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster scale build-7")
    await lena.modal.fill({"Workers": "5"})

    await lena.modal.submit()

    (error,) = lena.modal.errors.values()
    assert "Fits: 4 × small." in error  # noqa: RUF001 - the sign for times
    assert error.endswith("For more ask omar or eva: vCPU +2.")


@pytest.mark.parametrize(
    ("line", "field", "more"),
    [
        ("scale build-7", {"Workers": "9"}, "vCPU +10"),
        ("resize build-7", {"Size of a worker": "large"}, "vCPU +38, Memory +32Gi"),
    ],
)
async def test_in_the_form_of_a_change_too_the_bar_turns_red_and_says_whom_to_ask(
    stage: Stage, line: str, field: dict[str, str], more: str
) -> None:
    stage.desk.put_cluster(samples.cluster(status=samples.ready()))
    stage.desk.used["team-a"] = FULL
    lena = stage.slack.person("U0LENA")
    await lena.command(f"/cluster {line}")
    assert "🟥" not in lena.modal.text

    await lena.modal.fill(field)

    await lena.waits_for(f"For more ask @omar or @eva: {more}.")
    assert "🟥" in lena.modal.text
    assert "does not fit" in lena.modal.text


async def test_where_the_tenant_hands_on_to_the_platform_that_is_who_is_asked_for_more(stage: Stage) -> None:
    step = EscalationStep(after="4h", approvers=(samples.subject(samples.PAT),))
    stage.desk.tenants["team-a"] = samples.tenant(approval=ApprovalPolicy(escalation=(step,)))
    stage.desk.used["team-a"] = FULL
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster create build-7 2x small")

    assert "For more ask @pat: vCPU +2." in lena.modal.text


async def test_a_line_that_finds_no_room_says_what_would_fit_and_whom_to_ask(stage: Stage) -> None:
    stage.desk.put_cluster(samples.cluster(status=samples.ready()))
    stage.desk.used["team-a"] = FULL
    stage.desk.causes = (errors.Cause("spec.pools", "vCPU: asks for 6, 4 of 40 free"),)
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster scale build-7 5")

    await lena.waits_for("Fits: 4 × small.")  # noqa: RUF001 - the sign for times
    await lena.waits_for("For more ask @omar or @eva: vCPU +2.")


async def test_where_only_the_api_server_knows_that_there_is_no_room_it_is_still_said_whom_to_ask(stage: Stage) -> None:
    stage.desk.causes = (errors.Cause("spec.pools", "vCPU: asks for 6, 2 of 40 free (38 used)"),)
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster create build-7 2x small")
    await lena.waits_for("For more ask @omar or @eva.")
    await lena.modal.fill(WISH)
    await lena.modal.submit()

    (error,) = lena.modal.errors.values()
    assert error == "vCPU: asks for 6, 2 of 40 free (38 used)\nFor more ask omar or eva."


async def test_what_is_wrong_with_a_number_sends_nobody_to_ask_for_more(stage: Stage) -> None:
    stage.desk.causes = (errors.Cause("spec.pools[0].replicas", "3 is the most that this size may have"),)
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster create build-7 4x small")
    await lena.waits_for("3 is the most that this size may have")

    assert "For more ask" not in lena.modal.text


async def test_the_api_servers_own_words_about_the_size_are_not_said_twice(stage: Stage) -> None:
    stage.desk.causes = (errors.Cause("spec.pools", "the quota of tenant team-a has no room for build-7"),)
    stage.desk.used["team-a"] = FULL
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster create build-7 2x small")

    await lena.waits_for("has no room for build-7")
    assert "vCPU: asks for" not in lena.modal.text


async def test_what_few_people_need_is_unfolded_by_a_tick_and_asked_for(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster create")
    assert "Add-ons" not in [control.label for control in lena.modal.shown.controls]

    await lena.modal.fill({**WISH, "More choices": replies.MORE})
    await lena.waits_until(lambda: "Sleep" in [control.label for control in lena.modal.shown.controls])
    await lena.modal.fill({"Add-ons": ("velero",), "Sleep": replies.SLEEP["nights"]})
    await lena.waits_until(lambda: replies.ZONE in [control.label for control in lena.modal.shown.controls])
    assert lena.modal.value(replies.ZONE) == ("Europe/Berlin",), "it is her own"
    await lena.modal.fill({replies.ZONE: "Europe/London"})
    assert lena.modal.value("Name") == ("build-7",)
    await lena.modal.submit()

    (request,) = stage.desk.stored.values()
    assert request.it.spec.desired is not None
    start, end = offers.SLEEPS["nights"]
    night = HibernationSchedule(start=start, end=end, time_zone="Europe/London")
    assert request.it.spec.desired.hibernation.schedules == (night,)
    assert ClusterAddOn(name="velero") in request.it.spec.desired.add_ons
    await stage.slack.person("U0OMAR").waits_for("by 1 schedule")


async def test_an_approver_reads_what_it_costs_and_what_else_waits_for_the_room(stage: Stage) -> None:
    stage.desk.offered = samples.priced()
    stage.desk.used["team-a"] = FULL.having(vcpu=30_000)
    stage.desk.put(samples.request("cr-other", cluster="build-8"))
    lena, omar = stage.slack.person("U0LENA"), stage.slack.person("U0OMAR")

    await lena.command("/cluster create build-7 2x small 24h")
    await lena.modal.fill(WISH)
    await lena.modal.submit()

    await omar.waits_for("asks for a new cluster build-7")
    card = omar.card("asks for a new cluster build-7", at="#team-a-approvals")
    assert "Also waiting in team-a: 1 request" in card.text
    assert "only one of the two fits" in card.text
    assert "Estimated: 0.34 EUR an hour, 8.16 EUR for 24 hours." in card.text


# When the cluster API does not answer


@pytest.mark.parametrize("line", ["create build-7 small", "scale build-8"])
async def test_while_the_cluster_api_is_down_a_form_tells_what_was_known_and_when_nobody_answered(
    stage: Stage, line: str
) -> None:
    stage.desk.put_cluster(samples.cluster("build-8", status=samples.ready()))
    stage.desk.used["team-a"] = Usage(vcpu=10_000)
    stage.desk.down = True
    lena = stage.slack.person("U0LENA")

    await lena.command(f"/cluster {line}")
    if line.startswith("scale"):
        await lena.modal.fill({"Workers": "3"})

    await lena.waits_for("The cluster API did not answer (today ")
    assert "vCPU" in lena.modal.text
    assert "10 → " in lena.modal.text


async def test_once_it_answers_again_the_warning_goes(stage: Stage) -> None:
    stage.desk.down = True
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster create build-7 small")
    await lena.waits_for("The cluster API did not answer")
    stage.desk.down = False

    await lena.modal.fill({"Workers": "3"})

    await lena.waits_until(lambda: "did not answer" not in lena.modal.text)


async def test_a_change_sent_while_it_is_down_says_that_nothing_was_requested_and_keeps_the_input(stage: Stage) -> None:
    stage.desk.put_cluster(samples.cluster(status=samples.ready()))
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster scale build-7")
    await lena.modal.fill({"Workers": "4"})
    stage.desk.down = True

    await lena.modal.submit()
    assert lena.modal.errors == {"Workers": replies.NOT_SAVED}
    assert lena.modal.value("Workers") == ("4",)
    assert not stage.desk.stored
    stage.desk.down = False
    await lena.modal.submit()

    assert lena.modal.title == replies.RECEIPT_TITLE
    assert len(stage.desk.stored) == 1
