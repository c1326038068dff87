"""Rows of published tables: `read` one table, or query all of them with `sql`."""

from __future__ import annotations

import csv
import json
import math
import os
import shutil
import sys
import tempfile
from contextlib import contextmanager, suppress
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TextIO

import click

from biodata_cache._cli import conditions as _conditions
from biodata_cache._cli import options as _options
from biodata_cache._cli.commands.completion import complete_column, complete_table
from biodata_cache._cli.output import columns_that_fit, count, fail, is_terminal, print_table, say
from biodata_cache._core.errors import ArgumentError, CacheFileError
from biodata_cache._session import Cache

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from duckdb import DuckDBPyRelation

Format = Literal["table", "csv", "json", "parquet"]

_SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".json": "json",
    ".parquet": "parquet",
    ".pqt": "parquet",
}
_SHOWN = 40
_LONGEST_CELL = 72
_AT_ONCE = 1_000
_INSTANT = "TIMESTAMP WITH TIME ZONE"


def output_options(command: _options.Command) -> _options.Command:
    """The options of the number of rows, their form and their target."""
    return _options.with_options(
        command,
        click.option("--limit", type=click.IntRange(0), help="Maximum number of rows."),
        click.option(
            "--format",
            "form",
            type=click.Choice(["table", "csv", "json", "parquet"]),
            help="By default that of the suffix of FILE; else a table of the first "
            f"{_SHOWN} rows on a terminal, and CSV elsewhere.",
        ),
        click.option("--json", "as_json", is_flag=True, help="The same as --format json."),
        click.option(
            "-o",
            "--output",
            metavar="FILE",
            type=click.Path(path_type=Path, dir_okay=False),
            help="Write to a file, which appears when it is complete.",
        ),
    )


def output_form(form: Format | None, *, as_json: bool) -> Format | None:
    """The chosen form.

    Raises:
        UsageError: If there are two.
    """
    if as_json and form not in {None, "json"}:
        raise click.UsageError(f"--json and --format {form} are two forms: give one.")
    return "json" if as_json else form


@click.command()
@click.argument("name", shell_complete=complete_table)
@click.option(
    "--where",
    multiple=True,
    metavar="CONDITION",
    help="`column=value`, `>=`, `<=`, `column is null` or `is not null`; all must hold, and "
    "several values of one column are alternatives.",
)
@click.option(
    "--columns",
    metavar="A,B",
    help="Columns to read, in this order; by default all.",
    shell_complete=complete_column,
)
@output_options
@_options.root
@_options.version
def read(
    name: str,
    where: tuple[str, ...],
    columns: str | None,
    limit: int | None,
    form: Format | None,
    as_json: bool,  # noqa: FBT001
    output: Path | None,
    **given: str | None,
) -> None:
    """Read rows of a published table.

    Only the selected files, columns and rows are read. A condition on a column of lists
    holds if the value is one of the list.

    \b
    Examples:
      biodata-cache read assets --where modalities=fib --columns name,subject_id
      biodata-cache read asset_basics --where 'age>=100' --where 'age<=200' -o adults.csv
      biodata-cache read quality_control --where subject_id=600493 --json
    """
    target = Target.of(output, output_form(form, as_json=as_json))
    cache = Cache(**given)
    with duckdb_errors(f"{name} cannot be read"):
        entry = cache.tables()[name]
        types = {column.name: column.type for column in entry.columns if column.type is not None}
        if len(types) < len(entry.columns):  # an older publisher did not write them down
            relation = cache.scan(name).duckdb()
            types = dict(zip(relation.columns, map(str, relation.types), strict=True))
        filters: dict[str, Any] = _conditions.parse(where, types)
        chosen = None if columns is None else [part.strip() for part in columns.split(",")]
        query = cache.scan(name, columns=chosen, **filters)
        rows = query.duckdb()
        target.write(rows, limit)
        if filters and rows.limit(1).fetchone() is None:
            query.df()  # warns of names that are unknown, and of other spellings


