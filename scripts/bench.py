"""Measure extract, build and publish on a large sample, against a plain scan in the same run.

Each stage runs as a process of its own, as an operator runs it. The floor is one DuckDB query that
reads the same lake and parses each section of each record once: what any builder must do. Ratios
hold on other machines; absolute times do not.

Run it with `make bench`; `--records N` for another size, `--keep FOLDER` to look at what was made.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from biodata_cache._pipeline.project import import_extract

import_extract()
from extract.documents.document import SECTIONS  # noqa: E402
from extract.sample import generator as sample  # noqa: E402

RECORDS = 20_000


@dataclass(frozen=True)
class Measure:
    """Cost of one process.

    Attributes:
        wall: Seconds on the clock.
        cpu: Seconds of all its processors, children included.
        memory: Largest resident memory of one process, in bytes.
    """

    wall: float
    cpu: float
    memory: int


def measured(arguments: list[str], environment: dict[str, str]) -> Measure:
    """Run a process to its end and say what it cost."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    process = subprocess.Popen(arguments, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(arguments)} ended with exit code {process.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measure(wall, cpu, usage.ru_maxrss * 1024)


def write_records(path: Path, count: int) -> int:
    """The sample as a file of JSON lines; its size in bytes."""
    with path.open("wb") as file:
        for document in sample.documents(count):
            file.write(document)
            file.write(b"\n")
    return path.stat().st_size


def parse_every_section(lake: Path) -> float:
    """Seconds that DuckDB takes to read the lake and parse each section of each record once."""
    columns = ", ".join(f"count(json_type({name}))" for name in SECTIONS)
    started = time.perf_counter()
    duckdb.execute(f"select {columns} from read_parquet(?)", [str(lake / "*.parquet")]).fetchall()
    return time.perf_counter() - started


def main() -> None:
    """Run the benchmark and print one line for each stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=RECORDS)
    parser.add_argument("--keep", type=Path, default=None)
    options = parser.parse_args()
    folder = options.keep or Path(tempfile.mkdtemp(prefix="biodata-cache-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        run(folder, options.records)
    finally:
        if options.keep is None:
            shutil.rmtree(folder)


def run(folder: Path, records: int) -> None:
    """Measure every stage in one folder."""
    environment = os.environ | {
        "BIODATA_CACHE_WORK": str(folder / "work"),
        "BIODATA_CACHE_RAW": str(folder / "work/raw"),
        "BIODATA_CACHE_ROOT": str(folder / "published"),
    }
    size = write_records(folder / "records.jsonl", records)
    tool = [sys.executable, "-m", "biodata_cache"]
    extract = [*tool, "extract", "--source", str(folder / "records.jsonl")]
    stages = {
        "extract": measured(extract, environment),
        "extract again": measured(extract, environment),
    }
    floor = min(parse_every_section(folder / "work/raw/docdb_v2") for _ in range(3))
    stages["build"] = measured([*tool, "build"], environment)
    stages["publish"] = measured([*tool, "publish"], environment)
    stages["publish again"] = measured([*tool, "publish"], environment)

    print(f"\n{records:,} records, {size / 1e9:.2f} GB of JSON, {os.cpu_count()} processors")
    print(f"floor: reading the lake and parsing each section once takes {floor:.1f} s\n")
    print(f"{'stage':<15}{'wall s':>8}{'cpu s':>8}{'MB/s':>8}{'wall/floor':>12}{'peak MB':>9}")
    for name, cost in stages.items():
        speed = f"{size / cost.wall / 1e6:.0f}" if name.startswith("extract") else ""
        print(
            f"{name:<15}{cost.wall:>8.1f}{cost.cpu:>8.1f}{speed:>8}"
            f"{cost.wall / floor:>12.1f}{cost.memory / 1e6:>9.0f}"
        )


if __name__ == "__main__":
    main()
