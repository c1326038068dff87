"""Damage where DuckDB reads records: what is published, and a task of Spark."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from damage import VALUES, damaged, parquet
from hypothesis import given, settings
from hypothesis import strategies as st
from published_cache import Built

import biodata_cache
from biodata_cache import CacheError
from biodata_cache._core.errors import BuildError
from biodata_cache._pipeline.dbt.spark_task import Job, run
from biodata_cache._pipeline.dbt.staging import Shard
from examples import drawn
from extract.lake.lake import Lake
from extract.pipeline import extract
from extract.sources.open import open_source

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.nightly
RECORD = {"_id": "a", "name": "n", "subject": {"x": [1]}, "other": 5}
BASICS = "select 'n' as name, 'a' as _id, '2026' as _last_modified"
TEXTS = st.sampled_from([None, "", "{", "[5]", '"text"', "[" * 100_000, "\0", *VALUES])


def records_of(columns: dict[str, Any], root: Path) -> dict[str, Any]:
    """What a published cache gives for a record of these columns."""
    cache = Built(root)
    cache.plain("asset_basics", BASICS)
    selected = ", ".join(f'{value} as "{name}"' for name, value in columns.items())
    cache.plain("records", f"select {selected}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BIODATA_CACHE_ROOT", str(root))
        return biodata_cache.get_records(["n"])


def quoted(text: str | None) -> str:
    return "null" if text is None else "'" + text.replace("'", "''").replace("\0", "") + "'"


def test_a_published_record_is_read(tmp_path: Path) -> None:
    texts = {"subject": '{"x": [1]}', "extra": '{"other": 5}'}
    columns = {"_id": "'a'", "name": "'n'", **{key: quoted(text) for key, text in texts.items()}}
    assert records_of(columns, tmp_path) == {"n": RECORD}


@settings(max_examples=drawn(25))
@given(
    record_id=st.sampled_from(["'a'", "'b'", "null", "5", "['a']", "'a'::blob"]),
    subject=TEXTS.map(quoted) | st.sampled_from(["5", "[1]", "{'x': 1}", "'\\x80'::blob"]),
    extra=TEXTS.map(quoted) | st.sampled_from(["5", "true", "timestamp '2026-01-01'"]),
    left_out=st.sets(st.sampled_from(["_id", "name", "extra"]), max_size=1),
)
def test_a_damaged_record_is_an_error_that_names_its_file(
    record_id: str,
    subject: str,
    extra: str,
    left_out: set[str],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    root = tmp_path_factory.mktemp("root")
    columns = {"_id": record_id, "name": "'n'", "subject": subject, "extra": extra}
    try:
        record = records_of({k: v for k, v in columns.items() if k not in left_out}, root)
    except CacheError as error:
        assert ".objects" in str(error)  # noqa: PT017
    else:
        assert record["n"]["_id"] == "a"
    shutil.rmtree(root)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of eight records, and what an earlier model wrote of it."""
    folder = tmp_path_factory.mktemp("lake")
    source = folder / "a.jsonl"
    source.write_text("".join(json.dumps(RECORD | {"_id": f"r{n}"}) + "\n" for n in range(8)))
    extract(open_source(str(source)), folder / "raw")
    earlier = folder / "out" / Shard(1, 0).name / "earlier"
    earlier.mkdir(parents=True)
    parquet("select 1 as one", earlier / f"{Shard(1, 0).name}.parquet")
    return folder


def job(folder: Path) -> Job:
    sql = "select _id, subject, one from lake.docdb_v2, staging.earlier"
    raw, out = str(folder / "raw"), str(folder / "out")
    return Job(sql, "model", "staging", raw, out, shards=1, memory="1GB", duckdb=None)


def test_a_task_of_spark_names_what_is_damaged(
    lake: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    run(job(lake), Shard(1, 0))
    (file,) = Lake(lake / "raw", "docdb_v2").files()
    (earlier,) = (lake / "out").glob("*/earlier/*")
    places = {file: file.read_bytes(), earlier: earlier.read_bytes()}
    places[file.parent / "files.json"] = (file.parent / "files.json").read_bytes()

    @settings(max_examples=drawn(25))
    @given(data=st.data(), path=st.sampled_from([*places]))
    def check(data: st.DataObject, path: Path) -> None:
        path.write_bytes(data.draw(damaged(places[path])))
        try:
            run(job(lake), Shard(1, 0))
        except BuildError as error:
            assert str(path.parent.parent) in str(error)  # noqa: PT017
        finally:
            path.write_bytes(places[path])

    check()
