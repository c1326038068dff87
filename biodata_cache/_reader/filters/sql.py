"""Converts conditions to SQL, in which values are parameters or variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata_cache._core.sqltext import quoted
from biodata_cache._reader.filters.kinds import AnyOf, Condition, HasAll, Matches, Negated, Within

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import duckdb

# Form of times in published texts that DuckDB cannot cast.
_TIME_IN_NAMES = "%Y-%m-%d_%H-%M-%S"
_MANY = 50

VARIABLE = "getvariable('{}')"
"""Stands for a value in SQL without parameters, as that of a relation."""


def as_sql(
    conditions: Sequence[Condition], placeholder: str = "${}"
) -> tuple[str, dict[str, object]]:
    """The conditions after `where`, and the values of their parameters; empty for none.

    Args:
        conditions: The conditions.
        placeholder: What stands for a value, `{}` being its name.

    Example:
        >>> from biodata_cache._reader.filters.conditions import conditions
        >>> as_sql(conditions("assets", {"name": "VARCHAR"}, {"name": "a"}))
        ('"name" in ($filter_0)', {'filter_0': 'a'})
    """
    values: dict[str, object] = {}

    def bind(value: object) -> str:
        parameter = f"filter_{len(values)}"
        values[parameter] = value
        return placeholder.format(parameter)

    return " and ".join(_as_sql(each, bind) for each in conditions), values


def _as_sql(condition: Condition, bind: Callable[[object], str]) -> str:
    if isinstance(condition, Negated):
        return f"({_as_sql(condition.condition, bind)}) is not true"
    if isinstance(condition, AnyOf):
        return _any_of_as_sql(condition, bind)
    if isinstance(condition, Within):
        return _within_as_sql(condition, bind)
    if isinstance(condition, HasAll):
        listed = ", ".join(map(bind, condition.values))
        return f"list_has_all({quoted(condition.column)}, [{listed}])"
    return _matches_as_sql(condition, bind(condition.text))


def _matches_as_sql(condition: Matches, text: str) -> str:
    """SQL of a text match; `text` is the parameter."""
    column = quoted(condition.column)
    test = f"{{}} like {text}" if condition.is_pattern else f"contains(lower({{}}), lower({text}))"
    if condition.type.endswith("[]"):
        return f"len(list_filter({column}, lambda element: {test.format('element')})) > 0"
    return test.format(column)


def _any_of_as_sql(condition: AnyOf, bind: Callable[[object], str]) -> str:
    column = quoted(condition.column)
    alternatives = []
    if loses_order(condition):
        # A long list of parameters is slow; the elements of a list parameter have one type.
        for kind in dict.fromkeys(map(type, condition.values)):
            listed = bind([value for value in condition.values if type(value) is kind])
            alternatives.append(f"{column} in (select unnest({listed}))")
    elif condition.values:
        listed = ", ".join(map(bind, condition.values))
        alternatives.append(
            f"list_has_any({column}, [{listed}])"
            if condition.type.endswith("[]")
            else f"{column} in ({listed})"
        )
    if condition.or_missing:
        alternatives.append(f"{column} is null")
    return _either(alternatives)


def loses_order(condition: Condition) -> bool:
    """Whether the condition becomes a join, after which the rows have no order."""
    if not isinstance(condition, AnyOf) or condition.type.endswith("[]"):
        return False
    return len(condition.values) > _MANY


def _either(alternatives: list[str]) -> str:
    if len(alternatives) > 1:
        return f"({' or '.join(alternatives)})"
    return alternatives[0] if alternatives else "false"


def _within_as_sql(condition: Within, bind: Callable[[object], str]) -> str:
    column = _compared(condition)
    comparisons = [
        f"{column} {sign}{'=' if bound.inclusive else ''} {bind(bound.value)}"
        for sign, bound in ((">", condition.low), ("<", condition.high))
        if bound is not None
    ]
    return " and ".join(comparisons) or f"{column} is not null"


def _compared(condition: Within) -> str:
    """SQL of the value that is compared with the ends of a range."""
    column = quoted(condition.column)
    return instant_of(column) if condition.is_text_time else column


def instant_of(column: str) -> str:
    """SQL that parses a published text as a timestamp; NULL if it is not a time."""
    return (
        f"coalesce(try_cast({column} as timestamptz), "
        f"try_strptime({column}, '{_TIME_IN_NAMES}')::timestamptz)"
    )


def column_expression(name: str) -> duckdb.Expression:
    """A column by name; `ColumnExpression` misreads names with dots and quotes."""
    import duckdb  # noqa: PLC0415  # not before it is needed

    return duckdb.SQLExpression(quoted(name))
