"""The frame of foraging sessions in the lake: columns under their names, numbers or text."""

from __future__ import annotations

import os
import pickle
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from biodata_cache import SourceError
from extract.objects.foraging import BUCKET, KEY, SCHEMA, copy_sessions
from extract.objects.safe_pickle import UnsafePickleError
from extract.objects.stores import ObjectStore, folder_store

if TYPE_CHECKING:
    from pathlib import Path


def put(folder: Path, content: bytes) -> ObjectStore:
    path = folder / "buckets" / BUCKET / KEY
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return folder_store(folder / "buckets", "test")


def frame(**columns: list[object]) -> bytes:
    made = pd.DataFrame({("metadata", name): values for name, values in columns.items()})
    made.columns = pd.MultiIndex.from_tuples(made.columns)
    made.index = pd.Index([f"0{number}" for number in range(len(made))], name="subject_id")
    return pickle.dumps(made)


def test_columns_keep_their_names_and_kinds(tmp_path: Path) -> None:
    store = put(
        tmp_path,
        frame(text=["a", None], whole=[1, 2], number=[1.5, None], flag=[True, None], odd=[1, "x"]),
    )
    assert copy_sessions(store, tmp_path / "raw") == (2, None)
    table = pq.read_table(tmp_path / "raw/foraging_sessions/sessions.parquet")
    assert {field.name: field.type for field in table.schema} == {
        "position": pa.int64(),
        "store": pa.string(),
        "subject_id": pa.string(),
        "metadata/text": pa.string(),
        "metadata/whole": pa.int64(),
        "metadata/number": pa.float64(),
        "metadata/flag": pa.bool_(),
        "metadata/odd": pa.string(),
    }
    assert table.column("subject_id").to_pylist() == ["00", "01"]
    assert table.column("metadata/odd").to_pylist() == ["1", "x"]
    assert table.column("metadata/number").to_pylist() == [1.5, None]


def test_a_frame_that_did_not_change_is_not_written(tmp_path: Path) -> None:
    store = put(tmp_path, frame(text=["a"]))
    copy_sessions(store, tmp_path / "raw")
    path = tmp_path / "raw/foraging_sessions/sessions.parquet"
    before = path.stat().st_mtime_ns
    copy_sessions(store, tmp_path / "raw")
    assert path.stat().st_mtime_ns == before


def test_a_frame_that_is_gone_stays_until_another_store_is_asked(tmp_path: Path) -> None:
    store = put(tmp_path, frame(text=["a"]))
    copy_sessions(store, tmp_path / "raw")
    (tmp_path / "buckets" / BUCKET / KEY).unlink()
    path = tmp_path / "raw/foraging_sessions/sessions.parquet"
    assert copy_sessions(store, tmp_path / "raw") == (None, "no such object")
    assert path.exists()
    other = folder_store(tmp_path / "none", "other")
    assert copy_sessions(other, tmp_path / "raw") == (None, "no such bucket")
    assert not path.exists()
    assert pq.read_schema(path.with_name("schema.parquet")).equals(SCHEMA)


def test_another_frame_is_refused(tmp_path: Path) -> None:
    store = put(tmp_path, pickle.dumps(pd.DataFrame({"a": [1]})))
    with pytest.raises(SourceError, match="has no 'subject_id'"):
        copy_sessions(store, tmp_path / "raw")


def test_a_hostile_pickle_is_refused_by_name(tmp_path: Path) -> None:
    class Hostile:
        def __reduce__(self) -> object:
            return os.system, ("touch touched",)

    with pytest.raises(UnsafePickleError, match=r"df_sessions.pkl in test: .* nothing of it ran"):
        copy_sessions(put(tmp_path, pickle.dumps(Hostile())), tmp_path / "raw")
