"""Every command, in the order of the help. A new one is a file here and a line in `COMMANDS`."""

from __future__ import annotations

from plugin.command import Command
from plugin.commands.approve import COMMAND as APPROVE
from plugin.commands.deny import COMMAND as DENY
from plugin.commands.preflight import COMMAND as PREFLIGHT
from plugin.commands.status import COMMAND as STATUS

COMMANDS: tuple[Command, ...] = (
    STATUS,
    APPROVE,
    DENY,
    PREFLIGHT,
)
