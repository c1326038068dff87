"""Rewriting the lake: whatever happens in between, readers see each record once, the newest."""

from __future__ import annotations

import copy
import json
import os
import random
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import duckdb
import pyarrow.parquet as pq
import pytest
from lakes import ROOT, check_keys, documents

from biodata_cache._core.settings.values import ExtractOptions
from examples import chosen
from extract.documents.document import bucket_of
from extract.lake import compaction
from extract.lake.lake import Lake
from extract.lake.policy import Policy
from extract.lake.reading import reading
from extract.pipeline import extract
from extract.sources.base import Document

if TYPE_CHECKING:
    from pathlib import Path


class Written:
    """A source that holds what a test wrote into it."""

    description = "test"
    size = None
    files = None

    def __init__(self) -> None:
        self.written: list[dict] = []

    def documents(self):
        for number, document in enumerate(self.written, start=1):
            yield Document(json.dumps(document).encode(), "test", number)

    @property
    def expected(self) -> dict[str, dict]:
        """The newest document of each `_id`."""
        return {
            document["_id"]: document
            for document in sorted(self.written, key=lambda one: one["_last_modified"])
        }


def document(number: int, version: int = 0) -> dict:
    return {
        "_id": f"record-{number:03}",
        "name": f"version {version}",
        "subject": {"filler": "x" * 200},
        "_last_modified": f"2026-01-01T00:00:00.{version:03}Z",
    }


def night(source: Written, draw: random.Random, number: int) -> None:
    """Change, remove and add a few documents."""
    source.written = [
        document(int(one["_id"][-3:]), number) if draw.random() < 0.1 else one
        for one in source.written
        if draw.random() > 0.03
    ]
    present = {one["_id"] for one in source.written}
    for _ in range(3):
        added = document(draw.randrange(400), number)
        if added["_id"] not in present:
            source.written.append(added)
            present.add(added["_id"])


NEVER = Policy(dead_part=1_000, many_small=1_000)
SOON = Policy(dead_part=0.01, many_small=1_000, output_bytes=2_000)


def aged(raw, seed: int, nights: int = 12, policy: Policy | None = None) -> Written:
    """A lake after some nights."""
    draw, source = random.Random(seed), Written()
    source.written = [document(number) for number in range(100)]
    # Two documents with one `_id`, which must stay together.
    source.written += [document(number, 1) for number in range(5)]
    extract(source, raw, policy=policy)
    for number in range(2, nights):
        night(source, draw, number)
        extract(source, raw, policy=policy)
    return source


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> tuple[Path, Written]:
    raw = tmp_path_factory.mktemp("aged")
    return raw, aged(raw, 1)


@pytest.fixture
def source(kept, tmp_path) -> Written:
    """What the lake in the test's folder was made of, night by night."""
    raw, source = kept
    shutil.copytree(raw, tmp_path, dirs_exist_ok=True)
    return copy.deepcopy(source)


def files(raw) -> list:
    return sorted((raw / "docdb_v2").glob("*.parquet"))


def compact(raw, policy: Policy | None = None) -> int:
    lake = Lake(raw, "docdb_v2", policy)
    with lake.locked():
        return compaction.compact(lake)


@pytest.mark.parametrize("nights", [12, pytest.param(60, marks=pytest.mark.slow)])
def test_overhead_is_bounded(tmp_path, nights):
    draw, source = random.Random(3), Written()
    source.written = [document(number) for number in range(200)]
    extract(source, tmp_path)
    rewritten = 0
    for number in range(1, nights):
        night(source, draw, number)
        report = extract(source, tmp_path)
        rewritten += report.compacted
        assert documents(tmp_path) == source.expected
        check_keys(tmp_path)
        assert len(files(tmp_path)) < Policy().many_small + 3
        (total,) = duckdb.sql(f"select count(*) from '{tmp_path}/docdb_v2/*.parquet'").fetchone()
        assert total < 2 * len(source.expected) + 50
    assert rewritten > 0


@pytest.mark.usefixtures("source")
def test_nothing_to_do(tmp_path):
    while compact(tmp_path):
        pass
    before = files(tmp_path)
    assert compact(tmp_path) == 0
    assert files(tmp_path) == before


def test_unchanged_source_writes_nothing_after_compaction(tmp_path, source):
    compact(tmp_path, SOON)
    report = extract(source, tmp_path)
    assert (report.new, report.changed, report.deleted) == (0, 0, 0)
    assert documents(tmp_path) == source.expected


