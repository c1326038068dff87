"""Records that several processes flatten give the same files."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from hostile import small_records
from shared import compare_files

from biodata_cache._core.errors import BuildError
from biodata_cache._core.settings.address import Address
from biodata_cache._pipeline.dbt.build import build
from biodata_cache._pipeline.dbt.shards import build_shards

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from whole_runs import Pipeline

pytestmark = pytest.mark.slow


def test_shards_give_the_same_files(sample: Pipeline, tmp_path: Path) -> None:
    work = tmp_path / "work"
    settings = replace(sample.settings, work=work, raw=Address(sample.folder / "work/raw"))
    # Tests change nothing, and have their say of the sample elsewhere.
    build(
        settings,
        selection=["--exclude-resource-type", "test"],
        stage=partial(build_shards, count=2),
    )

    compare_files(sample, work)

    # Both shards had records to flatten, and nothing but their own.
    with duckdb.connect(str(work / "build.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "select parse_filename(filename), count(*) from read_parquet(?, filename = true) "
            "group by all order by all",
            [str(work / "staging/stg_docdb__identities/*.parquet")],
        ).fetchall()
    assert [name for name, _ in rows] == ["shard-1-of-2.parquet", "shard-2-of-2.parquet"]
    assert all(count > 100 for _, count in rows)


def test_of_a_bucket_nothing_else_is_read(sample: Pipeline) -> None:
    database = sample.folder / "work/build.duckdb"
    with duckdb.connect(str(database), read_only=True) as connection:
        found = connection.execute(
            "explain (format json) select * from main_staging.stg_docdb__records where bucket = 3"
        ).fetchone()
    assert found is not None
    filters = [
        scan.get("Filters", "")
        for scan in scans(json.loads(found[1]))
        if scan.get("Function") == "READ_PARQUET"
    ]
    # The lake is read once: nothing joins it with itself.
    (of_the_lake,) = filters
    assert "bucket=3" in of_the_lake


def scans(plan: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """What a plan says of the operators that read."""
    for operator in plan:
        if not operator["children"]:
            yield operator["extra_info"]
        yield from scans(operator["children"])


def test_a_shard_that_fails_is_named(pipeline: Pipeline) -> None:
    pipeline.extract(small_records(range(2)))
    shards = pipeline.settings.work / "shards"
    shards.mkdir()
    (shards / "1-of-1").write_text("in the way")
    with pytest.raises(BuildError, match="(?s)Shard 1/1 failed .*" + re.escape(str(shards))):
        build_shards(pipeline.settings, None, 1)
