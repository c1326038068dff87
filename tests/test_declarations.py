"""What staging reads of a record is declared, judged, and mapped to the column that it feeds."""

from __future__ import annotations

import ast
import csv
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Dbt

PROJECT = Path(__file__).parent.parent
STAGING = PROJECT / "models" / "staging"
#: Models that take no value out of JSON or of another's table: base views, types of sections, names
#: of files, what this project itself published, and the unions of what the others found.
WITHOUT_FIELDS = {
    "stg_docdb__records",
    "stg_docdb_v1__records",
    "stg_docdb__versions",
    "stg_docdb__superseded_versions",
    "stg_docdb__duplicate_documents",
    "stg_docdb__rejects",
    "stg_docdb__section_types",
    "stg_docdb__type_errors",
    "stg_objects__responses",
    "stg_objects__channels",
    "stg_objects__exaspim_files",
    "stg_objects__exaspim_folders",
    "stg_objects__type_errors",
    "stg_upgrader__history",
    "stg_foraging__trials",  # its subject, and what no declaration could name
    "stg_foraging__events",
}
#: The macros through which a model may look at JSON; all take a declared key but for those of the
#: frame: what is a slot, an object known to be one, a list to be taken apart.
ON_DECLARED = re.compile(r"\b(read|json_object|read_column)\(fields, '([^']+)'")
FRAME = {
    "json_slot",
    "json_known_object",
    "explode_list",
    "json_type",
    "json_is",
    "json_is_null",
}
#: The identity of a record stands beside its sections, and is declared for itself.
IDENTITY = {"json_struct", "json_or_text"}
MORE = {
    "stg_docdb__identities": IDENTITY,
    "stg_docdb_v1__identities": IDENTITY,
    # A metric may hold its value as a text that is JSON itself.
    "stg_docdb__qc_spim_values": {"json_content"},
    "stg_docdb__qc_fiber_tips": {"json_content", "json_or_text"},
    # Nodes by their keys: an object by right, and no list of one.
    "stg_objects__trainer_nodes": {"explode_json"},
}
#: In these a declared field is a column, and feeds the published column of its name.
COPIES = {
    "stg_foraging__sessions": "foraging_sessions",
    "stg_foraging__database_sessions": "platform_dynamic_foraging_sessions",
    "stg_upgrader__runs": "metadata_upgrade",
}


def _models() -> dict[str, str]:
    return {
        path.stem: path.read_text(encoding="utf-8")
        for path in STAGING.rglob("*.sql")
        if path.stem not in WITHOUT_FIELDS
    }


MODELS = _models()


def _fields(sql: str) -> dict[str, str]:
    (declaration,) = re.findall(r"\{%- set fields = (\{.*?\})\s*%\}", sql, re.DOTALL)
    return ast.literal_eval(declaration)


def _declared(sql: str) -> dict[str, str]:
    """What a model reads, without what it only knows an element by."""
    return {key: shape for key, shape in _fields(sql).items() if shape != "known"}


def _entity(model: str) -> str:
    """As `published_fields` names the model."""
    return model.removeprefix("stg_").removeprefix("docdb__")


def _model(entity: str) -> str:
    return ("stg_" if "__" in entity else "stg_docdb__") + entity


@pytest.mark.parametrize("model", MODELS)
def test_every_declared_field_is_read(model: str) -> None:
    """A field is read as a value or as an object with fields; a slot may hold nothing else."""
    used = {key for _, key in ON_DECLARED.findall(MODELS[model])}
    assert set(_declared(MODELS[model])) == used


@pytest.mark.parametrize("model", MODELS)
def test_nothing_is_read_that_is_not_declared(model: str) -> None:
    """No macro of JSON but for those that take a declared key, and no field behind their back."""
    sql = MODELS[model]
    macros = set(re.findall(r"\b(json_\w+|explode\w*|parse_\w+)\(", sql)) - {"json_object"}
    assert macros <= FRAME | MORE.get(model, set())
    assert not re.search(r"\.(fields|value)\.", sql)


@pytest.mark.parametrize("model", MODELS)
def test_every_declared_field_is_judged(model: str) -> None:
    macro = "invalid_columns" if model in COPIES else "invalid_fields"
    assert MODELS[model].count("{{ " + macro + "(fields) }} as invalid_fields") == 1


@pytest.mark.parametrize("model", MODELS)
def test_the_elements_of_every_list_are_declared(model: str) -> None:
    """By its fields an object is one element, in place of the list."""
    fields = _fields(MODELS[model])
    names = set(re.findall(r"explode_list\(\s*fields, '(\w+)'", MODELS[model]))
    assert all(any(key.split(".")[0] == name for key in fields) for name in names)
    only_known = {key.split(".")[0] for key, shape in fields.items() if shape == "known"}
    rests = set(re.findall(r"read_rest\(fields, '(\w+)'", MODELS[model]))
    assert only_known <= names | rests


def test_every_model_without_fields_reads_no_value() -> None:
    for path in STAGING.rglob("*.sql"):
        if path.stem in WITHOUT_FIELDS:
            assert not re.search(
                r"\b(json_(text|struct|object|field)|read|try_cast)\(",
                path.read_text(encoding="utf-8"),
            ), path


