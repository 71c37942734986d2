"""Progress on the terminal: rate and time left, on standard error, once something takes longer than two seconds."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

_SILENT_SECONDS = 2.0

Advance = Callable[[int], None]


class _Rate(ProgressColumn):
    """Pieces a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f}/s" if task.speed else "-/s")


@contextmanager
def progress(title: str, total: int | None) -> Iterator[Advance]:
    """Gives `advance(pieces)`; draws nothing before two seconds have passed."""
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        console=console,
        auto_refresh=False,
    )
    task = bar.add_task(title, total=total)
    started = time.monotonic()
    shown = False

    def advance(pieces: int) -> None:
        nonlocal shown
        bar.update(task, advance=pieces)
        if not shown and time.monotonic() - started > _SILENT_SECONDS:
            shown = True
            bar.start()
        if shown:
            bar.refresh()

    try:
        yield advance
    finally:
        if shown:
            bar.refresh()
            bar.stop()
