"""How a table came about, as dbt's artifacts tell it."""

from __future__ import annotations

from typing import Any

import pytest

from biodata_cache._core.registry.entries import CheckEntry
from biodata_cache._publish.catalogue.provenance import provenance

TABLE = "model.p.table"


def manifest(**tests: dict[str, Any]) -> dict[str, Any]:
    nodes: dict[str, Any] = {
        TABLE: {
            "name": "table",
            "resource_type": "model",
            "config": {"materialized": "external"},
            "fqn": ["p", "cache", "table"],
            "columns": {"first": {}, "second": {}},
            "depends_on": {"nodes": ["model.p.int_a", "seed.p.s"]},
        },
        "model.p.int_a": _model("int_a", "intermediate", "model.p.stg_x", "model.p.int_b"),
        "model.p.int_b": _model("int_b", "intermediate", "model.p.stg_x", "model.p.stg_y"),
        "model.p.stg_x": _model("stg_x", "staging", "source.p.lake.records"),
        "model.p.stg_y": _model("stg_y", "staging", "source.p.lake.records"),
        "model.p.other": _model("other", "staging", "source.p.lake.others"),
        "seed.p.s": {"name": "s", "resource_type": "seed", "config": {}, "depends_on": {}},
    }
    for name, test in tests.items():
        nodes[name] = {
            "name": name,
            "resource_type": "test",
            "attached_node": TABLE,
            "config": {},
            "depends_on": {"nodes": [TABLE]},
        } | test
    return {"nodes": nodes}


def _model(name: str, layer: str, *parents: str) -> dict[str, Any]:
    return {
        "name": name,
        "resource_type": "model",
        "config": {"materialized": "table"},
        "fqn": ["p", layer, name],
        "depends_on": {"nodes": list(parents)},
    }


def generic(kind: str, **arguments: object) -> dict[str, Any]:
    return {"test_metadata": {"name": kind, "kwargs": arguments}}


def results(**status: str) -> dict[str, Any]:
    return {"results": [{"unique_id": name, "status": came} for name, came in status.items()]}


def test_a_table_is_made_from_all_that_it_depends_on() -> None:
    (table,) = provenance(manifest(), results()).values()
    assert table.made_from == {
        "raw": ("records",),
        "seeds": ("s",),
        "staging": ("stg_x", "stg_y"),
        "intermediate": ("int_a", "int_b"),
    }


def test_a_table_that_is_made_from_nothing() -> None:
    alone = manifest()
    alone["nodes"][TABLE]["depends_on"] = {"nodes": []}
    assert provenance(alone, results())["table"].made_from == {}


@pytest.mark.parametrize(
    ("test", "words"),
    [
        (generic("rules", not_null=["first"]), "`first` is never missing"),
        (generic("unique", column_name='"first"'), "`first` is unique"),
        (generic("rules", model="{{ of dbt }}", unique=["first"]), "`first` is unique"),
        (generic("rules", unique=[["a", "b", "c"]]), "`a`, `b` and `c` together are unique"),
        (
            generic("relationships", column_name="first", to="ref('assets')", field="name"),
            "`first` is a `name` of `assets`, or missing",
        ),
        (
            generic("rules", relationships={"first": {"to": "ref('assets')", "field": "name"}}),
            "`first` is a `name` of `assets`, or missing",
        ),
        (
            generic("rules", accepted_values={"first": ["Pass", "Fail"]}),
            "`first` is one of `Pass` or `Fail`",
        ),
        (
            generic("rules", castable_time=["first"]),
            "`first` can be read as a time, or is missing",
        ),
        (generic("of_somebody_else", column_name="first"), "check"),
        ({}, "check"),
    ],
)
def test_checks_are_described_in_words(test: dict[str, Any], words: str) -> None:
    result = provenance(manifest(check=test), results(check="pass"))
    assert result["table"].checks == (CheckEntry(words, "pass"),)


def test_checks_come_in_the_order_of_the_columns_and_only_if_they_ran() -> None:
    result = provenance(
        manifest(
            a=generic("rules", unique=["second", ["first", "second"]], not_null=["first"]),
            b=generic("not_null", column_name="second"),
            e=generic("unique", column_name="first"),
            of_another=generic("unique", column_name="first") | {"attached_node": "model.p.other"},
        ),
        results(a="pass", b="warn", of_another="pass"),
    )
    assert [(each.check, each.status) for each in result["table"].checks] == [
        ("`first` and `second` together are unique", "pass"),
        ("`first` is never missing", "pass"),
        ("`second` is never missing", "warn"),
        ("`second` is unique", "pass"),
    ]
