"""The rules of the house that dbt's manifest can prove."""

from __future__ import annotations

import importlib.util
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from biodata_cache._core.registry.entries import ForeignKey
from biodata_cache._publish.build.contract import published_tables
from biodata_cache._publish.catalogue.provenance import checks_of

if TYPE_CHECKING:
    from conftest import Dbt

PROJECT = Path(__file__).parent.parent
TABLE_TYPES = {"metadata", "asset", "event", "realtime", "platform"}
PREFIXES = {"staging": "stg_", "intermediate": "int_", "cache": ""}
#: What a layer may read.
READS = {
    "staging": {"source", "staging"},
    "intermediate": {"staging", "intermediate", "seed"},
    "cache": {"staging", "intermediate", "seed"},
}

SECTIONS = [
    "subject",
    "data_description",
    "procedures",
    "instrument",
    "acquisition",
    "processing",
    "quality_control",
]
#: Models whose rows no key identifies, and why.
WITHOUT_KEY = {
    "stg_docdb__type_errors": "an error of one value is reported by each row that reads it",
    "stg_objects__type_errors": "the same",
    "stg_docdb__rejects": "a document may be rejected twice",
    "stg_objects__responses": "objects found are rows of an answer",
    "stg_upgrader__history": "a table of others, of which nothing may stop a build",
    "stg_upgrader__runs": "the same",
}
#: Columns of the contract that have one name and two types, and why.
TWO_TYPES = {
    "timestamp": "an instant in quality_control and qc_tag_status, a text in platform_qc, where"
    " readers compare it with the text of a date",
    **dict.fromkeys(SECTIONS, "the section in records, whether there is one in metadata_core"),
}
#: Columns that have one name and several meanings, and why.
MANY_MEANINGS = {
    "channel": "of a fiber, or of an image",
    "experimenters": "of an acquisition, or of a procedure",
    "kind": "of a procedure, or of an object in the store",
    "record_count": "of a name, or of a subject",
    "source": "of a record of the lake, or of an animal",
    "details": "of a configuration, or of a procedure",
    "modality": "of a metric, or of a data stream",
    "model": "a section of the record, or that of a device",
    "protocol_ids": "of an acquisition, or of a procedure",
    "name": "of the asset, but of the metric in quality_control: readers expect it",
    "status": "of a metric, of a key, of an asset",
    "stage": "of a metric, of a data process, or of training",
    "timestamp": "see TWO_TYPES",
    "value": "of a metric, or of whatever data_quality reports",
    "object_type": "of a metric, or of a procedure",
    "position": "in a list, but in its extract for a whole document",
    "path": "of what a row holds, or of a value that data_quality reports",
    "evaluator": "of each judgement in staging, of the last one above",
    "pipeline_name": "of each pipeline in staging, of the first one above",
    "process_end_time": "as written, but with its fallback in time_to_qc",
    "subject_id": "of a record, or of the copied table of sessions",
    "targeted_structure": "as written in staging, `missing` for none above",
    **dict.fromkeys(SECTIONS, "the section itself, whether there is one in metadata_core"),
}


