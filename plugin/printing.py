"""Answers as programs take them, JSON or YAML, and the terminal for everything else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import typer
import yaml
from rich.console import Console, RenderableType

from plugin.options import Output
from provisioning import plain
from provisioning.manifest import Manifest

WIDEST: Final = 10_000
"""Columns where no terminal has so many: nothing is folded there."""


def is_for_programs(output: Output) -> bool:
    """Whether objects are wanted as they are."""
    return output in (Output.JSON, Output.YAML, Output.NAME)


def data(output: Output, content: Any) -> None:
    """Whatever JSON holds."""
    text = json.dumps(content, indent=2) if output is Output.JSON else yaml.safe_dump(content, sort_keys=False)
    typer.echo(text.rstrip("\n"))


def object_(output: Output, found: Manifest) -> None:
    """One object as kubectl prints it."""
    if output is Output.NAME:
        typer.echo(_name(found))
    else:
        data(output, found)


def objects(output: Output, found: Sequence[Manifest]) -> None:
    """Objects as kubectl lists them."""
    if output is Output.NAME:
        for each in found:
            typer.echo(_name(each))
    else:
        data(output, {"apiVersion": "v1", "kind": "List", "metadata": {}, "items": list(found)})


def _name(manifest: Manifest) -> str:
    """`tenantcluster.clusterdesk.dev/web`, which kubectl takes for the object itself."""
    group = manifest["apiVersion"].rpartition("/")[0]
    kind = manifest["kind"].lower()
    return f"{kind}.{group}/{manifest['metadata']['name']}" if group else f"{kind}/{manifest['metadata']['name']}"


def console(*, aside: bool = False) -> Console:
    """For people, `aside` on the error output: colours where there is a terminal, plain text where there is none, with
    each row on one line, as kubectl has it."""
    made = Console(stderr=aside)
    return made if made.is_terminal else Console(stderr=aside, width=WIDEST)


def drawing(it: RenderableType) -> None:
    """What people read."""
    console().print(it)


def warn(sentence: str) -> None:
    """As kubectl shows what an API server warns of: beside the answer, also where a program reads that."""
    typer.echo(f"Warning: {plain.one_line(sentence)}", err=True)


def say(sentence: str) -> None:
    """One sentence, as it is: what comes from a cluster is no markup of ours, and no command to the terminal."""
    typer.echo(plain.one_line(sentence))
