"""The three files of the foraging database: copied as they are, kept, and gone if there is none."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from biodata_cache import SettingsError
from biodata_cache._core.settings import values as _settings
from extract.lake.folder import Folder
from extract.objects.foraging_database import copy_database, in_sample, location_of, prepare
from extract.objects.stores import folder_store, s3_store

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("sessions", "trials", "events")


class Fixture:
    def __init__(self, folder: Path) -> None:
        self.home = folder / "db"
        self.raw = folder / "raw"
        self.home.mkdir()

    def write(self, name: str, query: str) -> None:
        duckdb.execute(f"copy ({query}) to '{self.home / name}.parquet' (format parquet)")

    def write_all(self) -> None:
        self.write("sessions", "select 'a' as _session_id, 1.5 as further")
        self.write("trials", "select 451 as subject_id, [1, 2] as list union all select 452, null")
        self.write("events", "select '451' as subject_id, null::varchar as nothing")

    def copy(self, *, prune: bool = False) -> list[str]:
        return copy_database(location_of(str(self.home), s3_store), self.raw, prune=prune)

    def files(self, name: str) -> list[str]:
        folder = self.raw / f"platform_dynamic_foraging_{name}"
        return [str(folder / file.name) for file in Folder(folder).listed()]

    def rows(self, name: str) -> list[dict[str, Any]]:
        result = duckdb.execute(
            "select * from read_parquet(?, union_by_name = true) order by _row", [self.files(name)]
        )
        columns = [column[0] for column in result.description]
        return [
            {key: value for key, value in zip(columns, row, strict=True) if value is not None}
            for row in result.fetchall()
        ]


@pytest.fixture
def database(tmp_path: Path) -> Fixture:
    return Fixture(tmp_path)


def test_all_columns_are_copied_and_the_rows_numbered(database: Fixture) -> None:
    database.write_all()
    assert database.copy() == []
    (session,) = database.rows("sessions")
    assert (session["_row"], session["_session_id"], float(session["further"])) == (0, "a", 1.5)
    assert database.rows("trials") == [
        {"_row": 0, "subject_id": "451", "list": [1, 2]},
        {"_row": 1, "subject_id": "452"},
    ]
    assert database.rows("events") == [{"_row": 0, "subject_id": "451"}]


def test_what_has_not_changed_is_not_written_again(database: Fixture) -> None:
    database.write_all()
    database.copy()
    before = {name: database.files(name) for name in NAMES}
    assert database.copy() == []
    assert {name: database.files(name) for name in NAMES} == before
    database.write("trials", "select 7 as subject_id")
    database.copy()
    assert database.files("events") == before["events"]
    assert database.rows("trials") == [{"_row": 0, "subject_id": "7"}]


def test_a_folder_that_is_not_mounted_takes_nothing_away(database: Fixture) -> None:
    database.write_all()
    database.copy()
    shutil.rmtree(database.home)
    problems = database.copy()
    assert len(problems) == len(NAMES)
    for name, problem in zip(NAMES, problems, strict=True):
        assert f"{name}.parquet in folder:{database.home}" in problem
        assert problem.endswith("the copy of an earlier run stays")
        assert database.rows(name)
    assert all("stays" not in problem for problem in database.copy(prune=True))
    assert [database.rows(name) for name in NAMES] == [[], [], []]


def test_no_database_is_no_table(database: Fixture) -> None:
    database.write_all()
    database.copy()
    assert location_of("", s3_store) is None
    assert copy_database(None, database.raw) == []
    assert [database.rows(name) for name in NAMES] == [[], [], []]


def test_one_file_that_is_missing_leaves_the_others(database: Fixture) -> None:
    database.write("trials", "select 1 as subject_id")
    assert [problem.partition(".parquet")[0][-8:] for problem in database.copy()] == [
        "sessions",
        ": events",
    ]
    assert [len(database.rows(name)) for name in NAMES] == [0, 1, 0]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("select 1 as subject", "no column 'subject_id'"),
        ("select 1 as subject_id, 2 as _row", "its column '_row'"),
        ("select 1 as subject_id, 2 as Filename", "its column 'Filename'"),
    ],
)
def test_a_file_of_another_kind_is_reported_and_the_copy_stays(
    database: Fixture, query: str, message: str
) -> None:
    database.write_all()
    database.copy()
    before = database.rows("trials")
    database.write("trials", query)
    (problem,) = database.copy()
    assert message in problem
    assert problem.endswith("; the copy of an earlier run stays")
    assert database.rows("trials") == before


@pytest.mark.parametrize("content", [b"", b"PAR1", b"no parquet at all", b"PAR1" + bytes(90)])
def test_a_file_that_is_no_parquet_is_reported(database: Fixture, content: bytes) -> None:
    database.write_all()
    (database.home / "events.parquet").write_bytes(content)
    (problem,) = database.copy()
    assert "cannot be read as parquet" in problem
    assert database.rows("events") == []


def test_files_of_the_sample_do_not_stay_for_another_database(database: Fixture) -> None:
    database.write_all()
    database.home.rename(database.home.with_name("dynamic-foraging-database"))
    location = in_sample(folder_store(database.home.parent, "sample"))
    assert copy_database(location, database.raw) == []
    assert len(database.rows("trials")) == 2
    problems = database.copy()
    assert len(problems) == len(NAMES)
    assert not any("stays" in problem for problem in problems)
    assert [database.rows(name) for name in NAMES] == [[], [], []]


def test_the_models_find_their_columns_before_any_copy(database: Fixture) -> None:
    prepare(database.raw)
    assert [database.rows(name) for name in NAMES] == [[], [], []]
    result = duckdb.execute("describe from read_parquet(?)", [database.files("sessions")])
    assert {row[0] for row in result.fetchall()} >= {"_row", "_session_id", "autowater_collected"}


def test_the_location_is_a_folder_or_a_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    variable = "BIODATA_CACHE_FORAGING_DATABASE"
    assert _settings.load(root="x").foraging_database == ""
    monkeypatch.setenv(variable, "s3://bucket/prefix/")
    assert _settings.load(root="x").foraging_database == "s3://bucket/prefix"
    for address in ("https://host/folder", "user:word@host"):
        monkeypatch.setenv(variable, address)
        with pytest.raises(SettingsError, match=variable) as caught:
            _settings.load(root="x")
        assert "--" not in str(caught.value)
        assert "word" not in str(caught.value).replace("password", "")
