"""The list of the lake's files, as a task of Spark reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from biodata_cache._core.errors import BuildError
from biodata_cache._pipeline.dbt.spark_task import _lake_files

if TYPE_CHECKING:
    from pathlib import Path


def test_the_files_of_the_list_are_read(tmp_path: Path) -> None:
    content = '{"files": [{"name": "a.parquet", "sha256": "0"}]}'
    (tmp_path / "files.json").write_text(content, encoding="utf-8")
    assert _lake_files(tmp_path) == [tmp_path / "a.parquet"]


@pytest.mark.parametrize(
    "content",
    [
        *("", "[", "[]", "null", "{}", "[" * 100_000, "\xff", None),
        *('{"files": {}}', '{"files": [5]}', '{"files": [{"name": 5}]}'),
        '{"files": [{"name": null}]}',
    ],
)
def test_a_damaged_list_is_named(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "files.json").write_text(content, encoding="latin-1")
    with pytest.raises(BuildError, match=r"files\.json"):
        _lake_files(tmp_path)
