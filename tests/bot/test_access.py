"""Getting into a cluster through Slack: the form, the way in that comes back, who has one, and its end."""

from __future__ import annotations

import base64
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from bot import access_cards, access_forms, blocks, commands, recipes, replies
from bot.answers import Open, Revoke, Say
from playground.workspace import Driver
from provisioning import errors, grants, issuing, objects
from provisioning.entry import Entry
from provisioning.model import AccessPolicy, AccessRole, ClusterAccess, Person, Tenant
from provisioning.objects import Stored, format_time
from tests.bot import leaks, samples, slack_objects
from tests.bot.conftest import Stage
from tests.bot.fake_desk import FakeDesk
from tests.provisioning import accesses

NAMESPACE = "tenant-team-a"
KEY = (NAMESPACE, "build-7-abc")
SECRET = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEG\n-----END PRIVATE KEY-----"


def entry(person: Person = samples.LENA, **changes: Any) -> Entry:
    wanted = {"role": AccessRole.VIEWER, "valid_for": "8h", "request": accesses.REQUEST, **changes}
    return Entry(person=person, namespace=NAMESPACE, cluster="build-7", **wanted)


def a_desk() -> FakeDesk:
    desk = FakeDesk()
    desk.put_cluster(samples.cluster(status=samples.ready()))
    return desk


def said(line: str, desk: FakeDesk, person: Person = samples.LENA) -> str:
    answer = commands.answer(line, desk=desk, person=person, now=samples.NOW)
    assert isinstance(answer, Say), line
    assert slack_objects.problems_of_card(answer.card) == []
    return answer.card.text


def opened(line: str, desk: FakeDesk, person: Person = samples.LENA) -> dict[str, Any]:
    """The elements of the form, by block id."""
    answer = commands.answer(line, desk=desk, person=person, now=samples.NOW)
    assert isinstance(answer, Open), line
    assert slack_objects.problems_of_view(answer.view) == []
    return {block["block_id"]: block["element"] for block in answer.view["blocks"] if block["type"] == "input"}


def values(element: dict[str, Any]) -> list[str]:
    return [option["value"] for option in element["options"]]


# The form


def test_the_form_offers_the_roles_and_times_that_one_may_have_and_starts_with_the_least() -> None:
    fields = opened("access build-7", a_desk())
    assert values(fields["role"]) == ["Viewer", "Admin"]
    assert values(fields["lifetime"]) == ["1h", "4h", "8h", "24h"]
    assert fields["role"]["initial_option"]["value"] == "Viewer"
    assert fields["lifetime"]["initial_option"]["value"] == "8h"
    assert fields["csr"]["max_length"] == 3000


def test_words_behind_the_name_fill_the_form_in_in_any_order() -> None:
    for line in ("access build-7 admin 2h", "access team-a/build-7 2h Admin"):
        fields = opened(line, a_desk())
        assert fields["role"]["initial_option"]["value"] == "Admin"
        assert fields["lifetime"]["initial_option"]["value"] == "2h"


def test_an_approver_who_is_no_member_may_look_and_nothing_else() -> None:
    assert values(opened("access build-7", a_desk(), samples.OMAR)["role"]) == ["Viewer"]
    assert said("access build-7 admin", a_desk(), samples.OMAR) == replies.VIEWER_ONLY


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("access build-7 amdin", "Did you mean `admin`?"),
        ("access build-7 25h", "`24h` is the most in this tenant"),
        ("access build-77", "Did you mean `build-7`?"),
        ("access list a b", "I did not understand all of that"),
        ("access revoke", "Which access?"),
        ("access revoke build-7", "There is no access `build-7`"),
    ],
)
def test_what_fits_nothing_is_answered_with_what_would(line: str, words: str) -> None:
    assert words in said(line, a_desk())


@pytest.mark.parametrize(
    ("longest", "offered"),
    [("24h", ("1h", "4h", "8h", "24h")), ("12h", ("1h", "4h", "8h", "12h")), ("30m", ("30m",)), ("0s", ())],
)
def test_no_longer_time_is_offered_than_the_tenant_allows(longest: str, offered: tuple[str, ...]) -> None:
    assert access_forms.spans(AccessPolicy(longest=longest)) == offered


def test_who_sees_a_cluster_because_they_decide_for_somebody_gets_no_form() -> None:
    class Deciding(FakeDesk):
        def approvals_of(self, person: Person) -> tuple[Stored[Tenant], ...]:
            return tuple(self.tenants.values())

    desk = Deciding()
    desk.put_cluster(samples.cluster(status=samples.ready()))
    assert said("access build-7", desk, samples.PAT) == replies.NO_ROLE


