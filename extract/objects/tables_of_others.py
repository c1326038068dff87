"""Reads parquet files that other programs wrote."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq

from biodata_cache._core.errors import SourceError

__all__ = ["read_parquet"]


def read_parquet(content: bytes) -> pa.Table:
    """The table of a parquet file; all names and texts of it can be decoded.

    Raises:
        SourceError: If it is no parquet file, is damaged, or holds text that is none.
    """
    try:
        table = pq.read_table(io.BytesIO(content))
        for field in table.schema:
            field.name.encode()
        table.validate(full=True)
    except (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError) as error:
        first = str(error).partition("\n")[0].rstrip(".") or type(error).__name__
        raise SourceError(f"it cannot be read as parquet ({first}): write it again") from None
    return table
