"""The raw lake on S3: what any machine finds there, whoever was killed before."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import nights
import pytest
import server as s3_server
from click.testing import CliRunner
from nights import LEASE_TO_END, Database, files, held_by, night, pulled, rows_of, settings

from biodata_cache import (
    AccessError,
    BuildError,
    CacheError,
    CacheNotFoundError,
    LakeError,
    LockedError,
    SettingsError,
    UnreachableError,
)
from biodata_cache._cli import cli
from biodata_cache._core.settings.values import ExtractOptions
from biodata_cache._pipeline import lake as _lake
from biodata_cache._pipeline.extract_stage import run_extract
from biodata_cache._pipeline.stages import run_build
from biodata_cache._storage.lease import HeldLease
from biodata_cache._storage.open import open_lake
from extract.lake.policy import Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from faults import Proxy
    from server import Server

    from extract.report import Report
    from extract.sources.base import Entry, Fetched

VALUES = {f"r{number:02}": "2026-01-01" for number in range(40)}
LATER = {
    **{key: value for key, value in VALUES.items() if key not in {"r00", "r01"}},
    "r02": "2026-01-02",
    "new": "2026-01-02",
}
PREFIX = "some/lake"


@pytest.fixture
def raw(bucket: str) -> str:
    return f"s3://{bucket}/{PREFIX}"


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "database.json").hold(VALUES)


def objects(server: Server, raw: str) -> dict[str, bytes]:
    """Content of each object below the lake's prefix."""
    client, bucket = server.client(), raw.split("/")[2]
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return {
        item["Key"].removeprefix(f"{PREFIX}/"): client.get_object(Bucket=bucket, Key=item["Key"])[
            "Body"
        ].read()
        for page in pages
        for item in page.get("Contents", ())
    }


def counts(report: Report) -> tuple[int, int, int, int]:
    return report.new, report.changed, report.unchanged, report.deleted


def test_the_bucket_and_every_copy_hold_the_same_files(
    aws: Server, raw: str, database: Database, tmp_path: Path
) -> None:
    night(raw, tmp_path / "a", database)
    night(raw, tmp_path / "a", database.hold(LATER))
    copy = _lake.local_folder(settings(raw, tmp_path / "a"))
    assert objects(aws, raw) == files(copy) == files(pulled(raw, tmp_path / "b"))
    assert sorted(path.partition("/")[0] for path in files(copy)) == [
        *["docdb_v2"] * 3,
        "docdb_v2_source_files",
        *["rejects"] * 2,
        *["runs"] * 2,
    ]
    assert held_by(copy) == LATER


def test_a_machine_that_was_thrown_away_is_no_loss(
    raw: str, database: Database, tmp_path: Path
) -> None:
    assert counts(night(raw, tmp_path / "a", database)) == (40, 0, 0, 0)
    assert database.fetched == list(VALUES)
    assert counts(night(raw, tmp_path / "b", database.hold(LATER))) == (1, 1, 37, 2)
    assert sorted(database.fetched) == ["new", "r02"]
    copy = pulled(raw, tmp_path / "c")
    assert held_by(copy) == LATER
    records = [json.loads(path.read_text()) for path in sorted(copy.glob("runs/docdb_v2/*"))]
    assert [(it["outcome"], it["new"]) for it in records] == [("completed", 40), ("completed", 1)]