@pytest.fixture(scope="session")
def models(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    result = {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }
    assert len(result) > 100, "the manifest has all models"
    return result


@pytest.fixture(scope="session")
def tables(models: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The published tables: the models of the cache layer."""
    result = {name: model for name, model in models.items() if _layer(model) == "cache"}
    assert len(result) > 15, "the manifest has all published tables"
    return result


@pytest.fixture(scope="session")
def tests_of(manifest: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The generic data tests of each model and seed, by its unique id."""
    tests = defaultdict(list)
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test" and node.get("attached_node"):
            tests[node["attached_node"]].append(node)
    assert sum(map(len, tests.values())) > 100
    return tests


@pytest.fixture(scope="session")
def macros(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """Our own macros."""
    every = manifest["macros"].values()
    result = [macro for macro in every if macro["package_name"] == "biodata_cache"]
    assert len(result) > 30
    return result


def _layer(model: dict[str, Any]) -> str:
    return model["fqn"][1]


def _words(text: str) -> str:
    return " ".join(text.split())


def test_each_model_is_named_after_its_layer(models: dict[str, dict[str, Any]]) -> None:
    for name, model in models.items():
        prefix = PREFIXES[_layer(model)]
        assert name.startswith(prefix), name
        assert prefix or not name.startswith(("stg_", "int_")), name


def test_each_model_and_column_has_a_text(models: dict[str, dict[str, Any]]) -> None:
    for name, model in models.items():
        assert "**One row" in _words(model["description"]), name
        assert model["columns"], name
        for column in model["columns"].values():
            text = _words(column["description"])
            assert text.endswith((".", ".)")), f"{name}.{column['name']}: {text}"


def test_each_table_says_what_it_leaves_out_and_what_to_watch(
    tables: dict[str, dict[str, Any]],
) -> None:
    for name, table in tables.items():
        text = _words(table["description"])
        for part in ("**One row per**", "**Left out:**", "**Watch out:**"):
            assert text.count(part) == 1, f"{name}: {part}"


def test_each_table_is_published_under_a_contract(tables: dict[str, dict[str, Any]]) -> None:
    for name, table in tables.items():
        config = table["config"]
        assert config["materialized"] == "external", name
        assert config["contract"]["enforced"], name
        assert config["access"] == "public", name
        for column in table["columns"].values():
            assert column["data_type"], f"{name}.{column['name']}"


def test_each_model_has_a_group_with_an_owner(
    models: dict[str, dict[str, Any]], manifest: dict[str, Any]
) -> None:
    owners = {group["name"]: group["owner"]["name"] for group in manifest["groups"].values()}
    groups = {name: model["config"]["group"] for name, model in models.items()}
    assert set(groups.values()) == set(owners), "a group without a model, or none"
    assert all(owners.values())


def test_each_reader_is_known_by_address_and_owner(manifest: dict[str, Any]) -> None:
    assert manifest["exposures"]
    for exposure in manifest["exposures"].values():
        assert exposure["url"].startswith("https://"), exposure["name"]
        assert exposure["owner"]["name"], exposure["name"]


def test_each_source_lies_in_the_folder_of_its_name(manifest: dict[str, Any]) -> None:
    for source in manifest["sources"].values():
        assert source["fqn"][2] == source["source_name"], source["unique_id"]
        assert source["loader"], source["unique_id"]


def test_each_table_has_type_key_and_order(tables: dict[str, dict[str, Any]]) -> None:
    for name, table in tables.items():
        meta = table["config"]["meta"]
        assert meta["type"] in TABLE_TYPES, name
        assert meta["primary_key"], name
        assert meta["sort_order"], name
        columns = set(table["columns"])
        named = {*meta["primary_key"], *meta["sort_order"], *[meta.get("partition_key")]} - {None}
        assert named <= columns, f"{name}: {named - columns}"
        # Rows that are equal in the whole order would come in any order.
        assert set(meta["primary_key"]) <= {*meta["sort_order"], meta.get("partition_key")}, name


def test_each_key_is_tested(
    tables: dict[str, dict[str, Any]], tests_of: dict[str, list[dict[str, Any]]]
) -> None:
    for name, table in tables.items():
        key = table["config"]["meta"]["primary_key"]
        result = _checks(tests_of[table["unique_id"]])
        assert ("unique", *key) in result, name
        assert len(key) > 1 or ("not_null", *key) in result, name


def _checks(tests: list[dict[str, Any]]) -> set[tuple[str, ...]]:
    return {(check.kind, *check.columns) for test in tests for check in checks_of(test)}


def test_the_rules_of_a_table_are_one_test_of_its_columns(
    models: dict[str, dict[str, Any]],
    tests_of: dict[str, list[dict[str, Any]]],
    manifest: dict[str, Any],
) -> None:
    """A column that is not declared would stop the build; a second test costs as much again."""
    seeds = {
        node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == "seed"
    }
    for name, model in (models | seeds).items():
        tests = tests_of[model["unique_id"]]
        kinds = [test["test_metadata"]["name"] for test in tests]
        assert set(kinds) <= {"rules", "relationships"}, name
        assert kinds.count("rules") <= 1, name
        for test in tests:
            if test["test_metadata"]["name"] == "relationships":
                assert test["config"].get("where"), f"{name}: of all rows, it is one of the rules"
        for kind, *columns in _checks(tests):
            assert set(columns) <= set(model["columns"]), f"{name}: {kind}"
        names = [test["name"] for test in tests if test["test_metadata"]["name"] == "rules"]
        assert names in ([], [f"rules_of_{name}"]), name


def test_each_model_has_a_key(
    models: dict[str, dict[str, Any]], tests_of: dict[str, list[dict[str, Any]]]
) -> None:
    without = {
        name
        for name, model in models.items()
        if not any(kind == "unique" for kind, *_ in _checks(tests_of[model["unique_id"]]))
    }
    assert without == set(WITHOUT_KEY)


def test_each_text_time_can_be_cast(
    tables: dict[str, dict[str, Any]], tests_of: dict[str, list[dict[str, Any]]]
) -> None:
    for name, table in tables.items():
        marked = {
            column["name"]
            for column in table["columns"].values()
            if column["config"]["meta"].get("is_text_time")
        }
        tested = {
            column
            for kind, column, *_ in _checks(tests_of[table["unique_id"]])
            if kind == "castable_time"
        }
        named = {
            column["name"]
            for column in table["columns"].values()
            if column["data_type"] == "varchar" and "ISO 8601" in column["description"]
        }
        assert marked == tested == named, name


def test_no_test_tolerates_failures(manifest: dict[str, Any]) -> None:
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test":
            assert node["config"]["severity"] == "error", node["name"]
            assert node["config"]["error_if"] == "!= 0", node["name"]


def test_each_layer_reads_the_layers_below(
    models: dict[str, dict[str, Any]], manifest: dict[str, Any]
) -> None:
    for name, model in models.items():
        for parent in model["depends_on"]["nodes"]:
            kind = parent.split(".")[0]
            read = _layer(manifest["nodes"][parent]) if kind == "model" else kind
            assert read in READS[_layer(model)], f"{name} reads {parent}"


def test_the_folder_decides_how_a_model_is_built(models: dict[str, dict[str, Any]]) -> None:
    views = [name for name, model in models.items() if model["config"]["materialized"] == "view"]
    assert sorted(views) == [
        "stg_docdb__records",
        "stg_docdb_v1__records",
        "stg_objects__responses",
    ]
    for name, model in models.items():
        assert not model["config"]["tags"], name
        # Meta and contract stand in the yaml: SQL files hold logic.
        assert ("config(" in model["raw_code"]) == (name in views), name


def test_one_type_per_column_name(tables: dict[str, dict[str, Any]]) -> None:
    types = defaultdict(set)
    for table in tables.values():
        for column in table["columns"].values():
            types[column["name"]].add(column["data_type"])
    assert {name for name, result in types.items() if len(result) > 1} == set(TWO_TYPES)


def test_one_text_per_column_name(models: dict[str, dict[str, Any]]) -> None:
    """The first sentence says what a column is; more may follow: `… Partition key.`"""
    texts = defaultdict(set)
    for model in models.values():
        for column in model["columns"].values():
            first, _, _ = _words(column["description"]).partition(". ")
            texts[column["name"]].add(first.rstrip("."))
    assert {name for name, result in texts.items() if len(result) > 1} == set(MANY_MEANINGS)


def test_each_rule_has_a_unit_test(
    models: dict[str, dict[str, Any]], manifest: dict[str, Any]
) -> None:
    """A model that leaves out, chooses or counts shows on a few rows what it does."""
    tested = {test["model"] for test in manifest["unit_tests"].values()}
    for name, model in models.items():
        if re.search(r"\b(where|case|qualify|group by|json_\w+)\b", model["raw_code"]):
            assert name in tested, name


def test_each_unit_test_is_named_after_its_model(manifest: dict[str, Any]) -> None:
    assert len(manifest["unit_tests"]) > 100
    for test in manifest["unit_tests"].values():
        model, _, rule = test["name"].rpartition("__")
        assert (model, bool(rule)) == (test["model"], True), test["name"]


def test_each_macro_says_what_it_takes(macros: list[dict[str, Any]]) -> None:
    for macro in macros:
        assert macro["description"], macro["name"]
        head = re.search(r"\{%-?\s*(?:macro|test)\s+\w+\(([^)]*)\)", macro["macro_sql"])
        taken = [name.split("=")[0].strip() for name in head[1].split(",")] if head else []
        described = [argument["name"] for argument in macro["arguments"]]
        assert described == [name for name in taken if name], macro["name"]
        for argument in macro["arguments"]:
            assert argument["description"], f"{macro['name']}({argument['name']})"


def test_each_macro_is_used(manifest: dict[str, Any], macros: list[dict[str, Any]]) -> None:
    nodes = list(manifest["nodes"].values()) + list(manifest["macros"].values())
    used = {name for node in nodes for name in node["depends_on"].get("macros", [])}
    # dbt does not say what the query of a source's freshness uses.
    queries = " ".join(source["loaded_at_query"] or "" for source in manifest["sources"].values())
    # json_is_valid belongs to the vocabulary of JSON that a second engine must know.
    own = {
        "materialization_external_duckdb",
        "materialization_table_duckdb",
        "materialization_by_record_duckdb",
        "materialization_staged_duckdb",  # only of runs that read or write files of staging
        # Only of runs on Spark.
        "materialization_staged_spark",
        "spark__make_cache_folders",
        "spark__register_lake",
        "spark_tasks",
        "json_is_valid",
    }
    for macro in macros:
        is_named = macro["name"] in own or macro["name"] in queries
        assert macro["unique_id"] in used or is_named, macro["name"]


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ("{'a': 'integer'}", "a leaf is 'text' or 'json', not 'integer'"),
        pytest.param(
            "{'a': [{'b': 'text'}]}", "explode it and parse each element", marks=pytest.mark.slow
        ),
    ],
)
def test_json_struct_refuses_shapes_that_lose_values(dbt: Dbt, shape: str, message: str) -> None:
    inline = "select {{ json_struct('x', " + shape + ") }}"
    finished = dbt("compile", "--inline", inline)
    assert finished.returncode != 0
    assert message in finished.stdout


def _script(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, PROJECT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def lint() -> Any:
    """The lint of the layers, a script."""
    return _script("lint_staging")


def test_what_is_generated_of_the_readme_is_fresh(manifest: dict[str, Any]) -> None:
    writer = _script("write_readme_tables")
    wanted = writer.readme(published_tables(manifest))
    assert writer.README.read_text(encoding="utf-8") == wanted, "run 'make docs'"


def test_filters_are_typed_as_the_columns_are(manifest: dict[str, Any]) -> None:
    writer = _script("write_filters")
    wanted = writer.module(writer.published(manifest))
    assert writer.MODULE.read_text(encoding="utf-8") == wanted, "run 'make docs'"
    texts = writer.texts(writer.published(manifest))
    assert writer.TEXTS.read_text(encoding="utf-8") == texts, "run 'make docs'"


def test_foreign_keys_hold_for_all_rows_and_lead_to_published_columns(
    manifest: dict[str, Any],
) -> None:
    tables = {table.name: table for table in published_tables(manifest)}
    keys = {name: table.foreign_keys for name, table in tables.items()}
    assert keys["qc_status"] == (ForeignKey("name", "assets", "name"),)
    assert keys["data_quality"] == (), "its test leaves some rows out"
    for name, some in keys.items():
        for key in some:
            assert key.column in {column.name for column in tables[name].columns}
            assert key.references in {column.name for column in tables[key.table].columns}


def test_the_layers_keep_apart(lint: Any) -> None:
    assert [str(finding) for finding in lint.findings(PROJECT)] == []


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("select a ->> 'b' from x", "arrow"),
        ("select a::int from x", "`::`"),
        ("select list_transform(a, lambda b: b) from x", "lambda"),
        ("select a[1] from x", "index"),
        ('select "a" from x', "double quotes"),
        ("select regexp_replace(a, '\\d', '') from x", "backslash"),
        ("select a from x qualify b = 1", "qualify"),
        ("select a from x group by a", "group by"),
        ("select distinct a from x", "distinct"),
        ("select max(a) from x", "aggregate"),
        ("select row_number() over (order by a nulls last) from x", "window"),
        ("select a from x inner join y on x.a = y.a", "join"),
        ("select a from x order by a desc nulls last, b", "order"),
        ("select json_extract(a, '$') from x", "JSON function"),
        ("select cast(a as varchar) from x", "varchar"),
        ("select unnest(a) as b from x", "unnest"),
        ("select list_filter(a, b) as c from x", "function of one engine"),
        ("select * exclude (a) from x", "select list"),
    ],
)
def test_staging_must_be_portable(lint: Any, tmp_path: Path, sql: str, reason: str) -> None:
    model = tmp_path / "models" / "staging" / "stg_x__things.sql"
    model.parent.mkdir(parents=True)
    model.write_text(f"-- Grain: one row per thing; max(a) is said, not done.\n\n{sql}\n")
    (result,) = lint.findings(tmp_path)
    assert (result.path, result.line) == (model, 3)
    assert result.reason.startswith(reason)


