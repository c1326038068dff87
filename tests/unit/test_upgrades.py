"""The upgrader's table and its history: copied, kept, and never lost for a night without it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from biodata_cache import SourceError
from extract.lake.folder import Folder
from extract.objects.stores import ObjectStore, UnavailableObjectError, folder_store, s3_store
from extract.objects.upgrades import CUSTOM, Published, copy_upgrades, published_at

if TYPE_CHECKING:
    from pathlib import Path


class Fixture:
    def __init__(self, folder: Path) -> None:
        self.home = folder / "root/data-asset-cache"
        self.raw = folder / "raw"

    def write(self, path: str, query: str) -> None:
        target = self.home / path
        target.parent.mkdir(parents=True, exist_ok=True)
        duckdb.execute(f"copy ({query}) to '{target}' (format parquet)")

    def copy(self, *, prune: bool = False) -> tuple[int | None, list[str]]:
        published = published_at(str(self.home.parent), s3_store)
        return copy_upgrades(published, self.raw, prune=prune)

    def tables(self, name: str) -> list[Path]:
        return [self.raw / name / file.name for file in Folder(self.raw / name).listed()]

    def history(self) -> list[tuple[Any, ...]]:
        result = duckdb.execute(
            "select _id, upgrader_version, status, published_in from read_parquet(?) order by all",
            [[str(path) for path in self.tables("upgrade_history")]],
        )
        return result.fetchall()


@pytest.fixture
def cache(tmp_path: Path) -> Fixture:
    return Fixture(tmp_path)


RUN = "select 'a' as v1_id, 'b' as v2_id, '0.2' as upgrader_version, 'success' as status"


def test_no_root_leaves_empty_lakes(cache: Fixture) -> None:
    assert copy_upgrades(published_at("", s3_store), cache.raw) == (None, [])
    assert cache.history() == []


def test_the_custom_table_is_copied_and_stays_unless_it_may_go(cache: Fixture) -> None:
    assert cache.copy() == (None, [])
    cache.write(CUSTOM, RUN)
    assert cache.copy() == (1, [])
    (copied,) = (path for path in cache.tables("upgrade_status") if "status" in path.name)
    assert duckdb.execute(f"select v1_id, status from '{copied}'").fetchall() == [("a", "success")]
    before = copied.stat().st_mtime_ns
    cache.copy()
    assert copied.stat().st_mtime_ns == before
    (cache.home / CUSTOM).unlink()
    for _ in range(2):
        rows, (kept,) = cache.copy()
        assert rows is None
        assert "stays" in kept
        assert copied.exists()
        shutil.rmtree(cache.home.parent, ignore_errors=True)  # not mounted
    assert cache.copy(prune=True) == (None, [])
    assert not copied.exists()


def test_upgrades_of_the_sample_stay_for_no_other_source(cache: Fixture) -> None:
    cache.write(CUSTOM, RUN)
    sample = Published(folder_store(cache.home.parent, "sample"), cache.home.name, "")
    assert copy_upgrades(None, cache.raw, sample=sample) == (1, [])
    assert copy_upgrades(None, cache.raw) == (None, [])
    assert [path for path in cache.tables("upgrade_status") if "schema" not in path.name] == []


def test_published_versions_are_kept_whatever_comes_after(cache: Fixture) -> None:
    columns = "'a' as _id, 'x' as name, 'failed' as status"
    cache.write("bdc-v0.1.0/metadata_upgrade.pqt", f"select {columns}, 'failed' as \"0.1\"")
    cache.write(
        "bdc-v0.2.0/metadata_upgrade.pqt",
        f'select {columns}, \'success\' as "0.2", null::varchar as "0.3"',
    )
    cache.write("custom/metadata_upgrade.pqt", 'select 1 as _id, 1 as "9.9"')
    cache.copy()
    rows = [("a", "0.1", "failed", "bdc-v0.1.0"), ("a", "0.2", "success", "bdc-v0.2.0")]
    assert cache.history() == rows
    # A night without the custom table publishes an empty one; the lake still knows.
    cache.write("bdc-v0.1.0/metadata_upgrade.pqt", f"select {columns}, 'failed' as \"0.1\" limit 0")
    (cache.home / "bdc-v0.2.0/metadata_upgrade.pqt").unlink()
    cache.copy()
    assert cache.history() == rows
    cache.write("bdc-v0.1.0/metadata_upgrade.pqt", f"select {columns}, 'success' as \"0.1\"")
    cache.copy()
    assert cache.history() == [("a", "0.1", "success", "bdc-v0.1.0"), rows[1]]


def test_a_published_table_without_upgrades_changes_no_lake(cache: Fixture) -> None:
    cache.copy()
    before = {path: path.read_bytes() for path in cache.raw.rglob("*") if path.is_file()}
    cache.write(
        "bdc-v0.1.0/metadata_upgrade.pqt", "select 'a' as _id, 'x' as name, 'b' as status limit 0"
    )
    cache.copy()
    assert cache.raw / "upgrade_history/files.json" in before
    assert {p: p.read_bytes() for p in cache.raw.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize("prune", [False, True])
def test_a_published_run_is_history_as_soon_as_the_custom_table_has_another(
    cache: Fixture, *, prune: bool
) -> None:
    """Before it is not: a night after its publish has nothing to build."""
    cache.write(CUSTOM, RUN.replace("0.2", " 0.2A"))
    cache.copy()
    before = {path: path.read_bytes() for path in cache.raw.rglob("*") if path.is_file()}
    cache.write(
        "bdc-v0.1.0/metadata_upgrade.pqt", "select 'a' as _id, 'x' as name, 'success' as \"0.2a\""
    )
    cache.copy()
    assert {p: p.read_bytes() for p in cache.raw.rglob("*") if p.is_file()} == before
    if prune:
        (cache.home / CUSTOM).unlink()
    else:
        cache.write(CUSTOM, RUN.replace("0.2", "0.3"))
    cache.copy(prune=prune)
    assert cache.history() == [("a", "0.2a", "success", "bdc-v0.1.0")]


@pytest.mark.parametrize("path", [CUSTOM, "bdc-v0.1.0/metadata_upgrade.pqt"])
@pytest.mark.parametrize("content", [b"", b"PAR1 half", b"PAR1" + b"x" * 100 + b"PAR1"])
def test_a_table_that_cannot_be_read_costs_nothing_else_and_the_old_one_stays(
    cache: Fixture, path: str, content: bytes
) -> None:
    cache.write(CUSTOM, RUN)
    cache.write("bdc-v0.1.0/metadata_upgrade.pqt", "select 'a' as _id, 'failed' as \"0.1\"")
    cache.copy()
    copies = {p: p.read_bytes() for p in cache.raw.rglob("*.parquet")}
    (cache.home / path).write_bytes(content)
    _, (kept,) = cache.copy()
    assert path in kept
    assert {p: p.read_bytes() for p in cache.raw.rglob("*.parquet")} == copies


def test_versions_that_may_not_be_listed_are_not_taken_for_none(cache: Fixture) -> None:
    class Closed(ObjectStore):
        def folders(self, *_: str) -> list[str]:
            raise UnavailableObjectError("access denied")

    cache.write(CUSTOM, RUN)
    published = Published(
        Closed("closed", folder_store(cache.home.parent).storages), cache.home.name, ""
    )
    with pytest.raises(SourceError, match=r"access denied.*earlier upgrades would be lost"):
        copy_upgrades(published, cache.raw)


def test_a_custom_table_of_another_kind_is_reported(cache: Fixture) -> None:
    cache.write(CUSTOM, "select 1 as x")
    rows, (kept,) = cache.copy()
    assert rows is None
    assert "upgrader" in kept
