"""Words of people never become markup, and never break a card, whatever they are."""

from __future__ import annotations

import re
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import blocks, cards, forms, meters, request_cards, text
from bot.blocks import Option
from provisioning import quota
from provisioning.model import Amounts, Person
from provisioning.quota import UNBOUNDED
from provisioning.usage import Usage
from tests.bot import golden, samples, slack_objects

WORDS = st.text(max_size=1000)


@given(WORDS)
def test_code_is_one_harmless_piece(words: str) -> None:
    drawn = text.code(words)

    assert drawn[0] == drawn[-1] == "`"
    assert not set(drawn[1:-1]) & set("`<>\n\r\u202e")


@given(st.lists(st.sampled_from(["said", text.mention("U0LENA"), text.moment(samples.NOW)]) | WORDS.map(text.code)))
def test_what_is_cut_is_cut_between_its_pieces(pieces: list[str]) -> None:
    whole = " ".join(pieces)

    for longest in range(1, len(whole) + 1, 7):
        cut = text.clip_markup(whole, longest)
        assert len(cut) <= longest
        assert cut.count("`") % 2 == 0
        assert cut.count("<") == cut.count(">")
        assert not re.search(r"&[a-z]*…$", cut)
    assert text.clip_markup(whole, len(whole)) == whole


@given(WORDS, st.text(min_size=1, max_size=253))
def test_slack_takes_both_cards_whatever_the_reason_and_the_user_name_are(reason: str, user: str) -> None:
    sight = golden.sight(requester=Person(user=user), reason=reason)

    for card in (request_cards.approver(sight), request_cards.requester(sight)):
        assert slack_objects.problems_of_card(card) == []
        assert "<!channel>" not in card.text
        assert "<!here>" not in card.text


@given(st.lists(st.text(min_size=1, max_size=200), min_size=1, max_size=350, unique=True))
def test_slack_takes_a_menu_of_any_length(labels: list[str]) -> None:
    options = [Option(f"v{n}", label) for n, label in enumerate(labels)]
    menu = blocks.field("tenant", "Tenant", blocks.select(options, chosen=options[-1].value))

    view = blocks.modal("x", title="T", blocks=[menu], close="Close", submit="Send")

    assert slack_objects.problems_of_view(view) == []


@given(WORDS)
def test_slack_takes_a_told_sentence_of_any_length(words: str) -> None:
    assert slack_objects.problems_of_view(forms.told(words)) == []
    assert slack_objects.problems_of_card(cards.say(words)) == []


@given(
    st.integers(min_value=0, max_value=10**9),
    st.integers(min_value=0, max_value=10**9),
    st.integers(min_value=0, max_value=10**9),
)
def test_a_bar_is_always_ten_wide(used: int, after: int, hard: int) -> None:
    assert len(text.bar(used, after, hard)) == 10


@pytest.mark.parametrize(
    ("used", "after", "hard", "drawn"),
    [
        (10, 14, 20, "▓▓▓▓▓▒▒░░░"),
        (0, 0, 20, "░░░░░░░░░░"),
        (0, 1, 1000, "▒░░░░░░░░░"),
        (20, 30, 20, "🟥🟥🟥🟥🟥🟥🟥🟥🟥🟥"),
        (0, 1, 0, "🟥🟥🟥🟥🟥🟥🟥🟥🟥🟥"),
        (30, 30, 20, "▓▓▓▓▓▓▓▓▓▓"),
        (30, 25, 20, "▓▓▓▓▓▓▓▓▓▓"),
        (0, 0, 0, "▓▓▓▓▓▓▓▓▓▓"),
    ],
)
def test_a_bar_shows_used_added_and_free_and_is_red_where_it_is_too_much(
    used: int, after: int, hard: int, drawn: str
) -> None:
    assert text.bar(used, after, hard) == drawn


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        ("24h", "24 hours"),
        ("1h", "1 hour"),
        ("8h", "8 hours"),
        ("168h", "7 days"),
        ("1h30m", "1h30m"),
        ("90m", "90m"),
        ("48h", "2 days"),
    ],
)
def test_lifetimes_read_well(duration: str, words: str) -> None:
    assert text.lifetime(duration) == words


def test_dates_are_drawn_in_the_readers_zone_with_utc_as_fallback() -> None:
    assert text.moment(samples.AT) == "<!date^1772715600^{date_short_pretty} {time}|2026-03-05 13:00 UTC>"


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        (UTC, "2026-03-05 13:00 UTC"),
        (ZoneInfo("Europe/Berlin"), "2026-03-05 14:00 your time"),
        (ZoneInfo("Asia/Tokyo"), "2026-03-05 22:00 your time"),
        (ZoneInfo("America/New_York"), "2026-03-05 08:00 your time"),
    ],
)
def test_where_slack_draws_no_dates_a_time_is_told_in_the_readers_zone(zone: tzinfo, words: str) -> None:
    assert text.plain_moment(samples.NOW, zone) == words
    assert text.plain_moment(samples.AT, zone) == words


def test_a_tenant_without_quota_shows_no_bars() -> None:
    assert meters.lines(UNBOUNDED, Usage(), Usage(clusters=1)) == "This tenant has no quota."


def test_what_does_not_fit_is_told_in_words_beside_the_red() -> None:
    hard = quota.limits(Amounts(nodes=10, vcpu=20))

    drawn = meters.lines(hard, Usage(nodes=1, vcpu=15_000), Usage(nodes=3, vcpu=22_000))

    assert drawn.splitlines() == [
        "Workers ▓▒▒░░░░░░░ 1 → *3* of 10",
        "vCPU 🟥🟥🟥🟥🟥🟥🟥🟥🟥🟥 15 → *22* of 20 · *does not fit*: 2 missing",
    ]


def test_the_same_objects_give_the_same_card_and_a_vote_another() -> None:
    before, again = request_cards.approver(golden.sight()), request_cards.approver(golden.sight())

    assert before.revision == again.revision
    assert before.revision != golden.CARDS["approver_asked_one_of_two"]().revision
