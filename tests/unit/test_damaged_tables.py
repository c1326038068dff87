"""Whatever happened to a table of others: an error of ours that names it, or rows."""

from __future__ import annotations

import io
import json
import pickle
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from damage import damaged, parquet
from hypothesis import given, settings
from hypothesis import strategies as st

from biodata_cache import CacheError, custom
from biodata_cache._publish.snapshots import public_files
from examples import drawn
from extract.objects import foraging, foraging_database
from extract.objects.stores import folder_store, s3_store
from extract.objects.upgrades import CUSTOM, copy_upgrades, published_at

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.nightly
VALUES: list[tuple[Any, list[Any]]] = [
    (pa.string(), ["a", None]),
    (pa.large_string(), ["a", "b"]),
    (pa.binary(), [b"\xff\xfe", b"a"]),
    (pa.int64(), [2**62, None]),
    (pa.float64(), [float("nan"), 1e300]),
    (pa.bool_(), [True, None]),
    (pa.decimal128(38, 10), [None, None]),
    (pa.timestamp("ns", tz="Europe/Berlin"), [-(2**62), 2**62]),
    (pa.date32(), [2**30, 0]),
    (pa.time64("ns"), [0, 1]),
    (pa.duration("s"), [2**62, None]),
    (pa.list_(pa.string()), [["a"], None]),
    (pa.struct([("a", pa.int64())]), [{"a": 1}, None]),
    (pa.map_(pa.string(), pa.int64()), [[("a", 1)], None]),
    (pa.dictionary(pa.int32(), pa.string()), ["a", "a"]),
    (pa.null(), [None, None]),
]
"""A type of a column, and two values of it."""


@st.composite
def tables(draw: st.DrawFn, names: list[str]) -> bytes:
    """A parquet file of other columns than are known, or of other types."""
    chosen = draw(st.lists(st.sampled_from([*names, "", "é\0", "a" * 300]), min_size=0, max_size=7))
    columns = [draw(st.sampled_from(VALUES)) for _ in chosen]
    arrays = [pa.array(values, type=kind) for kind, values in columns]
    rows = draw(st.sampled_from([0, 2]))
    sink = io.BytesIO()
    pq.write_table(pa.table(arrays, names=chosen).slice(0, rows), sink)
    return sink.getvalue()


class Place:
    """Where tables of others lie, and a lake for their copies."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.raw = folder, folder / "raw"
        self.root = folder / "root"
        self.home = self.root / "data-asset-cache"
        (self.home / "custom").mkdir(parents=True)
        (self.home / "bdc-v0.1.0").mkdir()

    def upgrades(self) -> list[str]:
        return copy_upgrades(published_at(str(self.root), s3_store), self.raw)[1]

    def database(self) -> list[str]:
        at = foraging_database.location_of(str(self.folder / "database"), s3_store)
        return foraging_database.copy_database(at, self.raw)

    def sessions(self) -> list[str]:
        store = folder_store(self.folder / "buckets")
        problem = foraging.copy_sessions(store, self.raw)[1]
        return [] if problem is None else [problem]

    def custom(self) -> list[str]:
        custom("mine")
        return []

    def listed(self) -> list[str]:
        public_files.decoded(self.folder / "files.pqt")
        return []


STATUS = "select 'a' as v1_id, 'b' as v2_id, '0.2' as upgrader_version, 'success' as status"
LISTED = (
    "select 'a' path, 't' table_name, null::text key_value, 1::bigint as rows, 2::bigint as bytes"
)
READERS: dict[str, tuple[str, Callable[[Place], list[str]], str | None, list[str]]] = {
    "upgrades": (
        f"root/data-asset-cache/{CUSTOM}", Place.upgrades, STATUS,
        ["v1_id", "v2_id", "upgrader_version", "status", "last_modified", "Status"],
    ),
    "history": (
        "root/data-asset-cache/bdc-v0.1.0/metadata_upgrade.pqt", Place.upgrades,
        "select 'a' as _id, 'n' as name, 'success' as \"0.2\"", ["_id", "name", "0.2", "0.3"],
    ),
    "database": (
        "database/sessions.parquet", Place.database, "select 's' as _session_id, '1' as subject_id",
        ["_session_id", "subject_id", "task", "_row", "filename", "Task"],
    ),
    "sessions": (
        f"buckets/{foraging.BUCKET}/{foraging.KEY}", Place.sessions, None, [],
    ),
    "custom": (
        "root/data-asset-cache/custom/mine.pqt", Place.custom, "select 1 as a, 'b' as b",
        ["a", "b", "A"],
    ),
    "listed": ("files.pqt", Place.listed, f"{LISTED}, 's' sha256", ["path", "table_name", "rows"]),
}  # fmt: skip


@pytest.mark.parametrize("name", READERS)
def test_a_damaged_table_is_named_or_read(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path)
    monkeypatch.setenv("BIODATA_CACHE_ROOT", str(place.root))
    where, read, query, names = READERS[name]
    path = tmp_path / where
    path.parent.mkdir(parents=True, exist_ok=True)
    frame = pd.DataFrame({"subject_id": ["1", "2"], "n": [1, None], "l": [["a"], []]})
    sound = pickle.dumps(frame) if query is None else parquet(query, path)
    contents = damaged(sound) | tables(names) if names else damaged(sound)

    @settings(max_examples=drawn(12))
    @given(data=st.data())
    def check(data: st.DataObject) -> None:
        content = data.draw(contents)
        path.write_bytes(sound)
        assert all(path.name not in text for text in read(place))
        path.write_bytes(content)
        try:
            problems = read(place)
        except CacheError as error:
            assert path.name in str(error)  # noqa: PT017
        else:
            assert all(len(text) < 2_000 for text in problems)

    check()


@settings(max_examples=drawn(40))
@given(
    values=st.lists(
        st.none()
        | st.booleans()
        | st.integers(-(10**400), 10**400)
        | st.sampled_from([10**5_000, np.float64("inf"), np.int8(1), pd.NaT, pd.NA, "\ud800", "\0"])
        | st.floats()
        | st.text(max_size=3)
        | st.datetimes()
        | st.lists(st.none() | st.floats() | st.integers() | st.just(10**5_000), max_size=2)
        | st.complex_numbers()
        | st.binary(max_size=3),
        min_size=1,
        max_size=3,
    ),
    label=st.sampled_from(["n", "subject_id", "", "\ud800", "Position", 5, None, ("a", 1)]),
)
def test_whatever_a_frame_holds_it_is_copied_or_named(
    values: list[Any], label: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("frame")
    path = folder / foraging.BUCKET / foraging.KEY
    path.parent.mkdir(parents=True)
    frame = pd.DataFrame({"subject_id": ["1"] * len(values)})
    with suppress(OverflowError, UnicodeError):  # pandas itself cannot hold it
        frame[label] = pd.Series(values, dtype=object)
    path.write_bytes(pickle.dumps(frame))
    count, problem = foraging.copy_sessions(folder_store(folder), folder / "raw")
    assert count == len(values) or (problem is not None and path.name in problem)
    json.dumps(problem, ensure_ascii=False).encode()
