"""Measure a build, the nights after it and reading, against floors of the same run, on the sample.

Each stage runs as a process of its own, as an operator runs it. The floor of a build is
`bench_floor.sql`: plain DuckDB SQL that writes the same heavy outputs from the same lake. The floor
of a read is pyarrow in a process of its own. Ratios hold on other machines; absolute times do not.

Run it with `make bench`; `--records N` for another size, `--scale N` (60,000, say) to build a
larger sample too, `--keep FOLDER` to look at what was made. 20,000 records take some minutes and
5 GB.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

from biodata_cache._pipeline.project import import_extract

import_extract()
from extract.sample import generator as sample  # noqa: E402

RECORDS = 20_000
SMALL = 400
TOOL = (sys.executable, "-m", "biodata_cache")
FLOOR = Path(__file__).with_name("bench_floor.sql")
_CHANGED = 100  # one record of so many changes
_ROUNDS = 5


@dataclass(frozen=True)
class Measure:
    """Cost of one or more processes, one after another.

    Attributes:
        wall: Seconds on the clock.
        cpu: Seconds of all their processors, children included.
        memory: Largest resident memory of one process, children included, in bytes.
    """

    wall: float
    cpu: float
    memory: int

    def __add__(self, other: Measure) -> Measure:
        """Cost of both."""
        return Measure(self.wall + other.wall, self.cpu + other.cpu, max(self.memory, other.memory))

    def __str__(self) -> str:
        """For people."""
        return f"{self.wall:.1f} s wall, {self.cpu:.1f} s CPU, {self.memory / 1e6:,.0f} MB"


class Lake:
    """A sample in a folder of its own: its records, work folder and root.

    Attributes:
        folder: The folder.
        bytes: Size of the records as JSON lines.
        extracted: Cost of the first extract.
    """

    def __init__(self, folder: Path, count: int) -> None:
        """Write the records, and extract them."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        with self._records.open("wb") as file:
            file.writelines(document + b"\n" for document in sample.documents(count))
        self.bytes = self._records.stat().st_size
        self.extracted = self.run("extract")

    @property
    def _records(self) -> Path:
        return self.folder / "records.jsonl"

    def run(self, *commands: str) -> Measure:
        """Run commands of ours one after another."""
        environment = os.environ | {
            "BIODATA_CACHE_SOURCE": str(self._records),
            "BIODATA_CACHE_WORK": str(self.folder / "work"),
            "BIODATA_CACHE_RAW": str(self.folder / "work/raw"),
            "BIODATA_CACHE_ROOT": str(self.folder / "published"),
        }
        costs = [measured([*TOOL, command], environment) for command in commands]
        return sum(costs[1:], costs[0])

    def run_floor(self) -> Measure:
        """Make the heavy outputs by hand."""
        folder = self.folder / "floor"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        lake = str(self.folder / "work/raw/docdb_v2/*.parquet")
        code = (
            "import duckdb, os, sys; os.chdir(sys.argv[1]); c = duckdb.connect('floor.duckdb'); "
            "c.execute('set variable lake = ?', [sys.argv[2]]); c.execute(open(sys.argv[3]).read())"
        )
        return measured([sys.executable, "-c", code, str(folder), lake, str(FLOOR)], os.environ)

    def change_some(self) -> None:
        """Give every hundredth record another judgement, and a time at which it changed."""
        changed = self.folder / "changed.jsonl"
        with self._records.open("rb") as source, changed.open("wb") as target:
            for number, line in enumerate(source):
                target.write(line if number % _CHANGED else _changed(line))
        changed.replace(self._records)

    def read(self, call: str) -> float:
        """Seconds that a new process takes, from its start to its end."""
        environment = os.environ | {"BIODATA_CACHE_ROOT": str(self.folder / "published")}
        code = f"import biodata_cache as cache; cache.{call}"
        return min(measured([sys.executable, "-c", code], environment).wall for _ in range(_ROUNDS))

    def read_by_pyarrow(self, pattern: str) -> float:
        """Seconds that pyarrow takes for a published file, in a new process."""
        (path,) = (self.folder / "published/data-asset-cache").glob(pattern)
        code = f"import pyarrow.parquet as p; p.ParquetFile({str(path)!r}).read().to_pandas()"
        return min(measured([sys.executable, "-c", code], os.environ).wall for _ in range(_ROUNDS))

    def largest_subject(self) -> str:
        """The subject with the most metrics."""
        row = duckdb.execute(
            "select subject_id from read_parquet(?) group by all order by count(*) desc, 1 limit 1",
            [str(self.folder / "work/cache/data-asset-cache/objects/quality_control.pqt")],
        ).fetchone()
        return str(row[0]) if row else ""


