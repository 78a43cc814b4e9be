"""A page on loopback that stands for Slack, strict enough to test a bot against.

    async with workspace.serving(workspace.Options(bot_url=...)) as slack:
        lena = slack.person("U0LENA")
        await lena.command("/cluster create")
        await lena.modal.fill({"Name": "build-7"})

Not for anything but one person on one machine: whoever reaches it acts as anybody.
"""

from __future__ import annotations

from playground.workspace.door import Answered, Missed
from playground.workspace.errors import BadDirectory, BadManifest, NotVisible, SlackError, WorkspaceError
from playground.workspace.faults import Fault
from playground.workspace.person import Driver
from playground.workspace.server import LocalSlack, Options, app, serving
from playground.workspace.surfaces import Card, Form

__all__ = [
    "Answered",
    "BadDirectory",
    "BadManifest",
    "Card",
    "Driver",
    "Fault",
    "Form",
    "LocalSlack",
    "Missed",
    "NotVisible",
    "Options",
    "SlackError",
    "WorkspaceError",
    "app",
    "serving",
]
