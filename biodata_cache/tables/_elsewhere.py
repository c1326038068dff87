"""Functions of version 0.42 whose tables this package does not build.

Where a root has such a table, published by that version, they read it: programs that import one of
them run, and a call says what is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata_cache import _session
from biodata_cache._core.errors import TableNotFoundError
from biodata_cache.tables._former import former_arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from biodata_cache._reader.filters.conditions import FilterValue


def function(name: str) -> Callable[..., pd.DataFrame]:
    """The function of this name, one of `names.FORMER_TABLES`."""

    def read(
        key: str | bool | None = None,  # noqa: FBT001  # `force_update`, where there is no key
        *,
        columns: Sequence[str] | None = None,
        **filters: FilterValue,
    ) -> pd.DataFrame:
        """Read a table that version 0.42 published, where the root has it.

        Args:
            key: Value of the key that the table is in partitions by; None for all of it.
            columns: Columns to read, in this order; None for all.
            filters: Filters by column name; `biodata_cache.tables` lists their forms.

        Raises:
            TableNotFoundError: If the root does not have it.
        """
        cache = _session.current()
        tables = cache.tables()
        if name not in tables:
            raise TableNotFoundError(
                f"There is no table {name!r}: version 0.42 published it, and this package does not "
                "build it. docs/migration.md says what to use instead."
            )
        partition_key = tables[name].partition_key
        if partition_key is not None and isinstance(key, str):
            filters[partition_key] = key
        return cache.scan(name, columns=columns, **filters).df()

    read.__name__ = read.__qualname__ = name
    return former_arguments(read)