def test_where_nobody_gets_in_there_is_no_form() -> None:
    desk = a_desk()
    desk.tenants["team-a"] = samples.tenant(access=AccessPolicy(longest="0s"))
    assert "lets nobody into its clusters" in said("access build-7", desk)


# The request


def pasted(text: str) -> dict[str, Any]:
    return {"csr": {"csr": {"value": text}}}


def test_a_request_is_taken_with_what_a_terminal_printed_around_it() -> None:
    around = f"$ openssl req …\r\n-----\r\n  {accesses.REQUEST.replace(chr(10), chr(13) + chr(10) + '  ')}\r\n$ "
    assert access_forms.request(pasted(around)) == accesses.REQUEST
    assert access_forms.request(pasted(accesses.REQUEST)) == accesses.REQUEST


def test_the_largest_request_that_people_make_fits_the_field() -> None:
    request = accesses.request(rsa.generate_private_key(65537, 4096))
    assert len(request) < access_forms.LONGEST
    assert access_forms.request(pasted(request)) == request


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("hello", "no certificate request"),
        (accesses.REQUEST[:-40], "no certificate request"),
        (accesses.AUTHORITY.decode(), "no certificate request"),
        (accesses.request(ec.generate_private_key(ec.SECP521R1())), "not of a kind that is taken"),
        (accesses.request(rsa.generate_private_key(65537, 1024)), "not of a kind that is taken"),  # noqa: S505 - weak on purpose
        (f"{accesses.REQUEST}{'x' * 3000}", "more than 3000 characters"),
        (SECRET, "holds a private key"),
    ],
    ids=["words", "cut off", "a certificate", "an odd curve", "a weak key", "too long", "a private key"],
)
def test_what_is_no_request_that_can_be_taken_is_told_from_one(text: str, why: str) -> None:
    with pytest.raises(issuing.Refused, match=why):
        access_forms.request(pasted(text))


# What is pasted into a shell


def shell(script: str, home: Path) -> str:
    """Run it as somebody would, with no kubectl at hand."""
    kubectl = home / "bin" / "kubectl"
    kubectl.parent.mkdir(exist_ok=True)
    kubectl.write_text('#!/bin/sh\necho "$@"\n')
    kubectl.chmod(0o755)
    environment = {"HOME": str(home), "PATH": f"{kubectl.parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-eu", "-c", script], env=environment, cwd=home, capture_output=True, text=True, timeout=30, check=True
    )
    return done.stdout


def test_the_line_makes_a_key_that_stays_and_prints_a_request_that_is_taken(tmp_path: Path) -> None:
    printed = shell(recipes.make_request(NAMESPACE, "build-7"), tmp_path)

    (key,) = tmp_path.glob(".kube/*")
    assert (key.name, key.stat().st_mode & 0o777) == (f"{NAMESPACE}.build-7.key", 0o600)
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    request = access_forms.request(pasted(printed))
    assert issuing.public_key(request).public_numbers() == private.public_key().public_numbers()  # type: ignore[union-attr]
    assert leaks.found(printed) == []


def test_the_paste_makes_a_kubeconfig_that_has_all_but_the_key_and_names_its_file(tmp_path: Path) -> None:
    (tmp_path / ".kube").mkdir()
    one = as_if(issued(), user='x\nEOF\nrm -rf "$HOME" `id`')
    recipe = recipes.make_kubeconfig(one)

    printed = shell(recipe, tmp_path)

    path = tmp_path / ".kube" / f"{NAMESPACE}.build-7.kubeconfig"
    assert printed == f"--kubeconfig {path} get namespaces\n"
    (user,) = yaml.safe_load(path.read_text())["users"]
    assert user["user"]["client-key"] == f"{NAMESPACE}.build-7.key"
    assert base64.b64decode(user["user"]["client-certificate-data"]).decode() == one.it.status.certificate
    assert recipe.isascii()
    assert leaks.found(recipe, path.read_text()) == []


# The card


def issued() -> Stored[ClusterAccess]:
    """Lena's access once it is in place."""
    desk = a_desk()
    manifest = accesses.access(KEY[1], namespace=NAMESPACE, cluster="build-7", slack="U0LENA", user="lena")
    desk.accesses.put(objects.read(ClusterAccess, manifest))
    desk.accesses.issue(KEY, now=samples.NOW)
    return desk.accesses.stored[KEY]


def as_if(one: Stored[ClusterAccess], **spec: Any) -> Stored[ClusterAccess]:
    """The same with another spec."""
    return Stored(one.meta, one.it.model_copy(update={"spec": one.it.spec.model_copy(update=spec)}))


