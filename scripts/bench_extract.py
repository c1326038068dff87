"""Measure extraction from a real server: against a bare scan, a quiet night, one with 1% changed.

    python scripts/bench_extract.py [records]

Starts the MongoDB-compatible server of the tests (or takes the one in TEST_MONGODB_URI), fills it
with made-up records of realistic size, and prints a table and one line of JSON. Each figure is the
best of several runs, each in a process of its own. Where the S3 server of the tests is installed,
the same with a lake on S3, for a machine that keeps its copy and for a new one each night.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pymongo

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), *(str(ROOT / "tests" / name) for name in ("sources", "s3"))]

import server as s3_server  # noqa: E402
from mongodb_server import OWN_SERVER, Server  # noqa: E402

from biodata_cache._core.settings import values as _settings  # noqa: E402
from biodata_cache._core.settings.values import ExtractOptions  # noqa: E402
from biodata_cache._pipeline import lake as _lake  # noqa: E402
from extract.pipeline import extract  # noqa: E402
from extract.sample import generator as sample  # noqa: E402
from extract.sources.base import SourceOptions  # noqa: E402
from extract.sources.open import open_source  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extract.report import Report

REPEATS = 3
LARGEST = 2**63
REPLIES = (20, 100)


def fill(uri: str, database: str, records: int) -> int:
    """Insert records; the bytes of their JSON text."""
    size, batch = 0, []
    with pymongo.MongoClient(uri, retryWrites=False) as client:
        collection = client[database]["data_assets"]
        for document in sample.documents(records):
            size += len(document)
            batch.append(json.loads(document, parse_int=integer))
            if len(batch) == 20:  # noqa: PLR2004
                collection.insert_many(batch)
                batch = []
        if batch:
            collection.insert_many(batch)
    return size


def integer(text: str) -> int | float:
    """An integer that BSON can hold, or else a double."""
    value = int(text)
    return value if -LARGEST <= value < LARGEST else float(value)


def measure(task: str, *arguments: str) -> dict[str, float]:
    """Run a task of this script in a process of its own."""
    command = [sys.executable, __file__, "--task", task, *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def scan(uri: str, database: str, reply: str) -> dict[str, float]:
    """Read everything as anybody would."""
    with pymongo.MongoClient(uri) as client:
        client.admin.command("ping")
        began = time.perf_counter()
        count = sum(1 for _ in client[database]["data_assets"].find(batch_size=int(reply)))
    return {"seconds": time.perf_counter() - began, "documents": count}


def listing(uri: str, database: str) -> dict[str, float]:
    """Only list."""
    began = time.perf_counter()
    source = open_source(uri, SourceOptions(database=database))
    count = sum(1 for _ in source.list_entries())  # type: ignore[union-attr]
    return {"seconds": time.perf_counter() - began, "documents": count}


def run(uri: str, database: str, raw: str, workers: str) -> dict[str, float]:
    """One extract run."""
    options = SourceOptions(database=database, workers=int(workers))
    report: Report = extract(open_source(uri, options), Path(raw), options=ExtractOptions())
    return {
        "seconds": report.seconds,
        "documents": report.new + report.changed,
        "bytes": report.bytes,
    }


def run_s3(uri: str, database: str, raw: str, work: str, workers: str) -> dict[str, float]:
    """One extract run into a lake on S3, with all that is done for it before and after."""
    options = SourceOptions(database=database, workers=int(workers))
    settings = _settings.load(raw=raw, work=work)
    began = time.perf_counter()
    with _lake.writing(settings) as lake:
        report: Report = extract(open_source(uri, options), lake.folder, save=lake.save)
    return {
        "seconds": time.perf_counter() - began,
        "documents": report.new + report.changed,
        "bytes": report.bytes,
    }


@contextmanager
def bucket() -> Iterator[str | None]:
    """A bucket on a server of its own, set in the environment; None where there is no server."""
    if s3_server.reason_for_none() is not None:
        yield None
        return
    server = s3_server.start()
    try:
        server.new_bucket("bench")
        os.environ |= server.environment
        yield "s3://bench"
    finally:
        server.stop()


def change(uri: str, database: str, part: float) -> None:
    """Change some records, as a night does."""
    with pymongo.MongoClient(uri, retryWrites=False) as client:
        collection = client[database]["data_assets"]
        keys = [document["_id"] for document in collection.find({}, {"_id": 1})]
        chosen = keys[:: int(1 / part)]
        last_modified = f"2027-01-01T00:00:00.{uuid.uuid4().int % 1000:03}Z-{uuid.uuid4().hex[:4]}"
        for key in chosen:
            collection.update_one({"_id": key}, {"$set": {"_last_modified": last_modified}})


def best(results: list[dict[str, float]]) -> dict[str, float]:
    """The quickest of several runs."""
    return min(results, key=lambda result: result["seconds"])


def bench(uri: str, records: int, folder: str) -> None:
    """Measure everything and print it."""
    database = f"bench_{uuid.uuid4().hex[:8]}"
    size = fill(uri, database, records)
    figures: dict[str, dict[str, float]] = {}
    scans, extracts = [], []
    workers = os.environ.get("BENCH_WORKERS", "4")
    for repeat in range(REPEATS):  # in turns, as machines have moods
        scans += [measure("scan", uri, database, str(reply)) for reply in REPLIES]
        extracts.append(measure("run", uri, database, f"{folder}/{repeat}", workers))
    figures["bare scan"], figures["full extract"] = best(scans), best(extracts)
    raw = f"{folder}/0"
    figures["listing alone"] = best([measure("listing", uri, database) for _ in range(REPEATS)])
    quiet = [measure("run", uri, database, raw, workers) for _ in range(REPEATS)]
    figures["night, nothing changed"] = best(quiet)
    nights = []
    for _ in range(REPEATS):
        change(uri, database, 0.01)
        nights.append(measure("run", uri, database, raw, workers))
    figures["night, 1% changed"] = best(nights)
    with bucket() as address:
        if address is not None:
            figures |= bench_s3(uri, database, address, folder, workers)
    print(f"{records:,} records, {size / 1e6:,.0f} MB of JSON")
    for name, result in figures.items():
        seconds, count = result["seconds"], result["documents"]
        rate = f"{size / 1e6 / seconds:7,.1f} MB/s" if count == records else " " * 12
        print(
            f"{name:30} {seconds:8.2f} s {count:8,.0f} documents {rate} "
            f"{result['peak'] / 2**20:7,.0f} MB peak {result['cpu']:7.2f} s of CPU"
        )
    full, night = figures["full extract"]["seconds"], figures["night, 1% changed"]["seconds"]
    beyond = max(0.0, night - figures["listing alone"]["seconds"])
    print(f"extract / bare scan: {full / figures['bare scan']['seconds']:.2f}")
    print(f"night with 1% changed / full extract: {night / full:.1%}, with its listing")
    print(f"night with 1% changed beyond the listing / full extract: {beyond / full:.1%}")
    print(json.dumps(figures))
    with pymongo.MongoClient(uri) as client:
        client.drop_database(database)


def bench_s3(
    uri: str, database: str, address: str, folder: str, workers: str
) -> dict[str, dict[str, float]]:
    """The same runs with a lake on S3."""
    full, kept, new = [], [], []
    for repeat in range(REPEATS):
        raw = f"{address}/{repeat}"
        full.append(measure("run_s3", uri, database, raw, f"{folder}/kept{repeat}", workers))
    for repeat in range(REPEATS):
        change(uri, database, 0.01)
        raw, work = f"{address}/0", f"{folder}/new{repeat}"
        kept.append(measure("run_s3", uri, database, raw, f"{folder}/kept0", workers))
        change(uri, database, 0.01)
        new.append(measure("run_s3", uri, database, raw, work, workers))
    return {
        "full extract, lake on S3": best(full),
        "night, 1% changed, kept copy": best(kept),
        "night, 1% changed, new machine": best(new),
    }


def main() -> None:
    """Measure, or do one task for the process that measures."""
    tasks = {"scan": scan, "listing": listing, "run": run, "run_s3": run_s3}
    if sys.argv[1:2] == ["--task"]:
        result = tasks[sys.argv[2]](*sys.argv[3:])
        usage = resource.getrusage(resource.RUSAGE_SELF)
        result |= {"peak": usage.ru_maxrss * 1024, "cpu": usage.ru_utime + usage.ru_stime}
        print(json.dumps(result))
        return
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("records", type=int, nargs="?", default=3_000)
    records: int = parser.parse_args().records
    with tempfile.TemporaryDirectory() as folder:
        if OWN_SERVER:
            bench(OWN_SERVER, records, folder)
            return
        server = Server(heap=f"{6 + records // 2_000}g")  # it keeps everything in memory
        try:
            bench(server.uri, records, folder)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
