"""Tables too large for one object: several, each with a range of the rows in their order."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from biodata_cache._core.sqltext import literal, pattern_of

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

__all__ = ["OBJECT_BYTES", "split"]

OBJECT_BYTES = 128 * 2**20
"""Size from which on the rows of a table are split into several objects."""
_GROUP_ROWS = 10_240
"""Rows of a row group: statistics find those of one key. A part begins with one."""


def split(
    connection: duckdb.DuckDBPyConnection, whole: Path, folder: Path, object_bytes: int
) -> list[Path]:
    """Write the rows of a file into several files, in their order, of about equal size.

    The rows are sorted, so that each file holds a range of the sort key: one key is found by the
    statistics of all files, and the files one after another are the table.

    Args:
        connection: A database.
        whole: The file.
        folder: Where the files are to be; what was there before goes.
        object_bytes: About how large each may be.

    Returns:
        The files, in the order of the rows.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    source = f"read_parquet({literal(pattern_of(str(whole)))}, hive_partitioning = false)"
    (rows,) = connection.execute(f"select count(*) from {source}").fetchone() or (0,)
    count = -(-whole.stat().st_size // object_bytes)
    groups = -(-rows // _GROUP_ROWS)
    step = max(1, -(-groups // count)) * _GROUP_ROWS
    files = []
    for number, first in enumerate(range(0, max(rows, 1), step)):
        path = folder / f"{number:04}.pqt"
        connection.execute(
            f"copy (select * exclude (file_row_number) "
            f"from read_parquet({literal(pattern_of(str(whole)))}, hive_partitioning = false, "
            f"file_row_number = true) "
            f"where file_row_number >= {first} and file_row_number < {first + step} "
            f"order by file_row_number) to {literal(str(path))} "
            f"(format parquet, compression zstd, row_group_size {_GROUP_ROWS})"
        )
        files.append(path)
    return files
