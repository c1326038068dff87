"""The fingerprint of rows: their number, and a sum of their hashes, whatever their order.

It compares the rows of a table with those of its files. A build by change compares rows of tables,
by the macro `contents_by_key`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata_cache._core.sqltext import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from biodata_cache._core.registry.entries import ColumnEntry

NO_ROWS = (0, 0)


def fingerprint(columns: Iterable[ColumnEntry]) -> str:
    """SQL of the two aggregates.

    A sum, in which equal rows do not cancel. Of lists the text, as NULL, [] and [NULL] have one
    hash. 0 and -0 have one, too: a file has either for both, if a column holds both.
    """
    values = []
    for column in columns:
        value = quoted(column.name)
        if str(column.type).endswith("]"):
            value = f"to_json({value})"
        values.append(value)
    return f"count(*), coalesce(sum(hash({', '.join(values)})), 0)"


def total(each: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """Number and hash of the rows of all of these."""
    every = list(each)
    return sum(rows for rows, _ in every), sum(hashed for _, hashed in every)
