"""The base view on lakes of several nights: each record once, in its newest version."""

from __future__ import annotations

import random
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb
import pytest
from lakes import files
from test_compaction import NEVER, SOON, Written, compact, document, night

from extract.pipeline import extract

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from conftest import Dbt

    Staged = Callable[[Path], AbstractContextManager[duckdb.DuckDBPyConnection]]

MODELS = ("stg_docdb__superseded_versions", "stg_docdb__records")
#: Rows of each file, and how many of them are superseded.
BY_FILE = """
select parse_filename(filename), count(*), count(record_id)
from read_parquet($files, filename = true) as lake
left join main_staging.stg_docdb__superseded_versions as version
    on (lake._id, lake.run, lake.position) = (version.record_id, version.run, version.position)
group by all order by all
"""


@pytest.fixture(scope="module")
def staged(dbt: Dbt, dbt_work: Path) -> Staged:
    """Opens a lake as a build has it, with the models' own SQL."""
    compiled = dbt("compile", "--select", *MODELS)
    assert compiled.returncode == 0, compiled.stdout + compiled.stderr
    folder = dbt_work / "target/compiled/biodata_cache/models/staging/docdb/base"
    ranking, view = ((folder / f"{model}.sql").read_text() for model in MODELS)

    @contextmanager
    def opened(raw: Path) -> Iterator[duckdb.DuckDBPyConnection]:
        with duckdb.connect() as connection:
            connection.execute("attach ':memory:' as build; use build")
            connection.execute("create schema lake; create schema main_staging")
            connection.read_parquet(files(raw)).create("lake.docdb_v2")
            for kind, model, sql in zip(("table", "view"), MODELS, (ranking, view), strict=True):
                connection.execute(f"create {kind} main_staging.{model} as {sql}")
            yield connection

    return opened


def names(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """The records of the base view."""
    query = "select record_id, name from main_staging.stg_docdb__records order by all"
    return connection.execute(query).fetchall()


def newest(source: Written) -> list[tuple[str, str]]:
    """What they should be."""
    return sorted((key, one["name"]) for key, one in source.expected.items())


def by_file(connection: duckdb.DuckDBPyConnection, raw: Path) -> list[tuple[int, int]]:
    """Rows of each file in order, and how many of them are superseded."""
    found = connection.execute(BY_FILE, {"files": files(raw)}).fetchall()
    return [(rows, superseded) for _, rows, superseded in found]


def test_of_a_first_extract_nothing_is_superseded(staged: Staged, tmp_path: Path) -> None:
    source = Written()
    source.written = [document(number) for number in range(10)]
    extract(source, tmp_path)
    with staged(tmp_path) as connection:
        assert names(connection) == newest(source)
        assert by_file(connection, tmp_path) == [(10, 0)]


def test_files_with_all_some_and_none_of_their_rows_superseded(
    staged: Staged, tmp_path: Path
) -> None:
    source = Written()
    steps: list[tuple[list[dict], list[tuple[int, int]]]] = [
        ([document(n) for n in range(3)], [(3, 0)]),
        # Two are added; then all of the first file change, and one of the second.
        ([document(n) for n in range(5)], [(3, 0), (2, 0)]),
        ([*(document(n, 1) for n in range(4)), document(4)], [(3, 3), (2, 1), (4, 0)]),
        # A tombstone; it is no version itself, and ends where the record comes back.
        ([document(n, 1) for n in range(4)], [(3, 3), (2, 2), (4, 0), (1, 0)]),
        (
            [*(document(n, 1) for n in range(4)), document(4)],
            [(3, 3), (2, 2), (4, 0), (1, 0), (1, 0)],
        ),
        # Two documents with one `_id` come in one file.
        (
            [*(document(n, 1) for n in range(4)), document(4), document(5), document(5, 1)],
            [(3, 3), (2, 2), (4, 0), (1, 0), (1, 0), (2, 1)],
        ),
    ]
    for written, counts in steps:
        source.written = written
        extract(source, tmp_path, policy=NEVER)
        with staged(tmp_path) as connection:
            assert names(connection) == newest(source)
            assert by_file(connection, tmp_path) == counts


@pytest.mark.parametrize("seed", range(3))
def test_compaction_moves_records_between_files_and_the_view_stays(
    staged: Staged, tmp_path: Path, seed: int
) -> None:
    draw, source = random.Random(seed), Written()
    source.written = [document(number) for number in range(60)]
    source.written += [document(number, 1) for number in range(5)]
    extract(source, tmp_path, policy=NEVER)
    for number in range(2, 6):
        night(source, draw, number)
        extract(source, tmp_path, policy=NEVER)
    with staged(tmp_path) as connection:
        before = connection.execute("from main_staging.stg_docdb__records order by all").fetchall()
        assert names(connection) == newest(source)
        assert sum(superseded for _, superseded in by_file(connection, tmp_path)) > 10
    assert compact(tmp_path, SOON) > 0
    with staged(tmp_path) as connection:
        after = connection.execute("from main_staging.stg_docdb__records order by all").fetchall()
        assert after == before
        # Documents of one `_id` stay together, and all else that was superseded is gone.
        assert sum(superseded for _, superseded in by_file(connection, tmp_path)) <= 5
