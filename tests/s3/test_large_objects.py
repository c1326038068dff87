"""A table that is too large for one object is several, each with a range of its rows."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from built import Build

from biodata_cache import Cache
from biodata_cache._publish.publish import publish, rollback
from biodata_cache._publish.snapshots.snapshot import split
from biodata_cache._publish.snapshots.verify import verify
from biodata_cache._storage.open import open_storage

ROWS = 45_000
SMALL = 300_000
BIG = (
    f"select 'k' || (range // 7)::varchar as name, md5(range::varchar) as noise from range({ROWS})"
)


@pytest.fixture
def build(tmp_path: Path) -> Build:
    subjects = {f"{number:03}": f"v{number}" for number in range(4)}
    build = Build(tmp_path / "work", str(tmp_path / "root"))
    return build.make(subjects, tables={"big": f"{BIG} order by name, noise"})


@pytest.mark.parametrize("rows", [0, 1, 10_240, 10_241, 45_000])
def test_the_parts_one_after_another_are_the_file(rows: int, tmp_path: Path) -> None:
    whole, folder = tmp_path / "who[l]e'.pqt", tmp_path / "pa'rts"
    with duckdb.connect() as duck:
        duck.execute(f"copy (from ({BIG}) limit {rows}) to '{tmp_path}/a.pqt' (format parquet)")
        (tmp_path / "a.pqt").rename(whole)
        parts = split(duck, whole, folder, SMALL)
        before = [part.read_bytes() for part in parts]
        assert [part.read_bytes() for part in split(duck, whole, folder, SMALL)] == before
        files = [str(part) for part in parts]
        found = duck.execute("from read_parquet(?)", [files]).fetchall()
        assert found == duck.execute(f"from ({BIG}) limit {rows}").fetchall()
    assert len(parts) == max(1, -(-rows // 10_240))
    assert sorted(folder.iterdir()) == parts


def test_it_is_published_read_verified_and_put_back(build: Build) -> None:
    publish(build.settings, object_bytes=SMALL)
    cache = Cache(root=build.root)
    entry = cache.table_info("big")
    assert len(entry.objects) > 1
    assert max(each.bytes for each in entry.objects) < 2 * SMALL
    assert sum(each.rows for each in entry.objects) == ROWS == entry.row_count
    wanted = duckdb.execute(f"{BIG} order by name, noise").fetchall()
    assert cache.scan("big").arrow().num_rows == ROWS
    with cache.connect() as duck:
        assert duck.execute("from big").fetchall() == wanted
        (one,) = duck.execute("select count(*) from big where name = 'k17'").fetchone() or (0,)
    assert one == 7
    storage, folder = open_storage(build.settings), build.settings.version_folder
    assert verify(storage, folder).damaged == []
    public = Path(build.root) / "data-asset-cache" / folder / "big.pqt"
    before = duckdb.execute("from read_parquet(?)", [str(public)]).fetchall()
    assert before == wanted
    objects = [public.parents[1] / ".objects" / each.name for each in entry.objects]
    texts = {b"description": b"It's big.", b"columns": b'{"name": ""}'}
    assert [pq.read_schema(path).metadata for path in (public, *objects)] == [texts] * (
        len(objects) + 1
    )

    second = publish(build.settings, object_bytes=SMALL)
    assert (second.written, second.objects) == (0, 0)
    build.make({"000": "w"}, built_at="2026-01-02T00:00:00Z", tables={"big": f"{BIG} limit 5"})
    publish(build.settings, object_bytes=SMALL)
    assert len(Cache(root=build.root).table_info("big").objects) == 1
    rollback(build.settings)
    assert pq.read_schema(public).metadata == texts
    assert duckdb.execute("from read_parquet(?)", [str(public)]).fetchall() == wanted
    assert verify(storage, folder).damaged == []
    assert Cache(root=build.root).scan("big").arrow().num_rows == ROWS
