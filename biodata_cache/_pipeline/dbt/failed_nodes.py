"""Failed models and tests of the last dbt run, with their SQL and first failing rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from biodata_cache._core.errors import CacheError
from biodata_cache._publish.build.artifacts import (
    BAD,
    of_dbt,
    open_database,
    read_manifest,
    read_results,
    target_folder,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

FIRST_ROWS = 5
_MOST_SHOWN = 20
_LONGEST_VALUE = 200


@dataclass
class FailedNode:
    """A failed model or test.

    Attributes:
        kind: `model`, `seed`, `test` or `unit_test`.
        model: The tested model; the name itself for a model; None if a test is of several models.
        rows: Number of failing rows; None if they were not counted.
        message: Message of dbt; None if there is none.
        sql: File of the compiled SQL; None if there is none.
        columns: Columns of the failing rows.
        first_rows: The first failing rows, with values as text.
    """

    kind: str
    name: str
    model: str | None
    rows: int | None
    message: str | None
    sql: str | None
    columns: list[str] = field(default_factory=list)
    first_rows: list[list[str | None]] = field(default_factory=list)

    @property
    def broken_rules(self) -> list[str]:
        """The rules that its first rows name, with their columns; empty for another test."""
        if self.columns[:2] != ["rule", "column_name"]:
            return []
        return sorted({f"{rule} {column}" for rule, column, *_ in self.first_rows})


def failed_nodes(work: Path) -> list[FailedNode]:
    """Failed nodes of the last dbt run; empty if its artifacts cannot be read."""
    target = target_folder(work)
    try:
        manifest, results = read_manifest(target), read_results(target)
        with of_dbt(target):
            failed = [
                (_node(manifest, result), result.get("compiled_code"))
                for result in results["results"]
                if result["status"] in BAD
            ]
    except CacheError:
        return []
    _add_rows(work, failed)
    return [node for node, _ in failed]


def _node(manifest: dict[str, Any], result: dict[str, Any]) -> FailedNode:
    kind, _, *names = result["unique_id"].split(".")
    nodes = manifest["nodes"]
    node = nodes.get(result["unique_id"]) or {}
    if kind == "test":
        attached = nodes.get(node.get("attached_node")) or {}
        parents = node.get("depends_on", {}).get("nodes", ())
        only = nodes.get(parents[0], {}) if len(parents) == 1 else {}
        model = attached.get("name") or only.get("name")
    else:
        model = names[0]
    path = node.get("compiled_path")
    return FailedNode(
        kind=kind,
        name=str(node.get("name") or names[-1]),
        model=model,
        rows=result.get("failures") if result["status"] == "fail" else None,
        message=result.get("message"),
        sql=path if path and Path(path).exists() else None,
    )


def _add_rows(work: Path, failed: list[tuple[FailedNode, str | None]]) -> None:
    """Run the failed tests again for their first failing rows."""
    wanted = [(node, sql) for node, sql in failed if node.kind == "test" and node.rows and sql]
    if not wanted:
        return
    try:
        with open_database(work) as connection:
            for node, sql in wanted[:_MOST_SHOWN]:
                node.columns, node.first_rows = _rows(connection, str(sql))
    except CacheError:  # the report is of another failure
        return


def _rows(
    connection: duckdb.DuckDBPyConnection, sql: str
) -> tuple[list[str], list[list[str | None]]]:
    import duckdb  # noqa: PLC0415  # not before it is needed

    try:
        cursor = connection.execute(f"from (\n{sql.strip().rstrip(';')}\n) limit {FIRST_ROWS}")
    except duckdb.Error:  # it needs what is there in a run alone
        return [], []
    columns = [column[0] for column in cursor.description or ()]
    return columns, [list(_texts(row)) for row in cursor.fetchall()]


def _texts(row: tuple[object, ...]) -> Iterator[str | None]:
    for value in row:
        text = str(value)
        yield None if value is None else text[:_LONGEST_VALUE] + "…" * (len(text) > _LONGEST_VALUE)
