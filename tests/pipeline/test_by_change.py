"""Nights that go on from the build of the night before leave the files of a build from nothing."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from biodata_cache._pipeline.dbt import last_build
from biodata_cache._pipeline.dbt.build import build
from extract.lake import compaction
from extract.lake.lake import Lake
from extract.lake.policy import Policy
from extract.sample.generator import documents

if TYPE_CHECKING:
    from pathlib import Path

    from whole_runs import Pipeline

pytestmark = pytest.mark.slow

SEED, RECORDS = 15, 60


class KilledError(Exception):
    """The night ends here."""


def test_whatever_happens_between_nights_the_files_are_those_of_a_build_from_nothing(
    pipeline: Pipeline,
) -> None:
    draw = random.Random(SEED)
    all_records = [json.loads(document) for document in documents(RECORDS + 20)]
    records, new = all_records[:RECORDS], all_records[RECORDS:]

    def night(*, full: bool = False) -> tuple[bool, list[str]]:
        change(draw, records, new)
        pipeline.extract(records)
        compact(pipeline)
        built = build(pipeline.settings, full=full)
        assert built is not None
        return built.by_change, built.faults

    assert night() == (False, [])
    before = modified(pipeline.area)
    assert night() == (True, [])
    after = modified(pipeline.area)
    same = {path for path in before if before[path] == after.get(path)}
    assert len(before) // 3 < len(same) < len(before)
    # A second one after it, which is compared with the build from nothing that replaces it.
    assert night(full=True) == (False, [])

    with pytest.raises(KilledError):
        kill_in_staging(pipeline, draw, records, new)
    assert last_build.confirmed_at(pipeline.settings.work) is None


def change(draw: random.Random, records: list[dict[str, Any]], new: list[dict[str, Any]]) -> None:
    """Insert, change, double and delete some records, and leave most as they are."""
    for _ in range(2):
        records.append(new.pop())
        records.remove(draw.choice(records))
        record = draw.choice([record for record in records if record.get("quality_control")])
        # A section goes, or is that of another record, also as a second document of one `_id`.
        other = json.loads(json.dumps(record))
        other["_last_modified"] = f"2027-01-{draw.randint(1, 28):02}T00:00:00Z"
        section = draw.choice(["quality_control", "subject", "acquisition", "procedures"])
        other[section] = draw.choice(records).get(section)
        if draw.random() < 0.5:
            records.remove(record)
        records.insert(draw.randrange(len(records)), other)


def kill_in_staging(pipeline: Pipeline, *what: Any) -> None:
    """A build by change that ends when some of its tables have the rows of the night."""
    change(*what)
    pipeline.extract(what[1])

    def progress(done: int, total: int, name: str) -> None:
        if done > total // 8:
            raise KilledError

    build(pipeline.settings, progress)


def compact(pipeline: Pipeline) -> None:
    """Join the files of the lake, which then holds what it held."""
    lake = Lake(pipeline.settings.work / "raw", "docdb_v2", Policy(many_small=2))
    with lake.locked():
        compaction.compact(lake)
    assert len(lake.files()) == 1


def modified(area: Path) -> dict[str, int]:
    """When each file was written."""
    return {str(path): path.stat().st_mtime_ns for path in area.rglob("*.pqt")}
