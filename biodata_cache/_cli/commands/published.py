"""Published tables and versions: `tables` and `versions`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich.text import Text

from biodata_cache._cli import options as _options
from biodata_cache._cli.commands.completion import complete_table
from biodata_cache._cli.output import count, plain, print_json, print_table, print_text, size
from biodata_cache._core.display import ago
from biodata_cache._session import Cache

if TYPE_CHECKING:
    from biodata_cache._core.registry.entries import TableEntry

_LARGEST = 5


@click.command()
@click.argument("name", required=False, metavar="[NAME]", shell_complete=complete_table)
@_options.root
@_options.version
@_options.as_json
def tables(name: str | None, root: str | None, version: str | None, as_json: bool) -> None:  # noqa: FBT001
    """List the published tables, or show the description, columns and files of one.

    \b
    Examples:
      biodata-cache tables --root published
      biodata-cache tables quality_control --root published
      biodata-cache tables --root published --json
    """
    cache = Cache(root, version=version)
    registry = cache.tables()
    if name is not None:
        if as_json:
            print_json(asdict(registry[name]))
        else:
            _show(cache, registry[name])
    elif as_json:
        print_json([_summary(table) for table in registry])
    else:
        print_table(
            ["table", "type", "rows", "size", "built at", "partitioned by"],
            [
                [
                    table.name,
                    table.type,
                    count(table.row_count),
                    size(table.bytes),
                    (table.built_at or "")[:19],
                    table.partition_key or "",
                ]
                for table in registry
            ],
            right=["rows", "size"],
        )


@click.command()
@_options.root
@_options.as_json
def versions(root: str | None, as_json: bool) -> None:  # noqa: FBT001
    """List the released versions, the newest last.

    \b
    Example:
      biodata-cache versions --root published
    """
    names = Cache(root).versions()
    if as_json:
        print_json(names)
    else:
        print_text(*names)


COMMANDS = (tables, versions)


def _summary(table: TableEntry) -> dict[str, object]:
    """One table of the list in JSON."""
    return {
        "name": table.name,
        "type": table.type,
        "rows": table.row_count,
        "bytes": table.bytes,
        "files": table.files,
        "partition_key": table.partition_key,
        "built_at": table.built_at,
        "location": table.location,
    }


def _show(cache: Cache, table: TableEntry) -> None:
    """Print one table."""
    print_text(plain(table.name, "bold"), "")
    text = table.description.replace("**", "").replace("\nWatch out:", "\n\nWatch out:")
    for paragraph in text.split("\n\n"):
        print_text(_one_line(paragraph))
    print_text("")
    facts = {
        "type": table.type,
        "key": ", ".join(table.primary_key),
        "sorted by": ", ".join(table.sort_order),
        "rows": count(table.row_count),
        "size": size(table.bytes),
        "files": count(table.files) if table.partitioned else "",
        "partitions": _partitions(cache, table),
        "built": f"{table.built_at[:19]}, {ago(table.built_at)}" if table.built_at else "",
        "build": table.build_id or "",
        "location": table.location,
    }
    for label, fact in facts.items():
        if fact:
            print_text(Text.assemble((f"{label:<11}", "dim"), plain(fact)))
    print_text("")
    print_table(
        ["column", "type", "text"],
        [
            [
                plain(column.name, "bold"),
                plain(column.type or "", "dim"),
                _one_line(column.description),
            ]
            for column in table.columns
        ],
    )


def _partitions(cache: Cache, table: TableEntry) -> str:
    """Partitions of a table in words; empty for a table without."""
    if table.partition_key is None:
        return ""
    partitions = cache.partitions(table.name)
    values, rows = partitions[table.partition_key].tolist(), partitions["rows"].fillna(0).tolist()
    listed = list(zip(values, map(int, rows), strict=True))
    if not listed:
        return f"by {table.partition_key}"
    largest = sorted(listed, key=lambda each: (-each[1], each[0]))[:_LARGEST]
    shown = ", ".join(f"{value} ({count(size)})" if size else value for value, size in largest)
    which = "" if len(listed) <= _LARGEST else "the largest: "
    return f"{len(listed):,} by {table.partition_key}; {which}{shown}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
