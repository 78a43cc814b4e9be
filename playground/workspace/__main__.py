"""`python -m playground.workspace`: serve the local workspace until told to stop."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Annotated, Any

import pydantic
import structlog
import typer

from playground.workspace import installation, people, server
from playground.workspace.errors import WorkspaceError
from playground.workspace.settings import Settings

log = structlog.get_logger()


def options_of(settings: Settings) -> server.Options:
    """What the settings mean. Raises `BadDirectory`, `BadManifest`."""
    directory, scopes = people.load(settings.people), frozenset(s for s in settings.scopes.split(",") if s)
    if settings.manifest:
        installed = installation.install(directory, installation.load(settings.manifest))
        directory, scopes = installed.directory, scopes or installed.scopes
    return server.Options(
        bot_url=settings.bot_url,
        signing_secret=settings.signing_secret.get_secret_value(),
        bot_token=settings.bot_token.get_secret_value(),
        app_token=settings.app_token.get_secret_value(),
        mode=settings.mode,
        directory=directory,
        scopes=scopes or None,
        rate_limits=settings.rate_limits,
        test_api=settings.test_api,
    )


async def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)
    async with server.serving(options_of(settings), port=settings.port) as slack:
        if settings.ready_file:
            await asyncio.to_thread(_write_ready, settings.ready_file, slack)
        log.info("workspace_ready", url=slack.url, mode=settings.mode)
        log.warning("workspace_is_for_one_person_on_one_machine", because="whoever reaches it acts as anybody")
        await stop.wait()
    log.info("workspace_stopped")


def _write_ready(path: Path, slack: server.LocalSlack) -> None:
    # Renamed into place, so that a reader never finds half of it.
    body = {"workspaceUrl": slack.url, "apiUrl": slack.api_url, "pid": os.getpid()}
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(body) + "\n", encoding="utf-8")
    partial.replace(path)


def run(
    port: Annotated[int | None, typer.Option(help="Port on loopback; 0 takes a free one.")] = None,
    bot_url: Annotated[str | None, typer.Option(help="Where the bot listens (HTTP mode).")] = None,
    mode: Annotated[str | None, typer.Option(help="http or socket.")] = None,
    signing_secret: Annotated[str | None, typer.Option(help="Signs what the bot is sent.")] = None,
    bot_token: Annotated[str | None, typer.Option(help="The token the bot must show.")] = None,
    app_token: Annotated[str | None, typer.Option(help="The token for Socket Mode.")] = None,
    people_file: Annotated[Path | None, typer.Option("--people", help="YAML with people and channels.")] = None,
    manifest: Annotated[
        Path | None, typer.Option(help="The bot's app manifest: commands, events and scopes as it says.")
    ] = None,
    ready_file: Annotated[Path | None, typer.Option(help="JSON written once it listens.")] = None,
    scopes: Annotated[str | None, typer.Option(help="Comma-separated; all when left out.")] = None,
    rate_limits: Annotated[bool, typer.Option(help="Enforce Slack's budgets.")] = False,
    test_api: Annotated[bool, typer.Option(help="Serve /test/ for tests.")] = False,
) -> None:
    """A local page that stands for Slack. For one person on one machine."""
    given: dict[str, Any] = {
        "port": port,
        "bot_url": bot_url,
        "mode": mode,
        "signing_secret": signing_secret,
        "bot_token": bot_token,
        "app_token": app_token,
        "people": people_file,
        "manifest": manifest,
        "ready_file": ready_file,
        "scopes": scopes,
        "rate_limits": rate_limits or None,
        "test_api": test_api or None,
    }
    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})
        asyncio.run(serve(settings))
    except pydantic.ValidationError as e:
        for problem in e.errors(include_url=False, include_input=False):
            where = ".".join(str(part) for part in problem["loc"])
            typer.echo(f"workspace: {where + ': ' if where else ''}{problem['msg']}", err=True)
        raise typer.Exit(2) from e
    except (WorkspaceError, OSError) as e:
        typer.echo(f"workspace: {e}", err=True)
        raise typer.Exit(1) from e


def main() -> None:
    """Entry point."""
    typer.run(run)


if __name__ == "__main__":
    main()
