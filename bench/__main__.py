"""`python -m bench`: measures provisioner, admission and bot on real control planes of its own, and says so."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shlex
import sys
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table

from bench import report, rest, speed
from bench.admission import run
from bench.admission.run import PARTS
from bench.desk import report as desk_report
from bench.desk import run as desk_run
from bench.desk.run import Sizes
from bench.report import Report
from bench.rest import Cost, Rest
from bench.site import Site, site
from bench.speed import Speed
from playground.errors import PlaygroundError
from playground.progress import Steps
from provisioning import logs, loops

PAGE: Final = Path(__file__).parent.parent / "docs" / "performance.md"

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    rounds: Annotated[int, typer.Option(min=0, help="Rounds against kubectl and Helm; 0 leaves that out.")] = 15,
    clusters: Annotated[
        str, typer.Option(help="How many clusters there are while looks are measured, rising; the last number rests.")
    ] = "10,100,1000",
    seconds: Annotated[float, typer.Option(min=1, help="How long they rest; 0 clusters leave that out.")] = 600.0,
    probe_seconds: Annotated[float, typer.Option(min=1, help="How often each tenant is asked.")] = 600.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON in place of a table.")] = False,
    write: Annotated[bool, typer.Option(help="Write what was measured into docs/performance.md.")] = False,
) -> None:
    """Measure how fast a cluster is put there, what many of them cost, then admission and the bot. About 45 minutes."""
    if context.invoked_subcommand:
        return
    sizes = [int(size) for size in clusters.split(",") if size.strip() not in ("", "0")]
    if sizes != sorted(set(sizes)):
        raise typer.BadParameter("numbers that rise, such as 10,100,1000", param_hint="--clusters")
    logs.configure(level="ERROR")
    command = _command()
    try:
        found = asyncio.run(measure(command, rounds=rounds, sizes=sizes, seconds=seconds, probe_seconds=probe_seconds))
    except PlaygroundError as error:
        raise typer.Exit(_complain(str(error))) from error
    if write:
        report.write(found.markdown(), PAGE)
    _show(found, as_json=as_json)
    admission(as_json=as_json, write=write)
    desk(as_json=as_json, write=write)


@app.command()
def admission(
    portion: Annotated[float, typer.Option(min=0.01, help="How much of each part; 0.1 is quick and rough.")] = 1.0,
    parts: Annotated[str, typer.Option(help="Which parts: races, ledger, counts, crowd.")] = ",".join(PARTS),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON in place of tables.")] = False,
    write: Annotated[bool, typer.Option(help="Write what was measured into docs/performance.md.")] = False,
) -> None:
    """Measure the admission door alone, against its peers. Takes about 20 minutes as it is."""
    chosen = [part.strip() for part in parts.split(",") if part.strip()]
    if unknown := sorted(set(chosen) - set(PARTS)):
        raise typer.BadParameter(f"there is no part {', '.join(unknown)}", param_hint="--parts")
    logs.configure(level="ERROR")
    with Steps() as steps:
        try:
            # The writers share the cores with what they measure.
            with asyncio.Runner(loop_factory=loops.quickest()) as runner:
                found = runner.run(run.measure(run.parts(chosen, portion), steps))
        except PlaygroundError as error:
            raise typer.Exit(_complain(str(error))) from error
    if write:
        text = f"{report.heading(_command())}\n\n{found.markdown()}"
        report.write(text, PAGE, between=report.ADMISSION)
    if as_json:
        Console().print_json(json.dumps(found.wire()))
    else:
        Console().print(Markdown(found.markdown()))


@app.command()
def desk(
    tenants: Annotated[int, typer.Option(min=1, help="Tenants that are known.")] = Sizes.tenants,
    clusters: Annotated[int, typer.Option(min=1, help="Clusters that are known.")] = Sizes.clusters,
    rate: Annotated[float, typer.Option(min=1, help="Commands a second.")] = Sizes.rate,
    seconds: Annotated[float, typer.Option(min=0.5, help="How long each turn is.")] = Sizes.seconds,
    rounds: Annotated[int, typer.Option(min=1, help="Turns of the bot and of the bare app.")] = Sizes.rounds,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON in place of tables.")] = False,
    write: Annotated[bool, typer.Option(help="Write what was measured into docs/performance.md.")] = False,
) -> None:
    """Measure how soon the bot acknowledges commands, and what it costs. Takes about 4 minutes as it is."""
    logs.configure(level="ERROR")
    sizes = Sizes(tenants, clusters, rate, seconds, rounds)
    with Steps() as steps:
        try:
            found = asyncio.run(desk_run.measure(sizes, steps))
        except PlaygroundError as error:
            raise typer.Exit(_complain(str(error))) from error
    if write:
        text = f"{report.heading(_command())}\n\n{desk_report.markdown(found)}"
        report.write(text, PAGE, between=report.DESK)
    if as_json:
        Console().print_json(json.dumps(desk_report.wire(found)))
    else:
        Console().print(Markdown(desk_report.markdown(found)))


def _command() -> str:
    return shlex.join(["python", "-m", "bench", *sys.argv[1:]])


async def measure(
    command: str, *, rounds: int, sizes: list[int], seconds: float, probe_seconds: float, steps: Steps | None = None
) -> Report:
    """Everything that is asked for, each part in a control plane of its own that is gone afterwards."""
    raced: Speed | None = None
    costs: list[Cost] = []
    resting: Rest | None = None
    with steps or Steps() as shown:
        if rounds:
            async with _place(shown) as place:
                with shown.step(f"race kubectl and Helm, {rounds} rounds"):
                    raced = await speed.measure(place, rounds=rounds)
        if sizes:
            async with _place(shown) as place:
                costs, resting = await rest.measure(place, sizes=sizes, seconds=seconds, probe_seconds=probe_seconds)
    day = datetime.now(UTC).date().isoformat()
    return Report(command, report.machine(), day, speed=raced, costs=costs, rest=resting)


@contextlib.asynccontextmanager
async def _place(steps: Steps) -> AsyncIterator[Site]:
    with tempfile.TemporaryDirectory(prefix="clusterdesk-bench-") as folder:
        async with site(Path(folder), steps) as place:
            yield place


def _show(found: Report, *, as_json: bool) -> None:
    console = Console()
    if as_json:
        console.print_json(json.dumps(found.wire()))
        return
    table = Table(title=f"{found.command}, on {found.machine}", show_header=False)
    for what, value in found.rows():
        table.add_row(what, value.replace("**", ""))
    console.print(table)


def _complain(text: str) -> int:
    Console(stderr=True).print(text, style="red", markup=False)
    return 1


if __name__ == "__main__":
    app()