def test_a_machine_that_is_kept_transfers_only_what_is_new(
    raw: str, database: Database, tmp_path: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    night(raw, tmp_path / "a", database)
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
    folder = pulled(raw, tmp_path / "a")
    assert [it.method for it in proxy.requests] == ["GET", "GET"], "two listings"
    (folder / ".copy.json").unlink()  # what a machine finds that was stopped while it copied
    proxy.reset()
    pulled(raw, tmp_path / "a")
    assert [it.method for it in proxy.requests] == ["GET", "GET"]
    proxy.reset()
    night(raw, tmp_path / "a", database.hold(LATER))
    put = [it.path for it in proxy.requests if it.method == "PUT" and "lock" not in it.path]
    assert [path.split("/")[-2] for path in put] == ["docdb_v2"] * 3, put
    assert put[1].endswith("/docdb_v2/files.json"), "after what it names"


def test_a_repaired_record_never_lies_in_the_bucket_without_its_note(
    raw: str, tmp_path: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(Database):
        def fetch(self, keys: list[str]) -> Iterator[Fetched]:
            for found in super().fetch(keys):
                yield found._replace(content=found.content[:-1] + b', "x": NaN}')

    database = Broken(tmp_path / "database.json")
    database.hold(VALUES)
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
    assert night(raw, tmp_path / "a", database).repaired == len(VALUES)
    put = [it.path for it in proxy.requests if it.method == "PUT" and "lock" not in it.path]
    notes = [number for number, path in enumerate(put) if "/rejects/" in path]
    (live,) = [number for number, path in enumerate(put) if path.endswith("/docdb_v2/files.json")]
    assert notes
    assert max(notes) < live, put  # records count from their list on


def test_what_the_copy_lost_or_nobody_put_there_does_not_count(
    aws: Server, raw: str, database: Database, tmp_path: Path
) -> None:
    night(raw, tmp_path / "a", database)
    before = objects(aws, raw)
    copy = pulled(raw, tmp_path / "a")
    first, second = sorted(path for path in files(copy) if path.endswith(".parquet"))[:2]
    (copy / first).unlink()
    (copy / second).write_bytes(b"x")
    (copy / "docdb_v2" / "00000099-0000.parquet").write_bytes(b"never saved")
    assert counts(night(raw, tmp_path / "a", database)) == (0, 0, 40, 0)
    after = objects(aws, raw)
    assert {path: after[path] for path in before} == before
    assert files(copy) == after


def test_compaction_and_a_full_run_leave_no_old_files(
    aws: Server, raw: str, database: Database, tmp_path: Path
) -> None:
    values = dict(VALUES)
    for number in range(4):
        del values[f"r{number:02}"]
        values[f"r{number + 10}"] = f"2026-02-0{number + 1}"
        night(raw, tmp_path / "a", database.hold(values), policy=Policy(many_small=2))
        copy = pulled(raw, tmp_path / "b")
        assert held_by(copy) == values
    assert files(copy) == objects(aws, raw)
    data = [path for path in files(copy) if path.startswith("docdb_v2/0")]
    assert len(data) < 4
    options = ExtractOptions(full=True)
    night(raw, tmp_path / "a", database, options=options, policy=Policy(many_small=2))
    assert rows_of(pulled(raw, tmp_path / "b")) == len(values)
    assert not set(data) & objects(aws, raw).keys()


def test_the_second_of_two_writers_is_refused(raw: str, database: Database, tmp_path: Path) -> None:
    with _lake.writing(settings(raw, tmp_path / "a")):
        with pytest.raises(LockedError, match=r"Another extract to s3://.* its lock ends in"):
            night(raw, tmp_path / "b", database)
        with pytest.raises(LockedError, match=r"the copy of s3://.* with --work"):
            night(raw, tmp_path / "a", database)
        assert database.fetched == []
        assert pulled(raw, tmp_path / "b").exists(), "readers need no lock"
    night(raw, tmp_path / "b", database)


def test_the_lock_of_the_dead_ends(raw: str, database: Database, tmp_path: Path) -> None:
    dead = HeldLease(open_lake(raw), ".lock.json", 1.0, "extract")
    dead.acquire()
    dead.abandon()
    with pytest.raises(LockedError):
        night(raw, tmp_path / "a", database)
    _until_unlocked(lambda: night(raw, tmp_path / "a", database))
    assert held_by(pulled(raw, tmp_path / "a")) == VALUES


def _until_unlocked(work: Callable[[], object]) -> None:
    """Do it as soon as the lock of the dead has ended."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        with suppress(LockedError):
            work()
            return
        time.sleep(0.1)
    raise AssertionError("the lock of the dead did not end")


def test_who_lost_the_lock_writes_no_more(
    aws: Server, raw: str, database: Database, tmp_path: Path
) -> None:
    stolen = threading.Event()

    class Slow(Database):
        def fetch(self, keys: list[str]) -> Iterator[Fetched]:
            for number, found in enumerate(super().fetch(keys)):
                if number == 25:
                    aws.client().put_object(
                        Bucket=raw.split("/")[2],
                        Key=f"{PREFIX}/.lock.json",
                        Body=json.dumps({"owner": "another", "seconds": 60}),
                    )
                    stolen.set()
                    time.sleep(LEASE_TO_END)
                yield found

    slow, small = Slow(database.path), Policy(group_rows=10)
    with pytest.raises(LockedError, match="extract again"):
        night(raw, tmp_path / "a", slow, lease=LEASE_TO_END, policy=small)
    assert stolen.is_set()
    found = objects(aws, raw)
    assert json.loads(found.pop(".lock.json"))["owner"] == "another"
    assert len([path for path in found if path.startswith("docdb_v2/0")]) == 2
    assert not [path for path in found if path.startswith("runs")]


def test_a_copy_that_goes_away_takes_nothing_with_it(
    aws: Server, raw: str, database: Database, tmp_path: Path
) -> None:
    night(raw, tmp_path / "a", database)
    before = objects(aws, raw)

    class Careless(Database):
        def list_entries(self) -> Iterator[Entry]:
            shutil.rmtree(tmp_path / "a")
            return super().list_entries()

    with pytest.raises(LakeError, match="has gone, so nothing more was written or removed"):
        night(raw, tmp_path / "a", Careless(database.path))
    assert before.keys() <= objects(aws, raw).keys()
    assert held_by(pulled(raw, tmp_path / "b")) == VALUES


@pytest.mark.parametrize("at", ["second page", "first file"])
def test_a_lake_that_changes_while_it_is_copied(
    aws: Server,
    raw: str,
    database: Database,
    tmp_path: Path,
    proxy: Proxy,
    monkeypatch: pytest.MonkeyPatch,
    at: str,
) -> None:
    """A reader knows a record, and lists the lake while record and tombstone leave it together."""
    many = Policy(many_small=99)
    night(raw, tmp_path / "a", database, policy=many)
    pulled(raw, tmp_path / "b")
    night(raw, tmp_path / "a", database.hold(LATER), policy=many)
    night(raw, tmp_path / "a", database.hold(LATER | {"r03": "2026-01-03"}), policy=many)
    values = LATER | {"r03": "2026-01-04"}

    def is_time(path: str) -> bool:
        if at == "second page":
            return len(proxy.requests) == 2
        return path.endswith(".parquet")

    def fault(number: int, method: str, path: str) -> None:
        if is_time(path):
            proxy.fault = lambda *_: None
            with monkeypatch.context() as other:
                other.setenv("AWS_ENDPOINT_URL", aws.endpoint)
                night(raw, tmp_path / "a", database.hold(values), policy=Policy(many_small=2))

    with monkeypatch.context() as through:
        through.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        proxy.fault = fault
        page = 1 if at == "second page" else 1000
        copy = pulled(raw, tmp_path / "b", replace(open_lake(raw), page=page))
    assert held_by(copy) == values
    assert files(copy) == objects(aws, raw)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "every"),
    [("drop", 3), ("drop_answer", 4), ("truncate", 3), ("500", 4), ("503", 3), ("delay", 4)],
)
def test_requests_that_go_wrong_are_repeated(
    raw: str,
    database: Database,
    tmp_path: Path,
    proxy: Proxy,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    every: int,
) -> None:
    small = Policy(group_rows=10, many_small=3)
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
    proxy.fault = lambda number, *_: fault if number % every == 0 else None
    night(raw, tmp_path / "a", database, policy=small)
    night(raw, tmp_path / "b", database.hold(LATER), policy=small)
    proxy_faults, proxy.fault = proxy.faults, lambda *_: None
    assert proxy_faults > 5
    assert held_by(pulled(raw, tmp_path / "c")) == LATER
    assert files(pulled(raw, tmp_path / "b")) == files(pulled(raw, tmp_path / "c"))


def test_a_run_that_is_killed_is_continued_by_another_machine(
    raw: str, database: Database, tmp_path: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    _kill_at(4, raw, database, tmp_path, proxy, monkeypatch)


@pytest.mark.slow
def test_a_run_can_be_killed_at_every_write(
    bucket: str, database: Database, tmp_path: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What only reads changes nothing: killed there is killed between the same two writes.

    That the lock of a killed run ends is tested above; here it is removed.
    """
    number = 1
    while _kill_at(
        number,
        f"s3://{bucket}/{number}",
        database,
        tmp_path / str(number),
        proxy,
        monkeypatch,
        waits=False,
    ):
        number += 1
    assert number > 8


def _kill_at(
    number: int,
    raw: str,
    database: Database,
    folder: Path,
    proxy: Proxy,
    monkeypatch: pytest.MonkeyPatch,
    *,
    waits: bool = True,
) -> bool:
    """Kill a run at a write, go on with another machine; false if there are fewer writes."""
    night(raw, folder / "a", database.hold(VALUES))
    values = {key: f"{value}T{number}" for key, value in LATER.items()}
    database.hold(values)
    assert database.fetched != []
    proxy.reset()
    started, writes = threading.Event(), 0

    def fault(at: int, method: str, path: str) -> str | None:
        nonlocal writes
        is_write = method in {"PUT", "POST", "DELETE"}
        writes += is_write
        if not is_write or writes != number:
            return None
        started.wait()
        os.kill(process.pid or 0, signal.SIGKILL)
        return "drop"

    proxy.fault = fault
    with monkeypatch.context() as through:
        through.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        process = nights.start(raw, folder / "b", database, 5)
        started.set()
        process.join()
    assert process.exitcode == (-signal.SIGKILL if proxy.faults else 0)
    killed, finished = database.fetched, held_by(pulled(raw, folder / "c"))
    done = {key for key, value in finished.items() if value.endswith(f"T{number}")}
    shutil.rmtree(folder / "b")
    if not waits:
        open_lake(raw).delete([".lock.json"])
    _until_unlocked(lambda: night(raw, folder / "d", database))
    assert sorted(database.fetched) == sorted(values.keys() - done)
    assert len(killed) == len(set(killed))
    copy = pulled(raw, folder / "c")
    assert held_by(copy) == values
    assert files(copy) == files(_lake.local_folder(settings(raw, folder / "d")))
    return proxy.faults > 0


@pytest.mark.parametrize(
    ("address", "error", "message"),
    [
        ("s3://no-such-bucket-of-ours/lake", CacheNotFoundError, "set BIODATA_CACHE_RAW to s3://"),
        ("s3://some-bucket", SettingsError, "would be a whole bucket: write s3://bucket/prefix"),
        ("s3:///lake", SettingsError, "names no bucket"),
        ("gs://bucket/lake", SettingsError, "neither a folder nor on S3"),
    ],
)
def test_a_lake_that_cannot_be(
    aws: Server, database: Database, tmp_path: Path, address: str, error: type, message: str
) -> None:
    with pytest.raises(error, match=message):
        night(address, tmp_path / "a", database)
    with pytest.raises(error, match=message):
        pulled(address, tmp_path / "a")
    assert database.fetched == []


def test_rights_and_credentials(
    aws: Server, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"test-rights-{os.getpid()}"
    aws.new_bucket(name, readers=s3_server.READER_KEY)
    raw = f"s3://{name}/{PREFIX}"
    night(raw, tmp_path / "a", database)
    database.fetched  # noqa: B018  # forgets
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_server.READER_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_server.READER_SECRET)
    assert held_by(pulled(raw, tmp_path / "b")) == VALUES
    with pytest.raises(AccessError, match="denies PutObject with these rights"):
        night(raw, tmp_path / "b", database)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    with pytest.raises(AccessError, match="refuses the credentials"):
        pulled(raw, tmp_path / "b")
    assert database.fetched == []


def test_a_server_that_is_not_there(
    aws: Server, raw: str, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{s3_server.free_port()}")
    with pytest.raises(UnreachableError, match="does not answer"):
        night(raw, tmp_path / "a", database)


@pytest.mark.slow
def test_a_server_that_goes_away_ends_the_run_and_keeps_what_is_there(
    aws: Server,
    raw: str,
    database: Database,
    tmp_path: Path,
    proxy: Proxy,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone = threading.Event()

    def fault(number: int, method: str, path: str) -> str | None:
        if method == "PUT" and path.endswith("-0002.parquet"):
            gone.set()
        return "503" if gone.is_set() else None

    proxy.fault = fault
    with monkeypatch.context() as through:
        through.setenv("AWS_MAX_ATTEMPTS", "2")
        through.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
        small = Policy(group_rows=10)
        with pytest.raises(CacheError, match="SlowDown"):
            night(raw, tmp_path / "a", database, lease=LEASE_TO_END, policy=small)
    assert len(held_by(pulled(raw, tmp_path / "b"))) == 20
    assert len(database.fetched) == 40
    _until_unlocked(lambda: night(raw, tmp_path / "a", database))
    assert len(database.fetched) == 20
    assert held_by(pulled(raw, tmp_path / "b")) == VALUES


@pytest.mark.slow
@pytest.mark.usefixtures("parsed_once")
def test_tables_are_those_of_a_lake_in_a_folder(raw: str, tmp_path: Path) -> None:
    outcome = run_extract(settings(raw, tmp_path / "a", source="sample:60"), lambda *_: None)
    shutil.copytree(outcome.lake, tmp_path / "lake")
    for lake_of, work in ((raw, "b"), (str(tmp_path / "lake"), "c")):
        run_build(settings(lake_of, tmp_path / work), lambda *_: None)
    built, expected = (files(tmp_path / work / "cache") for work in ("b", "c"))
    assert len(expected) > 20
    assert built == expected


def _records(path: Path, number: int) -> Path:
    path.write_text(
        "".join(
            json.dumps({"_id": f"r{each}", "name": f"n{each}", "schema_version": "2.0.0"}) + "\n"
            for each in range(number)
        )
    )
    return path


def test_the_command_stages(raw: str, tmp_path: Path) -> None:
    source = str(_records(tmp_path / "records.jsonl", 3))
    with pytest.raises(BuildError, match=f"The raw lake {raw} holds no records"):
        run_build(settings(raw, tmp_path / "a"), lambda *_: None)
    dry = ExtractOptions(dry_run=True)
    chosen = settings(raw, tmp_path / "a", source=source)
    assert counts(run_extract(chosen, lambda *_: None, dry).extracted["extract"]) == (3, 0, 0, 0)
    assert files(pulled(raw, tmp_path / "b")) == {}
    told: list[tuple[object, ...]] = []
    outcome = run_extract(chosen, lambda *_: None)
    again = run_extract(
        settings(raw, tmp_path / "b", source=source), lambda *each: told.append(each[:3])
    )
    assert counts(again.extracted["extract"]) == (0, 0, 3, 0)
    arguments = ["--source", source, "--raw", raw, "--work", str(tmp_path / "b")]
    printed = CliRunner().invoke(cli, ["extract", *arguments, "--objects", "none"]).stderr
    copy = _lake.local_folder(settings(raw, tmp_path / "b"))
    assert f"lake: {raw}, with a copy in {copy} that dbt can read" in printed
    copied = len(files(outcome.lake))
    assert [each for each in told if each[0] == "lake"][-1] == ("lake", copied, copied)
    names = {path.partition("/")[0] for path in files(outcome.lake)}
    assert {"docdb_v1", "docdb_v2", "foraging_sessions", "objects_channels", "runs"} <= names
