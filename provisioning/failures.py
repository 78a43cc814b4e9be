"""What went wrong with a request to the API server, as an error of ours. What is done about it is not known here."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator

import aiohttp

from provisioning import errors
from provisioning.manifest import Manifest


def status_of(text: bytes) -> Manifest:
    """The `Status` that an answer says; of one that says none, its first words as the message."""
    try:
        status = json.loads(text)
    except ValueError:
        return {"message": text[:200].decode("utf-8", "replace")}
    return status if isinstance(status, dict) else {"message": str(status)[:200]}


def of(code: int, status: Manifest, retry_after: str = "") -> errors.KubeError:
    """The error that this HTTP status and `Status` stand for; `retry_after` is what the header of that name says."""
    details = status.get("details") or {}
    message = status.get("message") or f"the API server answered {code}"
    causes = [errors.Cause(c.get("field", ""), c.get("message", "")) for c in details.get("causes") or []]
    if code == 429:
        # The server's own flow control says it in the header only.
        seconds = details.get("retryAfterSeconds") or (int(retry_after) if retry_after.isdecimal() else 1)
        return errors.Throttled(message, retry_after=seconds, causes=causes)
    if code == 409 and status.get("reason") == "AlreadyExists":
        return errors.AlreadyExists(message, causes=causes)
    if code == 403 and {c.get("reason") for c in details.get("causes") or []} == {errors.NO_ROOM}:
        return errors.NoRoom(message, causes=causes)
    kind = {
        400: errors.Invalid,
        403: errors.Forbidden,
        404: errors.NotFound,
        409: errors.Conflict,
        410: errors.Gone,
        422: errors.Invalid,
    }.get(code, errors.Unavailable if code >= 500 else errors.KubeError)
    return kind(message, status=code, causes=causes)


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Whatever breaks on the way, or is no JSON, is `Unavailable`."""
    try:
        yield
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        raise errors.Unavailable(f"no answer from the API server: {type(error).__name__}: {error}") from error
    except (ValueError, RecursionError) as error:
        # Half a line of a watch, or the page of some proxy in between.
        raise errors.Unavailable(f"the API server's answer is no JSON: {error}") from error
