"""Every policy has its page and stands in the index, and what the index quotes is what kubectl shows."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.docs.generated import stands
from tests.docs.pages import ROOT, Page
from webhooks.defaults import DEFAULTS
from webhooks.policies import POLICIES
from webhooks.policy import Default, Policy

FOLDER = ROOT / "docs" / "policies"
INDEX = FOLDER / "README.md"
SHOWN = ROOT / "tests" / "golden" / "answers.txt"


def summary(each: Policy | Default, package: str) -> str:
    """What its file says of it first."""
    paragraph = (sys.modules[f"webhooks.{package}.{each.name}"].__doc__ or "").partition("\n\n")[0]
    return " ".join(paragraph.split())


def kinds(each: Policy | Default) -> str:
    named = ("/".join(filter(None, (rule.resource.kind, rule.subresource))) for rule in each.applies_to)
    return ", ".join(dict.fromkeys(named))


def rows_of_policies() -> Iterator[str]:
    yield from ("| policy | the rule | it looks at |", "|---|---|---|")
    for policy in sorted(POLICIES, key=lambda policy: policy.name):
        yield f"| [{policy.name}]({policy.name}.md) | {summary(policy, 'policies')} | {kinds(policy)} |"


def rows_of_defaults() -> Iterator[str]:
    yield from ("| default | what it does | it completes |", "|---|---|---|")
    for default in DEFAULTS:
        yield f"| {default.name} | {summary(default, 'defaults')} | {kinds(default)} |"


def test_every_policy_has_a_page_and_every_page_is_of_a_policy() -> None:
    assert {path.stem for path in FOLDER.glob("*.md")} - {"README"} == {policy.name for policy in POLICIES}


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_a_page_has_the_policys_name_and_shows_a_refusal(policy: Policy) -> None:
    page = Page(FOLDER / f"{policy.name}.md")
    assert page.text.startswith(f"# {policy.name}\n")
    words = ("denied the request", "denied request", " is invalid")  # the webhook's, and the API server's own
    assert any(word in fence for fence in page.fences("console") for word in words)


def test_the_index_lists_every_policy_and_every_default() -> None:
    assert stands(INDEX, "policies", rows_of_policies())
    assert stands(INDEX, "defaults", rows_of_defaults())


def test_the_index_quotes_what_kubectl_shows() -> None:
    quoted = Page(INDEX).fences("console")
    assert len(quoted) > 2
    shown = SHOWN.read_text(encoding="utf-8")
    assert [fence for fence in quoted if fence not in shown] == []
