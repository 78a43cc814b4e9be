"""How the workspace sends what somebody typed behind a command: as Slack does, so that the bot reads what it was."""

from __future__ import annotations

import pytest

from bot import lines
from playground.workspace import people
from playground.workspace.door import Answered, Envelope, Outcome
from playground.workspace.events import Events
from playground.workspace.interaction import Interactions
from playground.workspace.lines import sent
from playground.workspace.state import Workspace


class Remembering:
    """A door to an app that takes everything."""

    def __init__(self) -> None:
        self.sent: list[Envelope] = []

    async def send(self, envelope: Envelope) -> Outcome:
        self.sent.append(envelope)
        return Answered()

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(
    "line",
    ["scale build-7 md0 2-6", "list #nowhere", "say a & b < c", "show https://shop.example/x?a=1&b=2", "ask @nobody"],
)
def test_what_the_workspace_sends_reads_as_it_was_typed(line: str) -> None:
    opened = Workspace(people.load(), clock=lambda: 0.0, on_change=lambda: None)
    for escape in (True, False):
        assert lines.typed(sent(opened, line, escape=escape)) == line


def test_the_workspace_sends_people_channels_and_groups_by_their_ids_where_the_app_asked() -> None:
    opened = Workspace(people.load(), clock=lambda: 0.0, on_change=lambda: None)
    line = "delegate @omar #platform @team-a-leads"
    assert sent(opened, line, escape=False) == line
    wanted = "delegate <@U0OMAR|omar> <#C0PLATFORM|platform> <!subteam^S0TEAMALEADS|@team-a-leads>"
    assert sent(opened, line, escape=True) == wanted


async def test_an_app_that_asked_for_it_gets_escaped_lines_and_another_does_not() -> None:
    for should_escape, text in ((True, "tell <@U0OMAR|omar>"), (False, "tell @omar")):
        directory = people.load()
        command = people.Command(command="/cluster", should_escape=should_escape)
        opened = Workspace(
            directory.model_copy(update={"commands": (command,)}), clock=lambda: 0.0, on_change=lambda: None
        )
        door = Remembering()
        events = Events(opened, door=door)
        hands = Interactions(opened, door=door, events=events, base=lambda: "http://127.0.0.1")
        await hands.command("U0LENA", "C0TEAMA", "/cluster tell @omar")
        assert door.sent[0].payload["text"] == text