def test_a_card_of_an_access_that_has_ended_shows_no_way_in() -> None:
    one = issued()
    assert "client-certificate-data" in str(access_cards.draw(one, now=samples.NOW).blocks)
    later = samples.NOW + timedelta(hours=9)
    ended = access_cards.draw(one, now=later)
    assert "client-certificate-data" not in str(ended.blocks)
    assert "has ended" in ended.text


def test_an_authority_that_no_message_could_hold_is_not_shown_and_said_so() -> None:
    one = issued()
    status = one.it.status.model_copy(update={"authority": "x" * 20_000})
    card = access_cards.draw(Stored(one.meta, one.it.model_copy(update={"status": status})), now=samples.NOW)
    assert "too long for a message" in card.text
    assert len(str(card.blocks)) < blocks.PREFORMATTED_TEXT


# Who has access, and its end


def test_the_list_has_ones_own_first_and_buttons_where_one_may_revoke() -> None:
    desk = a_desk()
    for name, user in (("a1", "kai"), ("a2", "lena"), ("a3", "omar")):
        manifest = accesses.access(name, namespace=NAMESPACE, cluster="build-7", user=user)
        desk.accesses.put(objects.read(ClusterAccess, manifest))
    answer = commands.answer("access list", desk=desk, person=samples.LENA, now=samples.NOW)
    assert isinstance(answer, Say)
    assert [block["text"]["text"].split(" · ")[1] for block in answer.card.blocks] == ["`lena`", "`kai`", "`omar`"]
    assert ["accessory" in block for block in answer.card.blocks] == [True, False, False]
    of_omar = commands.answer("access list build-7", desk=desk, person=samples.OMAR, now=samples.NOW)
    assert isinstance(of_omar, Say)
    assert all("accessory" in block for block in of_omar.card.blocks), "an approver may revoke anybody's"
    assert said("access list other", desk) == replies.NO_ACCESS


def test_what_has_ended_is_not_listed() -> None:
    desk = a_desk()
    one = issued()
    desk.accesses.put(one)
    assert "`lena`" in said("access list", desk)
    ends = format_time(samples.NOW - timedelta(minutes=1))
    desk.accesses.status(KEY, one.it.status.model_copy(update={"expires_at": ends}))
    assert said("access list", desk) == replies.NO_ACCESS


def test_by_a_clusters_name_one_revokes_all_of_ones_own_and_nobody_elses() -> None:
    desk = a_desk()
    for name, user in (("a1", "lena"), ("a2", "lena"), ("a3", "omar")):
        manifest = accesses.access(name, namespace=NAMESPACE, cluster="build-7", user=user)
        desk.accesses.put(objects.read(ClusterAccess, manifest))

    def meant(word: str) -> list[str]:
        answer = commands.answer(f"access revoke {word}", desk=desk, person=samples.LENA, now=samples.NOW)
        assert isinstance(answer, Revoke)
        return [name for _, name in answer.accesses]

    assert meant("build-7") == ["a1", "a2"]
    assert meant("team-a/build-7") == ["a1", "a2"]
    assert meant("a2") == ["a2"]
    assert meant("a3") == ["a3"], "who may is for the desk to say"


# In Slack


@pytest.fixture
def lena_wants(stage: Stage) -> Driver:
    """Lena, with a cluster that is ready."""
    stage.desk.put_cluster(samples.cluster(status=samples.ready()))
    return stage.slack.person("U0LENA")


async def test_a_request_pasted_into_the_form_comes_back_as_a_way_in(stage: Stage, lena_wants: Driver) -> None:
    lena = lena_wants
    await lena.command("/cluster access build-7 8h")
    assert "openssl req -new" in lena.modal.text
    await lena.modal.fill({replies.CSR: accesses.REQUEST, replies.ROLE_LABEL: "Admin"})
    await lena.modal.submit()
    assert "I have the certificate made" in lena.modal.text
    (key,) = stage.desk.accesses.stored
    spec = stage.desk.accesses.stored[key].it.spec
    assert (spec.user, spec.slack, spec.role, spec.valid_for) == ("lena", "U0LENA", AccessRole.ADMIN, "8h")
    await lena.waits_for("Your certificate for build-7 is being made")

    stage.desk.accesses.issue(key, now=datetime.now(UTC))
    await lena.waits_for("You are Admin of build-7")

    card = lena.card("You are Admin of build-7", at="dm")
    assert "client-certificate-data" in card.text
    assert len(lena.cards("build-7", at="dm")) == 1
    await card.click(replies.REVOKE)
    await lena.waits_for("Access to build-7 is revoked")
    await lena.waits_for("Your access to build-7 is revoked")
    assert stage.desk.accesses.stored[key].it.spec.revoked
    assert "client-certificate-data" not in lena.transcript()


