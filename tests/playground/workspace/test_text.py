"""mrkdwn, rich text and dates: what is markup, what is not, and that nothing becomes HTML."""

from __future__ import annotations

import html.parser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.workspace import dates, mrkdwn, richtext, scene
from playground.workspace.mrkdwn import Reader

NOON = 1_764_590_400  # 2025-12-01 12:00 UTC
READER = Reader(
    tz="Europe/Berlin",
    now=NOON,
    user=lambda u: {"U1": "lena"}.get(u, ""),
    channel=lambda c: {"C1": "team-a"}.get(c, ""),
    group=lambda g: {"S1": "leads"}.get(g, ""),
)


def drawn(text: str) -> str:
    return str(mrkdwn.html(mrkdwn.parse(text, READER)))


def read(text: str) -> str:
    return mrkdwn.words(mrkdwn.parse(text, READER))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("*bold* _it_ ~no~ `x`", "<strong>bold</strong> <em>it</em> <s>no</s> <code>x</code>"),
        ("*_both_*", "<strong><em>both</em></strong>"),
        ("2*3*4 a_b_c x~y~z", "2*3*4 a_b_c x~y~z"),
        ("* not bold *", "* not bold *"),
        ("`*plain*`", "<code>*plain*</code>"),
        ("```\nkind: *X*\n```", "<pre>kind: *X*</pre>"),
        ("&lt;b&gt; &amp;amp;", "&lt;b&gt; &amp;amp;"),
        ("&gt; said\nafter", "<blockquote>said</blockquote>after"),
        ("<@U1> <#C1> <!subteam^S1> <!here>", "@lena #team-a @leads @here"),
        ("<@U9|omar> <#C9|other>", "@omar #other"),
        (":tada: :unknown_thing:", "🎉 :unknown_thing:"),
    ],
)
def test_markup_is_drawn_as_slack_draws_it(text: str, expected: str) -> None:
    assert drawn(text).replace('<span class="mention">', "").replace("</span>", "") == expected


def test_link_is_drawn_with_its_text_and_only_for_harmless_addresses() -> None:
    assert 'href="https://e.com/?a=1&amp;b=2"' in drawn("<https://e.com/?a=1&amp;b=2|docs>")
    assert read("<https://e.com|docs>") == "docs"
    assert "<a" not in drawn("<javascript:alert(1)|docs>")
    assert "<a" not in drawn("<data:text/html,x|docs>")


def test_date_is_shown_in_the_readers_zone_else_its_fallback() -> None:
    assert read(f"<!date^{NOON}^{{date_short_pretty}} {{time}}|soon>") == "today 13:00"
    assert read("<!date^never^{date}|soon>") == "soon"
    assert "href" in drawn(f"<!date^{NOON}^{{time}}^https://e.com|soon>")


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("{date_num}", "2025-12-01"),
        ("{date_short}", "Dec 1, 2025"),
        ("{date_long}", "Monday, December 1, 2025"),
        ("{date_long_pretty}", "today"),
        ("{time_secs}", "13:00:00"),
        ("{ago}", "0 seconds ago"),
        ("{unknown}", "{unknown}"),
    ],
)
def test_date_tokens(form: str, expected: str) -> None:
    assert dates.show(str(NOON), form, tz="Europe/Berlin", now=NOON) == expected


def test_days_near_now_have_names() -> None:
    shown = [dates.show(str(NOON + d * 86400), "{date_pretty}", tz="UTC", now=NOON) for d in (-1, 0, 1, 2)]
    assert shown == ["yesterday", "today", "tomorrow", "December 3, 2025"]
    assert dates.show(str(NOON - 3600), "{ago}", tz="UTC", now=NOON) == "1 hour ago"
    assert dates.show(str(NOON + 7200), "{ago}", tz="UTC", now=NOON) == "in 2 hours"


class Tags(html.parser.HTMLParser):
    """Collects the tags a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}


@given(st.text(alphabet=st.sampled_from("<>&;|*_~`\"'=/ abonerrorscriptimg!@#^:\n"), max_size=60))
def test_no_text_becomes_a_tag_or_attribute_of_its_own(text: str) -> None:
    tags = Tags()
    tags.feed(drawn(text))
    assert tags.seen <= {"strong", "em", "s", "code", "pre", "blockquote", "span", "a"}
    assert tags.attributes <= {"class", "href", "rel", "target"}


def test_rich_text_is_drawn_leaf_by_leaf() -> None:
    leaves: list[dict[str, Any]] = [
        {"type": "text", "text": "<b>", "style": {"bold": True, "code": True}},
        {"type": "user", "user_id": "U1"},
        {"type": "channel", "channel_id": "C1"},
        {"type": "usergroup", "usergroup_id": "S1"},
        {"type": "broadcast", "range": "here"},
        {"type": "emoji", "name": "tada"},
        {"type": "link", "url": "https://e.com", "text": "docs"},
        {"type": "date", "timestamp": NOON, "format": "{time}"},
        {"type": "color", "value": "#fff"},
    ]
    sections = [{"type": "rich_text_section", "elements": [leaf]} for leaf in leaves]
    block = {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_list", "style": "ordered", "elements": sections},
            {"type": "rich_text_quote", "elements": leaves[:1]},
            {"type": "rich_text_preformatted", "elements": leaves[:1]},
        ],
    }
    nodes = richtext.parse(block, READER)
    assert "1. <b>" in mrkdwn.words(nodes)
    assert "8. 13:00" in mrkdwn.words(nodes)
    assert "<code><strong>&lt;b&gt;</strong></code>" in str(mrkdwn.html(nodes))


def test_plain_text_knows_no_markup_but_emoji() -> None:
    assert mrkdwn.words(mrkdwn.plain_text("*x* <@U1> :tada:")) == "*x* <@U1> 🎉"


def test_every_block_is_drawn_with_all_its_words() -> None:
    plain = {"type": "plain_text", "text": "P"}
    blocks: list[dict[str, Any]] = [
        {"type": "image", "block_id": "1", "image_url": "https://e.com", "alt_text": "a map", "title": plain},
        {"type": "video", "block_id": "2", "alt_text": "a film", "title": plain},
        {"type": "markdown", "block_id": "3", "text": "# M"},
        {"type": "alert", "block_id": "4", "level": "error", "text": plain},
        {
            "type": "table",
            "block_id": "5",
            "rows": [[{"type": "raw_number", "value": 3}, {"type": "raw_text", "text": "t"}]],
        },
        {
            "type": "section",
            "block_id": "6",
            "text": plain,
            "accessory": {"type": "image", "image_url": "x", "alt_text": "a face"},
        },
        {"type": "divider", "block_id": "7"},
    ]
    shown = scene.pieces(blocks, scene.Pen(reader=READER))
    words = "\n".join(piece.plain for piece in shown)
    for part in ("[a map]", "[a film]", "# M", "3 | t", "[a face]"):
        assert part in words
