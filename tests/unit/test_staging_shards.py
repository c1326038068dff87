"""Shards of staging: how they are cut, and what a build takes of those that others have written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from biodata_cache._cli import cli
from biodata_cache._core.errors import BuildError, SettingsError
from biodata_cache._pipeline.dbt.staging import BUCKETS, Shard, fetch, shards_of, write
from biodata_cache._storage.local import LocalStorage
from extract.documents import document

STATE = "lake and project"
PATH = "stg_docdb__subjects/{}.parquet"


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "storage")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "fetched"
    folder.mkdir()
    return folder


def put(storage: LocalStorage, shard: Shard, state: str = STATE, content: str = "") -> None:
    """Write a shard as a process does that has flattened it."""
    folder = storage.root.parent / f"of {shard.name} {state}"
    path = folder / PATH.format(shard.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content or f"rows of {shard}")
    write(storage, shard, state, folder)


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet")}


def test_every_bucket_of_the_lake_is_in_one_shard() -> None:
    assert BUCKETS == document.BUCKETS
    for count in range(1, BUCKETS + 1):
        buckets = [
            bucket
            for shard in shards_of(count)
            for bucket in range(shard.buckets[0], shard.buckets[1] + 1)
        ]
        assert buckets == list(range(BUCKETS))


@pytest.mark.parametrize("text", ["0/4", "5/4", "1/17", "1", "a/b", "1/4/", "-1/4", ""])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"is no shard: write i/N"):
        Shard.parse(text)


def test_all_shards_are_taken_once_they_are_whole(storage: LocalStorage, target: Path) -> None:
    for shard in shards_of(3):
        put(storage, shard)
    fetch(storage, STATE, target)
    assert files(target) == {PATH.format(shard.name) for shard in shards_of(3)}


def test_what_another_lake_or_another_number_of_shards_left_is_not_taken(
    storage: LocalStorage, target: Path
) -> None:
    put(storage, Shard(5, 1))
    put(storage, Shard(3, 1), state="another lake")
    for shard in shards_of(2):
        put(storage, shard)
    fetch(storage, STATE, target)
    assert files(target) == {PATH.format(shard.name) for shard in shards_of(2)}


def test_without_shards_it_says_how_to_write_them(storage: LocalStorage, target: Path) -> None:
    with pytest.raises(BuildError, match=r"no finished shard .* --shard 1/N --out "):
        fetch(storage, STATE, target)


def test_shards_of_another_lake_are_refused(storage: LocalStorage, target: Path) -> None:
    put(storage, Shard(1, 1), state="another lake")
    with pytest.raises(BuildError, match="another state of the lake"):
        fetch(storage, STATE, target)


def test_missing_shards_are_named(storage: LocalStorage, target: Path) -> None:
    put(storage, Shard(4, 1))
    put(storage, Shard(4, 3))
    with pytest.raises(BuildError, match=r"no shard 2/4, 4/4 of this state .*--shard 2/4"):
        fetch(storage, STATE, target)
    assert not files(target)


def damaged(path: Path) -> None:
    path.write_text("other rows")


@pytest.mark.parametrize("change", [Path.unlink, damaged])
def test_a_file_that_is_not_what_the_shard_wrote_is_refused(
    storage: LocalStorage, target: Path, change: object
) -> None:
    put(storage, Shard(1, 1))
    assert callable(change)
    change(storage.root / PATH.format(Shard(1, 1).name))
    with pytest.raises(BuildError, match=r"shard 1/1 has written: .*--shard 1/1"):
        fetch(storage, STATE, target)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"shard": "1/1"}',
        json.dumps({"shard": "2/1", "state": STATE, "files": {}}),
        json.dumps({"shard": "1/1", "state": STATE, "files": {"../../a.parquet": "0"}}),
    ],
)
def test_a_list_that_no_shard_has_written_is_refused(
    storage: LocalStorage, target: Path, content: str
) -> None:
    put(storage, Shard(1, 1))
    (storage.root / "shard-1-of-1.json").write_text(content)
    with pytest.raises(BuildError, match="is not what a shard has written"):
        fetch(storage, STATE, target)


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--shards", "2", "--shard", "1/2", "--out", "x"], "Give one of"),
        (["--shards", "2", "--staging", "x"], "Give one of"),
        (["--shard", "1/2"], "belong together"),
        (["--out", "x"], "belong together"),
        (["--shard", "1/2", "--out", "x", "--full"], "--full"),
        (["--shards", "17"], "17"),
    ],
)
def test_options_that_do_not_go_together(options: list[str], part: str) -> None:
    outcome = CliRunner().invoke(cli, ["build", *options])
    assert outcome.exit_code == 2
    assert part in outcome.stderr


@pytest.mark.parametrize("address", ["gs://bucket/x", "s3://bucket"])
def test_an_address_that_cannot_hold_shards(address: str, tmp_path: Path) -> None:
    (tmp_path / "raw/docdb_v2").mkdir(parents=True)
    (tmp_path / "raw/docdb_v2/a.parquet").touch()
    outcome = CliRunner().invoke(
        cli, ["build", "--work", str(tmp_path), "--shard", "1/2", "--out", address]
    )
    assert outcome.exit_code == 2
    assert address in outcome.stderr


def test_a_shard_that_lists_fewer_models_than_the_others_is_named(
    storage: LocalStorage, target: Path
) -> None:
    for shard in shards_of(2):
        put(storage, shard)
    path = storage.root / f"{Shard(2, 2).name}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"files": {}}))
    with pytest.raises(BuildError, match=r"shard-2-of-2.json lists no file of stg_docdb__subjects"):
        fetch(storage, STATE, target)
