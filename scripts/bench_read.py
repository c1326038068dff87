"""Measure the reader against pyarrow on the same files in the same run; figures go to stdout.

Run `scripts/install_s3_server.sh` first. Each figure is the median of rounds in which ours and
theirs take turns. Requests and bytes are counted by a proxy, in runs of their own.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/s3"))

import pyarrow.fs
import pyarrow.parquet as pq
import server as s3_server
from built import Build
from faults import proxy_before

import biodata_cache
from biodata_cache._publish.publish import publish

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from faults import Proxy
    from server import Server

ROWS = 30_000
PARTITIONS = 5_000
ROUNDS = 15

# As the published table has it: half of the columns repeat, five are lists.
ASSETS = f"""
select
    '00000000-0000-4000-8000-' || lpad(i::varchar, 12, '0') as _id,
    '2024-01-31T08:50:58.' || lpad((i % 1000000)::varchar, 6, '0') as _last_modified,
    'behavior_' || (600000 + i // 10) || '_2024-01-' || lpad((i % 28)::varchar, 2, '0') as name,
    case when i % 3 = 0 then ['fib', 'behavior'] else ['SPIM'] end as modalities,
    'project ' || (i % 40) as project_name,
    case when i % 2 = 0 then 'raw' else 'derived' end as data_level,
    (600000 + i // 10)::varchar as subject_id,
    'genotype ' || (i % 100) as genotype,
    '2024-01-31T08:50:' || lpad((i % 60)::varchar, 2, '0') || '-08:00' as acquisition_start_time,
    '2024-01-31T09:50:' || lpad((i % 60)::varchar, 2, '0') || '-08:00' as acquisition_end_time,
    'type ' || (i % 5) as acquisition_type,
    'instrument_' || (i % 50) as instrument_id,
    case when i % 2 = 1 then [md5(i::varchar)] end as code_ocean,
    '2024-02-' || lpad((i % 28 + 1)::varchar, 2, '0') as process_date,
    case when i % 7 > 0 then (i % 400)::integer end as age,
    's3://bucket/' || md5(i::varchar) as location,
    ['Jane Doe ' || (i % 20), 'John'] as experimenters,
    ['Investigator ' || (i % 10)] as investigators,
    ['Jane Doe ' || (i % 20), 'John'] as experimenters_normalized,
    ['Investigator ' || (i % 10)] as investigators_normalized,
    'instrument' || (i % 50) as instrument_id_normalized,
    '2024-01-31T08:50:58Z' as created
from range({ROWS}) as rows(i)
order by name, _id
"""


def main() -> None:
    """Measure all."""
    _importing()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "root"
        os.environ |= {
            "BIODATA_CACHE_ROOT": str(root),
            "BIODATA_CACHE_LOCAL_CACHE": str(Path(folder) / "copies"),
        }
        publish(_build(Path(folder) / "local", str(root)).settings)
        files = next(root.glob("data-asset-cache/bdc-*"))
        _compare("local", lambda path: pq.read_table(files / path, partitioning=None))
        _others("local")
        _peaks()
        server = s3_server.start()
        try:
            with proxy_before(server.endpoint) as proxy:
                _from_s3(Path(folder), server, proxy)
        finally:
            server.stop()


def _importing() -> None:
    code = (
        "import time; t = time.perf_counter(); import biodata_cache; print(time.perf_counter() - t)"
    )
    seconds = [
        float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
        for _ in range(ROUNDS)
    ]
    _say(f"import: {statistics.median(seconds) * 1e3:.1f} ms")


def _build(work: Path, root: str) -> Build:
    """Assets of many rows, and quality control of many subjects."""
    build = Build(work, root)
    subjects = {f"{number:06}": "0.5" for number in range(PARTITIONS)}
    return build.make(subjects, tables={"asset_basics": ASSETS})


def _from_s3(folder: Path, server: Server, proxy: Proxy) -> None:
    server.new_bucket("bench")
    os.environ |= server.environment | {"BIODATA_CACHE_ROOT": "s3://bench"}
    build = _build(folder / "s3", "s3://bench")
    publish(build.settings)
    files = pyarrow.fs.S3FileSystem(
        access_key=s3_server.ROOT_KEY,
        secret_key=s3_server.ROOT_SECRET,
        endpoint_override=server.endpoint.removeprefix("http://"),
        scheme="http",
        region=s3_server.REGION,
    )
    folder = f"bench/data-asset-cache/{build.area.name}"

    def theirs(path: str) -> Any:  # noqa: ANN401  # a table of pyarrow, which has no types
        return pq.read_table(f"{folder}/{path}", filesystem=files, partitioning=None)

    copies = Path(os.environ["BIODATA_CACHE_LOCAL_CACHE"])
    _compare("S3, without a copy", theirs, before=lambda: shutil.rmtree(copies, ignore_errors=True))
    _compare("S3, with a copy", theirs)
    os.environ["BIODATA_CACHE_LOCAL_CACHE"] = "off"
    _compare("S3, copies off", theirs)
    _others("S3, copies off")
    os.environ["BIODATA_CACHE_LOCAL_CACHE"] = str(copies)
    _others("S3")
    _transferred(build, server, proxy, copies)


def _compare(
    where: str, theirs: Callable[[str], Any], before: Callable[[], object] = lambda: None
) -> None:
    """The whole of `asset_basics`, and the quality control of one subject."""
    path = "asset_basics.pqt"
    scan = biodata_cache.scan
    pairs: Mapping[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "asset_basics() to read_table": (biodata_cache.asset_basics, lambda: theirs(path)),
        "asset_basics() to read_table().to_pandas()": (
            biodata_cache.asset_basics,
            lambda: theirs(path).to_pandas(),
        ),
        "scan().arrow() to read_table": (
            lambda: scan("asset_basics").arrow(),
            lambda: theirs(path),
        ),
        "qc(subject) to read_table().to_pandas()": (
            lambda: biodata_cache.qc("000100"),
            lambda: theirs("qc/subject_id=000100/data.pqt").to_pandas(),
        ),
    }
    for name, (ours, other) in pairs.items():
        ours()
        other()
        both = []
        for _ in range(ROUNDS):
            before()
            both.append((_seconds(ours), _seconds(other)))
        mine, its = (statistics.median(column) for column in zip(*both, strict=True))
        _say(f"{where}: {name}: {mine * 1e3:.1f} ms, {its * 1e3:.1f} ms, ratio {mine / its:.2f}")


def _others(where: str) -> None:
    """What pyarrow has no counterpart for."""
    works: Mapping[str, Callable[[], object]] = {
        "asset_basics(subject_id='600100')": lambda: biodata_cache.asset_basics(
            subject_id="600100"
        ),
        "asset_basics(modalities='fib', columns=[…])": lambda: biodata_cache.asset_basics(
            modalities="fib", columns=["name", "age"]
        ),
        "sql('… join …')": lambda: biodata_cache.sql(
            "select count(*) from asset_basics join assets using (name)"
        ),
        f"connect(), {PARTITIONS} partitions": lambda: biodata_cache.connect().close(),
        f"table_info(), {PARTITIONS} partitions": lambda: repr(
            biodata_cache.table_info("quality_control")
        ),
    }
    for name, work in works.items():
        work()
        seconds = statistics.median(_seconds(work) for _ in range(ROUNDS))
        _say(f"{where}: {name}: {seconds * 1e3:.1f} ms")
    started = time.perf_counter()
    biodata_cache.quality_control()
    first = time.perf_counter() - started
    started = time.perf_counter()
    biodata_cache.quality_control()
    second = time.perf_counter() - started
    _say(f"{where}: quality_control() of {PARTITIONS} files: {first:.2f} s, again {second:.2f} s")


def _peaks() -> None:
    """Memory of processes that read the table, and of one that only imports what that takes."""
    reads = {
        "nothing, duckdb, pandas and pyarrow imported": "import duckdb, pandas, pyarrow.parquet",
        "asset_basics()": "import biodata_cache as b; b.asset_basics()",
        "asset_basics(columns=['name', 'age'])": (
            "import biodata_cache as b; b.asset_basics(columns=['name', 'age'])"
        ),
    }
    # What the kernel says about this process alone: the usage of a child counts its parent's.
    own = "; print(open('/proc/self/status').read().partition('VmHWM:')[2].split()[0])"
    for name, code in reads.items():
        done = subprocess.run([sys.executable, "-c", code + own], capture_output=True, check=True)
        _say(f"peak memory, {name}: {int(done.stdout) / 1e3:.0f} MB")


def _transferred(build: Build, server: Server, proxy: Proxy, copies: Path) -> None:
    """Requests and bytes of single calls, with no copies before the first of each."""
    size = (build.area / "asset_basics.pqt").stat().st_size
    _say(f"asset_basics.pqt has {size:,} bytes")
    calls: Mapping[str, Callable[[], object]] = {
        "asset_basics()": biodata_cache.asset_basics,
        "asset_basics(columns=['name', 'age'])": lambda: biodata_cache.asset_basics(
            columns=["name", "age"]
        ),
        "asset_basics(subject_id='600100')": lambda: biodata_cache.asset_basics(
            subject_id="600100"
        ),
        "qc(subject)": lambda: biodata_cache.qc("000100"),
    }
    os.environ["AWS_ENDPOINT_URL"] = proxy.endpoint
    biodata_cache.get_cache_registry()
    for name, call in calls.items():
        shutil.rmtree(copies, ignore_errors=True)
        for turn in ("first", "again"):
            proxy.reset()
            call()
            _say(f"{name}, {turn}: {len(proxy.requests)} requests, {proxy.bytes_sent:,} bytes")
    os.environ["AWS_ENDPOINT_URL"] = server.endpoint


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
