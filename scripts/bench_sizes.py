"""Measure sizes far beyond today's: slim records that are extracted, tiny partitions of a table.

Each stage is a process of its own. Records are made up as they are read, and go through the
extract as those of a database do. Partitions are made up beside a build of the sample, and go
through the publish and the reader.

    python scripts/bench_sizes.py [--records N] [--partitions N] [--keep FOLDER]

2 million records take a quarter of an hour and 1 GB, 100,000 partitions as long and 2 GB, most of
it for blocks of files that are smaller.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from biodata_cache._core.layout import CACHE_FOLDER, partition_path
from biodata_cache._core.settings import values as _settings
from biodata_cache._pipeline.project import import_extract
from biodata_cache._publish.snapshots.snapshot import texts_in

import_extract()
from extract.documents.document import bucket_of  # noqa: E402
from extract.lake.lake import SCHEMA, Lake, create_file  # noqa: E402
from extract.pipeline import extract  # noqa: E402
from extract.retries import Retries  # noqa: E402
from extract.sources.base import Entry, Fetched  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RECORDS = 2_000_000
PARTITIONS = 100_000
_PART = 100  # one of so many changes in a night
_TABLE = "quality_control"
_RELATION = f"main_cache.{_TABLE}"
_FOLDER = "qc"
_FILE_ROWS = 100_000
_ROUNDS = 5


class Slim:
    """A database of made-up records that hold little; it keeps nothing of them.

    Args:
        count: Number of records.
        night: Number of nights; one record in a hundred changes in each.
    """

    description = "mongodb://made-up/slim"
    size = None
    retries = Retries()
    workers = 2

    def __init__(self, count: int, night: int) -> None:
        """Makes nothing."""
        self._count = count
        self._night = night

    def list_entries(self) -> Iterator[Entry]:
        """Every record once."""
        for number in range(self._count):
            key = _key(number)
            yield Entry(key, key, self._modified(number))

    def fetch(self, keys: list[Any]) -> Iterator[Fetched]:
        """The records with these keys."""
        for key in keys:
            record = {"_id": key, "_last_modified": self._modified(int(key[-12:])), "name": key}
            yield Fetched(key, json.dumps(record).encode())

    def existing(self, texts: list[str]) -> set[str]:
        """All of these."""
        return set(texts)

    def close(self) -> None:
        """Nothing is open."""

    def _modified(self, number: int) -> str:
        night = self._night if number % _PART == 0 else 0
        return f"2026-01-{night + 1:02}T00:00:{number % 60:02}.{number % 1000:03}Z"


def _key(number: int) -> str:
    """An `_id` as long as real ones."""
    return f"{hashlib.md5(str(number).encode()).hexdigest()[:24]}{number:012}"  # noqa: S324


def fill_lake(folder: Path, count: int) -> dict[str, object]:
    """Write a lake as the first extract of the records leaves it."""
    lake, source = Lake(folder / "raw", "docdb_v2"), Slim(count, 0)
    now = datetime.now(timezone.utc)
    entries, number, files = source.list_entries(), 0, []
    while rows := list(islice(entries, _FILE_ROWS)):
        keys = [entry.text or "" for entry in rows]
        buckets = [bucket_of(key) for key in keys]
        columns: dict[str, list[Any]] = {
            "_id": keys,
            "_last_modified": [entry.last_modified for entry in rows],
            "name": keys,
            "run": [1] * len(rows),
            "extracted_at": [now] * len(rows),
            "source": [source.description] * len(rows),
            "position": list(range(number, number + len(rows))),
            "bucket": buckets,
            "content_hash": [hashlib.sha256(key.encode()).hexdigest() for key in keys],
            "is_deleted": [False] * len(rows),
        }
        nothing = [None] * len(rows)
        arrays = [pa.array(columns.get(field.name, nothing), field.type) for field in SCHEMA]
        file = create_file(lake, lake.file_name(1, len(files)))
        file.write(pa.Table.from_arrays(arrays, schema=SCHEMA))
        files.append(file.finish(1, (min(buckets), max(buckets))))
        number += len(rows)
    lake.commit(add=files)
    return {"files": len(files)}


def run_extract(folder: Path, count: int, night: int) -> dict[str, object]:
    """An extract of made-up records."""
    report = extract(Slim(count, night), folder / "raw")
    return {"new": report.new, "changed": report.changed, "unchanged": report.unchanged}


def run_publish(folder: Path, *, full: bool = False) -> dict[str, object]:
    """A publish of the build in the folder."""
    from biodata_cache._publish.publish import publish  # noqa: PLC0415  # counts for this task

    report = publish(_settings_of(folder), full=full)
    return {"written": report.written, "unchanged": report.unchanged}


def run_read(folder: Path, call: str) -> dict[str, object]:
    """The first call of a function of the package, and the quickest of those after it."""
    os.environ["BIODATA_CACHE_ROOT"] = str(folder / "published")
    import biodata_cache  # noqa: PLC0415  # not what is measured

    wall, cpu = [], []
    for _ in range(_ROUNDS):
        started = time.perf_counter(), time.process_time()
        eval(call, {"cache": biodata_cache})  # noqa: S307  # written below
        wall.append(round((time.perf_counter() - started[0]) * 1e3))
        cpu.append(round((time.process_time() - started[1]) * 1e3))
    return {
        "first call": f"{wall[0]} ms wall, {cpu[0]} ms CPU",
        "again": f"{min(wall[1:])} ms wall, {min(cpu[1:])} ms CPU",
    }


class Partitions:
    """A build of the sample whose largest table gets many more partitions, of one row each.

    Args:
        folder: Holds the work folder and the root.
    """

    def __init__(self, folder: Path) -> None:
        """Finds the build."""
        work = folder / "work"
        self._database = work / "build.duckdb"
        area = work / "cache" / CACHE_FOLDER
        self._object = area / "objects" / f"{_TABLE}.pqt"
        self._area = area / f"bdc-v{_settings.installed_version()}"

    def add(self, count: int) -> None:
        """Add partitions; all are copies of one row."""
        with duckdb.connect(str(self._database)) as duck:
            duck.execute(
                f"insert into {_RELATION} "
                "select one.* replace ('bench-' || lpad(i::varchar, 6, '0') as subject_id) "
                f"from (from {_RELATION} limit 1) as one, range({count}) as rows(i)"
            )
            self._write(duck, "true")

    def change(self) -> None:
        """Give one partition in a hundred another value."""
        chosen = f"subject_id like 'bench-%' and substr(subject_id, 7)::int % {_PART} = 0"
        with duckdb.connect(str(self._database)) as duck:
            duck.execute(f"update {_RELATION} set value = 'changed' where {chosen}")
            self._write(duck, chosen)

    def _write(self, duck: duckdb.DuckDBPyConnection, chosen: str) -> None:
        """Write the sorted object, and the chosen ones of the partitions, as a build does."""
        texts = texts_in(duck, self._object)
        duck.execute(
            f"copy (from {_RELATION} order by subject_id) to '{self._object}' "
            f"(format parquet, compression zstd, row_group_size 10240{texts})"
        )
        made = f"from {_RELATION} where subject_id like 'bench-%' and ({chosen})"
        values = duck.execute(f"select subject_id {made} order by 1").fetchall()
        file = BytesIO()
        one = duck.execute(f"select * {made} order by subject_id limit 1").to_arrow_table()
        pq.write_table(one, file, compression="none", store_schema=False)
        for (value,) in values:  # as long as the first: the file differs in nothing else
            path = self._area / partition_path(_FOLDER, "subject_id", value)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.getvalue().replace(values[0][0].encode(), value.encode()))


def _settings_of(folder: Path) -> Any:  # noqa: ANN401  # what publish takes
    return _settings.load(root=str(folder / "published"), work=str(folder / "work"))


TASKS: dict[str, Callable[..., dict[str, object]]] = {
    "fill": lambda folder, count: fill_lake(Path(folder), int(count)),
    "extract": lambda folder, count, night: run_extract(Path(folder), int(count), int(night)),
    "publish": lambda folder: run_publish(Path(folder)),
    "audit": lambda folder: run_publish(Path(folder), full=True),
    "read": lambda folder, call: run_read(Path(folder), call),
}


def task(name: str, *arguments: str) -> None:
    """Run a task in this process, and print what it did and cost."""
    started = time.perf_counter()
    found = TASKS[name](*arguments)
    cpu = os.times()
    cost = {
        "wall": time.perf_counter() - started,
        "cpu": cpu.user + cpu.system,
        # What the kernel says about this process alone: the usage of a child counts its parent's.
        "peak": int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]),
    }
    print(json.dumps([cost, found]))


def measure(what: str, name: str, *arguments: object) -> None:
    """Run a task in a process of its own, and print a line."""
    command = [sys.executable, __file__, "--task", name, *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    cost, found = json.loads(done.stdout.splitlines()[-1])
    print(
        f"{what:<44}{cost['wall']:8.1f} s wall {cost['cpu']:8.1f} s CPU "
        f"{cost['peak'] / 1e3:6,.0f} MB  {', '.join(f'{k}: {v}' for k, v in found.items())}",
        flush=True,
    )


def measure_records(folder: Path, count: int) -> None:
    """Records listed and compared, and those that changed fetched."""
    print(f"{count:,} records")
    measure("a lake is made up", "fill", folder, count)
    measure("extract, 1 % changed", "extract", folder, count, 1)
    measure("extract, nothing changed", "extract", folder, count, 1)


def measure_partitions(folder: Path, count: int) -> None:
    """Partitions published and read."""
    environment = os.environ | {"BIODATA_CACHE_WORK": str(folder / "work")}
    is_built = (folder / "work/build.duckdb").exists()
    for command in () if is_built else (["extract", "--source", "sample:60"], ["build"]):
        tool = [sys.executable, "-m", "biodata_cache", *command]
        subprocess.run(tool, env=environment, stdout=sys.stderr, check=True)
    partitions = Partitions(folder)
    partitions.add(count)
    print(f"{count:,} partitions")
    measure("publish, all", "publish", folder)
    partitions.change()
    measure("publish, 1 % changed", "publish", folder)
    measure("publish, nothing changed", "publish", folder)
    measure("publish, everything read again", "audit", folder)
    version = f"bdc-v{_settings.installed_version()}"
    for name in ("cache_registry.json", "index.html", "datapackage.json"):
        file = folder / "published" / CACHE_FOLDER / version / name
        print(f"{name:<44}{file.stat().st_size / 1e6:8.2f} MB")
    some = f"bench-{count // 2:06}"
    for call in (
        "cache.connect().close()",
        f"cache.sql(\"select count(*) from {_TABLE} where subject_id = '{some}'\")",
        "cache.sql('select count(*) from asset_basics')",
        f"cache.sql('select count(*) from {_TABLE}')",
        f"cache.qc('{some}')",
    ):
        measure(call, "read", folder, call)


def main() -> None:
    """Measure, or do one task for the process that measures."""
    if sys.argv[1:2] == ["--task"]:
        task(*sys.argv[2:])
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=RECORDS, help="0 leaves them out")
    parser.add_argument("--partitions", type=int, default=PARTITIONS, help="0 leaves them out")
    parser.add_argument("--keep", type=Path, default=None)
    options = parser.parse_args()
    folder = options.keep or Path(tempfile.mkdtemp(prefix="biodata-cache-sizes-"))
    try:
        if options.records:
            measure_records(folder / "records", options.records)
        if options.partitions:
            measure_partitions(folder / "partitions", options.partitions)
    finally:
        if options.keep is None:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
