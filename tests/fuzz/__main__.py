"""`python -m tests.fuzz`: the long run. It says how it goes, prints its seed, and stops by itself.

Every review is made of the seed and its number, so what was found is found again: `--seed S --first N --reviews 1`.
"""

from __future__ import annotations

import asyncio
import importlib.util
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Annotated, Final

import typer
from rich.console import Console

from tests.fuzz import door, reviews
from tests.fuzz.decoders import DECODERS, seeds

ROUND: Final = 10_000
"""Reviews between two lines of progress."""
WARM: Final = 50_000
"""Reviews after which the process has grown to its size."""
GROWTH_MAX: Final = 32 * 2**20
"""Bytes that it may grow by from then on, however many reviews come: what allocators keep for later."""
FINDINGS_MAX: Final = 10

console = Console(highlight=False, soft_wrap=True)


def main(
    count: Annotated[int, typer.Option("--reviews", help="How many reviews to send.")] = 1_000_000,
    seed: Annotated[str, typer.Option(help="What they are made of; the same seed makes the same reviews.")] = "",
    first: Annotated[int, typer.Option(help="The number of the first one.")] = 0,
    decoder_seconds: Annotated[int, typer.Option(help="How long each decoder is fuzzed by atheris.")] = 60,
) -> None:
    """Send made-up reviews to the whole door, then feed its decoders; ends with 1 when anything was found."""
    seed = seed or secrets.token_hex(4)
    console.print(f"seed {seed}, reviews {first} to {first + count - 1}")
    sound = asyncio.run(_reviews(count, seed=seed, first=first)) and _decoders(decoder_seconds)
    console.print("nothing was found" if sound else f"found: see above; again with --seed {seed}")
    raise typer.Exit(0 if sound else 1)


async def _reviews(count: int, *, seed: str, first: int) -> bool:
    began, findings, settled = time.monotonic(), 0, 0
    async with door.opened() as opened:
        for done in range(1, count + 1):
            number = first + done - 1
            call = reviews.make(Random(f"{seed}/{number}"))  # noqa: S311 - repeatable, guards nothing
            if found := await opened.ask(call):
                findings += 1
                console.print(f"review {number}: {found}\n  {call.path} {call.content[:2000]!r}", markup=False)
            if done == WARM:
                settled = _peak()
            if done % ROUND == 0 or done == count:
                rate = done / (time.monotonic() - began)
                console.print(f"{done} of {count} reviews, {rate:.0f}/s, {_peak() >> 20} MiB, {findings} found")
            if findings >= FINDINGS_MAX:
                return False
    grown = _peak() - settled if settled else 0
    if grown > GROWTH_MAX:
        console.print(f"memory grew by {grown >> 20} MiB after the first {WARM} reviews")
    return not findings and grown <= GROWTH_MAX


def _decoders(seconds: int) -> bool:
    if not seconds:
        return True
    if importlib.util.find_spec("atheris") is None:
        console.print("there is no atheris for this Python and platform: the decoders are left to hypothesis")
        return True
    return all(_decoder(name, seconds) for name in DECODERS)


def _decoder(name: str, seconds: int) -> bool:
    """In a process of its own: libFuzzer ends the one it runs in."""
    console.print(f"atheris on the decoder of {name} for {seconds} s")
    limits = (f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=1024", "-max_len=16384", "-verbosity=0")
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds(name)):
            (Path(folder) / str(number)).write_bytes(seed)
        command = (sys.executable, "-m", "tests.fuzz.atheris_run", name, *limits, f"-artifact_prefix={folder}/", folder)
        done = subprocess.run(command, check=False, capture_output=True, text=True, errors="replace")
    if done.returncode:
        # libFuzzer has much to say about itself; what it found is at the end.
        console.print(done.stdout[-4000:], done.stderr[-4000:], markup=False)
    return done.returncode == 0


def _peak() -> int:
    """The most memory that this process has had, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


if __name__ == "__main__":
    typer.run(main)