@pytest.mark.parametrize(
    ("sql", "line"),
    [
        ("select a from x\n", 1),
        ("{{ config(materialized = 'view') }}\n\nselect a from x\n", 3),
        ("-- Grain: one row per thing.\n\nselect {{ json_struct('a', {}) }} from x\n", 3),
        ("-- Grain: one row per thing.\n\nselect a ->> '$.b' from x\n", 3),
        ("-- Grain: one row per thing.\n\nselect a -> '$.b' from x\n", 3),
        ("-- Grain: one row per thing.\n\nselect {{ read({'a.b': 'text'}, 'a.b') }} from x\n", 3),
        ("-- Grain: one row per thing.\n\nselect {{ explode_list({}, 'a', 'b', 'c') }}\n", 3),
    ],
)
def test_every_model_says_its_grain_and_holds_no_json(
    lint: Any, tmp_path: Path, sql: str, line: int
) -> None:
    model = tmp_path / "models" / "intermediate" / "int_things.sql"
    model.parent.mkdir(parents=True)
    model.write_text(sql)
    (result,) = lint.findings(tmp_path)
    assert (result.path, result.line) == (model, line)


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("select a from x", "select list"),
        ("select distinct a from x", "select list"),
        ("select count(*) as a from x", "select list"),
        ("select record_id, max(a) over (partition by a) as b from x", "partition"),
        ("select record_id, max(a) over () as b from x", "window"),
        ("select record_id from x group by a, record_id", "group"),
        ("select x.record_id from x left join y on x.a = y.a", "join"),
        ("select x.record_id from x inner join y using (a)", "join"),
        ("select x.record_id from x cross join y", "rows"),
        ("select record_id from x limit 1", "rows"),
    ],
)
def test_what_is_built_record_by_record_looks_at_one(
    lint: Any, tmp_path: Path, sql: str, reason: str
) -> None:
    folder = tmp_path / "models" / "intermediate" / "things"
    (folder / "record").mkdir(parents=True)
    for path in (folder / "int_some.sql", folder / "record" / "int_things.sql"):
        path.write_text(f"-- Grain: one row per thing.\n\n{sql}\n")
    (result,) = lint.findings(tmp_path)
    assert (result.path, result.line) == (path, 3)
    assert result.reason.startswith("record by record: ")
    assert reason in result.reason


@pytest.mark.parametrize(
    ("name", "lines"), [("staging/stg_x__things.sql", 80), ("cache/things.sql", 110)]
)
def test_a_model_is_read_at_a_glance(lint: Any, tmp_path: Path, name: str, lines: int) -> None:
    model = tmp_path / "models" / name
    model.parent.mkdir(parents=True)
    model.write_text("-- Grain: one row per thing.\n\nselect a\n" + "\n" * lines + "from x\n")
    (result,) = lint.findings(tmp_path)
    assert result.reason.startswith("more than")
