"""Slack's HTTP delivery: a signed POST to the bot's request URL.

What must never live here: what the payload means, or what a person is shown when it fails.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
import urllib.parse
from collections.abc import Mapping

import aiohttp
import structlog

from playground.workspace.door import ACK_SECONDS, Answered, Envelope, Missed, Outcome

log = structlog.get_logger()

FORM = "application/x-www-form-urlencoded"


def sign(secret: str, *, body: bytes, timestamp: int) -> str:
    """The value of X-Slack-Signature."""
    base = b"v0:%d:%s" % (timestamp, body)
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


def encode(envelope: Envelope) -> tuple[bytes, str]:
    """Body and content type, as Slack sends them."""
    match envelope.kind:
        case "slash_commands":
            return urllib.parse.urlencode(envelope.payload).encode(), FORM
        case "interactive":
            return urllib.parse.urlencode({"payload": json.dumps(envelope.payload)}).encode(), FORM
        case "events_api":
            return json.dumps(envelope.payload).encode(), "application/json"


class HttpDoor:
    """`path_of` may send kinds to different paths; by default all go to /slack/events of `bot_url`."""

    def __init__(
        self,
        bot_url: str,
        *,
        signing_secret: str,
        paths: Mapping[str, str] | None = None,
        limit: float = ACK_SECONDS,
    ) -> None:
        self.bot_url = bot_url
        self._secret = signing_secret
        self._paths = paths or {}
        self._limit = limit
        self._session: aiohttp.ClientSession | None = None

    async def send(self, envelope: Envelope) -> Outcome:
        """POST it, signed now."""
        if not self.bot_url:
            return Missed("connection_failed", "no bot address is known yet")
        body, content_type = encode(envelope)
        timestamp = int(time.time())
        headers = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": str(timestamp),
            "X-Slack-Signature": sign(self._secret, body=body, timestamp=timestamp),
        }
        if envelope.retry:
            headers |= {"X-Slack-Retry-Num": str(envelope.retry), "X-Slack-Retry-Reason": envelope.reason}
        return await self._post(body, headers, kind=envelope.kind)

    async def _post(self, body: bytes, headers: Mapping[str, str], *, kind: str) -> Outcome:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=self._limit))
        url = self.bot_url.rstrip("/") + self._paths.get(kind, "/slack/events")
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                raw = await response.text()
                no_retry = response.headers.get("X-Slack-No-Retry") == "1"
                if response.status != 200:
                    log.warning("bot_refused_delivery", kind=kind, status=response.status)
                    return Missed("http_error", f"status {response.status}", no_retry=no_retry)
                return Answered(_parse(raw, response.content_type), no_retry=no_retry)
        except TimeoutError:
            log.warning("bot_missed_the_deadline", kind=kind, seconds=self._limit)
            return Missed("http_timeout", f"no answer in {self._limit:g} s")
        except aiohttp.ClientError as e:
            log.warning("bot_not_reached", kind=kind, error=str(e))
            return Missed("connection_failed", "the bot is not reachable")

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def _parse(raw: str, content_type: str) -> str | Mapping[str, object]:
    if content_type != "application/json":
        return raw
    try:
        parsed = json.loads(raw or '""')
    except ValueError:
        return raw
    return parsed if isinstance(parsed, (dict, str)) else raw
