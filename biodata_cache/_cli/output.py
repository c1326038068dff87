"""Output of the command line: data on stdout, messages on stderr, colours only on a terminal."""

from __future__ import annotations

import json
import os
import re
import select
import sys
import tempfile
import traceback
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

import click
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from biodata_cache._cli.signals import EXIT_INTERRUPTED, INTERRUPTED
from biodata_cache._core import display as _display
from biodata_cache._core.errors import ArgumentError, CacheError, SettingsError
from biodata_cache._core.interrupts import interrupts
from biodata_cache._core.messages import NO_ROOM

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.table import Table


class _Console(Console):
    """Leaves a broken pipe to `Commands`: a reader that stops early is not a failure."""

    def on_broken_pipe(self) -> None:
        """Raise the error again; rich calls this inside of its handler."""
        raise  # noqa: PLE0704


stderr = Console(stderr=True, emoji=False)
_stdout = _Console(emoji=False)

REPORT = "biodata_cache.report"
"""Key in `click.Context.meta` of the path of the run report."""

_UNBOUNDED = 1_000_000
# Control characters, and those that reorder text or break lines.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class Commands(click.Group):
    """Turns our errors into one clear message and an exit code: 1 failed, 2 wrong use."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401  # click's signature
        if sys.stdout is None:  # closed by the shell
            sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  # to the end
        try:
            with interrupts(), _ignoring_closed_pipe(), warnings.catch_warnings():
                warnings.showwarning = _show_warning  # type: ignore[assignment]  # takes all
                return super().invoke(ctx)
        except (SettingsError, ArgumentError) as error:
            fail(str(error), 2, in_log=REPORT in ctx.meta)
        except CacheError as error:
            fail(str(error), 1, in_log=REPORT in ctx.meta)
        except UnicodeEncodeError as error:
            character = error.object[error.start]
            fail(
                f"{character!r} cannot be written in {error.encoding}: set PYTHONIOENCODING=utf-8, "
                "or write to a file with -o.",
                1,
            )
        except KeyboardInterrupt:
            fail(INTERRUPTED, EXIT_INTERRUPTED)
        except (click.ClickException, click.Abort, click.exceptions.Exit):  # wrong use, or --help
            raise
        except Exception as error:  # a bug
            if ctx.params.get("debug"):
                raise
            _fail_by_a_bug(error, ctx.meta.get(REPORT))


@contextmanager
def _ignoring_closed_pipe() -> Iterator[None]:
    """Exit with code 0 if the reader of stdout has closed it, as `head` does."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        if not _is_closed(sys.stdout):  # another connection broke
            raise
        _discard(sys.stdout)
        sys.exit(0)
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        _discard(sys.stdout)
        fail(f"not all could be written ({error.strerror}): make room, or give another path.", 1)


def _discard(pipe: TextIO) -> None:
    """Discard buffered output, which Python would otherwise write again at exit and complain."""
    with suppress(OSError):  # not a file of the operating system
        os.dup2(os.open(os.devnull, os.O_WRONLY), pipe.fileno())


def _is_closed(pipe: TextIO) -> bool:
    """Whether the reader of a pipe has closed it."""
    if not hasattr(select, "poll"):  # Windows
        return True
    poll = select.poll()
    try:
        poll.register(pipe.fileno(), 0)
    except OSError:  # not a file of the operating system
        return False
    return bool(poll.poll(0))


def _show_warning(message: Warning | str, *_: object) -> None:
    """Print a warning without the line of code that raised it."""
    say(f"warning: {message}", "yellow")


def fail(message: str, code: int, *, in_log: bool = False) -> NoReturn:
    """End with a message and an exit code.

    Args:
        message: The cause in the first line, details in the others.
        code: The exit code.
        in_log: Whether the cause is printed last, as readers of a log expect.
    """
    cause, _, more = message.partition("\n")
    if more and in_log:
        say(more, "red")
        more = ""
    say(f"error: {cause}" + (f"\n{more}" if more else ""), "red")
    sys.exit(code)


def _fail_by_a_bug(error: Exception, report: Path | None) -> NoReturn:
    """Exit with one line for an unexpected error; its traceback goes to a file."""
    if report is None or not report.exists():
        with tempfile.NamedTemporaryFile(
            "w", prefix="biodata-cache-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            traceback.print_exception(error, file=file)
        report = Path(file.name)
    text = " ".join(str(error).split())[:300]
    fail(
        f"this is a fault of biodata-cache ({type(error).__name__}: {text}): please report it to "
        f"its developers with the file {report}, which holds the traceback (or run "
        "'biodata-cache --debug …').",
        1,
    )


def say(text: str, style: str | None = None) -> None:
    """Print a message on stderr, control characters escaped except for line breaks."""
    shown = "\n".join(map(escaped, text.split("\n")))
    stderr.print(shown, style=style, markup=False, highlight=False, soft_wrap=True)


def print_json(content: object) -> None:
    """Print a document as JSON on stdout."""
    click.echo(json.dumps(content, indent=2, ensure_ascii=False))


def print_table(
    headings: Sequence[str],
    rows: Iterable[Sequence[str | Text]],
    *,
    right: Sequence[str] = (),
    file: TextIO | None = None,
) -> None:
    """Print a table, fitted to the width of a terminal, else as wide as its content.

    Args:
        headings: Headings of the columns.
        rows: Cells of each row.
        right: Headings of numeric columns, aligned right.
        file: Output file; stdout by default.
    """
    from rich.table import Table  # noqa: PLC0415  # not before it is needed

    table = Table(box=None, pad_edge=False)
    for heading in headings:
        is_number = heading in right
        table.add_column(plain(heading), justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else plain(cell) for cell in row))
    _print(table, file)


def columns_that_fit(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """Number of leading columns that fit on the terminal; all of them if stdout is not one."""
    if not is_terminal():
        return len(headings)
    left = _stdout.width
    for index, heading in enumerate(headings):
        left -= max(cell_len(text) for text in (heading, *(row[index] for row in rows))) + 1
        if left < 0:
            return max(index, 1)
    return len(headings)


def is_terminal() -> bool:
    """Whether stdout is a terminal."""
    return _stdout.is_terminal


def print_text(*lines: str | Text) -> None:
    """Print lines, wrapped at the width of the terminal."""
    for line in lines:
        _print(line if isinstance(line, Text) else plain(line))


def plain(text: str, style: str = "") -> Text:
    """Text without markup, control characters escaped: records must not control the terminal.

    Example:
        >>> plain("[b]bold" + chr(27)).plain
        '[b]bold\\\\x1b'
    """
    return Text(escaped(text), style)


def escaped(text: str) -> str:
    """The text with control characters escaped, as Python writes them."""
    return _CONTROL.sub(lambda match: repr(match[0])[1:-1], text)


def count(number: int | None) -> str:
    """A number with thousands separators; empty if it is None.

    Example:
        >>> count(1234)
        '1,234'
    """
    return "" if number is None else f"{number:,}"


def size(number: int | None) -> str:
    """A number of bytes with a unit; empty if it is None."""
    return "" if number is None else _display.size(number)


def _print(content: Table | Text, file: TextIO | None = None) -> None:
    """Print without a limit of width unless it goes to a terminal."""
    if _stdout.is_terminal and file in (None, sys.stdout):
        _stdout.print(content)
    else:
        _Console(file=file or sys.stdout, width=_UNBOUNDED, emoji=False).print(content)
