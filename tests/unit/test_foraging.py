"""The frame of foraging sessions in the lake: columns under their names, numbers or text."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from biodata_cache import LakeError
from extract.lake.check import check_lakes
from extract.objects.foraging import BUCKET, KEY, SCHEMA, copy_sessions
from extract.objects.foraging import folder as lake_of
from extract.objects.stores import ObjectStore, folder_store


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
    table = lake_of(tmp_path / "raw").read("sessions")
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


def copied(folder: Path) -> Path | None:
    return lake_of(folder / "raw").find("sessions")


def test_a_frame_that_did_not_change_is_not_written(tmp_path: Path) -> None:
    store = put(tmp_path, frame(text=["a"]))
    copy_sessions(store, tmp_path / "raw")
    path = copied(tmp_path)
    assert path is not None
    before = path.stat().st_mtime_ns
    copy_sessions(store, tmp_path / "raw")
    assert copied(tmp_path) == path
    assert path.stat().st_mtime_ns == before
    copy_sessions(put(tmp_path, frame(text=["b"])), tmp_path / "raw")
    assert copied(tmp_path) not in {None, path}
    assert not path.exists()


@pytest.mark.parametrize("damage", [b"", b"PAR1 and then something else"])
def test_a_copy_that_is_damaged_on_the_disk_is_made_again(tmp_path: Path, damage: bytes) -> None:
    store = put(tmp_path, frame(text=["a"]))
    copy_sessions(store, tmp_path / "raw")
    path = copied(tmp_path)
    assert path is not None
    path.write_bytes(damage)
    with pytest.raises(LakeError, match=path.name):
        check_lakes(tmp_path / "raw")
    assert copy_sessions(store, tmp_path / "raw") == (1, None)
    check_lakes(tmp_path / "raw")


def test_a_list_that_is_lost_is_made_again(tmp_path: Path) -> None:
    store = put(tmp_path, frame(text=["a"]))
    copy_sessions(store, tmp_path / "raw")
    path = copied(tmp_path)
    assert path is not None
    (path.parent / "files.json").unlink()
    assert copy_sessions(store, tmp_path / "raw") == (1, None)
    assert copied(tmp_path) == path
    check_lakes(tmp_path / "raw")


def test_a_frame_that_is_gone_stays_unless_it_may_go(tmp_path: Path) -> None:
    store = put(tmp_path, frame(text=["a"]))
    copy_sessions(store, tmp_path / "raw")
    (tmp_path / "buckets" / BUCKET / KEY).unlink()
    stays = "; the sessions of an earlier run stay"
    assert copy_sessions(store, tmp_path / "raw") == (None, f"no such object{stays}")
    other = folder_store(tmp_path / "none", "other")
    assert copy_sessions(other, tmp_path / "raw") == (None, f"no such bucket{stays}")
    assert copied(tmp_path) is not None
    assert copy_sessions(other, tmp_path / "raw", prune=True) == (None, "no such bucket")
    assert copied(tmp_path) is None
    assert [pq.read_schema(path) for path in lake_of(tmp_path / "raw").files()] == [SCHEMA]


class Hostile:
    def __reduce__(self) -> object:
        return os.system, ("touch touched",)


BROKEN = {
    "has no 'subject_id'": pickle.dumps(pd.DataFrame({"a": [1]})),
    "no frame": b"",
    "nothing of it ran": pickle.dumps(Hostile()),
    "df_sessions.pkl in test": frame(text=["a", "b"])[:-40],
    "The pickle": b"\x80\x04" + b"(" * 100_000,
    "pickle": frame(text=["a"]).replace(b"subject_id", b"\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7\xf6"),
}


@pytest.mark.parametrize("reason", BROKEN)
def test_a_frame_that_cannot_be_read_costs_nothing_else_and_the_old_one_stays(
    reason: str, tmp_path: Path
) -> None:
    rows, problem = copy_sessions(put(tmp_path, BROKEN[reason]), tmp_path / "raw")
    assert rows is None
    assert reason in str(problem)
    copy_sessions(put(tmp_path, frame(text=["a"])), tmp_path / "raw")
    path = copied(tmp_path)
    assert path is not None
    before = path.read_bytes()
    _, problem = copy_sessions(put(tmp_path, BROKEN[reason]), tmp_path / "raw")
    assert "the sessions of an earlier run stay" in str(problem)
    assert path.read_bytes() == before
    assert not Path("touched").exists()


def test_sessions_of_the_sample_stay_for_no_other_store(tmp_path: Path) -> None:
    put(tmp_path, frame(text=["a"]))
    sample = folder_store(tmp_path / "buckets", "sample:20")
    assert copy_sessions(sample, tmp_path / "raw") == (1, None)
    other = folder_store(tmp_path / "none", "other")
    assert copy_sessions(other, tmp_path / "raw") == (None, "no such bucket")
