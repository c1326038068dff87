"""Nights of a lake on S3: a database that is a file, and runs in processes that may be killed."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import duckdb

from biodata_cache._core.errors import CacheError
from biodata_cache._core.settings import values as _settings
from biodata_cache._pipeline import lake as _lake
from biodata_cache._storage import s3 as _s3
from extract.lake.lake import Lake
from extract.lake.policy import Policy
from extract.pipeline import extract
from extract.retries import Retries
from extract.sources import base

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from biodata_cache._storage.base import Storage
    from extract.report import Report

LEASE = 60.0
LEASE_TO_END = 3.0
"""The lock of who is to be killed: long enough for a busy machine, as short as one can wait for."""
assert _s3, "imported before the first fork"


@dataclass
class Database:
    """Documents in a file, and a log of what was fetched."""

    path: Path
    description: str = "file:database"
    size: int | None = None
    retries: Retries = field(default_factory=Retries)
    workers: int = 1

    def hold(self, values: dict[str, str]) -> Database:
        """Hold a document of each `_id` with a value, its `_last_modified`."""
        self.path.write_text(json.dumps(values))
        return self

    @property
    def values(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.path.read_text())
        return found

    @property
    def fetched(self) -> list[str]:
        """What was fetched since the last call."""
        log = self.path.with_suffix(".log")
        found = log.read_text().split() if log.exists() else []
        log.unlink(missing_ok=True)
        return found

    def list_entries(self) -> Iterator[base.Entry]:
        for key, value in self.values.items():
            yield base.Entry(key, key, value)

    def fetch(self, keys: list[Any]) -> Iterator[base.Fetched]:
        values = self.values
        for key in keys:
            if key in values:
                document = {"_id": key, "name": f"n{key}", "_last_modified": values[key]}
                with self.path.with_suffix(".log").open("a") as log:
                    log.write(f"{key}\n")
                yield base.Fetched(key, json.dumps(document).encode())

    def existing(self, texts: list[str]) -> set[str]:
        return self.values.keys() & set(texts)

    def close(self) -> None:
        """Nothing is open."""


def settings(raw: str, work: Path, **others: str) -> _settings.Settings:
    return _settings.load(raw=raw, work=str(work), objects="none", root="", **others)


def night(
    raw: str, work: Path, database: Database, *, lease: float = LEASE, **options: Any
) -> Report:
    """One run of the extract stage, without the object store."""
    chosen = settings(raw, work)
    with _lake.writing(chosen, lease=lease) as held:
        return extract(database, held.folder, save=held.save, **options)


def _listed(folder: Path) -> list[str]:
    return [str(path) for path in Lake(folder, "docdb_v2").files()]


def held_by(folder: Path) -> dict[str, str]:
    """The live records of a lake by `_id`, as staging sees them."""
    with duckdb.connect() as connection:
        rows = connection.execute(
            """
            select _id, _last_modified from read_parquet(?)
            qualify row_number() over (partition by _id order by run desc) = 1
                and not is_deleted
            """,
            [_listed(folder)],
        ).fetchall()
    return dict(rows)


def rows_of(folder: Path) -> int:
    """Rows of all files of a lake."""
    with duckdb.connect() as connection:
        found = connection.execute(
            "select count(*) from read_parquet(?)", [_listed(folder)]
        ).fetchone()
    assert found is not None
    return int(found[0])


def files(folder: Path) -> dict[str, bytes]:
    """Content of each finished file of a lake, by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".") and ".readers" not in path.parts
    }


def pulled(raw: str, work: Path, storage: Storage | None = None) -> Path:
    """The folder of a copy that has just been made what the bucket holds."""
    with _lake.reading(settings(raw, work), storage=storage) as folder:
        return folder


_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["nights"])


def start(raw: str, work: Path, database: Database, rows: int) -> multiprocessing.Process:
    """A run in a process of its own; a file is finished after so many rows."""
    environment = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    process = _context.Process(target=_run, args=(environment, raw, work, database, rows))
    process.start()
    return process


def _run(environment: dict[str, str], raw: str, work: Path, database: Database, rows: int) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(environment)
    try:
        small = Policy(group_rows=rows, many_small=3)
        night(raw, work, database, lease=LEASE_TO_END, policy=small)
    except CacheError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.exit(1)
