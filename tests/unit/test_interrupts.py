"""Ctrl-C while DuckDB is at work ends the run, and damages nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pytest

from extract.lake.state import database_errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_an_interrupt_is_no_damage_to_the_lake(tmp_path: Path) -> None:
    def batches() -> Iterator[pa.RecordBatch]:
        raise KeyboardInterrupt("SIGINT")
        yield

    rows = pa.RecordBatchReader.from_batches(pa.schema([("a", pa.int64())]), batches())
    connection = duckdb.connect()
    connection.register("rows", rows)
    with pytest.raises(KeyboardInterrupt), database_errors(tmp_path):
        connection.execute("select sum(a) from rows").fetchall()
