"""Words of other people made harmless wherever they are shown: on one line, and with nothing that moves or hides text.

A terminal obeys what it is sent (it can be made to erase the line above), and so does whoever reads right to left.
"""

from __future__ import annotations

import re
from typing import Final

LEFT_OUT: Final = "(left out)"
"""What stands where something secret stood."""

_CONTROL: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    r"\U000e0000-\U000e007f]+"
)


def one_line(words: str) -> str:
    """Somebody's words on one line, without characters that reorder or hide text, or that no terminal takes."""
    return " ".join(_CONTROL.sub(" ", words).split())


def in_lines(words: str) -> str:
    """The same where there is room for more than one line: those that somebody made are kept."""
    return _CONTROL.sub(lambda found: "\n" * found[0].count("\n") or " ", words)


_CALLED: Final = r"(?:password|passwd|token|secret|api[_-]?key|access[_-]?key|client-key-data|authorization)"
_SECRET: Final = re.compile(
    r"-----BEGIN[A-Z ]*PRIVATE KEY.*?(?:END[A-Z ]*PRIVATE KEY-----|$)"
    r"|LS0tLS1CRUdJTi[\w+/=]+"
    r"|(?<=://)[^\s/@]+(?=@)"
    r"|\bxox[a-z]-[0-9A-Za-z-]{8,}|\bxapp-[0-9A-Za-z-]{8,}"
    r"|(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*"
    r"|\b[a-z0-9]{6}\.[a-z0-9]{16}\b"
    rf"|(?i:{_CALLED}(?:[_-]\w+)?[\\\"']*\s*[:=]\s*(?:(?:bearer|basic)\s+)?)"
    r"(?:\\?\"[^\"]*\"|'[^']*'|[^\s,;]+)",
)
"""Keys, who logs in within an address, tokens of Slack, of service accounts and of kubeadm, and what is called one."""


def without_secrets(words: str) -> str:
    """What a program says, without what it should not have said."""
    return _SECRET.sub(LEFT_OUT, words)


def harmless(words: str) -> str:
    """What a program says, for people to read: on one line, and without what it should not have said."""
    return without_secrets(one_line(words))
