"""Answers of whichever DuckDB is there, as JSON; also a program, for a version of its own.

As a program it reads `[statements, questions]` from its input, and writes the version and the
answers. It needs nothing but DuckDB.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import duckdb


def answers(statements: list[str], questions: list[str]) -> list[dict[str, Any]]:
    """The type of each column and the rows of each question, or the error.

    Times are milliseconds since 1970, as a browser has them.
    """
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        for statement in statements:
            connection.execute(statement)
        return [_answer(connection, question) for question in questions]


def _answer(connection: duckdb.DuckDBPyConnection, question: str) -> dict[str, Any]:
    try:
        # In the order of the question, which a subquery need not keep.
        connection.execute(f"create or replace temp table answer as {question}")
    except duckdb.Error as error:
        return {"error": str(error)}
    types = {name: kind for name, kind, *_ in connection.execute("describe answer").fetchall()}
    columns = ", ".join(
        f"epoch_us({_quoted(name)}) / 1000.0"
        if kind.startswith(("TIMESTAMP", "DATE"))
        else _quoted(name)
        for name, kind in types.items()
    )
    found = connection.execute(f"select {columns} from answer order by rowid").fetchall()
    return {"types": types, "rows": [dict(zip(types, row, strict=True)) for row in found]}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


if __name__ == "__main__":
    given = json.load(sys.stdin)
    json.dump([duckdb.__version__, answers(*given)], sys.stdout)