def test_files_are_not_removed_while_they_are_read(tmp_path):
    source = aged(tmp_path, 3, policy=NEVER)
    before = files(tmp_path)
    with reading(tmp_path):
        assert compact(tmp_path, SOON) > 0
        assert set(before) < set(files(tmp_path))
        assert documents(tmp_path) == source.expected
        check_keys(tmp_path)
    (tmp_path / ".readers" / "1-dead.lock").touch()  # a reader that was killed
    extract(source, tmp_path)
    assert set(before).isdisjoint(files(tmp_path))
    assert documents(tmp_path) == source.expected
    check_keys(tmp_path)
    assert not list((tmp_path / ".readers").iterdir())


def test_rewritten_files_are_of_ranges_of_hash_buckets_and_have_row_groups_of_one_size(tmp_path):
    source = Written()
    source.written = [document(number) for number in range(1_000)]
    many = Policy(group_rows=10, file_bytes=10_000, many_small=1_000)
    extract(source, tmp_path, policy=many)
    small = Policy(many_small=2, output_bytes=20_000, group_rows=50)
    assert compact(tmp_path, small) > 2
    ranges = [file.buckets for file in Lake(tmp_path, "docdb_v2").store.listed()]
    assert len(set(ranges)) > 1
    assert {bucket for first, last in ranges for bucket in range(first, last + 1)} == set(range(16))
    for file in Lake(tmp_path, "docdb_v2").store.listed():
        parquet = pq.ParquetFile(tmp_path / "docdb_v2" / file.name)
        sizes = [parquet.metadata.row_group(n).num_rows for n in range(parquet.num_row_groups)]
        assert set(sizes[:-1]) <= {50}
        for row in parquet.read(columns=["_id", "bucket"]).to_pylist():
            assert file.buckets[0] <= row["bucket"] <= file.buckets[1]
            assert row["bucket"] == bucket_of(row["_id"])
    assert documents(tmp_path) == source.expected


_KILLED = """
import os, pathlib, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from extract.lake import compaction
from extract.lake.lake import Lake
from extract.lake.policy import Policy
left = [int(sys.argv[2])]
def counting(function):
    def counted(*arguments, **options):
        left[0] -= 1
        if left[0] < 0:
            os._exit(9)
        return function(*arguments, **options)
    return counted
for name in ("replace", "unlink"):
    setattr(pathlib.Path, name, counting(getattr(pathlib.Path, name)))
os.fsync = counting(os.fsync)
policy = Policy(dead_part=0.01, many_small=1_000, output_bytes=2_000)
lake = Lake(Path(sys.argv[1]), "docdb_v2", policy)
with lake.locked():
    compaction.compact(lake)
"""


QUICK_STEPS, STEPS = (2,), (0, 1, 3, 5, 7, 12, 18, 25)


@pytest.mark.nightly
@pytest.mark.parametrize(
    "step",
    [
        *QUICK_STEPS,
        *(
            pytest.param(step, marks=pytest.mark.slow)
            for step in chosen(STEPS, range(26))
            if step not in QUICK_STEPS
        ),
    ],
)
def test_killed_at_any_step(tmp_path, step):
    """Before a file is safe on the disk, before it appears, and before one goes.

    Every file takes the same steps: those of the first, some in between and the last stand for all.
    """
    source = aged(tmp_path, step, policy=NEVER)
    for attempt in range(2):
        done = subprocess.run(
            [sys.executable, "-c", _KILLED.format(root=str(ROOT)), str(tmp_path), str(step)],
            check=False,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        assert done.returncode == 9 or step > 5 or attempt
        assert documents(tmp_path) == source.expected, attempt
        check_keys(tmp_path)
        with Lake(tmp_path, "docdb_v2").state() as state:
            groups = {n for (n,) in state.rows("select count(*) from live group by _id")}
        assert groups <= {1, 2}
    night(source, random.Random(step), 900)
    extract(source, tmp_path, policy=NEVER)
    assert documents(tmp_path) == source.expected
    check_keys(tmp_path)
    compact(tmp_path, SOON)
    assert documents(tmp_path) == source.expected
    report = extract(source, tmp_path)
    assert (report.new, report.changed, report.deleted) == (0, 0, 0)


def test_deleted_records_leave_nothing(tmp_path, source):
    source.written = source.written[:60]
    extract(source, tmp_path, options=ExtractOptions(allow_shrink=True))
    extract(source, tmp_path, options=ExtractOptions(full=True))
    compact(tmp_path, SOON)
    rows = duckdb.sql(f"select _id, is_deleted from '{tmp_path}/docdb_v2/*.parquet'").fetchall()
    assert {record_id for record_id, is_deleted in rows if not is_deleted} == set(source.expected)
