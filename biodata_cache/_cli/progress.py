"""Progress of a run: one line per stage, with a bar on a terminal, its start in a log."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from biodata_cache._cli.output import say, stderr

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType


class Stages:
    """Shows one line per stage; a stage ends when the next one begins."""

    def __init__(self, progress: Progress) -> None:
        """Start without a stage."""
        self._progress = progress
        self._stage: str | None = None
        self._task: TaskID | None = None

    def __call__(self, stage: str, done: int, total: int | None, detail: str) -> None:
        """Show the progress of a stage; a count only if no total is known."""
        if stage != self._stage:
            self.end("done")
            self._stage = stage
            if stderr.is_terminal:
                self._task = self._progress.add_task(stage, total=None, detail="", state="runs")
            else:
                say(f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ} {stage}: begins")
        if self._task is not None:
            known = self._progress.tasks[-1].total
            self._progress.update(
                self._task, completed=done, total=known if total is None else total, detail=detail
            )

    def end(self, state: str) -> None:
        """End the current stage as `done`, which sets it to 100 %, or as `failed`."""
        if self._task is None:
            return
        task = self._progress.tasks[-1]
        done = task.total if task.total is not None else task.completed
        if state == "done":  # an empty one, too
            self._progress.update(self._task, completed=done or 1, total=done or 1)
        self._progress.update(self._task, state=state)
        self._progress.stop_task(self._task)
        self._task = None


class _Sign(SpinnerColumn):
    """A spinner while a stage runs, a sign of its outcome afterwards."""

    def render(self, task: Task) -> RenderableType:
        state = task.fields["state"]
        if state == "runs":
            return super().render(task)
        return Text("+", "green") if state == "done" else Text("x", "red")


@contextmanager
def showing() -> Iterator[Stages]:
    """Show the stages of the work inside of the context."""
    progress = Progress(
        _Sign(),
        TextColumn("{task.description:<10}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[detail]}", style="dim"),
        console=stderr,
        disable=not stderr.is_terminal,
    )
    stages = Stages(progress)
    with progress:
        try:
            yield stages
        except BaseException:
            stages.end("failed")
            raise
        stages.end("done")
