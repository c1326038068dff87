"""Copies the custom table of the metadata upgrader, and its history from published tables.

The upgrader's custom table holds the last run of each record. Runs of earlier versions are known
only from the tables that were published, so these are read back, and what was ever read stays in
the lake: neither a night without the custom table nor a new version of this package loses it.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from biodata_cache._core.errors import SourceError
from biodata_cache._core.layout import CACHE_FOLDER
from extract.locations import split_location
from extract.objects.object_tables import TableFolder
from extract.objects.stores import UnavailableObjectError, folder_store
from extract.objects.tables_of_others import read_parquet
from extract.sample import v1 as _sample_v1

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from extract.objects.stores import ObjectStore

STATUS_SCHEMA = pa.schema(
    [
        pa.field(name, pa.string())
        for name in (
            "v1_id",
            "v2_id",
            "upgrader_version",
            "last_modified",
            "status",
            "upgrade_datetime",
        )
    ]
)
HISTORY_SCHEMA = pa.schema(
    [
        pa.field("_id", pa.string()),
        pa.field("upgrader_version", pa.string()),
        pa.field("status", pa.string()),
        pa.field("published_in", pa.string()),
    ]
)
CUSTOM = "custom/metadata_upgrade_status_prod.pqt"
TABLE = "metadata_upgrade.pqt"
_VERSION_FOLDER = re.compile(r"bdc-v\d+(\.\d+)*")
# The columns of the published table that are no upgrader version; all others are.
FIXED = frozenset(
    {
        "_id",
        "name",
        "project_name",
        "data_level",
        "v2_id",
        "upgrader_version",
        "last_modified",
        "status",
        "upgrade_datetime",
    }
)


@dataclass(frozen=True)
class Published:
    """The root of published tables: store, bucket and prefix."""

    store: ObjectStore
    bucket: str
    prefix: str

    def read(self, path: str) -> bytes | None:
        """A published file; None if there is none.

        Raises:
            SourceError: If the file cannot be read.
        """
        with self._absence():
            return self.store.read(self.bucket, self.prefix + path)
        return None

    def versions(self) -> list[str]:
        """Names of the version folders.

        Raises:
            SourceError: If the root cannot be listed.
        """
        names: list[str] = []
        with self._absence():
            names = self.store.folders(self.bucket, self.prefix)
        return [name for name in names if _VERSION_FOLDER.fullmatch(name)]

    @contextmanager
    def _absence(self) -> Iterator[None]:
        """Ignore a missing file or bucket, but not denied access."""
        try:
            yield
        except UnavailableObjectError as error:
            if not str(error).startswith("no such "):
                raise SourceError(
                    f"The published cache cannot be read ({error}): what it says of earlier "
                    "upgrades would be lost. See that its folder and bucket may be read and listed."
                ) from None


def published_at(root: str, open_s3: Callable[[], ObjectStore]) -> Published | None:
    """The location of a root; None for no root.

    Args:
        root: A folder, `s3://bucket[/prefix]`, or the empty text.
        open_s3: Makes the store of S3, if it is needed.
    """
    if not root:
        return None
    if root.startswith("s3://"):
        bucket, prefix = split_location(root)
        return Published(open_s3(), bucket, f"{prefix}{CACHE_FOLDER}/")
    return Published(folder_store(Path(root).absolute()), CACHE_FOLDER, "")


def in_sample(store: ObjectStore) -> Published:
    """The location of the upgrader's table in the sample."""
    bucket, key = _sample_v1.UPGRADES
    return Published(store, bucket, key.removesuffix(CUSTOM))


def copy_upgrades(
    published: Published | None,
    raw: Path,
    *,
    sample: Published | None = None,
    prune: bool = False,
    is_sample: bool = False,
) -> tuple[int | None, list[str]]:
    """Update the lakes of upgrades.

    If a table is missing or unreadable, the rows of an earlier run stay, as its folder may only be
    unmounted.

    Args:
        published: Location of custom and published tables; None if there is none.
        raw: Folder of all lakes.
        sample: Where the custom table of the sample is, if its objects are probed.
        prune: Accept that the custom table is gone.
        is_sample: Whether the records are those of the sample.

    Returns:
        Rows of the custom table, or None if there is none that can be read; and what was kept, a
        sentence each.

    Raises:
        SourceError: If the location may not be read, or cannot be reached.
    """
    if sample is None and not is_sample:
        forget_sample(raw)
    status = TableFolder(raw / "upgrade_status", STATUS_SCHEMA)
    history = TableFolder(raw / "upgrade_history", HISTORY_SCHEMA)
    count, kept = _copy_status(published, sample, status, prune=prune)
    if published is not None:
        kept += _copy_history(published, history, status.read(_STATUS))
    return count, kept


