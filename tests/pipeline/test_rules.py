"""The test `rules`: whichever rule of a table is broken, the report names it."""

from __future__ import annotations

import os
from pathlib import Path

import dbt_processes
import pytest

import biodata_cache
from biodata_cache._pipeline.dbt.failed_nodes import FailedNode, failed_nodes

CHECKOUT = Path(biodata_cache.__file__).resolve().parents[1]

PROJECT = f"""
name: broken
profile: broken
macro-paths: ["{CHECKOUT}/macros"]
test-paths: ["{CHECKOUT}/tests/data"]
target-path: work/target
models: {{+materialized: table}}
flags: {{send_anonymous_usage_stats: false}}
"""
PROFILE = """
broken:
  target: build
  outputs: {build: {type: duckdb, path: "work/build.duckdb", settings: {TimeZone: UTC}}}
"""
RULES = """{unique: [id, [kind, "order"]], not_null: [id, kind], castable_time: [at],
            accepted_values: {kind: [a, b, "it's"]},
            relationships: {order: {to: "ref('missing')", field: id}}}"""
GOOD = "(1, 'a', 1, '2024-01-31'), (2, 'a', 2, null), (3, 'b', 1, null), (4, 'it''s', null, null)"
#: Rows beside the good ones, by the name of a table, and the rows of its test.
BROKEN = {
    "twice": ("(3, 'b', 3, null)", [["unique", "id", "3", "2"]]),
    "together": ("(5, 'it''s', null, null)", [["unique", "kind, order", "('it\\'s', NULL)", "2"]]),
    "missing": (
        "(null, 'b', 4, null), (6, null, 1, null), (7, null, 2, null)",
        [["not_null", "id", None, "1"], ["not_null", "kind", None, "2"]],
    ),
    "unknown": (
        "(8, 'c', 1, null), (9, 'c', 2, null), (10, 'A', 3, null)",
        [["accepted_values", "kind", "A", "1"], ["accepted_values", "kind", "c", "2"]],
    ),
    "no_time": ("(11, 'b', 3, '31.1.')", [["castable_time", "at", "31.1.", "1"]]),
    "unrelated": (  # one of the IDs that are referred to is NULL
        "(12, 'b', 8, null), (13, 'b', 9, null), (14, 'a', 8, null)",
        [["relationships", "order", "8", "2"], ["relationships", "order", "9", "1"]],
    ),
    "every": (  # the first row of each rule comes before the second of any
        "(null, 'x', 1, 'x'), (null, 'y', 1, 'y')",
        [
            ["accepted_values", "kind", "x", "1"],
            ["castable_time", "at", "x", "1"],
            ["not_null", "id", None, "2"],
            ["unique", "id", None, "2"],
            ["accepted_values", "kind", "y", "1"],
        ],
    ),
}


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> dict[str | None, FailedNode]:
    """What failed of a small dbt project that has our test and a table for each case."""
    folder = tmp_path_factory.mktemp("broken")
    (folder / "models").mkdir()
    (folder / "work").mkdir()
    (folder / "dbt_project.yml").write_text(PROJECT)
    (folder / "profiles.yml").write_text(PROFILE)
    for name, rows in {"good": None, **{name: rows for name, (rows, _) in BROKEN.items()}}.items():
        values = ", ".join(filter(None, [GOOD, rows]))
        (folder / f"models/{name}.sql").write_text(
            f'select * from (values {values}) as rows (id, kind, "order", "at")'
        )
        (folder / f"models/{name}.yml").write_text(
            f"models: [{{name: {name}, data_tests: "
            f"[rules: {{name: rules_of_{name}, arguments: {RULES}}}]}}]"
        )
    logs = {"DBT_LOG_PATH": str(folder / "logs")}
    finished = dbt_processes.run(
        folder, "--quiet", "build", "--profiles-dir", ".", environment=os.environ | logs
    )
    assert finished.returncode == 1, finished.stdout + finished.stderr
    return {node.model: node for node in failed_nodes(folder / "work")}


def test_a_table_that_keeps_its_rules_passes(failed: dict[str | None, FailedNode]) -> None:
    assert set(failed) == set(BROKEN)
    assert {node.name for node in failed.values()} == {f"rules_of_{name}" for name in BROKEN}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_named(failed: dict[str | None, FailedNode], name: str) -> None:
    _, rows = BROKEN[name]
    assert failed[name].columns == ["rule", "column_name", "value", "row_count"]
    assert failed[name].first_rows == rows
    if name != "every":
        assert failed[name].rows == sum(int(row[-1]) for row in rows)


def test_the_error_names_what_is_broken(failed: dict[str | None, FailedNode]) -> None:
    assert failed["missing"].broken_rules == ["not_null id", "not_null kind"]
    assert failed["unknown"].broken_rules == ["accepted_values kind"]