@click.command()
@click.argument("query")
@output_options
@_options.root
@_options.version
def sql(
    query: str,
    limit: int | None,
    form: Format | None,
    as_json: bool,  # noqa: FBT001
    output: Path | None,
    **given: str | None,
) -> None:
    """Query the published tables in SQL: each is a view of its name, in DuckDB.

    A query that is `-` is read from standard input.

    \b
    Examples:
      biodata-cache sql "select status, count(*) as assets from qc_status group by status"
      biodata-cache sql - --format parquet -o failing.parquet
    """
    target = Target.of(output, output_form(form, as_json=as_json))
    written = query.encode("utf-8", "surrogateescape")
    text = _text_of(sys.stdin.buffer.read() if query == "-" else written)
    with Cache(**given).connect() as duck, duckdb_errors("the query failed"):
        # Variables of this program are no tables.
        duck.execute("set python_enable_replacements = false")
        rows = duck.sql(text)
        if rows is None:
            say("done: the statement gives no rows")
        else:
            target.write(rows, limit)


COMMANDS = (read, sql)


def _text_of(query: bytes) -> str:
    """A query as it was written, in UTF-8 whatever the language of the shell is."""
    try:
        return query.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ArgumentError(f"The query is not text in UTF-8 ({error}).") from None


@contextmanager
def duckdb_errors(what: str) -> Iterator[None]:
    """Turn errors of DuckDB into one message."""
    import duckdb  # noqa: PLC0415  # not before it is needed

    try:
        yield
    except duckdb.Error as error:
        fail(f"{what}: {str(error).strip()}", 1)


class Target:
    """Where rows go, and in which form."""

    def __init__(self, path: Path | None, form: Format) -> None:
        self._path = path
        self._form = form

    @classmethod
    def of(cls, path: Path | None, form: Format | None) -> Target:
        """The target that the options name.

        Raises:
            ArgumentError: If neither the option nor the suffix of the file names a format.
        """
        if path is None:
            form = form or ("table" if is_terminal() else "csv")
            if form == "parquet" and is_terminal():
                raise ArgumentError("parquet is nothing to look at: give a file as -o.")
            return cls(None, form)
        implied = _SUFFIXES.get(path.suffix.lower())
        if form is None and implied is None:
            raise ArgumentError(
                f"-o {str(path)!r} does not end in {', '.join(_SUFFIXES)}: say which --format."
            )
        return cls(path, form or implied or "csv")

    def write(self, rows: DuckDBPyRelation, limit: int | None) -> None:
        """Write the rows.

        Raises:
            CacheFileError: If the file cannot be written.
        """
        if self._form == "table" and limit is None:
            limit = _SHOWN
        kept = rows if limit is None else rows.limit(min(limit, sys.maxsize))
        if self._form == "parquet":
            self._write_parquet(kept)
        elif self._path is None:
            self._write_text(kept, sys.stdout)
        else:
            with _whole(self._path) as unfinished, unfinished.open("w", encoding="utf-8") as file:
                self._write_text(kept, file)
        if self._form == "table":
            _print_the_rest(rows, limit or 0)

    def _write_text(self, rows: DuckDBPyRelation, file: TextIO) -> None:
        writers: dict[str, Callable[[_Rows, TextIO], None]] = {
            "csv": _write_csv,
            "json": _write_json,
            "table": _write_table,
        }
        writers[self._form](_Rows(rows), file)

    def _write_parquet(self, rows: DuckDBPyRelation) -> None:
        if self._path is not None:
            with _whole(self._path) as unfinished:
                rows.write_parquet(str(unfinished), compression="zstd")
            return
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "rows.parquet"
            rows.write_parquet(str(file), compression="zstd")
            with file.open("rb") as content:
                shutil.copyfileobj(content, sys.stdout.buffer)


