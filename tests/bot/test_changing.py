"""What each command that changes a cluster asks for: at once when the line says it all, by a form when it does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot import blocks, change_forms, commands, outline, replies, text
from bot.answers import Ask, Open, Say
from provisioning import errors, objects
from provisioning.model import (
    Action,
    Amounts,
    ClusterAddOn,
    ClusterSpec,
    DeprecatedApi,
    HoldingBudget,
    NodePool,
    Precheck,
    QuotaSpec,
)
from provisioning.model.cluster import Hibernation, HibernationSchedule
from provisioning.model.tenant import LifetimePolicy
from tests.bot import samples
from tests.bot.conftest import Stage
from tests.bot.fake_desk import FakeDesk

AT_NOON = Hibernation(schedules=(HibernationSchedule(start="0 12 * * *", end="0 14 * * *"),))
"""Asleep at the hour of `samples.NOW`."""
TWO_POOLS = (NodePool(name="md0", flavor="small", replicas=2), NodePool(name="gpu", flavor="large", min=0, max=2))
AMPLE = QuotaSpec(hard=Amounts(vcpu=200))


def desk(**spec: Any) -> FakeDesk:
    made = FakeDesk()
    made.put_cluster(samples.cluster(status=samples.ready(), **spec))
    return made


def answer(line: str, at: FakeDesk) -> object:
    return commands.answer(line, desk=at, person=samples.LENA, now=samples.NOW)


def wanted(line: str, **spec: Any) -> ClusterSpec:
    """The spec that a line asks for at once."""
    found = answer(line, desk(**spec))
    assert isinstance(found, Ask), found
    assert (found.wish.action, found.wish.cluster, found.wish.person) == (Action.CHANGE, "build-7", samples.LENA)
    assert found.wish.desired is not None
    return found.wish.desired


def told(line: str, **spec: Any) -> str:
    found = answer(line, desk(**spec))
    assert isinstance(found, Say), found
    return found.card.text


def opened(line: str, at: FakeDesk) -> str:
    found = answer(line, at)
    assert isinstance(found, Open), found
    return str(found.view["callback_id"])


def test_the_end_that_an_extension_comes_to_is_offered_in_the_readers_time() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    found = commands.answer("extend build-7", desk=desk(), person=samples.LENA, now=samples.NOW, zone=berlin)
    assert isinstance(found, Open), found

    (menu,) = (part["element"] for part in found.view["blocks"] if part.get("block_id") == "lifetime")
    assert menu["options"][0]["description"]["text"] == "until 2026-03-06 22:00 your time"


def test_the_ends_that_a_new_cluster_may_have_are_offered_in_the_readers_time() -> None:
    tokyo = ZoneInfo("Asia/Tokyo")
    found = commands.answer("create build-9", desk=desk(), person=samples.LENA, now=samples.NOW, zone=tokyo)
    assert isinstance(found, Open), found

    (menu,) = (part["element"] for part in found.view["blocks"] if part.get("block_id") == "lifetime")
    told = {option["text"]["text"]: option["description"]["text"] for option in menu["options"]}
    assert told["24 hours"] == "from now until 2026-03-06 22:00 your time"


def test_until_when_a_cluster_sleeps_is_told_in_the_readers_time() -> None:
    found = answer("wake build-7", desk(hibernation=AT_NOON))
    assert isinstance(found, Open), found

    assert f"until {text.moment('2026-03-05T14:00:00Z')}" in str(found.view["blocks"])


@pytest.mark.parametrize(
    ("line", "numbers"),
    [
        ("scale build-7 4", (4, None, None)),
        ("scale build-7 workers 4", (4, None, None)),
        ("scale team-a/build-7 workers 0", (0, None, None)),
        ("scale build-7 workers 2-6", (None, 2, 6)),
        ("scale build-7 workers 2\u20136", (None, 2, 6)),
    ],
)
def test_a_line_with_numbers_asks_for_so_many_workers(line: str, numbers: tuple[int | None, ...]) -> None:
    (pool,) = wanted(line).pools
    assert (pool.replicas, pool.min, pool.max) == numbers


def test_the_other_pools_stay_as_they_are() -> None:
    assert wanted("scale build-7 md0 5", pools=TWO_POOLS).pools[1] == TWO_POOLS[1]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("scale build-7 4", "There are several pools; say which one: `md0`, `gpu`."),
        ("scale build-7 cpu 4", "There is no pool `cpu`; there is `md0`, `gpu`."),
        ("scale build-7 md0 6-2", replies.MAX_BELOW),
        ("scale build-7 md0 9999", replies.NODES_WANTED),
        ("scale build-7 md0 2-9999", replies.NODES_WANTED),
        ("scale build-7 md0 0-0", replies.MAX_BELOW),
        ("scale build-7 md0 4 now", "It goes like this: `/cluster scale [TENANT/]NAME [POOL] [WORKERS]`"),
        ("scale build-7 md0 gpu", "It goes like this: `/cluster scale [TENANT/]NAME [POOL] [WORKERS]`"),
        ("scale build-7 md0 2", "`build-7` is so already: nothing was changed."),
    ],
)
def test_a_line_that_cannot_be_meant_is_told_what_would_be_right(line: str, said: str) -> None:
    assert said in told(line, pools=TWO_POOLS)


@pytest.mark.parametrize("line", ["resize build-7 large", "resize build-7 workers large"])
def test_a_line_with_a_size_asks_for_workers_of_that_size(line: str) -> None:
    (pool,) = wanted(line).pools
    assert (pool.flavor, pool.replicas) == ("large", 2)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("resize build-7 large", "There are several pools; say which one: `md0`, `gpu`."),
        ("resize build-7 cpu large", "There is no pool `cpu`; there is `md0`, `gpu`."),
        ("resize build-7 md0 lage", "There is no size `lage` for you. Did you mean `large`?"),
        ("resize build-7 gpu large", "`build-7` is so already: nothing was changed."),
        ("resize build-7 md0 large now", "It goes like this: `/cluster resize [TENANT/]NAME [POOL] [SIZE]`"),
    ],
)
def test_a_size_that_cannot_be_meant_is_told_what_would_be_right(line: str, said: str) -> None:
    assert said in told(line, pools=TWO_POOLS)


def test_a_size_that_is_no_longer_on_offer_may_stay_while_another_pool_gets_another() -> None:
    at = desk(pools=(TWO_POOLS[0], NodePool(name="old", flavor="huge", replicas=1)))

    found = answer("resize build-7 old", at)

    assert isinstance(found, Open)
    assert found.view["blocks"][1]["element"]["initial_option"]["value"] == "huge"


def in_form(line: str, **spec: Any) -> dict[str, str]:
    """The sizes that are chosen in the form that opened, by field."""
    found = answer(line, desk(**spec))
    assert isinstance(found, Open)
    menus = {part["block_id"]: part["element"] for part in found.view["blocks"] if part["type"] == "input"}
    return {name: it["initial_option"]["value"] for name, it in menus.items() if name.startswith("flavor-")}


def test_whoever_wants_it_smaller_finds_the_next_smaller_size_chosen_for_the_largest_workers() -> None:
    large = (NodePool(name="workers", flavor="large", replicas=1), NodePool(name="few", flavor="medium", replicas=1))
    chosen = {"flavor-workers": "medium", "flavor-few": "medium"}
    assert in_form("resize build-7 smaller", pools=large) == chosen
    assert in_form("resize build-7 few smaller", pools=large) == {"flavor-few": "small"}
    assert in_form("resize build-7", pools=large) == chosen | {"flavor-workers": "large"}


def test_nothing_smaller_than_the_smallest_is_chosen() -> None:
    assert in_form("resize build-7 smaller") == {"flavor-workers": "small"}


CERTS = ClusterAddOn(name="cert-manager", values={"replicas": 2})


@pytest.mark.parametrize(
    ("line", "has"),
    [
        ("addons build-7 +velero", ["cilium", "cert-manager", "velero"]),
        ("addons build-7 -cert-manager", ["cilium"]),
        ("addons build-7 +velero -cert-manager", ["cilium", "velero"]),
    ],
)
def test_add_ons_are_put_in_and_taken_out_and_the_others_keep_their_values(line: str, has: list[str]) -> None:
    add_ons = wanted(line, add_ons=(ClusterAddOn(name="cilium"), CERTS)).add_ons
    assert [each.name for each in add_ons] == has
    assert CERTS in add_ons or "cert-manager" not in has


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("addons build-7 -cilium", "Every cluster has the add-on `cilium`: it cannot be taken out."),
        ("addons build-7 +valero", "There is no add-on `valero` for you. Did you mean `velero`?"),
        ("addons build-7 velero", "It goes like this: `/cluster addons [TENANT/]NAME [+ADDON] [-ADDON]`"),
        ("addons build-7 +cilium", "is so already"),
    ],
)
def test_an_add_on_that_cannot_be_meant_is_told(line: str, said: str) -> None:
    assert said in told(line)


def test_a_cluster_lives_longer_by_what_the_line_says() -> None:
    assert wanted("extend build-7 24h").lifetime == "48h"


@pytest.mark.parametrize(
    ("line", "spec", "said"),
    [
        ("extend build-7 24h", {"lifetime": None}, "`build-7` has no end, so there is nothing to extend."),
        ("extend build-7", {"lifetime": None}, "`build-7` has no end, so there is nothing to extend."),
        ("extend build-7 soon", {}, "`soon` is no duration; such as 90m, 24h, 3d or 2w."),
        ("extend build-7 0h", {}, "`0h` is no duration"),
        ("extend build-7 30s", {}, "`30s` is no duration"),
        ("extend build-7", {"lifetime": "168h"}, "cannot live longer: 7 days is the most"),
        ("upgrade build-7", {"version": "v1.35.1"}, "the Catalog has nothing that may follow it"),
        ("upgrade build-7 1.36", {}, "There is no version `1.36` for you."),
        ("upgrade build-7 v1.35.2", {}, "Did you mean `v1.35.1`?"),
        ("upgrade build-7 v1.34.5", {}, "is so already"),
        ("wake build-7", {}, "is so already"),
        ("wake build-7 2h", {}, "has no schedule, and nothing would put it to sleep afterwards: leave out the time."),
        ("wake build-7 soon", {"hibernation": AT_NOON}, "`soon` is no duration"),
        ("hibernate build-7", {"hibernation": Hibernation(enabled=True)}, "is so already"),
        ("hibernate build-6", {}, "Did you mean `build-7`?"),
        ("hibernate build-7 now", {}, "It goes like this: `/cluster hibernate [TENANT/]NAME`"),
    ],
)
def test_what_cannot_be_done_is_told_and_not_asked(line: str, spec: dict[str, object], said: str) -> None:
    assert said in told(line, **spec)


def test_a_version_may_be_written_without_its_v() -> None:
    assert wanted("upgrade build-7 1.35.1").version == "v1.35.1"


def test_a_cluster_goes_to_sleep_and_wakes() -> None:
    assert wanted("hibernate build-7").hibernation.enabled
    assert not wanted("wake build-7", hibernation=Hibernation(enabled=True)).hibernation.enabled
    until = wanted("wake build-7 3h", hibernation=AT_NOON).hibernation.awake_until
    assert until == "2026-03-05T16:00:00Z"


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (Hibernation(enabled=True, schedules=AT_NOON.schedules), "asleep"),
        (AT_NOON, "by 1 schedule"),
        (AT_NOON.model_copy(update={"awake_until": "*soon*"}), "by 1 schedule, awake until `*soon*`"),
        (Hibernation(), "awake"),
    ],
)
def test_an_approver_reads_what_is_to_become_of_sleep_only_when_that_is_asked_for(now: Hibernation, said: str) -> None:
    other = Hibernation(schedules=(*AT_NOON.schedules, *AT_NOON.schedules))
    before, after = samples.spec(hibernation=other), samples.spec(hibernation=now)

    assert ("Sleep", f"by 2 schedules → *{said}*") in outline.changes(before, after, samples.catalog())
    assert "Sleep" not in dict(outline.changes(after, after, samples.catalog()))


def test_what_sleeps_because_its_time_is_over_is_told_to_be_extended() -> None:
    at = desk(lifetime="1h")
    at.tenants["team-a"] = samples.tenant(lifetime=LifetimePolicy(hibernation="48h"))

    found = commands.answer("wake build-7", desk=at, person=samples.LENA, now=samples.NOW + timedelta(hours=2))

    assert isinstance(found, Say)
    assert "extend it: `/cluster extend build-7 24h`" in found.card.text


def test_what_is_being_deleted_is_not_changed() -> None:
    at = FakeDesk()
    at.put_cluster(samples.cluster(deleting=True))

    found = answer("scale build-7 4", at)

    assert isinstance(found, Say)
    assert "is being deleted" in found.card.text


@pytest.mark.parametrize(
    ("line", "form"),
    [
        ("scale build-7", change_forms.SCALE),
        ("scale build-7 workers", change_forms.SCALE),
        ("resize build-7", change_forms.RESIZE),
        ("resize build-7 workers", change_forms.RESIZE),
        ("addons build-7", change_forms.ADD_ONS),
        ("extend build-7", change_forms.EXTEND),
        ("upgrade build-7", change_forms.UPGRADE),
        ("wake build-7", change_forms.WAKE),
    ],
)
def test_a_line_that_leaves_something_open_opens_a_form(line: str, form: str) -> None:
    assert opened(line, desk(hibernation=AT_NOON)) == form


async def test_a_line_asks_and_the_change_is_followed_to_its_approval(stage: Stage) -> None:
    stage.desk.put_cluster(samples.cluster(status=samples.ready()))
    lena, omar = stage.slack.person("U0LENA"), stage.slack.person("U0OMAR")

    await lena.command("/cluster scale build-7 workers 4")

    await lena.waits_for("The change of build-7 is noted.")
    await omar.waits_for("asks to change the cluster build-7")
    (request,) = stage.desk.stored.values()
    assert (request.it.spec.action, request.it.spec.base_generation) == (Action.CHANGE, 1)


async def test_who_decides_about_an_upgrade_is_warned_of_what_it_runs_into_until_it_does_no_more(stage: Stage) -> None:
    stage.desk.put_cluster(samples.cluster(status=samples.hindered()))
    lena, omar = stage.slack.person("U0LENA"), stage.slack.person("U0OMAR")

    await lena.command("/cluster upgrade build-7 v1.35.1")

    await omar.waits_for("shop/db lets no Pod go now: 2 of 3 are healthy, and 2 must be.")
    await omar.waits_for("example.dev/v1beta1 gadgets is gone from Kubernetes 1.35 on.")
    await lena.waits_for("PodDisruptionBudgets hold up the workers")
    assert not omar.sees("widgets"), "that one goes later"

    stage.desk.put_cluster(samples.cluster(status=samples.ready()))
    await omar.waits_until(lambda: not omar.sees("shop/db"))


def test_of_very_many_things_in_the_way_of_an_upgrade_so_many_are_named_and_the_rest_is_counted() -> None:
    budgets = tuple(HoldingBudget(namespace="n" * 63, name=f"{number:02}" * 126) for number in range(12))
    apis = tuple(
        DeprecatedApi(version="v1beta1", resource=f"gadgets{number}", removed_release="1.35") for number in range(24)
    )
    at, seen = FakeDesk(), Precheck(checked_at=samples.AT, budgets=budgets, more_budgets=40, apis=apis)
    at.put_cluster(samples.cluster(status=samples.ready().model_copy(update={"precheck": seen})))
    found = answer("upgrade build-7", at)
    assert isinstance(found, Open), found

    held, gone = (part["text"]["text"] for part in found.view["blocks"] if "⚠️" in part.get("text", {}).get("text", ""))

    assert len(held) <= blocks.SECTION_TEXT
    assert "`v1beta1 gadgets9`" in gone
    assert "… and 14 more." in gone


async def test_the_form_of_an_upgrade_says_what_the_chosen_version_runs_into(stage: Stage) -> None:
    stage.desk.put_cluster(samples.cluster(status=samples.hindered()))
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster upgrade build-7")

    assert "shop/queue never lets a Pod go: its only Pod must stay." in lena.modal.text
    assert "A worker waits up to 5m for such Pods, which then go with it." in lena.modal.text
    assert "APIs are in use that v1.35.1 does not have any more" in lena.modal.text


async def test_the_same_line_twice_is_one_request(stage: Stage) -> None:
    stage.desk.put_cluster(samples.cluster(status=samples.ready()))
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster hibernate build-7")
    await lena.command("/cluster hibernate build-7")

    assert len(stage.desk.stored) == 1


async def test_a_line_that_the_rules_refuse_is_told_every_reason(stage: Stage) -> None:
    stage.desk.put_cluster(samples.cluster(status=samples.ready()))
    stage.desk.causes = (errors.Cause("spec.pools", "vCPU: asks for *80*"), errors.Cause("spec", "memory: too much"))
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster scale build-7 40")

    await lena.waits_for("Nothing was requested for build-7:")
    await lena.waits_for("vCPU: asks for *80*")
    await lena.waits_for("memory: too much")
    assert not stage.desk.stored


async def test_a_line_while_the_cluster_api_is_down_says_that_nothing_was_requested(stage: Stage) -> None:
    stage.desk.put_cluster(samples.cluster(status=samples.ready()))
    stage.desk.down = True
    lena = stage.slack.person("U0LENA")

    await lena.command("/cluster hibernate build-7")

    await lena.waits_for(replies.NOT_SAVED_LINE)


async def test_the_scale_form_has_what_there_is_and_shows_what_it_comes_to(stage: Stage) -> None:
    stage.desk.tenants["team-a"] = samples.tenant(quota=AMPLE)
    stage.desk.put_cluster(samples.cluster(status=samples.ready(), pools=TWO_POOLS))
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster scale build-7")
    assert lena.modal.value("Workers in md0") == ("2",)
    assert lena.modal.value("gpu may grow up to") == ("2",)

    await lena.modal.fill({"Workers in md0": "4", "Reason": "the launch"})
    await lena.waits_for("→ 58 of 200")
    await lena.modal.submit()

    assert lena.modal.title == replies.RECEIPT_TITLE
    (request,) = stage.desk.stored.values()
    assert request.it.spec.desired is not None
    assert [pool.most for pool in request.it.spec.desired.pools] == [4, 2]
    assert request.it.spec.reason == "the launch"


async def test_the_resize_form_shows_what_another_size_comes_to(stage: Stage) -> None:
    stage.desk.tenants["team-a"] = samples.tenant(quota=AMPLE)
    stage.desk.put_cluster(samples.cluster(status=samples.ready(), pools=TWO_POOLS))
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster resize build-7")

    await lena.modal.fill({"Size of a worker in md0": "large"})
    await lena.waits_for("→ 96 of 200")
    await lena.modal.submit()

    assert lena.modal.title == replies.RECEIPT_TITLE
    (request,) = stage.desk.stored.values()
    assert request.it.spec.desired is not None
    assert [pool.flavor for pool in request.it.spec.desired.pools] == ["large", "large"]


async def test_the_add_ons_chosen_in_the_form_are_asked_for_beside_those_that_every_cluster_has(stage: Stage) -> None:
    made = samples.cluster(status=samples.ready(), add_ons=(ClusterAddOn(name="cilium"), CERTS))
    stage.desk.put_cluster(made)
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster addons build-7")
    assert lena.modal.value("Add-ons") == ("cert-manager",)

    await lena.modal.fill({"Add-ons": ("cert-manager", "velero")})
    await lena.modal.submit()

    (request,) = stage.desk.stored.values()
    assert request.it.spec.desired is not None
    assert request.it.spec.desired.add_ons == (ClusterAddOn(name="cilium"), CERTS, ClusterAddOn(name="velero"))


async def test_a_number_that_does_not_fit_is_told_at_its_pool(stage: Stage) -> None:
    stage.desk.put_cluster(samples.cluster(status=samples.ready(), pools=TWO_POOLS))
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster scale build-7")
    await lena.modal.fill({"Workers in gpu": "3"})

    await lena.modal.submit()

    assert lena.modal.errors == {"gpu may grow up to": replies.MAX_BELOW}


async def test_a_form_sent_as_it_was_opened_changes_nothing(stage: Stage) -> None:
    stage.desk.put_cluster(samples.cluster(status=samples.ready()))
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster scale build-7")

    await lena.modal.submit()

    assert lena.modal.errors == {"Workers": "build-7 is so already: nothing was changed"}


@pytest.mark.parametrize(
    ("line", "fields", "becomes"),
    [
        ("extend build-7", {"Longer by": "3 days"}, {"lifetime": "96h"}),
        ("upgrade build-7", {"Kubernetes version": "v1.35.1"}, {"version": "v1.35.1"}),
    ],
)
async def test_what_is_chosen_in_a_form_is_asked_for(
    stage: Stage, line: str, fields: dict[str, str], becomes: dict[str, str]
) -> None:
    made = samples.cluster(status=samples.ready())
    # Its lifetime is not over, whenever this runs.
    stage.desk.put_cluster(replace(made, meta=replace(made.meta, created=datetime.now(UTC))))
    lena = stage.slack.person("U0LENA")
    await lena.command(f"/cluster {line}")
    await lena.modal.fill(fields)

    await lena.modal.submit()

    (request,) = stage.desk.stored.values()
    assert request.it.spec.desired is not None
    desired = request.it.spec.desired.wire()
    assert {field: desired[field] for field in becomes} == becomes


async def test_a_cluster_that_sleeps_by_its_schedule_is_kept_awake_as_long_as_one_chooses(stage: Stage) -> None:
    all_day = Hibernation(schedules=(HibernationSchedule(start="0 0 * * *", end="59 23 31 12 *"),))
    made = samples.cluster(status=samples.asleep(), hibernation=all_day)
    stage.desk.put_cluster(replace(made, meta=replace(made.meta, created=datetime.now(UTC))))
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster wake build-7")
    assert "It sleeps by its schedule, until" in lena.modal.text
    await lena.modal.fill({"Awake for": "4 hours"})

    await lena.modal.submit()

    (request,) = stage.desk.stored.values()
    assert request.it.spec.desired is not None
    until = objects.parse_time(request.it.spec.desired.hibernation.awake_until or "")
    assert timedelta(hours=3) < until - datetime.now(UTC) <= timedelta(hours=4)


async def test_a_form_about_a_cluster_that_is_gone_says_so(stage: Stage) -> None:
    stage.desk.put_cluster(samples.cluster(status=samples.ready()))
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster upgrade build-7")
    stage.desk.drop_cluster(("tenant-team-a", "build-7"))

    await lena.modal.submit()

    assert "You have no cluster build-7" in lena.modal.text
    assert not stage.desk.stored
