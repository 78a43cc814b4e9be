"""Every command, in the order of the help. A new one is a file here and a line in `COMMANDS`."""

from __future__ import annotations

from plugin.command import Command
from plugin.commands.access import COMMAND as ACCESS
from plugin.commands.addons import COMMAND as ADDONS
from plugin.commands.approve import COMMAND as APPROVE
from plugin.commands.audit import COMMAND as AUDIT
from plugin.commands.cancel import COMMAND as CANCEL
from plugin.commands.create import COMMAND as CREATE
from plugin.commands.delegate import COMMAND as DELEGATE
from plugin.commands.delete import COMMAND as DELETE
from plugin.commands.deny import COMMAND as DENY
from plugin.commands.extend import COMMAND as EXTEND
from plugin.commands.hibernate import COMMAND as HIBERNATE
from plugin.commands.list import COMMAND as LIST
from plugin.commands.preflight import COMMAND as PREFLIGHT
from plugin.commands.protect import COMMAND as PROTECT
from plugin.commands.quota import COMMAND as QUOTA
from plugin.commands.requests import COMMAND as REQUESTS
from plugin.commands.resize import COMMAND as RESIZE
from plugin.commands.scale import COMMAND as SCALE
from plugin.commands.show import COMMAND as SHOW
from plugin.commands.status import COMMAND as STATUS
from plugin.commands.unprotect import COMMAND as UNPROTECT
from plugin.commands.unvote import COMMAND as UNVOTE
from plugin.commands.upgrade import COMMAND as UPGRADE
from plugin.commands.version import COMMAND as VERSION
from plugin.commands.wake import COMMAND as WAKE
from plugin.commands.withdraw import COMMAND as WITHDRAW

COMMANDS: tuple[Command, ...] = (
    CREATE,
    LIST,
    SHOW,
    STATUS,
    SCALE,
    RESIZE,
    UPGRADE,
    ADDONS,
    EXTEND,
    HIBERNATE,
    WAKE,
    PROTECT,
    UNPROTECT,
    DELETE,
    ACCESS,
    QUOTA,
    REQUESTS,
    WITHDRAW,
    CANCEL,
    APPROVE,
    DENY,
    UNVOTE,
    DELEGATE,
    PREFLIGHT,
    AUDIT,
    VERSION,
)
