"""A database with a view for every table, which any DuckDB can attach.

DuckDB resolves a relative path from the reader's folder, and a view does not know the file that it
is in. So the views read from the root that they were published to, or from another one that the
reader sets: `set variable biodata_cache_root = 'https://…'`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from biodata_cache._core import layout as _layout
from biodata_cache._core.errors import RegistryError
from biodata_cache._core.sqltext import comments, literal, pattern_of, quoted
from biodata_cache._publish.scratch import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata_cache._core.registry.entries import CacheRegistry, TableEntry

ROOT_VARIABLE = "biodata_cache_root"
_STORAGE_VERSION = "v1.0.0"
"""The oldest format of a database that DuckDB still writes: every later one reads it."""


def database(version_folder: str, registry: CacheRegistry, root: str) -> bytes:
    """The database of one build; the same bytes for the same tables, from one version of DuckDB.

    A table without types, or in partitions without an object, has no view: only publishers of
    before made such.

    Raises:
        RegistryError: If DuckDB does not know the type of a column.
    """
    try:
        return _written([*_statements(version_folder, registry, root)])
    except duckdb.Error as error:
        raise RegistryError(
            f"{version_folder}: the registry names what DuckDB cannot make a view of ({error}). "
            "Publish all tables again."
        ) from None


def paths_of(version_folder: str, entry: TableEntry) -> list[str]:
    """Paths of the files that hold all rows of a table, and are never listed: one, or a few."""
    if entry.partition_key is None and entry.files != 0:
        return [_layout.data_path(version_folder, entry.name, entry.location)]
    return [_layout.object_path(each.name) for each in entry.objects]


def _statements(
    version_folder: str, registry: CacheRegistry, root: str
) -> Iterator[tuple[str, list[str], str]]:
    """For each table a query of no rows with its types, its files, and what makes its view."""
    home = f"coalesce(getvariable({literal(ROOT_VARIABLE)}), {literal(pattern_of(root))})"
    for entry in registry:
        paths = paths_of(version_folder, entry)
        if not paths or not all(column.type for column in entry.columns):
            continue
        whole = [f"{_layout.CACHE_FOLDER}/{path}" for path in paths]
        files = ", ".join(f"{home} || {literal('/' + path)}" for path in whole)
        types = ", ".join(
            f"cast(null as {column.type}) as {quoted(column.name)}" for column in entry.columns
        )
        view = f"cache.{quoted(entry.name)}"
        texts = {column.name: column.description for column in entry.columns}
        yield (
            f"select {types} limit 0",
            whole,
            f"create view {view} as from read_parquet([{files}], hive_partitioning = false); "
            + comments(view, entry.description, texts),
        )


def _written(tables: list[tuple[str, list[str], str]]) -> bytes:
    """The database that these statements make.

    A view is bound when it is made, so that there must be files: these have the types, and no rows.
    """
    with temporary_folder() as folder:
        root = Path(folder)
        target = root / _layout.DATABASE_FILE
        with duckdb.connect(config={"threads": 1}) as duck:
            duck.execute(f"set variable {ROOT_VARIABLE} = {literal(pattern_of(folder))}")
            duck.execute(
                f"attach {literal(str(target))} as cache (storage_version '{_STORAGE_VERSION}')"
            )
            duck.execute("begin")  # each statement by itself would be written to the disk
            for no_rows, paths, view in tables:
                for path in paths:
                    (root / path).parent.mkdir(parents=True, exist_ok=True)
                    duck.execute(
                        f"copy ({no_rows}) to {literal(str(root / path))} (format parquet)"
                    )
                duck.execute(view)
            duck.execute("commit")
            duck.execute("detach cache")
        return target.read_bytes()
