"""Files that somebody else writes: read, watched, and never a reason to stop serving."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from certs import authority, errors
from certs.files import Files

HOST = "desk.clusterdesk.svc"


def put(folder: Path, *, now: datetime | None = None) -> Files:
    now = now or datetime.now(UTC)
    leaf = authority.issue(authority.found(now=now), [HOST], now=now)
    (folder / "tls.crt").write_bytes(leaf.certificate_pem)
    (folder / "tls.key").write_bytes(leaf.key_pem)
    return Files(folder / "tls.crt", folder / "tls.key", period=timedelta(milliseconds=5))


async def test_mounted_pair_is_served_and_the_context_stays_the_same_when_it_changes(tmp_path: Path) -> None:
    source = put(tmp_path)
    assert source.why_not_ready() == "no certificate has been loaded yet"
    context = await source.context()
    assert source.why_not_ready() is None
    put(tmp_path)
    assert await source.context() is context


async def test_start_without_files_fails_and_names_the_file(tmp_path: Path) -> None:
    source = Files(tmp_path / "tls.crt", tmp_path / "tls.key")
    with pytest.raises(errors.Malformed, match=r"tls\.crt"):
        await source.context()


async def test_half_written_pair_is_left_for_the_next_look(tmp_path: Path) -> None:
    source = put(tmp_path, now=datetime.now(UTC) - timedelta(days=40))
    await source.context()
    assert source.why_not_ready() == "the certificate in the mounted files has ended"
    running = asyncio.create_task(source.run())
    certificate, key = (tmp_path / "tls.crt"), (tmp_path / "tls.key")
    old_key = key.read_bytes()
    put(tmp_path)
    new_key = key.read_bytes()
    key.write_bytes(old_key)
    await asyncio.sleep(0.05)
    assert certificate.exists()
    assert source.why_not_ready() is not None
    key.write_bytes(new_key)
    async with asyncio.timeout(30):
        while source.why_not_ready() is not None:  # noqa: ASYNC110 - it looks at files
            await asyncio.sleep(0.01)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
