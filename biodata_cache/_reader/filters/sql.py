"""Converts conditions to SQL with parameters, and to DuckDB expressions."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import duckdb
from duckdb import (
    CoalesceOperator,
    ColumnExpression,
    ConstantExpression,
    FunctionExpression,
    LambdaExpression,
    SQLExpression,
)

from biodata_cache._core.sqltext import quoted
from biodata_cache._reader.filters.kinds import AnyOf, Condition, HasAll, Matches, Negated, Within

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Form of times in published texts that DuckDB cannot cast.
_TIME_IN_NAMES = "%Y-%m-%d_%H-%M-%S"
_MANY = 50

# As SQL with parameters --------------------------------------------------------------------------


def as_sql(conditions: Sequence[Condition]) -> tuple[str, dict[str, object]]:
    """The conditions after `where`, and the values of their parameters; empty for none.

    Example:
        >>> from biodata_cache._reader.filters.conditions import conditions
        >>> as_sql(conditions("assets", {"name": "VARCHAR"}, {"name": "a"}))
        ('"name" in ($filter_0)', {'filter_0': 'a'})
    """
    values: dict[str, object] = {}

    def bind(value: object) -> str:
        parameter = f"filter_{len(values)}"
        values[parameter] = value
        return f"${parameter}"

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


# As DuckDB expressions ---------------------------------------------------------------------------


def as_expression(conditions: Sequence[Condition]) -> duckdb.Expression | None:
    """The conditions as one expression, its values as constants; None for none."""
    whole: duckdb.Expression | None = None
    for each in conditions:
        part = _expression(each)
        whole = part if whole is None else whole & part
    return whole


def _expression(condition: Condition) -> duckdb.Expression:
    if isinstance(condition, Negated):
        holds = _expression(condition.condition)
        return ~CoalesceOperator(holds, ConstantExpression(value=False))
    if isinstance(condition, AnyOf):
        return _any_of(condition)
    if isinstance(condition, Within):
        return _within_ends(condition)
    column = column_expression(condition.column)
    if isinstance(condition, HasAll):
        listed = ConstantExpression(list(condition.values))
        return FunctionExpression("list_has_all", column, listed)
    return _matches(condition, column)


def _matches(condition: Matches, column: duckdb.Expression) -> duckdb.Expression:
    def test(text: duckdb.Expression) -> duckdb.Expression:
        sought: duckdb.Expression = ConstantExpression(condition.text)
        if condition.is_pattern:
            return FunctionExpression("~~", text, sought)
        lower = (FunctionExpression("lower", each) for each in (text, sought))
        return FunctionExpression("contains", *lower)

    if not condition.type.endswith("[]"):
        return test(column)
    common = FunctionExpression(
        "list_filter", column, LambdaExpression("element", test(ColumnExpression("element")))
    )
    return FunctionExpression("len", common) > ConstantExpression(0)


def column_expression(name: str) -> duckdb.Expression:
    """A column by name; `ColumnExpression` misreads names with dots and quotes."""
    return SQLExpression(quoted(name))


def _any_of(condition: AnyOf) -> duckdb.Expression:
    column = column_expression(condition.column)
    whole: duckdb.Expression = ConstantExpression(value=False)
    if condition.values and condition.type.endswith("[]"):
        listed = ConstantExpression(list(condition.values))
        whole = FunctionExpression("list_has_any", column, listed)
    elif condition.values:
        whole = column.isin(*map(_constant, condition.values))
    return whole | column.isnull() if condition.or_missing else whole


def _within_ends(condition: Within) -> duckdb.Expression:
    column: duckdb.Expression = SQLExpression(_compared(condition))
    whole = column.isnotnull()
    for sign, bound in ((">", condition.low), ("<", condition.high)):
        if bound is not None:
            end = _constant(bound.value)
            whole &= _COMPARISONS[sign, bound.inclusive](column, end)
    return whole


def _constant(value: Any) -> duckdb.Expression:  # noqa: ANN401  # of one of the kinds above
    return ConstantExpression(value)


_COMPARISONS: dict[tuple[str, bool], Callable[[Any, Any], Any]] = {
    (">", True): operator.ge,
    ("<", True): operator.le,
    ("<", False): operator.lt,
}
