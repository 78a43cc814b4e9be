"""Somebody at the local Slack without a browser: what they type there, and what they are shown."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass

import aiohttp

from tests.e2e.desk import Desk, eventually

PATIENCE = 30.0
"""Seconds in which the bot hears of what was done elsewhere, and Slack shows it."""


@dataclass(frozen=True)
class Onlooker:
    """A Slack account, and the channel that it looks at."""

    desk: Desk
    account: str
    channel: str

    async def sees(self, words: str) -> None:
        """Wait until a message has these words, by their pattern."""

        async def shown() -> bool:
            return any(re.search(words, message) for message in await self._look())

        await eventually(shown, seconds=PATIENCE, what=f"{words!r} in Slack")

    async def hears(self, words: str, *, of: str) -> None:
        """Type the command until an answer has these words: what the bot knows may be a moment old."""
        before = len(await self._look())

        async def answered() -> bool:
            return any(re.search(words, message) for message in (await self._type(of))[before:])

        await eventually(answered, seconds=PATIENCE, what=f"{words!r} as the answer to {of}")

    async def _look(self) -> list[str]:
        where = {"as": self.account, "at": self.channel}
        async with aiohttp.ClientSession() as session, session.get(self.desk.ready.workspace_url, params=where) as page:
            return await _messages(page)

    async def _type(self, text: str) -> list[str]:
        """What is there after it."""
        typed = {"as": self.account, "at": self.channel, "text": text}
        url = f"{self.desk.ready.workspace_url}/act/say"
        async with aiohttp.ClientSession() as session, session.post(url, data=typed) as page:
            return await _messages(page)


async def _messages(page: aiohttp.ClientResponse) -> list[str]:
    """The words of each, oldest first."""
    drawn = await page.text()
    assert page.status == 200, drawn
    articles = re.findall(r"<article[^>]*>(.*?)</article>", drawn, re.DOTALL)
    return [html.unescape(re.sub(r"<[^>]*>", "", article)) for article in articles]
