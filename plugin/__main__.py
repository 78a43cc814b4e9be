"""`kubectl clusterdesk`: for people at a terminal, with the rights of their kubeconfig.

What is true is decided in `provisioning` and by the API server; `commands` ask, `tables` draw.
"""

from __future__ import annotations

import typer

from plugin.commands import COMMANDS

app = typer.Typer(
    help="Ask for clusters and look after them from a terminal, with the rights of your kubeconfig.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for _command in COMMANDS:
    app.command(_command.name)(_command.run)


def main() -> None:
    """Entry point."""
    app(prog_name="kubectl clusterdesk")


if __name__ == "__main__":
    main()
