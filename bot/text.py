"""Words made safe and numbers made readable for Slack. Pure.

Nothing a person typed may become markup: their words go into plain_text, or through `code` where a line of
mrkdwn needs them. What must never live here: sentences (`replies`) and blocks (`blocks`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from provisioning import lifetime as lifetimes
from provisioning import objects, plain
from provisioning.model import Person, Subject

one_line = plain.one_line
in_lines = plain.in_lines
harmless = plain.harmless
_STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


def escape(words: str) -> str:
    """Slack's three characters. Formatting signs stay: this is for our own words, and for `text` fallbacks."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def clip(words: str, longest: int) -> str:
    """At most `longest` characters, an ellipsis standing for the rest."""
    return words if len(words) <= longest else words[: longest - 1].rstrip() + "…"


def clip_markup(words: str, longest: int) -> str:
    """The same for mrkdwn: half a piece of code, half a mention or half a date would be drawn as something else."""
    if len(words) <= longest:
        return words
    kept = re.sub(r"&[a-z]*$", "", words[: longest - 1])
    if kept.count("`") % 2:
        kept = kept[: kept.rindex("`")]
    if kept.rfind("<") > kept.rfind(">"):
        kept = kept[: kept.rindex("<")]
    return kept.rstrip() + "…"


def code(words: str) -> str:
    """Somebody's words inside a line of mrkdwn: between back-ticks nothing is markup."""
    # A back-tick cannot be escaped, so an apostrophe stands for it.
    inside = escape(one_line(words)).replace("`", "'")
    return f"`{inside or '-'}`"


def name(person: Person) -> str:
    """A person in mrkdwn: a mention when they have a Slack account, else their user name."""
    return mention(person.slack) if person.slack else code(person.user)


def mention(slack: str) -> str:
    """A Slack account in mrkdwn."""
    return f"<@{slack}>"


def user_group(group: str) -> str:
    """A user group of Slack in mrkdwn, by its id: everybody in it is notified."""
    return f"<!subteam^{group}>"


def is_user_group(id_: str) -> bool:
    """Whether this is the id of a user group of Slack, and not that of an account."""
    return id_.startswith("S")


def names(people: Sequence[Person]) -> str:
    return ", ".join(name(person) for person in people)


def subject(it: Subject) -> str:
    """Somebody, or some group, whom a tenant lists, in mrkdwn."""
    if it.slack_group:
        return user_group(it.slack_group)
    return mention(it.slack) if it.slack else code(it.user or it.group)


def moment(when: datetime | str) -> str:
    """A time that each reader sees in their own zone; the fallback is in UTC."""
    at = objects.parse_time(when) if isinstance(when, str) else when
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{at:%Y-%m-%d %H:%M} UTC>"


def plain_moment(when: datetime | str, zone: tzinfo) -> str:
    """The same where Slack draws no dates (form fields, plain_text): in the reader's zone, or UTC where that is it."""
    at = (objects.parse_time(when) if isinstance(when, str) else when).astimezone(zone)
    return f"{at:%Y-%m-%d %H:%M} {'UTC' if zone is UTC else 'your time'}"


def in_zone(words: str, zone: tzinfo) -> str:
    """What the core says, with its times as `plain_moment` tells them."""
    return _STAMP.sub(lambda found: plain_moment(found[0], zone), words)


def lifetime(duration: str) -> str:
    """`24h` -> `24 hours`, `168h` -> `7 days`."""
    hours = lifetimes.parse(duration).total_seconds() / 3600
    if hours >= 48 and hours % 24 == 0:
        return f"{hours / 24:g} days"
    if hours == int(hours) and hours:
        return "1 hour" if hours == 1 else f"{hours:g} hours"
    return duration


def elapsed(start: datetime, end: datetime) -> str:
    """How long something took: `5 min 41 s`."""
    seconds = max(0, round((end - start).total_seconds()))
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def about(took: timedelta) -> str:
    """How long something takes as a rule: `40 s`, `6 min`, `2 h 10 min`."""
    seconds = round(took.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def left(now: datetime, end: datetime) -> str:
    """How long until then, in the largest unit that says it: `6 days`, `23 hours`; `under an hour` at the end."""
    hours = int((end - now).total_seconds() // 3600)
    if hours >= 48:
        return f"{hours // 24} days"
    if hours < 1:
        return "under an hour"
    return "1 hour" if hours == 1 else f"{hours} hours"


def bar(used: int, after: int, hard: int, *, width: int = 10) -> str:
    """A meter: what is used, what would be added, what is free; all red where what would be added is too much."""
    if after > max(used, hard):
        return "🟥" * width
    if hard <= 0:
        return "▓" * width
    full = min(width, round(width * min(used, after) / hard))
    added = min(width, round(width * max(used, after) / hard)) - full
    if after != used and added == 0 and full < width:
        added = 1  # a small change is still to be seen
    return "▓" * full + "▒" * added + "░" * (width - full - added)