def measured(arguments: list[str], environment: os._Environ[str] | dict[str, str]) -> Measure:
    """Run a process to its end and say what it cost; what it says goes to stderr."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    process = subprocess.Popen(arguments, env=environment, stdout=sys.stderr)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(arguments)} ended with exit code {process.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measure(wall, cpu, usage.ru_maxrss * 1024)


def _changed(line: bytes) -> bytes:
    record = json.loads(line)
    record["_last_modified"] = "2027-01-01T00:00:00Z"
    with suppress(KeyError, TypeError, IndexError):
        record["quality_control"]["metrics"][0]["status_history"][-1]["status"] = "Fail"
    return json.dumps(record).encode() + b"\n"


def main() -> None:
    """Run the benchmark and print one line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=RECORDS)
    parser.add_argument("--scale", type=int, default=None)
    parser.add_argument("--keep", type=Path, default=None)
    options = parser.parse_args()
    folder = options.keep or Path(tempfile.mkdtemp(prefix="biodata-cache-bench-"))
    try:
        run(folder, options.records, options.scale)
    finally:
        if options.keep is None:
            shutil.rmtree(folder)


def run(folder: Path, records: int, scale: int | None) -> None:
    """Measure every figure in one folder."""
    lake = Lake(folder / "first", records)
    say(f"{records:,} records, {lake.bytes / 1e9:.2f} GB of JSON, {os.cpu_count()} processors")
    say("extract", lake.extracted)
    floor, built = lake.run_floor(), lake.run("build")
    say("floor of a build", floor)
    say("build", built)
    say("build / floor, CPU", built.cpu / floor.cpu, 2.5)
    say("publish", lake.run("publish"))
    _say_reading(lake)
    say("night without changes: extract, build, publish", lake.run("extract", "build", "publish"))
    say("publish alone, nothing new", lake.run("publish"))
    lake.change_some()
    say("night with 1 % changed", lake.run("extract", "build", "publish"))
    say(f"build of {SMALL} records", Lake(folder / "small", SMALL).run("build"))
    if scale is not None:
        large = Lake(folder / "large", scale).run("build")
        say(f"build of {scale:,} records", large)
        say(f"{scale:,} / {records:,}, CPU", large.cpu / built.cpu, scale / records)
        say(f"{scale:,} / {records:,}, memory", large.memory / built.memory, 1.1)


def _say_reading(lake: Lake) -> None:
    ours, theirs = lake.read("asset_basics()"), lake.read_by_pyarrow("bdc-v*/asset_basics.pqt")
    say("asset_basics() in a new process / pyarrow", ours / theirs, 1.15)
    subject = lake.largest_subject()
    ours = lake.read(f"qc({subject!r})")
    theirs = lake.read_by_pyarrow(f"bdc-v*/qc/subject_id={subject}/data.pqt")
    say("qc(subject) in a new process / pyarrow", ours / theirs, 1.5)


def say(figure: str, cost: Measure | float | None = None, aim: float | None = None) -> None:
    """Print a figure, with what it should be at most."""
    value = "" if cost is None else f"{cost:.2f}" if isinstance(cost, float) else str(cost)
    wanted = "" if aim is None else f"  (aim: at most {aim:g})"
    print(f"{figure:<48}{value}{wanted}".rstrip(), flush=True)


if __name__ == "__main__":
    main()
