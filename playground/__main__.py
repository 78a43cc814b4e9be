"""`clusterdesk-playground`: up, down, status."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import stamina
import typer
from rich.console import Console
from rich.table import Table

from playground import binaries, record, up
from playground.errors import PlaygroundError
from playground.options import Options
from playground.processes import Processes
from playground.progress import Steps
from provisioning.errors import ClusterdeskError

app = typer.Typer(
    help="clusterdesk on this machine: a real control plane, the service, a local Slack.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

State = Annotated[Path, typer.Option("--state-dir", help="Where everything is kept between two starts.")]
HERE = Path(".playground")


class SlackMode(StrEnum):
    HTTP = "http"
    SOCKET = "socket"


class Output(StrEnum):
    TABLE = "table"
    JSON = "json"


@app.command("up")
def start(
    *,
    ready_file: Annotated[Path | None, typer.Option(help="Write where everything is to this file, as JSON.")] = None,
    state_dir: State = HERE,
    slack_api_url: Annotated[
        str, typer.Option(help="Talk to this Slack instead of the local page; secrets from CLUSTERDESK_SLACK_*.")
    ] = "",
    slack_mode: Annotated[SlackMode, typer.Option(help="How Slack reaches the bot.")] = SlackMode.HTTP,
    bot_port: Annotated[int, typer.Option(min=0, max=65535, help="The bot's port; 0 takes a free one.")] = 0,
    webhook_replicas: Annotated[int, typer.Option(min=1, max=8, help="How many admission webhooks run.")] = 1,
    tenant_apiservers: Annotated[
        bool, typer.Option(help="Give every tenant an API server of its own, about 260 MB each.")
    ] = True,
    browser: Annotated[bool, typer.Option(help="Open the local page in the browser.")] = True,
) -> None:
    """Start everything and stay until Ctrl-C. The first time builds the control plane, which takes minutes."""
    # Here, because it loads the Kubernetes client, which takes seconds that `down` and `status` need not wait for.
    from playground.startup import Startup

    options = Options(
        state=state_dir.resolve(),
        ready_file=ready_file,
        slack_api_url=slack_api_url,
        slack_mode=slack_mode.value,
        bot_port=bot_port,
        webhook_replicas=webhook_replicas,
        tenant_apiservers=tenant_apiservers,
        browser=browser,
    )
    # People read this terminal; what was tried again is in no program's log either, because it went well in the end.
    stamina.instrumentation.set_on_retry_hooks([])
    steps = Steps()
    code = 0
    try:
        with steps:
            made = binaries.ensure(environ=os.environ, steps=steps)

        def begin(processes: Processes, held: AsyncExitStack) -> Awaitable[record.Ready]:
            return Startup(options, made, os.environ, steps, processes, held).everything()

        asyncio.run(up.run(options, begin, steps=steps))
    except* KeyboardInterrupt:
        code = 130
    except* (PlaygroundError, ClusterdeskError) as group:
        for error in causes(group):
            steps.say(f"The playground could not go on: {error}")
        code = 1
    raise typer.Exit(code)


def causes(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    """What went wrong, without the groups in which tasks wrap it."""
    found: list[BaseException] = []
    for error in group.exceptions:
        found.extend(causes(error) if isinstance(error, BaseExceptionGroup) else [error])
    return found


@app.command()
def build() -> None:
    """Build or fetch the programs that `up` and the tests start, and nothing else. Minutes the first time."""
    try:
        with Steps() as steps:
            binaries.ensure(environ=os.environ, steps=steps)
    except PlaygroundError as error:
        typer.echo(f"The programs could not be made: {error}", err=True)
        raise typer.Exit(1) from error


@app.command()
def down(*, state_dir: State = HERE) -> None:
    """Stop the playground of a state folder, wherever it was started."""
    state = state_dir.resolve()
    running = record.read(state)
    ran = record.stop(running) if running else False
    record.forget(state)
    typer.echo("Stopped." if ran else "Nothing was running.")


@app.command()
def status(
    *,
    state_dir: State = HERE,
    output: Annotated[Output, typer.Option("--output", "-o", help="For people or for programs.")] = Output.TABLE,
) -> None:
    """Say what runs. Ends with 1 when the playground does not run, or not all of it."""
    running = record.read(state_dir.resolve())
    alive = {name: mark.alive for name, mark in running.marks.items()} if running else {}
    if output is Output.JSON:
        known = running.model_dump(by_alias=True, mode="json") if running else {}
        typer.echo(json.dumps({**known, "running": alive}, indent=2))
    elif running is None:
        typer.echo("The playground does not run. Start it: make playground")
    else:
        table = Table("process", "pid", "running", box=None)
        for name, mark in running.marks.items():
            table.add_row(name, str(mark.pid), "yes" if alive[name] else "no")
        Console().print(table)
        if running.ready:
            typer.echo(f"\nworkspace   {running.ready.workspace_url}\nkubeconfig  {running.ready.kubeconfig}")
            typer.echo(f"logs        {running.ready.logs}")
    if not alive or not all(alive.values()):
        raise typer.Exit(1)


def main() -> None:
    """Entry point."""
    app()


if __name__ == "__main__":
    main()
