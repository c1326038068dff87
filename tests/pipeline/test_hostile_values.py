"""Whatever a field holds: its value is right or reported, once, as the contract in Python says."""

from __future__ import annotations

import csv
import datetime as dt
import itertools
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hostile_tables
import hostile_variants
import pytest
from contract_people import completed, is_name_in_letters
from contract_records import expected
from contract_tables import expected_tables
from hostile_columns import NOT_SHOWN, Columns
from hostile_values import records
from shared import made_once

if TYPE_CHECKING:
    from whole_runs import Pipeline

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]

#: What is reported of a value alone; other rows of `data_quality` are of contradictions.
PROBLEMS = (
    "wrong kind", "not a time", "not a date", "not a number", "not a whole number",
    "not a year of birth", "unknown judgement", "no abbreviation", "no acronym", "no name",
)  # fmt: skip


@pytest.fixture(scope="module")
def documents() -> dict[str, dict[str, Any]]:
    # Of the many of the other tables each fifth: of all, each was tried once.
    tables = itertools.islice(hostile_tables.records(), 0, None, 5)
    drawn = (*records(), *tables, *hostile_variants.records())
    return {record["_id"]: record for record in drawn}


@pytest.fixture(scope="module")
def built(
    tmp_path_factory: pytest.TempPathFactory, documents: dict[str, dict[str, Any]]
) -> Pipeline:
    """All hostile records in one build."""
    return made_once(tmp_path_factory, "values", lambda each: each.run(documents.values()))