_STATUS = "status"


def _copy_status(
    published: Published | None, sample: Published | None, status: TableFolder, *, prune: bool
) -> tuple[int | None, list[str]]:
    """Copy the custom table; returns its number of rows, and a sentence if an old copy is kept."""
    for store in (published, sample):
        content = None if store is None else store.read(CUSTOM)
        if content is None:
            continue
        try:
            table = _status(content)
        except SourceError as error:
            return None, [f"{error} What an earlier run read of it stays."]
        origin = "sample" if store is sample else "published"
        status.write(_STATUS, table.replace_schema_metadata({"origin": origin}))
        return int(table.num_rows), []
    if (published is not None or sample is not None) and status.find(_STATUS) is not None:
        if not prune:
            return None, [
                f"The custom table {CUSTOM} is not there: what an earlier run read of it stays."
            ]
        status.remove(_STATUS)
    return None, []


def forget_sample(raw: Path) -> None:
    """Remove the upgrades of the sample, which no other source has."""
    status = TableFolder(raw / "upgrade_status", STATUS_SCHEMA)
    if status.note(_STATUS, "origin") == "sample":
        status.remove(_STATUS)


def _status(content: bytes) -> pa.Table:
    """The custom table."""
    table = _read(content, CUSTOM)
    missing = {"v1_id", "upgrader_version", "status"} - set(table.column_names)
    if missing:
        raise SourceError(
            f"The custom table {CUSTOM} has no column {sorted(missing)[0]!r}: the upgrader that "
            "wrote it is of another kind than is known."
        )
    return table


def _copy_history(published: Published, tables: TableFolder, status: pa.Table | None) -> list[str]:
    """Copy upgrade histories of published versions; returns a sentence for each unreadable one.

    What the custom table says itself is no history yet: a night after the publish of it would have
    to build for nothing.
    """
    kept = []
    for version in published.versions():
        content = published.read(f"{version}/{TABLE}")
        if content is not None:
            try:
                table = _history(_read(content, f"{version}/{TABLE}"), version)
            except SourceError as error:
                kept.append(f"{error} What an earlier run read of it stays.")
            else:
                _keep(table, tables, version, status)
    return kept


def _read(content: bytes, name: str) -> pa.Table:
    try:
        return read_parquet(content)
    except SourceError as error:
        raise SourceError(f"The published table {name} is damaged: {error}.") from None


def _history(table: pa.Table, version: str) -> pa.Table:
    """The columns of upgrader versions as rows."""
    columns = [name for name in table.column_names if name not in FIXED]
    if "_id" not in table.column_names or not columns or not table.num_rows:
        return HISTORY_SCHEMA.empty_table()
    try:
        ids = table.column("_id").combine_chunks().cast(pa.string())
        parts = [
            pa.table(
                [
                    ids,
                    pa.array([name] * len(ids), type=pa.string()),
                    table.column(name).combine_chunks().cast(pa.string()),
                    pa.array([version] * len(ids), type=pa.string()),
                ],
                schema=HISTORY_SCHEMA,
            )
            for name in columns
        ]
    except (pa.ArrowException, LookupError) as error:  # lists, or two columns of one name
        raise SourceError(
            f"The published table {version}/{TABLE} is not one of upgrades ({error})."
        ) from None
    whole = pa.concat_tables(parts)
    return whole.filter(whole.column("status").is_valid())


def _keep(table: pa.Table, tables: TableFolder, version: str, status: pa.Table | None) -> None:
    """Merge new rows of the history into the old ones, which they replace."""
    with duckdb.connect() as connection:
        connection.register("published", table)
        old = tables.read(version)
        connection.register("old", HISTORY_SCHEMA.empty_table() if old is None else old)
        connection.register("current", STATUS_SCHEMA.empty_table() if status is None else status)
        merged = connection.execute(_MERGE).to_arrow_table().cast(HISTORY_SCHEMA)
    if merged.num_rows or old is not None:
        tables.write(version, merged)


# Grain: one row per record and upgrader version; what was read last wins.
_MERGE = """
with new as (
    select published.*
    from published
    anti join current
        on
            published._id = cast(current.v1_id as varchar)
            and published.upgrader_version = lower(trim(cast(current.upgrader_version as varchar)))
)

select _id, upgrader_version, status, published_in from new
union all
select old._id, old.upgrader_version, old.status, old.published_in
from old
anti join new on old._id = new._id and old.upgrader_version = new.upgrader_version
order by all
"""
