"""Kept builds, the changes since one of them, and the partitions of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from biodata_cache._cli import options as _options
from biodata_cache._cli.commands.completion import complete_table
from biodata_cache._cli.commands.rows import (
    Format,
    Target,
    duckdb_errors,
    output_form,
    output_options,
)
from biodata_cache._cli.output import count, print_json, print_table, size
from biodata_cache._core.display import ago
from biodata_cache._core.layout import build_time
from biodata_cache._core.settings import values as _settings
from biodata_cache._session import Cache, open_published

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@_options.root
@_options.version
@_options.as_json
def builds(root: str | None, version: str | None, as_json: bool) -> None:  # noqa: FBT001
    """List the kept builds, the newest last.

    Each can be read, compared with others, and published again by `rollback`.

    \b
    Example:
      biodata-cache builds --root published
    """
    show_builds(Cache(root, version=version), as_json=as_json)


def show_builds(cache: Cache, *, as_json: bool) -> None:
    """Print the kept builds of a cache, and which of them is live."""
    names, live = cache.builds(), cache.tables().build
    if as_json:
        print_json([{"build": name, "is_live": name == live} for name in names])
    else:
        print_table(
            ["build", "made", ""],
            [
                [name, ago(build_time(name).isoformat()), "live" if name == live else ""]
                for name in names
            ],
        )


@click.command()
@click.argument("name", shell_complete=complete_table)
@_options.root
@_options.version
@_options.as_json
def partitions(name: str, root: str | None, version: str | None, as_json: bool) -> None:  # noqa: FBT001
    """List the partitions of a table, with the rows and the size of each.

    \b
    Example:
      biodata-cache partitions quality_control --root published
    """
    frame = Cache(root, version=version).partitions(name)
    rows: list[dict[str, Any]] = frame.astype(object).where(frame.notna(), None).to_dict("records")
    if as_json:
        print_json(rows)
    else:
        key = str(frame.columns[0])
        print_table(
            [key, "rows", "size"],
            [[row[key], count(row["rows"]), size(row["bytes"])] for row in rows],
            right=["rows", "size"],
        )


@click.command()
@click.argument("name", shell_complete=complete_table)
@click.option(
    "--since",
    required=True,
    metavar="BUILD",
    help="A build of `biodata-cache builds`, or a time such as 2026-01-31: the build that was live "
    "then.",
)
@output_options
@_options.root
@_options.version
def changes(
    name: str,
    since: str,
    limit: int | None,
    form: Format | None,
    as_json: bool,  # noqa: FBT001
    output: Path | None,
    **location: str | None,
) -> None:
    """Show the rows of a table that were added, removed or changed since a build.

    Rows are compared by the key of the table; a removed row has the values that it had.

    \b
    Examples:
      biodata-cache changes asset_basics --since 2026-01-31
      biodata-cache changes qc_status --since 20260131T081500Z-0a1b2c3d -o changes.csv
    """
    target = Target.of(output, output_form(form, as_json=as_json))
    cache = open_published(_settings.load(**location))
    with duckdb_errors(f"{name} cannot be compared"):
        from biodata_cache._reader.changes import relation  # noqa: PLC0415  # pandas comes with it

        target.write(relation(cache, name, since), limit)


COMMANDS = (builds, changes, partitions)
