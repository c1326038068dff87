"""The fingerprint of rows: their number, and a sum of their hashes, whatever their order.

A build by change compares rows by the same hash, made by the macro `contents_by_key`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata_cache._core.sqltext import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from biodata_cache._publish.build.contract import Column

NO_ROWS = (0, 0)


def fingerprint(columns: Iterable[Column]) -> str:
    """SQL of the two aggregates.

    A sum, in which equal rows do not cancel. Of numbers the text, as 0 and -0 have one hash, and of
    lists, as NULL, [] and [NULL] have one.
    """
    values = []
    for column in columns:
        value = quoted(column.name)
        if column.type in {"DOUBLE", "FLOAT"}:
            value = f"cast({value} as varchar)"
        elif column.type.endswith("]"):
            value = f"to_json({value})"
        values.append(value)
    return f"count(*), coalesce(sum(hash({', '.join(values)})), 0)"


def total(each: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """Number and hash of the rows of all of these."""
    every = list(each)
    return sum(rows for rows, _ in every), sum(hashed for _, hashed in every)
