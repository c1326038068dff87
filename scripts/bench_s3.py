"""Measure publishing to and reading from the S3 server of the tests; figures go to stdout.

Run `scripts/install_s3_server.sh` first. Reads are compared with `pyarrow.parquet.read_table` on
the same object in the same run; requests and bytes are counted by a proxy in runs of their own.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/s3"))

import duckdb
import pyarrow.fs
import pyarrow.parquet
import server as s3_server
from built import Build
from faults import proxy_before

import biodata_cache
from biodata_cache._publish import publish

if TYPE_CHECKING:
    from collections.abc import Callable

    from faults import Proxy
    from server import Server

PARTITIONS = 5_000
ROWS = 30_000
ROUNDS = 15


def main() -> None:
    """Measure all."""
    server = s3_server.start()
    try:
        server.new_bucket("bench")
        os.environ |= {
            "AWS_ENDPOINT_URL": server.endpoint,
            "AWS_REGION": s3_server.REGION,
            "AWS_ACCESS_KEY_ID": s3_server.ROOT_KEY,
            "AWS_SECRET_ACCESS_KEY": s3_server.ROOT_SECRET,
            "BIODATA_CACHE_ROOT": "s3://bench",
            "BIODATA_CACHE_LOCAL_CACHE": "off",
        }
        with tempfile.TemporaryDirectory() as folder, proxy_before(server.endpoint) as proxy:
            build = Build(Path(folder) / "work", "s3://bench")
            _publishing(build, server, proxy)
            _reading(build, server, proxy)
    finally:
        server.stop()


def _publishing(build: Build, server: Server, proxy: Proxy) -> None:
    subjects = {f"{number:06}": "first" for number in range(PARTITIONS)}
    every_hundredth = dict.fromkeys(list(subjects)[::100], "third")
    steps = {
        "all are new": subjects,
        "nothing changed": subjects,
        "all changed": dict.fromkeys(subjects, "second"),
        "1 % changed": dict.fromkeys(subjects, "second") | every_hundredth,
    }
    for day, (name, state) in enumerate(steps.items(), start=1):
        build.make(state, built_at=f"2026-01-0{day}T00:00:00Z")
        started = time.perf_counter()
        publish(build.settings, dry_run=True)
        audit = time.perf_counter() - started
        started = time.perf_counter()
        report = publish(build.settings)
        seconds = time.perf_counter() - started
        _say(
            f"publish, {name}: {report.written} written in {seconds:.1f} s "
            f"(a dry run takes {audit:.1f} s)"
        )
    os.environ["AWS_ENDPOINT_URL"] = proxy.endpoint
    for name, value in (("nothing changed", "third"), ("1 % changed", "fourth")):
        changed = dict.fromkeys(every_hundredth, value)
        build.make(
            dict.fromkeys(subjects, "second") | changed, built_at=f"2026-01-0{len(value)}T01:00:00Z"
        )
        proxy.reset()
        publish(build.settings)
        methods = Counter(request.method for request in proxy.requests)
        _say(f"publish, {name}: {len(proxy.requests)} requests {dict(methods)}")
    os.environ["AWS_ENDPOINT_URL"] = server.endpoint


def _reading(build: Build, server: Server, proxy: Proxy) -> None:
    prefix = f"data-asset-cache/{build.area.name}"
    with duckdb.connect() as duck:
        texts = ", ".join(f"md5((i * {n})::varchar) as text_{n}" for n in range(1, 16))
        duck.execute(
            f"copy (select i::varchar as name, {texts}, ['fib', 'SPIM'] as modalities, i as age "
            f"from range({ROWS}) t(i)) to '{build.work}/basics.pqt' "
            "(format parquet, compression zstd)"
        )
    server.client().upload_file(f"{build.work}/basics.pqt", "bench", f"{prefix}/asset_basics.pqt")
    registry = server.client().get_object(Bucket="bench", Key=f"{prefix}/cache_registry.json")
    text = registry["Body"].read().decode().replace('"name": "assets"', '"name": "asset_basics"')
    text = text.replace(f"{prefix}/assets.pqt", f"{prefix}/asset_basics.pqt").replace(
        '"build_id"', '"no_build_id"'
    )
    server.client().put_object(
        Bucket="bench", Key=f"{prefix}/cache_registry.json", Body=text.encode()
    )
    size = Path(build.work, "basics.pqt").stat().st_size
    files = pyarrow.fs.S3FileSystem(
        access_key=s3_server.ROOT_KEY,
        secret_key=s3_server.ROOT_SECRET,
        endpoint_override=server.endpoint.removeprefix("http://"),
        scheme="http",
        region=s3_server.REGION,
    )

    def arrow(path: str) -> Callable[[], object]:
        return lambda: pyarrow.parquet.read_table(
            f"bench/{prefix}/{path}", filesystem=files, partitioning=None
        )

    pairs = {
        f"asset_basics, {ROWS} rows, {size / 1e6:.1f} MB": (
            biodata_cache.asset_basics,
            arrow("asset_basics.pqt"),
        ),
        "asset_basics, two columns": (
            lambda: biodata_cache.asset_basics(columns=["name", "text_1"]),
            lambda: pyarrow.parquet.read_table(
                f"bench/{prefix}/asset_basics.pqt", filesystem=files, columns=["name", "text_1"]
            ),
        ),
        "quality control of one subject": (
            lambda: biodata_cache.quality_control("000100"),
            arrow("qc/subject_id=000100/data.pqt"),
        ),
    }
    for name, (ours, theirs) in pairs.items():
        ours()
        theirs()
        both = [(_seconds(ours), _seconds(theirs)) for _ in range(ROUNDS)]
        mine, other = (statistics.median(column) for column in zip(*both, strict=True))
        _say(
            f"read {name}: {mine * 1e3:.1f} ms, pyarrow {other * 1e3:.1f} ms, "
            f"ratio {mine / other:.2f}"
        )
    os.environ["AWS_ENDPOINT_URL"] = proxy.endpoint
    for name, (ours, _) in pairs.items():
        ours()
        proxy.reset()
        ours()
        _say(f"read {name}: {len(proxy.requests)} requests, {proxy.bytes_sent:,} bytes")


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
