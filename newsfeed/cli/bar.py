"""The progress bar of long work. Separate from `show`, because importing the report records would slow `--help` by a
tenth."""

from __future__ import annotations

from typing import Any

from newsfeed.cli import show
from newsfeed.feeds.health import FeedResult
from newsfeed.pipeline.reports import Progress


class Bar(Progress):
    """A progress bar on stderr with the name of the feed that finished last; silent if stderr is not a terminal."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, total: int) -> None:
        if not show.err.is_terminal or not total:
            return
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        self._bar = RichProgress(
            TextColumn("Asking"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[feed]}", markup=False),
            console=show.err.console,
            transient=True,
        )
        self._task = self._bar.add_task("", total=total, feed="")
        self._bar.start()

    def done(self, result: FeedResult) -> None:
        if self._bar is not None:
            self._bar.update(self._task, advance=1, feed=result.name[:48])

    def step(self, text: str) -> None:
        self.stop()
        if show.err.is_terminal:
            show.err.line(f"{text} …", "dim")

    def stop(self) -> None:
        """Remove the bar from the screen."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
