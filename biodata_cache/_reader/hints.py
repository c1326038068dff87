"""Warnings for selections without rows: unknown subjects and similar spellings of values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata_cache._core import messages as _messages
from biodata_cache._core.errors import NotFoundWarning
from biodata_cache._core.sqltext import quoted
from biodata_cache._reader.files import connections as _connections
from biodata_cache._reader.files import partitions as _partitions
from biodata_cache._reader.filters.kinds import AnyOf

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import duckdb

    from biodata_cache._core.registry.entries import CacheRegistry, TableEntry
    from biodata_cache._reader.files.catalog import PublishedCache
    from biodata_cache._reader.filters.kinds import Condition

_SUBJECTS_TABLE = "unique_subject_ids"
_MAX_VALUES = 50

# Grain: one row per value of the column with a spelling like that of a filter value.
_SIMILAR_VALUES = """
with held as (
    select distinct {value} as spelling
    from {source}
),

requested as (
    select unnest($requested::varchar[]) as spelling
),

compared as (
    select
        held.spelling,
        requested.spelling as requested_spelling,
        {held_letters} = {requested_letters} as is_same,
        jaro_winkler_similarity({held_letters}, {requested_letters}) as likeness
    from held
    cross join requested
    where held.spelling is not null
)

select spelling, spelling = requested_spelling as is_there
from compared
where is_same or likeness > 0.92
order by is_same desc, likeness desc, spelling
limit 3
"""
# Letters and digits only, without case and accents.
_LETTERS = "regexp_replace(lower(strip_accents({}.spelling)), '[^\\p{{L}}\\p{{N}}]', '', 'g')"


def unknown_subjects(
    cache: PublishedCache, registry: CacheRegistry, entry: TableEntry, subjects: Sequence[str]
) -> None:
    """Warn about subject ids that no record has; a known subject without rows is not reported."""
    known = _subjects(cache, registry, entry)
    unknown = [each for each in subjects if each not in known]
    if unknown:
        _messages.warn(
            f"No record is of subject {_messages.few(unknown)}, so there are no rows of it in "
            f"{entry.name}.{_messages.nearest(unknown[0], sorted(known))}",
            NotFoundWarning,
        )


def _subjects(cache: PublishedCache, registry: CacheRegistry, entry: TableEntry) -> set[str]:
    """All subject ids, or those of the table's partitions if no table lists all of them."""
    if _SUBJECTS_TABLE not in registry:
        is_listed = entry.partition_key == _partitions.SUBJECT
        return set(_partitions.values(cache, registry, entry) if is_listed else ())
    files = cache.files(registry[_SUBJECTS_TABLE])
    with _connections.connection(cache, files, is_whole=True) as (duck, locations):
        source = "read_parquet($files, hive_partitioning = false)"
        rows = duck.execute(
            f"select {_partitions.SUBJECT} from {source}", {"files": locations}
        ).fetchall()
    return {str(value) for (value,) in rows if value is not None}


def other_spellings(
    duck: duckdb.DuckDBPyConnection,
    table: str,
    source: str,
    values: Mapping[str, object],
    conditions: Sequence[Condition],
) -> None:
    """Warn if the column of a text filter only has values of a similar spelling.

    Args:
        duck: Connection that reads the table.
        table: Name of the table.
        source: SQL after `from`, without the filters.
        values: Values of its parameters.
        conditions: The filters.
    """
    hints = [
        hint
        for each in conditions
        if isinstance(each, AnyOf) and _is_text_filter(each)
        for hint in _hints(duck, source, values, each)
    ]
    if hints:
        _messages.warn(f"{table} has no such row. {' '.join(hints)}", NotFoundWarning)


def _is_text_filter(condition: AnyOf) -> bool:
    is_text = condition.type.removesuffix("[]") == "VARCHAR"
    return is_text and 0 < len(condition.values) <= _MAX_VALUES and not condition.or_missing


def _hints(
    duck: duckdb.DuckDBPyConnection, source: str, values: Mapping[str, object], requested: AnyOf
) -> Iterator[str]:
    """A sentence if the column has none of the values, but similar ones."""
    column = quoted(requested.column)
    query = _SIMILAR_VALUES.format(
        source=source,
        value=f"unnest({column})" if requested.type.endswith("[]") else column,
        held_letters=_LETTERS.format("held"),
        requested_letters=_LETTERS.format("requested"),
    )
    rows = duck.execute(query, {**values, "requested": list(requested.values)}).fetchall()
    if rows and not any(is_there for _, is_there in rows):
        spellings = [spelling for spelling, _ in rows]
        yield (
            f"{requested.column}={_messages.few(requested.values)}: did you mean "
            f"{_messages.few(spellings)}?"
        )
