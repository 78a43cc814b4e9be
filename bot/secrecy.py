"""What must not come through Slack: private keys and tokens, told by their shape. Pure.

Whoever types or pastes one is told to throw it away. It is not kept, not logged and not said again.
"""

from __future__ import annotations

import re
from typing import Final

from bot import forms
from bot.blocks import Block
from bot.entries import typed

_SHAPES: Final = re.compile(
    r"BEGIN[A-Z ]*PRIVATE KEY"
    r"|client-key-data:\s*\S"
    r"|\bxox[a-z]-[0-9A-Za-z-]{8,}|\bxapp-[0-9A-Za-z-]{8,}"
    r"|\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}"
)
"""A key in PEM or in a kubeconfig, a token of Slack's, a JSON Web Token such as service accounts have."""


def holds(words: str) -> bool:
    """Whether there is a secret among these words."""
    return _SHAPES.search(words) is not None


def in_form(view: Block) -> bool:
    """Whether somebody wrote one into a field of this form."""
    values = (view.get("state") or {}).get("values") or {}
    return any(holds(typed(values, name)) for name in forms.inputs(view))
