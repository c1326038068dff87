"""What could not be used is a lake of its own: listed, hashed, replaced in one step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from biodata_cache import LakeError
from biodata_cache._core.settings.values import ExtractOptions
from extract.lake.check import check_lakes
from extract.lake.folder import Folder
from extract.lake.lake import Lake
from extract.lake.reading import reading
from extract.pipeline import extract, without_records
from extract.sources.open import open_source

if TYPE_CHECKING:
    from pathlib import Path

    from extract.report import Report

LINES = '{"_id":"a","name":"alpha","subject":{"x":NaN}}\nbroken\n{"_id":"c"}\n'


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "records.jsonl"
    path.write_text(LINES)
    return path


def run(source: Path | str, raw: Path, collection: str = "docdb_v2", **options: bool) -> Report:
    return extract(open_source(str(source)), raw, collection, options=ExtractOptions(**options))


def names(raw: Path) -> list[str]:
    return [file.name for file in Folder(raw / "rejects").listed()]


def reasons(raw: Path) -> list[str]:
    tables = [pq.read_table(raw / "rejects" / name).to_pylist() for name in names(raw)]
    return sorted(row["reason"].partition(":")[0] for table in tables for row in table)


def test_the_list_names_one_file_of_each_collection(source: Path, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    run(source, raw)
    run(source, raw, "docdb_v1")
    (raw / "rejects" / "docdb_v2-99999999.parquet").write_bytes(b"left by a run that was killed")
    before = names(raw)
    run(source, raw)
    assert (
        names(raw) == before == [path.name for path in sorted((raw / "rejects").glob("*.p*"))][::-1]
    )
    assert reasons(raw) == ["not JSON", "not JSON", "repaired", "repaired"]
    check_lakes(raw)


def test_a_quiet_night_changes_no_byte(source: Path, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    run(source, raw)
    before = {path.name: path.read_bytes() for path in (raw / "rejects").iterdir()}
    run(source, raw)
    assert {path.name: path.read_bytes() for path in (raw / "rejects").iterdir()} == before


def test_a_reader_keeps_the_files_that_it_may_have_listed(source: Path, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    run(source, raw)
    (old,) = names(raw)
    with reading(raw):
        source.write_text(LINES + "broken, too\n")
        run(source, raw)
        assert (raw / "rejects" / old).exists()
        assert old not in names(raw)
    run(source, raw)
    assert not (raw / "rejects" / old).exists()


@pytest.mark.parametrize("damage", [b"", b"PAR1 something else PAR1"])
def test_damage_is_named_before_a_build_and_ends_with_the_next_run(
    damage: bytes, source: Path, tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    run(source, raw)
    (name,) = names(raw)
    (raw / "rejects" / name).write_bytes(damage)
    with pytest.raises(LakeError, match=name):
        check_lakes(raw)
    report = run(source, raw)
    assert [name in line and "--full" in line for line in report.damaged] == [True]
    assert reasons(raw) == ["not JSON"]
    check_lakes(raw)
    assert run(source, raw, full=True).damaged == []
    assert reasons(raw) == ["not JSON", "repaired"]


@pytest.mark.parametrize("damage", ["", "{}", '{"sha256": "", "files": []}'])
def test_a_damaged_list_is_begun_anew(damage: str, source: Path, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    run(source, raw)
    (raw / "rejects" / "files.json").write_text(damage)
    with pytest.raises(LakeError, match=r"files\.json"):
        check_lakes(raw)
    assert run(source, raw).damaged
    assert reasons(raw) == ["not JSON"]
    check_lakes(raw)


def test_notes_of_another_kind_of_source_go_with_its_records(source: Path, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    run(source, raw, "docdb_v1")
    run("sample:5", raw)
    without_records(Lake(raw, "docdb_v1"), "sample:5")
    assert [name.startswith("docdb_v2") for name in names(raw)] == [True]
