"""`python -m bench.desk.driver`: sends commands as Slack does, signed, at a steady rate. The plan comes as JSON.

In a process of its own, so that what it costs is not counted as ours, and does not keep us from answering.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

import aiohttp
from slack_sdk.signature import SignatureVerifier

from bench.admission import load
from bench.admission.load import Call, Client, Sample
from bench.desk.sample import TEAM


@dataclass(frozen=True)
class Plan:
    """`lines` are Slack accounts and what they type; they go to `url`, so many a second, signed with `secret`."""

    url: str
    secret: str
    rate: float
    lines: Sequence[tuple[str, str]]


def call(plan: Plan, account: str, line: str) -> Call:
    """One slash command. Each has a trigger of its own, so that none is taken for another one's replay."""
    content = {
        "command": "/cluster",
        "text": line,
        "team_id": TEAM,
        "user_id": account,
        "channel_id": "C0BENCH",
        "trigger_id": uuid.uuid4().hex,
        "response_url": "http://127.0.0.1:9/none",
    }
    body, now = urlencode(content), str(int(time.time()))
    signature = SignatureVerifier(plan.secret).generate_signature(timestamp=now, body=body)
    headers = {"X-Slack-Request-Timestamp": now, "X-Slack-Signature": str(signature)}
    return Call("POST", "", body.encode(), "application/x-www-form-urlencoded", headers)


async def drive(plan: Plan) -> Sample:
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=600)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=30)) as session:
        calls = [call(plan, account, line) for account, line in plan.lines]
        return await load.steady(Client(session, plan.url), calls, rate=plan.rate)


def main() -> None:
    plan = Plan(**json.load(sys.stdin))
    json.dump(dataclasses.asdict(asyncio.run(drive(plan))), sys.stdout)


if __name__ == "__main__":
    main()