async def test_what_is_not_taken_is_said_at_its_field_and_nothing_is_made(stage: Stage, lena_wants: Driver) -> None:
    lena = lena_wants
    await lena.command("/cluster access build-7")
    await lena.modal.fill({replies.CSR: "hello"})
    await lena.modal.submit()
    assert "no certificate request" in lena.modal.errors[replies.CSR]

    stage.desk.accesses.causes = (errors.Cause("spec.validFor", "8h is longer than 4h"),)
    await lena.modal.fill({replies.CSR: accesses.REQUEST})
    await lena.modal.submit()
    assert lena.modal.errors == {replies.ACCESS_FOR: "8h is longer than 4h"}

    stage.desk.accesses.causes, stage.desk.down = (), True
    await lena.modal.submit()
    assert lena.modal.errors == {replies.CSR: replies.PERHAPS_SAVED}
    assert stage.desk.accesses.stored == {}

    stage.desk.down = False
    await lena.modal.submit()
    assert len(stage.desk.accesses.stored) == 1


async def test_a_private_key_in_the_form_is_burnt_and_the_form_goes_with_it(
    stage: Stage, lena_wants: Driver, logged: list[str]
) -> None:
    lena = lena_wants
    await lena.command("/cluster access build-7")
    await lena.modal.fill({replies.CSR: SECRET})
    await lena.modal.submit()

    assert "throw it away" in lena.modal.text
    assert "MIGHAgEAMBMGByqGSM49AgEG" not in lena.modal.text
    assert stage.desk.accesses.stored == {}
    assert not any("MIGHAgEAMBMGByqGSM49AgEG" in text for text in (*logged, *map(str, stage.told)))


@pytest.mark.parametrize("line", [f"access build-7 {SECRET}", "show xoxb-1234567890-abcdefgh"])
async def test_a_secret_in_a_line_is_not_kept_not_logged_and_not_said_again(
    stage: Stage, logged: list[str], line: str
) -> None:
    lena = stage.slack.person("U0LENA")
    await lena.command(f"/cluster {line}")

    await lena.waits_for("throw it away")
    assert leaks.found(logged, list(map(str, stage.told))) == []


async def test_a_secret_in_the_reason_goes_to_no_approver(stage: Stage) -> None:
    lena = stage.slack.person("U0LENA")
    await lena.command("/cluster create")
    await lena.modal.fill({"Name": "build-8", "Reason": f"with {SECRET}"})
    # Draws the form anew, were it not for what stands in it.
    await lena.modal.fill({"Workers": "3"})
    await lena.modal.submit()

    assert "throw it away" in lena.modal.text
    assert stage.desk.stored == {}


async def test_nobody_revokes_the_access_of_somebody_else(stage: Stage) -> None:
    stage.desk.put_cluster(samples.cluster(status=samples.ready()))
    stage.desk.tenants["team-a"] = samples.tenant(members=(samples.subject(samples.LENA), samples.subject(samples.PAT)))
    stage.desk.accesses.put(objects.read(ClusterAccess, accesses.access("a1", namespace=NAMESPACE, user="lena")))
    pat, omar = stage.slack.person("U0PAT"), stage.slack.person("U0OMAR")

    await pat.command("/cluster access revoke a1")
    await pat.waits_for("Only its owner and this tenant's approvers can revoke that access.")
    assert not stage.desk.accesses.stored[NAMESPACE, "a1"].it.spec.revoked

    await omar.command("/cluster access revoke a1")
    await omar.waits_for("is revoked")
    assert stage.desk.accesses.stored[NAMESPACE, "a1"].it.spec.revoked
    assert grants.over(stage.desk.accesses.stored[NAMESPACE, "a1"], samples.NOW) == grants.REVOKED


async def test_who_asked_with_kubectl_gets_no_card(stage: Stage) -> None:
    stage.desk.put_cluster(samples.cluster(status=samples.ready()))
    stage.desk.accesses.put(objects.read(ClusterAccess, accesses.access("a1", namespace=NAMESPACE, user="lena")))
    await stage.desk.accesses.ask(entry(samples.OMAR), name="a2")
    await stage.slack.person("U0OMAR").waits_for("Your certificate for build-7 is being made")

    assert stage.slack.person("U0LENA").cards("Your certificate", at="dm") == []