class _Rows:
    """Rows as values of Python, some at a time."""

    def __init__(self, rows: DuckDBPyRelation) -> None:
        types = [str(kind) for kind in rows.types]
        self.names = list(rows.columns)
        self._instants = {index for index, kind in enumerate(types) if kind == _INSTANT}
        # With a zone, DuckDB would need a package for each value: they go over in UTC, without.
        # By position, because a query may give two columns the same name.
        self._rows = rows.project(
            ", ".join(
                f"cast(#{index} as timestamp)" if index - 1 in self._instants else f"#{index}"
                for index in range(1, len(types) + 1)
            )
        )

    def __iter__(self) -> Iterator[list[object]]:
        while some := self._rows.fetchmany(_AT_ONCE):
            for row in some:
                yield [self._value(index, value) for index, value in enumerate(row)]

    def _value(self, index: int, value: object) -> object:
        """A value of a column, as JSON has it."""
        if index in self._instants and isinstance(value, datetime):
            return f"{value.isoformat()}Z"
        return _simple(value)


def _simple(value: object) -> object:
    """The value as JSON: other types become text, and NaN becomes null."""
    simple: object = str(value)
    if value is None or isinstance(value, (str, bool, int)):
        simple = value
    elif isinstance(value, float):
        simple = value if math.isfinite(value) else None
    elif isinstance(value, Decimal):
        number = float(value)
        simple = number if Decimal(repr(number)) == value else str(value)  # of too many digits
    elif isinstance(value, dict):
        simple = {str(key): _simple(each) for key, each in value.items()}
    elif isinstance(value, (list, tuple)):
        simple = [_simple(each) for each in value]
    elif isinstance(value, (date, time)):  # a datetime is a date
        simple = value.isoformat()
    elif isinstance(value, bytes):
        simple = value.hex()
    return simple


def _text(value: object) -> str:
    """A value in a cell."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _write_csv(rows: _Rows, file: TextIO) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(rows.names)
    for row in rows:
        writer.writerow([_text(value) for value in row])


def _write_json(rows: _Rows, file: TextIO) -> None:
    """One row in a line, so that they need not all be in memory."""
    twice = [name for name in rows.names if rows.names.count(name) > 1]
    if twice:
        raise ArgumentError(f"Two columns are called {twice[0]!r}: name one of them with `as`.")
    before = "[\n"
    for row in rows:
        record = json.dumps(dict(zip(rows.names, row, strict=True)), ensure_ascii=False)
        file.write(f"{before}{record}")
        before = ",\n"
    file.write("[]\n" if before == "[\n" else "\n]\n")


def _write_table(rows: _Rows, file: TextIO) -> None:
    cells = [[_shortened(_text(value)) for value in row] for row in rows]
    fitting = columns_that_fit(rows.names, cells)
    numbers = [
        name
        for index, name in enumerate(rows.names)
        if cells and all(_is_number(row[index]) for row in cells if row[index])
    ]
    print_table(rows.names[:fitting], [row[:fitting] for row in cells], right=numbers, file=file)
    if left_out := rows.names[fitting:]:
        say(f"and the columns {', '.join(left_out)}, for which there is no room")


def _print_the_rest(rows: DuckDBPyRelation, shown: int) -> None:
    """Print how many rows a table does not show."""
    (total,) = rows.aggregate("count(*)").fetchall()[0]
    if total > shown:
        say(f"and {count(total - shown)} rows more: see them with --limit, --format or -o")


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_CELL else f"{text[: _LONGEST_CELL - 1]}…"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A temporary path, which replaces the file when all is written."""
    unfinished = None
    try:
        if path.exists() and not path.is_file():  # a pipe, or a device
            yield path
        else:
            path = path.resolve()  # a link stays one, /dev/stdout too
            unfinished = path.with_name(f"{path.name}.{os.getpid()}.part")
            unfinished.touch()  # else the message would be that of DuckDB
            yield unfinished
            unfinished.replace(path)
    except OSError as error:
        raise CacheFileError(
            f"{path} cannot be written ({error.strerror or error}): give another file as -o."
        ) from error
    finally:
        if unfinished is not None:
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
