"""`/cluster help`: a line for every command, made from the commands themselves; with a topic, more about that."""

from __future__ import annotations

from collections.abc import Sequence

from bot import blocks, cards, offers, replies, topics
from bot.answers import Say
from bot.blocks import Block
from bot.cards import Card
from bot.commands.command import Call, Command
from bot.topics import Topic

TENANTS_SHOWN = 5
LINES = 10
"""In one section, well within 3000 characters."""


def page(commands: Sequence[Command]) -> Card:
    """The whole help."""
    lines = [replies.help_line(each.line, each.summary) for each in commands]
    parts = [blocks.section(replies.HELP_INTRO)]
    parts += [blocks.section("\n".join(lines[at : at + LINES])) for at in range(0, len(lines), LINES)]
    about = blocks.context(replies.help_topics([topic.name for topic in topics.TOPICS]))
    return cards.card([*parts, about, blocks.context(replies.HELP_WITHOUT_SLACK)])


def run(call: Call) -> Say:
    """All of it, or what belongs to one word."""
    # Late, because the tuple of all commands holds this one too.
    from bot.commands import COMMANDS

    if not call.words:
        return Say(page(COMMANDS))
    if len(call.words) > 1:
        return Say(cards.say(replies.too_many_words(COMMAND.line)))
    word = call.words[0].lower()
    topic, command = topics.of(word), next((each for each in COMMANDS if word in (each.name, *each.also)), None)
    if topic is None and command is None:
        known = [*(each.name for each in COMMANDS), *(name for it in topics.TOPICS for name in (it.name, *it.also))]
        names = [it.name for it in topics.TOPICS]
        return Say(cards.say(replies.no_such_topic(word, offers.suggestion(word, known), names)))
    parts = _about(topic, call) if topic else []
    wanted = {command.name} if command else set()
    wanted |= set(topic.commands) if topic else set()
    return Say(cards.card([*parts, *(_entry(each) for each in COMMANDS if each.name in wanted)]))


def _about(topic: Topic, call: Call) -> list[Block]:
    """Its words, and what holds in the tenants of whoever asks."""
    parts = [blocks.section(topic.words)]
    if topic.facts:
        told = [
            replies.in_tenant(tenant.meta.name, topic.facts(tenant.it.spec))
            for tenant in call.desk.tenants_of(call.person)[:TENANTS_SHOWN]
        ]
        parts += [blocks.context("\n".join(told))] if told else []
    return parts


def _entry(command: Command) -> Block:
    return blocks.section(replies.help_entry(command.line, command.summary, command.examples))


COMMAND = Command(
    name="help",
    summary="Say what I can do, or more about a command or a topic.",
    usage="[TOPIC]",
    examples=("/cluster help", "/cluster help lifetime"),
    run=run,
)
