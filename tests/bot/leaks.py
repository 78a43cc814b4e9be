"""Secrets by their shape, looked for in all that leaves the bot: calls, acknowledgements, log lines, the audit trail.

Every test of this folder is held to it: what the bot sends where Block Kit's rules are held against it
(`slack_objects.complaints`), what it logs by a fixture (`conftest.logged`).
"""

from __future__ import annotations

import base64
import binascii
import logging
import re
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog

SHAPES = {
    "a private key": r"BEGIN[A-Z ]*PRIVATE KEY",
    "a key in a kubeconfig": r"client-key-data",
    "a token in a kubeconfig": r"(?m)^\s*(?:token|password):\s*\S",
    "a JSON Web Token": r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.",
    "a bearer token": r"(?i)\bbearer\s+[\w.~+/-]{8,}",
    "a ticket of Slack's": r"\bticket=[\w-]{8,}",
    "a token of Slack's": r"\b(?:xox[a-z]|xapp)-\w",
}
_BASE64 = re.compile(r"[0-9A-Za-z+/]{40,}={0,2}")


def found(*values: Any) -> list[str]:
    """What there is of them in these values, however deep, in base64 as well; nothing of the secret itself."""
    texts = [text for value in values for text in _strings(value)]
    texts += [decoded for text in texts for decoded in _decoded(text)]
    return sorted({name for name, shape in SHAPES.items() if any(re.search(shape, text) for text in texts)})


@contextmanager
def listening() -> Iterator[list[str]]:
    """Every log line while the block runs, whatever becomes of it: ours, and those of libraries."""
    lines: list[str] = []
    plain: Any = structlog.get_config()["wrapper_class"]

    class Heard(plain):  # type: ignore[misc]
        def _process_event(self, method: str, event: Any, words: dict[str, Any]) -> Any:
            lines.append(f"{event} {words} {traceback.format_exc() if words.get('exc_info') else ''}")
            return super()._process_event(method, event, words)

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    handler = Handler()
    logging.getLogger().addHandler(handler)
    structlog.configure(wrapper_class=Heard)
    try:
        yield lines
    finally:
        structlog.configure(wrapper_class=plain)
        logging.getLogger().removeHandler(handler)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inside in value.items():
            yield str(key)
            yield from _strings(inside)
    elif isinstance(value, list | tuple | set | frozenset):
        for inside in value:
            yield from _strings(inside)
    else:
        yield str(value)


def _decoded(text: str) -> Iterator[str]:
    for run in _BASE64.findall(text):
        try:
            yield base64.b64decode(run + "=" * (-len(run) % 4)).decode("utf-8", "replace")
        except binascii.Error:
            continue
