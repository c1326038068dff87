"""Copies the tables of the dynamic-foraging database, three parquet files, into the raw lake."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from biodata_cache._core.errors import SourceError
from biodata_cache._storage.local import LocalStorage
from extract.locations import split_location
from extract.objects.object_tables import TableFolder
from extract.objects.stores import ObjectStore, UnavailableObjectError
from extract.objects.tables_of_others import read_parquet
from extract.sample.objects import DATABASE

if TYPE_CHECKING:
    from collections.abc import Callable

ROW = "_row"
"""Name of the column that numbers the rows of a file, which the copy has beside its own."""
RESERVED = frozenset({ROW, "invalid_fields", "is_newest", "filename"})
"""Names of the models and of DuckDB, which no column of a file may have."""
COLUMNS = {
    "sessions": (
        "_session_id",
        "subject_id",
        "session_date",
        "nwb_suffix",
        "task",
        "total_trials",
        "total_trials_with_autowater",
        "finished_trials",
        "ignored_trials",
        "finished_rate",
        "ignore_rate",
        "reward_trials",
        "reward_rate",
        "foraging_eff",
        "foraging_performance",
        "bias_naive",
        "autowater_collected",
    ),
    "trials": ("subject_id",),
    "events": ("subject_id",),
}
"""The columns that the models read of each file; the first of them is one that it must have."""
_TABLE = "table"


@dataclass(frozen=True)
class Location:
    """Where the files are.

    Attributes:
        store: The object store, or the folder as one.
        prefix: What their keys begin with.
        origin: `sample` or `database`; a column of each copy.
    """

    store: ObjectStore
    bucket: str
    prefix: str = ""
    origin: str = "database"


def location_of(address: str, open_s3: Callable[[], ObjectStore]) -> Location | None:
    """The location that the settings name; None for none.

    Args:
        address: A folder, `s3://bucket[/prefix]`, or the empty text.
        open_s3: Makes the store of S3, if it is needed.
    """
    if not address:
        return None
    if address.startswith("s3://"):
        return Location(open_s3(), *split_location(address))
    path = Path(address).absolute()

    def storages(_: str) -> list[LocalStorage]:
        return [LocalStorage(path.parent, path.name, is_foreign=True)] if path.is_dir() else []

    return Location(ObjectStore(f"folder:{path}", storages), "folder")


def in_sample(store: ObjectStore) -> Location:
    """The location of the files of the sample."""
    return Location(store, DATABASE, origin="sample")


def folder(raw: Path, name: str) -> TableFolder:
    """The lake of one of the tables, created with its schema if needed."""
    schema = pa.schema(
        [pa.field(ROW, pa.int64()), *(pa.field(each, pa.string()) for each in COLUMNS[name])]
    )
    return TableFolder(raw / f"platform_dynamic_foraging_{name}", schema)


def prepare(raw: Path) -> None:
    """Make the lakes, so that the models can be built before a file was ever copied."""
    for name in COLUMNS:
        folder(raw, name)


def forget_sample(raw: Path) -> None:
    """Remove the tables of the sample, which no other source has."""
    for name in COLUMNS:
        tables = folder(raw, name)
        if tables.note(_TABLE, "origin") == "sample":
            tables.remove(_TABLE)


def copy_database(location: Location | None, raw: Path, *, prune: bool = False) -> list[str]:
    """Update the lakes of the three tables.

    A file that is missing or cannot be read leaves the copy of an earlier run, as its folder may
    only be unmounted.

    Args:
        location: Where the files are; None if there is no such database, and then no copy either.
        raw: Folder of all lakes.
        prune: Accept that a file is gone.

    Returns:
        A sentence on each file that was not copied.
    """
    problems = []
    for name in COLUMNS:
        tables = folder(raw, name)
        if location is None or tables.note(_TABLE, "origin") not in {None, location.origin}:
            tables.remove(_TABLE)
        if location is None:
            continue
        key = f"{location.prefix}{name}.parquet"
        try:
            table = _table(location.store.read(location.bucket, key), name)
        except UnavailableObjectError as error:
            if prune:
                tables.remove(_TABLE)
            problems.append(_kept(tables, f"{error}: {_shown(location, key)}"))
        except SourceError as error:
            problems.append(_kept(tables, f"{_shown(location, key)}: {error}"))
        else:
            tables.write(_TABLE, table.replace_schema_metadata({"origin": location.origin}))
    return problems


def _shown(location: Location, key: str) -> str:
    is_folder = location.store.description.startswith("folder:") and location.origin != "sample"
    where = key if is_folder else f"{location.bucket}/{key}"
    return f"{where} in {location.store.description}"


def _kept(tables: TableFolder, reason: str) -> str:
    stays = "; the copy of an earlier run stays" if tables.find(_TABLE) is not None else ""
    return f"no table of the foraging database: {reason}{stays}"


def _table(content: bytes, name: str) -> pa.Table:
    """The rows of a file as they are, numbered."""
    table = read_parquet(content)
    key = COLUMNS[name][0]
    if key not in table.column_names:
        raise SourceError(
            f"it has no column {key!r}, its columns begin with {table.column_names[:4]}: so it is "
            f"not the table of {name}"
        )
    taken: set[str] = set()
    for each in table.column_names:
        if not each or each.lower() in taken | RESERVED:
            raise SourceError(
                f"its column {each!r} has no name, a reserved one ({', '.join(sorted(RESERVED))}) "
                "or that of another column in any case: rename it"
            )
        taken.add(each.lower())
    columns = [_typed(column) for column in table.columns]
    numbers = pa.array(range(table.num_rows), type=pa.int64())
    return pa.table([numbers, *columns], names=[ROW, *table.column_names])


def _typed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column without any value is one of text: parquet has no such type."""
    return column.cast(pa.string()) if pa.types.is_null(column.type) else column
