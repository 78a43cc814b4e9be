"""The errors a Slack workspace answers with, as one type, and the few of our own.

Codes are Slack's own strings (`channel_not_found`, ...). What must never live here: HTTP, HTML, or state.
"""

from __future__ import annotations

from dataclasses import dataclass


class WorkspaceError(Exception):
    """Base of everything this package raises on purpose."""


@dataclass
class SlackError(WorkspaceError):
    """A Web API refusal, as Slack documents it.

    `code` is the value of `error`; `messages` become `response_metadata.messages`;
    `retry_after` is in seconds and only set for `ratelimited`; `extra` is merged into the body.
    """

    code: str
    messages: tuple[str, ...] = ()
    retry_after: int | None = None
    extra: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return self.code if not self.messages else f"{self.code}: {'; '.join(self.messages)}"


class BadDirectory(WorkspaceError):
    """The file with people and channels cannot be used; the text says which line and why."""


class BadManifest(WorkspaceError):
    """The app manifest cannot be used; the text says why."""


class NotVisible(WorkspaceError):
    """Somebody tried to use what is not on their screen. The text lists what is."""
