"""Words of other people made harmless wherever they are shown: on one line, and with nothing that moves or hides text.

A terminal obeys what it is sent (it can be made to erase the line above), and so does whoever reads right to left.
"""

from __future__ import annotations

import re
from typing import Final

LEFT_OUT: Final = "(left out)"
"""What stands where something secret stood."""

_PICTURE: Final = (
    r"[\xa9\xae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u24c2\u25a0-\u27bf\u2934\u2935\u2b00-\u2bff\u3030\u303d"
    r"\u3297\u3299\U0001f000-\U0001faff]"
)
"""Where emoji are, and signs that are drawn as one."""
_SELECTOR: Final = re.compile(
    rf"(?<!{_PICTURE})(?<![0-9#*](?=\ufe0f\u20e3))[\ufe0e\ufe0f]|[\u180b-\u180d\u180f\ufe00-\ufe0d\U000e0100-\U000e01ef]"
)
"""What picks a form of the sign before it, where that is no emoji."""
_FLAGS: Final = "|".join(
    "\U0001f3f4" + "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f"
    for region in ("gbeng", "gbsct", "gbwls")
)
"""Those of England, Scotland and Wales: a black flag, with letters behind it that are not seen, and no others."""
_HIDDEN: Final = re.compile(
    rf"({_FLAGS})"
    r"|(?:[\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200e\u200f\u2028-\u202e"
    r"\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e0fff]"
    rf"|(?<!{_PICTURE})(?<!{_PICTURE}\ufe0f)\u200d|\u200d(?!{_PICTURE}))+"
)
"""What moves text or is not seen; of what joins two letters, that which does not join two emoji into one. Or a flag,
which stays."""


def one_line(words: str) -> str:
    """Somebody's words on one line, without characters that reorder or hide text, or that no terminal takes."""
    return " ".join(_HIDDEN.sub(lambda found: found[1] or " ", _SELECTOR.sub("", words)).split())


def in_lines(words: str) -> str:
    """The same where there is room for more than one line: those that somebody made are kept."""
    return _HIDDEN.sub(lambda found: found[1] or "\n" * found[0].count("\n") or " ", _SELECTOR.sub("", words))


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
