"""Answers as programs take them, JSON or YAML, and the terminal for everything else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import typer
import yaml
from rich.console import Console, RenderableType

from plugin.options import Output
from provisioning import plain
from provisioning.kube import Manifest


def is_for_programs(output: Output) -> bool:
    """Whether objects are wanted as they are."""
    return output in (Output.JSON, Output.YAML)


def data(output: Output, content: Any) -> None:
    """Whatever JSON holds."""
    text = json.dumps(content, indent=2) if output is Output.JSON else yaml.safe_dump(content, sort_keys=False)
    typer.echo(text.rstrip("\n"))


def objects(output: Output, found: Sequence[Manifest]) -> None:
    """Objects as kubectl lists them."""
    data(output, {"apiVersion": "v1", "kind": "List", "metadata": {}, "items": list(found)})


def drawing(it: RenderableType) -> None:
    """For people: colours where there is a terminal, plain text where there is none."""
    Console().print(it)


def say(sentence: str) -> None:
    """One sentence, as it is: what comes from a cluster is no markup of ours, and no command to the terminal."""
    typer.echo(plain.one_line(sentence))
