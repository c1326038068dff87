"""Shards of staging that stand on S3 between those who write them and the build that finishes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from biodata_cache._core.errors import BuildError
from biodata_cache._pipeline.dbt.staging import fetch, shards_of, write
from biodata_cache._storage.open import open_staging

if TYPE_CHECKING:
    from pathlib import Path


def test_what_shards_write_is_what_a_build_fetches(bucket: str, tmp_path: Path) -> None:
    storage = open_staging(f"s3://{bucket}/staging")
    for shard in shards_of(2):
        folder = tmp_path / shard.name
        (folder / "stg_docdb__subjects").mkdir(parents=True)
        (folder / f"stg_docdb__subjects/{shard.name}.parquet").write_text(str(shard))
        write(storage, shard, "a lake", folder)

    target = tmp_path / "fetched"
    target.mkdir()
    fetch(storage, "a lake", target)
    assert {path.name: path.read_text() for path in target.glob("*/*")} == {
        f"{shard.name}.parquet": str(shard) for shard in shards_of(2)
    }

    storage.delete(["stg_docdb__subjects/shard-2-of-2.parquet"])
    with pytest.raises(BuildError, match=r"s3://\S+/shard-2-of-2.parquet is missing, .*shard 2/2"):
        fetch(storage, "a lake", target)
