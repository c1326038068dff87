"""The frame of foraging sessions in the lake: columns under their names, numbers or text."""

from __future__ import annotations

import os
import pickle
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from biodata_cache import LakeError, SourceError
from extract.lake.check import check_lakes
from extract.objects.foraging import BUCKET, KEY, SCHEMA, copy_sessions, folder
from extract.objects.safe_pickle import UnsafePickleError
from extract.objects.stores import ObjectStore, folder_store

if TYPE_CHECKING:
    from pathlib import Path


def put(home: Path, content: bytes) -> ObjectStore:
    path = home / "buckets" / BUCKET / KEY
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return folder_store(home / "buckets", "test")


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
    table = folder(tmp_path / "raw").read("sessions")
    assert table is not None
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
    path = folder(tmp_path / "raw").find("sessions")
    copy_sessions(store, tmp_path / "raw")
    assert folder(tmp_path / "raw").find("sessions") == path
    other = put(tmp_path, frame(text=["b"]))
    copy_sessions(other, tmp_path / "raw")
    assert folder(tmp_path / "raw").find("sessions") != path
    assert path is not None
    assert not path.exists()


@pytest.mark.parametrize("damage", [b"", b"PAR1 and then something else"])
def test_a_copy_that_is_damaged_on_the_disk_is_made_again(tmp_path: Path, damage: bytes) -> None:
    store = put(tmp_path, frame(text=["a"]))
    copy_sessions(store, tmp_path / "raw")
    path = folder(tmp_path / "raw").find("sessions")
    assert path is not None
    path.write_bytes(damage)
    with pytest.raises(LakeError, match=path.name):
        check_lakes(tmp_path / "raw")
    assert copy_sessions(store, tmp_path / "raw") == (1, None)
    check_lakes(tmp_path / "raw")


def test_a_folder_of_an_older_version_gets_a_list(tmp_path: Path) -> None:
    store = put(tmp_path, frame(text=["a"]))
    copy_sessions(store, tmp_path / "raw")
    tables = folder(tmp_path / "raw")
    path = tables.find("sessions")
    assert path is not None
    path.rename(path.with_name("sessions.parquet"))
    (path.parent / "files.json").unlink()
    assert copy_sessions(store, tmp_path / "raw") == (1, None)
    assert folder(tmp_path / "raw").find("sessions") == path.with_name("sessions.parquet")
    check_lakes(tmp_path / "raw")


def test_a_frame_that_is_gone_stays_until_another_store_is_asked(tmp_path: Path) -> None:
    store = put(tmp_path, frame(text=["a"]))
    copy_sessions(store, tmp_path / "raw")
    (tmp_path / "buckets" / BUCKET / KEY).unlink()
    assert copy_sessions(store, tmp_path / "raw") == (None, "no such object")
    assert folder(tmp_path / "raw").find("sessions") is not None
    other = folder_store(tmp_path / "none", "other")
    assert copy_sessions(other, tmp_path / "raw") == (None, "no such bucket")
    assert folder(tmp_path / "raw").find("sessions") is None
    assert [pq.read_schema(path) for path in folder(tmp_path / "raw").files()] == [SCHEMA]


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
