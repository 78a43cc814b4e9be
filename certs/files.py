"""Certificates that somebody else makes (cert-manager, by a mounted Secret): watch the two files, reload.

No authority, no API server. A pair that does not fit, as while files are being replaced, is left for the next look.
"""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from certs import authority, errors, metrics, serving

PERIOD = timedelta(seconds=10)
"""Between two looks. The kubelet itself takes up to a minute to bring a changed Secret here, so polling is enough."""

log = structlog.get_logger()


class Files:
    """A `Source` on two PEM files: the chain (leaf first) and its private key."""

    def __init__(self, certificate: Path, key: Path, *, period: timedelta = PERIOD) -> None:
        self._certificate = certificate
        self._key = key
        self._period = period
        self._live = serving.Live()
        self._loaded: tuple[bytes, bytes] | None = None
        self._ends: datetime | None = None

    async def context(self) -> ssl.SSLContext:
        """A live context that serves the pair. Raises `Malformed` when there is none that fits."""
        self.look()
        return self._live.context

    async def run(self) -> None:
        """Look every `period`, for ever."""
        while True:
            await asyncio.sleep(self._period.total_seconds())
            try:
                self.look()
            except errors.Malformed as error:
                log.warning("certificate_files_unusable", error=str(error), path=str(self._certificate))

    def why_not_ready(self) -> str | None:
        """None while the certificate that is served has not ended."""
        if self._ends is None:
            return "no certificate has been loaded yet"
        if datetime.now(UTC) > self._ends:
            return "the certificate in the mounted files has ended"
        return None

    def look(self) -> None:
        """Serve what the files hold now. Raises `Malformed`, and goes on serving what it did."""
        try:
            pair = self._certificate.read_bytes(), self._key.read_bytes()
        except OSError as error:
            raise errors.Malformed(f"cannot read the certificate: {error}") from error
        if pair == self._loaded:
            return
        certificates = authority.read_certificates(pair[0])
        self._live.load(*pair)
        self._loaded, self._ends = pair, certificates[0].not_valid_after_utc
        metrics.NOT_AFTER.labels("leaf").set(self._ends.timestamp())
        log.info("certificate_files_loaded", path=str(self._certificate), ends=self._ends.isoformat())
