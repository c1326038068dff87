"""The real records, where they are: nothing is rejected, and the tables make sense."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from shared import made_once

if TYPE_CHECKING:
    from whole_runs import Pipeline

SOURCE = Path(__file__).resolve().parents[2] / "../shared/records/docdb_v2.jsonl.gz"

pytestmark = [
    pytest.mark.skipif(not SOURCE.exists(), reason="the real records are not here"),
    pytest.mark.slow,
]


@pytest.fixture(scope="module")
def documents() -> dict[str, dict[str, Any]]:
    """The newest document of each _id."""
    result: dict[str, dict[str, Any]] = {}
    with gzip.open(SOURCE) as lines:
        for document in map(json.loads, lines):
            known = result.get(document["_id"])
            if known is None or document["_last_modified"] > known["_last_modified"]:
                result[document["_id"]] = document
    return result


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    return made_once(tmp_path_factory, "real", lambda pipeline: pipeline.run(str(SOURCE)))


def get(document: Any, *path: str) -> Any:
    """A value deep in a document; None where something on the way is missing."""
    for key in path:
        document = document.get(key) if isinstance(document, dict) else None
    return document


def test_every_record_is_there(real: Pipeline, documents: dict[str, Any]) -> None:
    assert {row["_id"] for row in real.read("asset_basics")} == set(documents)
    rejects = str(real.folder / "work/raw/rejects/*.parquet")
    assert duckdb.execute("select count(*) from read_parquet(?)", [rejects]).fetchone() == (0,)


def test_basics_agree_with_the_documents(real: Pipeline, documents: dict[str, Any]) -> None:
    for row in real.rows("asset_basics"):
        document = documents[row["_id"]]
        assert row["_last_modified"] == document["_last_modified"]
        assert row["subject_id"] == get(document, "subject", "subject_id")
        assert row["genotype"] == get(document, "subject", "subject_details", "genotype")
        assert row["project_name"] == get(document, "data_description", "project_name")
        assert row["modalities"] == [
            each["abbreviation"] for each in get(document, "data_description", "modalities") or []
        ]
        assert row["code_ocean"] == (get(document, "other_identifiers", "Code Ocean") or None)
        start = get(document, "acquisition", "acquisition_start_time")
        assert row["acquisition_start_time"] == (start and start.replace(" ", "T"))


def test_every_metric_is_there(real: Pipeline, documents: dict[str, Any]) -> None:
    wanted = Counter(
        {
            record_id: sum(
                metric["object_type"] != "Curation metric"
                for metric in get(document, "quality_control", "metrics") or []
            )
            for record_id, document in documents.items()
        }
    )
    assert Counter(row["asset_id"] for row in real.read("qc")) == +wanted


def test_metric_values_are_the_ones_of_the_documents(
    real: Pipeline, documents: dict[str, Any]
) -> None:
    for row in real.rows("qc"):
        metric = documents[row["asset_id"]]["quality_control"]["metrics"][row["metric_index"]]
        value = metric["value"]
        if value is None or isinstance(value, str):
            assert row["value"] == value
        else:
            assert json.loads(row["value"]) == value
        assert row["status"] == metric["status_history"][-1]["status"]


def test_ages_are_those_of_mice_and_a_macaque(real: Pipeline) -> None:
    ages = [row["age"] for row in real.read("asset_basics") if row["age"] is not None]
    assert len(ages) >= 70
    assert all(20 <= age <= 800 for age in ages)


def test_fibers_have_their_channels(real: Pipeline) -> None:
    rows = real.read("platform_fib")
    assert {row["fiber"] for row in rows} == {"Fiber 0", "Fiber 1", "Fiber 2", "Fiber 3"}
    for row in rows:
        assert row["channel"].split("_")[1] == row["fiber"].split(" ")[1]
        assert row["target_coordinate_system"] == "BREGMA_ARID"


def test_data_quality_explains_what_was_replaced(real: Pipeline) -> None:
    assert Counter(row["problem"] for row in real.read("data_quality")) == {
        "newer document with this _id": 2,
        "not connected to an implanted fiber": 1,
    }
