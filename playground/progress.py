"""Says what is being done, how long it has taken and how long it usually takes.

On a terminal each step is a line with a running clock; elsewhere (a log, CI) one line at its start and one at its
end. Nothing here decides or does anything else.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


class Steps:
    """A display of steps, which may overlap. `times` keeps how many seconds each took."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)
        self.times: dict[str, float] = {}
        self._live: Progress | None = None

    def __enter__(self) -> Steps:
        if self.console.is_terminal:
            self._live = Progress(
                SpinnerColumn(finished_text="[green]✓[/green]"),
                TextColumn("{task.description}"),
                TimeElapsedColumn(),
                TextColumn("[dim]{task.fields[usual]}[/dim]"),
                console=self.console,
            )
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    @contextlib.contextmanager
    def step(self, title: str, *, usual: str = "") -> Iterator[None]:
        """Show `title` as under way until the block ends; `usual` is a hint such as "usually about 3 min"."""
        began = time.monotonic()
        task = None
        if self._live is not None:
            task = self._live.add_task(title, total=1, usual=usual)
        elif usual:
            self.say(f"{title} ({usual})")
        try:
            yield
        except BaseException:
            if self._live is not None and task is not None:
                self._live.update(task, description=f"[red]✗[/red] {title}", usual="")
                self._live.stop_task(task)
            raise
        self.times[title] = time.monotonic() - began
        if self._live is not None and task is not None:
            self._live.update(task, completed=1, usual="")
        else:
            self.say(f"{title}: {duration(self.times[title])}")

    def say(self, text: str) -> None:
        """A line of its own, above the running ones."""
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)


def duration(seconds: float) -> str:
    """`3.4 s` or `2 min 57 s`, for people."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"