def test_every_model_is_gathered() -> None:
    gathered = []
    for path in STAGING.rglob("*__type_errors.sql"):
        sql = path.read_text(encoding="utf-8")
        (entities,) = re.findall(r"set entities = (\[.*?\])\s*%\}", sql, re.DOTALL)
        prefix = "objects__" if path.stem.startswith("stg_objects") else ""
        gathered += [prefix + entity for entity in ast.literal_eval(entities)]
    assert sorted(gathered) == sorted(map(_entity, MODELS.keys() - COPIES.keys()))


def test_every_declared_column_of_a_copy_is_published_under_its_name(
    manifest: dict[str, Any],
) -> None:
    for model, table in COPIES.items():
        columns = set(manifest["nodes"][f"model.biodata_cache.{table}"]["columns"])
        declared = set(_declared(MODELS[model])) - {"record_id"}
        assert declared <= columns, model


def test_every_declared_field_is_mapped_to_the_column_that_it_feeds() -> None:
    """A field without a row in the seed would vanish from `data_quality`."""
    declared = {
        (_entity(model), key)
        for model, sql in MODELS.items()
        if model not in COPIES
        for key in _declared(sql)
    }
    with (PROJECT / "seeds" / "published_fields.csv").open(encoding="utf-8") as file:
        mapped = {(row["entity"], row["field"]) for row in csv.DictReader(file)}
    assert declared == mapped


#: What stands in a value that another model reads whole.
READ_TWICE = {"qc_spim_values", "qc_fiber_tips"}


def test_every_field_of_a_record_has_its_path() -> None:
    """The path ends with the field, and begins with a section or with the identity."""
    with (PROJECT / "seeds" / "published_fields.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    sections = {row["path"] for row in rows if row["field"] in ("section", "name")}
    for row in rows:
        is_of_record = "__" not in row["entity"] and row["entity"] not in READ_TWICE
        assert bool(row["path"]) is is_of_record, row
        _, _, field = row["field"].partition(".")
        assert not is_of_record or row["path"].endswith(f".{field}" if field else ""), row
        if is_of_record and row["entity"] != "identities":
            assert re.split(r"[.\[]", row["path"])[0] in sections, row


#: One model takes `status` for an object, the other has a row for each of its keys.
READ_BY_TWO = {"quality_control.status"}


def test_every_field_of_a_record_is_read_by_one_model() -> None:
    """Two readers could judge one value in two ways."""
    with (PROJECT / "seeds" / "published_fields.csv").open(encoding="utf-8") as file:
        count = Counter(row["path"] for row in csv.DictReader(file) if row["path"])
    assert {path for path, readers in count.items() if readers > 1} == READ_BY_TWO


#: Fields that feed another column than the one that has their name.
OTHER_COLUMN = {
    ("record_consistency", "data_description.name"),
    ("acquisition_devices", "acquisition.data_streams[].modalities[]"),
    ("processing_steps", "processing.data_processes[].code.name"),
    ("quality_control", "quality_control.metrics[].status_history[].timestamp"),
    ("implants", "procedures.subject_procedures[].procedures[].device_config.targeted_structure"),
}


def test_a_field_with_the_name_of_a_column_feeds_that_column(manifest: dict[str, Any]) -> None:
    """What it feeds by its values, the slow test of hostile values says."""
    others = set()
    with (PROJECT / "seeds" / "published_fields.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            columns = manifest["nodes"][f"model.biodata_cache.{row['table_name']}"]["columns"]
            assert row["column_name"] in columns, row
            name = row["field"].rpartition(".")[2]
            if name in columns and name != row["column_name"]:
                others.add((row["table_name"], row["path"]))
    assert others == OTHER_COLUMN


def test_what_is_mapped_feeds_the_table(manifest: dict[str, Any]) -> None:
    """The table is built, over whatever models, from the one that reads the field."""
    nodes = manifest["nodes"]
    with (PROJECT / "seeds" / "published_fields.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows
    for row in rows:
        wanted = f"model.biodata_cache.{_model(row['entity'])}"
        assert wanted in _ancestors(nodes, f"model.biodata_cache.{row['table_name']}"), row


def _ancestors(nodes: dict[str, Any], name: str) -> set[str]:
    result, waiting = set(), [name]
    while waiting:
        node = nodes.get(waiting.pop())
        for parent in node["depends_on"].get("nodes", ()) if node else ():
            if parent not in result:
                result.add(parent)
                waiting.append(parent)
    return result


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("read({'a.b': 'text'}, 'a.c')", "No field a.c is declared"),
        ("read({'a.b': 'texts'}, 'a.b')", "No such shape: texts"),
    ],
)
@pytest.mark.slow
def test_what_is_not_declared_does_not_compile(dbt: Dbt, call: str, message: str) -> None:
    finished = dbt("compile", "--inline", "select {{ " + call + " }}")
    assert finished.returncode != 0
    assert message in finished.stdout