@pytest.fixture(scope="module")
def contract(documents: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {record_id: expected(document) for record_id, document in documents.items()}


@pytest.fixture(scope="module")
def tables(documents: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The contract of the tables of subjects, procedures, sessions and steps."""
    return {record_id: expected_tables(document) for record_id, document in documents.items()}


def _by_record(rows: list[dict[str, Any]], key: str) -> dict[str, list[dict[str, Any]]]:
    found = defaultdict(list)
    for row in rows:
        found[row[key]].append(row)
    return found


def _differences(found: dict[str, Any], wanted: dict[str, Any]) -> str:
    differ = [key for key in wanted if found.get(key) != wanted[key]]
    shown = [f"{key}: found {found.get(key)}, contract {wanted[key]}" for key in differ[:8]]
    return "\n".join([f"{len(differ)} of {len(wanted)} records differ", *shown])


def test_what_is_wrong_is_reported_once_at_its_path(
    built: Pipeline, contract: dict[str, Any], tables: dict[str, Any]
) -> None:
    reported = _by_record(built.read("data_quality"), "record_id")
    found, wanted = {}, {}
    for record_id, (_, expected_rows) in contract.items():
        _, of_tables = tables[record_id]
        wanted[record_id] = Counter({*expected_rows, *of_tables})
        found[record_id] = Counter(
            (row["path"], row["problem"])
            for row in reported[record_id]
            if row["problem"] in PROBLEMS and (row["path"], row["problem"]) != ("name", "no name")
        )
    assert found == wanted, _differences(found, wanted)


def test_what_is_reported_has_the_name_of_its_record(
    built: Pipeline, contract: dict[str, Any]
) -> None:
    for row in built.rows("data_quality"):
        values, _ = contract[row["record_id"]]
        assert row["name"] == values["asset_basics"]["name"]


def test_basics_are_those_of_the_contract(built: Pipeline, contract: dict[str, Any]) -> None:
    found, wanted = {}, {}
    rows = {row["_id"]: row for row in built.read("asset_basics")}
    for record_id, (values, _) in contract.items():
        wanted[record_id] = dict(values["asset_basics"])
        location = wanted[record_id]["location"]
        wanted[record_id]["location"] = location.rstrip("/") or None if location else None
        found[record_id] = {name: rows[record_id][name] for name in wanted[record_id]}
    assert found == wanted, _differences(found, wanted)


def test_people_are_those_of_the_contract(built: Pipeline, contract: dict[str, Any]) -> None:
    rows = {row["_id"]: row for row in built.read("asset_basics")}
    lists = {
        (record_id, role): values["asset_basics"][role]
        for record_id, (values, _) in contract.items()
        for role in ("experimenters", "investigators")
    }
    wanted = dict(zip(lists, completed(lists.values()), strict=True))
    found = {(each, role): rows[each][f"{role}_normalized"] for each, role in lists}
    assert found == wanted, _differences(found, wanted)


def test_a_name_in_letters_is_reported_once(built: Pipeline, contract: dict[str, Any]) -> None:
    wanted = {
        (record_id, path)
        for record_id, (values, _) in contract.items()
        for role, path in (
            ("experimenters", "acquisition.experimenters"),
            ("investigators", "data_description.investigators"),
        )
        if is_name_in_letters(values["asset_basics"][role])
    }
    rows = built.read("data_quality", "problem = 'a name in letters'")
    assert len(wanted) > 4
    assert sorted((row["record_id"], row["path"]) for row in rows) == sorted(wanted)


def test_metrics_are_those_of_the_contract(built: Pipeline, contract: dict[str, Any]) -> None:
    rows = _by_record(built.read("qc"), "asset_id")
    found, wanted = {}, {}
    for record_id, (values, _) in contract.items():
        if values["asset_basics"]["subject_id"]:
            wanted[record_id] = values["quality_control"]
            found[record_id] = [
                {name: row[name] for name in wanted[record_id][0]} if wanted[record_id] else row
                for row in rows[record_id]
            ]
    assert found == wanted, _differences(found, wanted)


def test_judgements_are_those_of_the_contract(built: Pipeline, contract: dict[str, Any]) -> None:
    rows = _by_record(built.read("quality_control_history"), "asset_id")
    found, wanted = {}, {}
    for record_id, (values, _) in contract.items():
        if values["asset_basics"]["subject_id"]:
            wanted[record_id] = values["quality_control_history"]
            found[record_id] = [
                {name: row[name] for name in wanted[record_id][0]} if wanted[record_id] else row
                for row in rows[record_id]
            ]
    assert found == wanted, _differences(found, wanted)


def test_statuses_are_those_of_the_contract(
    built: Pipeline, documents: dict[str, Any], contract: dict[str, Any]
) -> None:
    rows = _by_record(built.read("qc_tag_status"), "asset_name")
    names = Counter(values["asset_basics"]["name"] for values, _ in contract.values())
    found, wanted = {}, {}
    for record_id, (values, _) in contract.items():
        name = values["asset_basics"]["name"]
        if values["asset_basics"]["subject_id"] and names[name] == 1:
            wanted[record_id] = values["qc_tag_status"]
            found[record_id] = {row["tag"]: row["status"] for row in rows[name]}
    assert len(wanted) > len(documents) / 2
    assert found == wanted, _differences(found, wanted)


def test_fibers_are_those_of_the_contract(built: Pipeline, contract: dict[str, Any]) -> None:
    rows = _by_record(built.rows("platform_fib"), "asset_name")
    assert any(name and name.startswith("procedures.") for name in rows)
    for values, _ in contract.values():
        structures = {
            (device or "").replace("_", " "): structure
            for device, structure in reversed(values["fibers"])
        }
        name = values["asset_basics"]["name"] or ""
        for row in rows[name] if name.startswith("procedures.") else ():
            structure = structures[row["fiber"]]
            wanted = "missing" if structure in {None, "", "root"} else structure
            assert row["targeted_structure"] == wanted, row


def test_reported_values_are_those_of_the_record(
    built: Pipeline, documents: dict[str, dict[str, Any]]
) -> None:
    """The value is shown as it stands at its path."""
    reported = built.rows("data_quality")
    reported = [
        row for row in reported if row["problem"] == "wrong kind" and len(row["value"]) < 200
    ]
    assert reported
    for row in reported:
        value: Any = documents[row["record_id"]]
        for key in row["path"].replace("[", ".[").split("."):
            value = value[int(key[1:-1])] if key.startswith("[") else value[key]
        assert json.loads(row["value"]) == value, row


#: Tables by what their rows belong to.
KEYS = dict.fromkeys(("subjects", "procedures", "injections", "implants"), "subject_id") | (
    dict.fromkeys(
        ("stimulus_epochs", "acquisition_devices", "sessions", "processing_steps", "funding"),
        "asset_name",
    )
)
JSON_COLUMNS = {
    "housing", "details", "surgery_details", "task_parameters", "output_parameters", "parameters",
}  # fmt: skip


def _comparable(rows: list[dict[str, Any]], columns: set[str]) -> list[dict[str, Any]]:
    """Rows in one order, JSON as what it says and dates as text."""
    found = []
    for row in rows:
        values = {name: row.get(name) for name in sorted(columns)}
        for name, value in values.items():
            if name in JSON_COLUMNS and isinstance(value, str):
                values[name] = json.loads(value)
            elif isinstance(value, dt.date):
                values[name] = value.isoformat()
        found.append(values)
    return sorted(found, key=json.dumps)


@pytest.mark.parametrize("table", KEYS)
def test_tables_are_those_of_the_contract(
    built: Pipeline, contract: dict[str, Any], tables: dict[str, Any], table: str
) -> None:
    key = KEYS[table]
    rows = _by_record(built.rows(table), key)
    owners = {
        record_id: values["asset_basics"]["name" if key == "asset_name" else key]
        for record_id, (values, _) in contract.items()
    }
    count = Counter(owners.values())
    found, wanted = {}, {}
    for record_id, (described, _) in tables.items():
        owner = owners[record_id]
        if owner and count[owner] == 1:
            expected_rows = described[table]
            if isinstance(expected_rows, dict):
                # One row, where there is one: sessions are raw and have an acquisition.
                expected_rows = [expected_rows] if rows[owner] or table == "subjects" else []
            columns = {name for row in expected_rows for name in row} or {key}
            wanted[record_id] = _comparable(expected_rows, columns)
            found[record_id] = _comparable(rows[owner], columns)
    assert len(wanted) > 1000
    assert sum(map(bool, wanted.values())) > 20, "hardly anything is compared"
    assert found == wanted, _differences(found, wanted)


def test_a_field_feeds_the_column_that_it_is_mapped_to(
    built: Pipeline, contract: dict[str, Any]
) -> None:
    """The column changes in a record in which that field alone was attacked."""
    basics = {
        record_id: {**values["asset_basics"], "_id": record_id}
        for record_id, (values, _) in contract.items()
    }
    columns = Columns(built, basics)
    with (PROJECT / "seeds" / "published_fields.csv").open(encoding="utf-8") as file:
        mapped = [row for row in csv.DictReader(file) if row["path"]]
    not_shown = [
        row
        for row in mapped
        if row["path"] not in NOT_SHOWN.get(row["table_name"], set())
        and not columns.feeds(row["path"], row["table_name"], row["column_name"])
    ]
    assert not_shown == []
