"""What goes wrong between a run and its database, and that the lake is right after it."""

from __future__ import annotations

import os
import random
import re
import resource
import signal
import socket
import ssl
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import trustme
from lakes import ROOT, check_keys, documents, run, run_records, start
from mongodb_server import OWN_SERVER, Proxy, Server, now_and_then
from refusing_server import RefusingServer
from test_mongodb import QUICK, content, counts, document, fetch

from biodata_cache import LakeError, SourceError
from examples import drawn
from extract.documents.document import read_document
from extract.lake.lake import Lake
from extract.lake.policy import Policy
from extract.lake.writer import LakeWriter
from extract.pipeline import extract
from extract.retries import Retries
from extract.sources.base import SourceOptions
from extract.sources.mongodb import MongoSource

PASSWORD = "s3cret/p@ss:wörd"
QUOTED = "s3cret%2Fp%40ss%3Aw%C3%B6rd"


@pytest.fixture
def filled(collection):
    """400 documents of different sizes, 2 MB together."""
    draw = random.Random(1)
    collection.insert_many(
        [document(number, filler="x" * draw.choice([10, 1_000, 20_000])) for number in range(400)]
    )
    return collection


def port(collection) -> int:
    return collection.database.client.address[1]


def setting(collection, proxy=None, **others):
    """Settings of a run on the command line."""
    uri = proxy.uri if proxy else f"mongodb://127.0.0.1:{port(collection)}"
    return {"SOURCE": uri, "DATABASE": collection.database.name, "RETRY_SECONDS": "20", **others}


def check(collection, raw) -> None:
    """The lake is the collection, and stays so with nothing left to do."""
    assert documents(raw) == content(collection)
    check_keys(raw)
    report = fetch(collection, raw)
    assert (report.new, report.changed, report.deleted) == (0, 0, 0)


@pytest.mark.parametrize("action", ["reset", "cut"])
@pytest.mark.parametrize("seed", range(3))
def test_broken_connections(filled, tmp_path, action, seed):
    proxy = Proxy(port(filled), now_and_then(seed, 0.1, action))
    retries = Retries(ceiling=20, first=0.01, longest=0.1)
    # The driver looks after its server over connections of its own, and repeats a `find` once by
    # itself: neither of these is what is tested.
    uri = f"{proxy.uri}/?serverMonitoringMode=poll&retryReads=false"
    report = fetch(filled, tmp_path, uri, retries=retries)
    assert counts(report) == (400, 400, 0, 0, 0)
    assert report.retries > 0
    check(filled, tmp_path)


def test_documents_that_arrived_are_not_fetched_again(filled, tmp_path):
    """A batch that breaks off is continued, so the bytes on the wire stay about the same."""
    plain = Proxy(port(filled))
    fetch(filled, tmp_path / "a", plain.uri, workers=1)
    broken = Proxy(port(filled), now_and_then(5, 0.03, "reset"))
    fetch(filled, tmp_path / "b", broken.uri, workers=1)
    assert broken.connections > plain.connections
    assert broken.bytes < 2 * plain.bytes


def test_slow_responses_time_out_and_are_requested_again(filled, tmp_path):
    proxy = Proxy(port(filled))
    slow: list[int] = []

    def fault(connection, chunk):
        if proxy.bytes < 300_000 or len(slow) >= 2:
            return "pass"
        slow.append(chunk)
        return 3

    proxy.fault = fault
    began = time.monotonic()
    assert fetch(filled, tmp_path, f"{proxy.uri}/?socketTimeoutMS=300").new == 400
    assert len(slow) == 2
    assert time.monotonic() - began < 30
    check(filled, tmp_path)


def test_patience_has_a_ceiling_and_what_came_is_kept(filled, tmp_path):
    proxy = Proxy(port(filled))

    def fault(connection, chunk):
        if proxy.bytes > 1_000_000:
            proxy.is_refusing = True
        return "reset" if proxy.is_refusing else "pass"

    proxy.fault = fault
    retries = Retries(ceiling=1, first=0.05, longest=0.2)
    uri = f"{proxy.uri}/?serverSelectionTimeoutMS=300"
    with pytest.raises(SourceError, match=r"Gave up after .* what is finished is kept"):
        fetch(filled, tmp_path, uri, retries=retries)
    kept = documents(tmp_path)
    assert 0 < len(kept) < 400
    report = fetch(filled, tmp_path)
    assert counts(report) == (400, 400 - len(kept), 0, len(kept), 0)
    check(filled, tmp_path)
    assert [record["outcome"] for record in run_records(tmp_path)][:2] == ["failed", "completed"]


@pytest.mark.slow
@pytest.mark.skipif(bool(OWN_SERVER), reason="restarts a server of its own")
def test_server_restarted_during_the_scan(mongodb_uri, tmp_path):
    import pymongo

    server = Server(tmp_path / "data.mv")
    with pymongo.MongoClient(server.uri, retryWrites=False) as client:
        collection = client["test"]["data_assets"]
        collection.insert_many([document(number, filler="x" * 5_000) for number in range(300)])
    proxy = Proxy(server.port)

    def fault(connection, chunk):
        if proxy.bytes > 250_000 and not restarted:
            restarted.append(True)
            server.stop()
            server.start()
        return "pass"

    restarted: list[bool] = []
    proxy.fault = fault
    with pymongo.MongoClient(server.uri, retryWrites=False) as client:
        collection = client["test"]["data_assets"]
        collection.find_one()
        retries = Retries(ceiling=30, first=0.1, longest=0.5)
        report = fetch(collection, tmp_path / "raw", proxy.uri, retries=retries)
        assert restarted
        assert report.retries > 0
        check(collection, tmp_path / "raw")
    server.stop()


class _Restless(MongoSource):
    """A database in which something happens after the listing."""

    happens = None

    def list_entries(self):
        yield from super().list_entries()
        if self.happens is not None:
            happens, self.happens = self.happens, None
            happens()


def restless(collection, happens):
    source = _Restless(
        f"mongodb://127.0.0.1:{port(collection)}",
        SourceOptions(database=collection.database.name, collection=collection.name, retries=QUICK),
    )
    source.happens = happens
    return source


def test_documents_that_vanish_or_change_after_the_listing(filled, tmp_path):
    fetch(filled, tmp_path)
    soon = {"_last_modified": "2027-01-01T00:00:00.000Z"}
    filled.update_many({"_id": {"$lt": "record-00010"}}, {"$set": soon})
    filled.insert_many([document(number) for number in range(500, 510)])

    def happens():
        filled.delete_one({"_id": "record-00001"})  # known and changed
        filled.delete_one({"_id": "record-00505"})  # new
        filled.delete_one({"_id": "record-00300"})  # known and unchanged: the next run's matter
        later = {"_last_modified": "2027-02-01T00:00:00.000Z", "name": "later"}
        filled.update_many({"_id": {"$in": ["record-00002", "record-00506"]}}, {"$set": later})
        filled.insert_one(document(600))  # after the listing: the next run's matter

    report = extract(restless(filled, happens), tmp_path)
    assert (report.new, report.changed, report.deleted) == (9, 9, 1)
    result = documents(tmp_path)
    assert result["record-00002"]["name"] == result["record-00506"]["name"] == "later"
    assert not {"record-00001", "record-00505"} & result.keys()
    assert counts(fetch(filled, tmp_path)) == (408, 1, 0, 407, 1)
    check(filled, tmp_path)


def test_record_missed_by_the_listing_is_not_buried(filled, tmp_path):
    """Deletions are confirmed by asking for the very records."""
    fetch(filled, tmp_path)
    kept = filled.find_one({"_id": "record-00003"})
    filled.delete_one({"_id": "record-00003"})
    report = extract(restless(filled, lambda: filled.insert_one(kept)), tmp_path)
    assert report.deleted == 0
    check(filled, tmp_path)


def test_clock_of_this_machine_going_backwards(filled, tmp_path):
    lake = Lake(tmp_path, "docdb_v2")
    future = datetime.now(timezone.utc) + timedelta(days=3)
    writer = LakeWriter(lake, "from the future", now=future, is_resumable=True)
    writer.add(read_document(b'{"_id": "record-00001", "name": "old"}'), 0)
    writer.close()
    assert "later than now" in fetch(filled, tmp_path).clock
    check(filled, tmp_path)
    filled.update_many({}, {"$set": {"_last_modified": "2027-01-01", "name": "new"}})
    fetch(filled, tmp_path)
    check(filled, tmp_path)


@pytest.mark.nightly
@pytest.mark.slow
def test_killed_at_any_moment(filled, tmp_path):
    for number in range(1 + drawn(11)):
        _kill_and_check(filled, tmp_path / str(number), number)


def _kill_and_check(collection, raw, seed) -> None:
    """Kill several runs, each a bit after some file appeared; then the next one completes."""
    draw = random.Random(seed)
    proxy = Proxy(port(collection), lambda connection, chunk: 0.01)
    finished: set[Path] = set()
    for _ in range(3):
        target = len(finished) + draw.randint(0, 4)
        options = ["--raw", str(raw)] + (["--full"] if draw.random() < 0.2 else [])
        process = start("extract", *options, groups=20, **setting(collection, proxy))
        while process.poll() is None and len(list(raw.glob("docdb_v2/*.parquet"))) < target:
            time.sleep(0.005)
        time.sleep(draw.random() * 0.3)
        process.kill()
        process.communicate()
        finished = set(raw.glob("docdb_v2/*.parquet"))
    held = len(documents(raw)) if finished else 0
    code, output = run("extract", "--raw", str(raw), groups=20, **setting(collection))
    assert code == 0, output
    record = run_records(raw)[-1]
    assert (record["new"], record["unchanged"]) == (400 - held, held)
    check(collection, raw)


def test_interrupt_ends_soon_and_keeps_what_came(filled, tmp_path):
    # Answers arrive for a while, batch by batch, then nothing does.
    proxy = Proxy(port(filled), lambda connection, chunk: "pass" if proxy.bytes < 300_000 else 60)
    environment = setting(filled, proxy, WORKERS="1", RETRY_SECONDS="90")
    process = start("extract", "--raw", str(tmp_path), groups=20, **environment)
    while not list(tmp_path.glob("docdb_v2/*.parquet")):
        time.sleep(0.02)
    time.sleep(0.5)
    assert process.poll() is None, "the run ended too soon to be interrupted"
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, output = process.communicate(timeout=20)
    # It does not wait for the answer that hangs for a minute; how soon it ends is for a benchmark.
    assert time.monotonic() - began < 10
    assert process.returncode == 130
    assert "interrupted" in output
    assert "Traceback" not in output
    assert 0 < len(documents(tmp_path)) < 400
    assert run_records(tmp_path)[-1]["error"] == "interrupted"
    fetch(filled, tmp_path)
    check(filled, tmp_path)


@pytest.mark.slow
def test_second_run_refuses_and_a_stale_lock_is_recognised(filled, tmp_path):
    # One worker fetches batch by batch: some arrive, the next one hangs until the run is killed.
    proxy = Proxy(port(filled), lambda connection, chunk: "pass" if proxy.bytes < 300_000 else 60)
    environment = setting(filled, proxy, WORKERS="1", RETRY_SECONDS="90")
    process = start("extract", "--raw", str(tmp_path), groups=20, **environment)
    try:
        while process.poll() is None and not list(tmp_path.glob("docdb_v2/*.parquet")):
            time.sleep(0.02)
        code, output = run("extract", "--raw", str(tmp_path), **setting(filled))
        assert process.poll() is None, "the first run ended too soon to be in the way"
        assert code == 1
        assert "Another extract is writing" in output
    finally:
        process.kill()
        process.communicate()
    code, output = run("extract", "--raw", str(tmp_path), **setting(filled))
    assert code == 0, output
    check(filled, tmp_path)


def test_full_disk(filled, tmp_path):
    """Seen as a limit of the size of files, which gives the same kind of error."""
    # Noise, as compression would make the limit meaningless.
    noise = [document(number, filler=os.urandom(3_000).hex()) for number in range(700, 800)]
    filled.insert_many(noise)
    small = Policy(group_rows=100)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(LakeError, match=r"cannot be written .*make room"):
            fetch(filled, tmp_path, policy=small)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list((tmp_path / "docdb_v2").glob(".*"))
    held = len(documents(tmp_path)) if list((tmp_path / "docdb_v2").glob("*.parquet")) else 0
    assert fetch(filled, tmp_path, policy=small).new == 500 - held
    check(filled, tmp_path)


def output_of(*arguments, **settings) -> str:
    """The cause that a failing run says, below when it began and failed."""
    began = time.monotonic()
    code, output = run("extract", *arguments, **settings)
    assert code in (1, 2)
    assert time.monotonic() - began < 12
    assert "Traceback" not in output
    *before, line = output.strip().splitlines()  # the last line is the cause
    assert all(re.match(r"\d{4}-.*Z extract( v1)?: (begins|failed after)", each) for each in before)
    for secret in (PASSWORD, QUOTED, "s3cret", "w%C3%B6rd", "wörd"):
        assert secret not in line
    return line


@pytest.mark.parametrize("given", ["variable", "file", "option"])
def test_bad_password(tmp_path, given):
    server = RefusingServer()
    uri = f"mongodb://someone:{QUOTED}@127.0.0.1:{server.port}/"
    if given == "variable":
        line = output_of("--raw", str(tmp_path), SOURCE=uri)
    elif given == "option":
        line = output_of("--raw", str(tmp_path), "--source", uri)
    else:
        (tmp_path / "secret").write_text(uri + "\n")
        line = output_of("--raw", str(tmp_path), "--source-file", str(tmp_path / "secret"))
    assert f"mongodb://127.0.0.1:{server.port}/metadata_index.data_assets: user name or" in line
    (record,) = run_records(tmp_path)
    assert "password is wrong" in record["error"]
    assert "s3cret" not in str(record)
    server.close()


def test_tls_failure(tmp_path):
    authority, stranger = trustme.CA(), trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = RefusingServer(context)
    for name, ca in (("right", authority), ("wrong", stranger)):
        ca.cert_pem.write_to_path(str(tmp_path / name))
    uri = f"mongodb://someone:{QUOTED}@127.0.0.1:{server.port}/?tls=true"
    uri += f"&serverSelectionTimeoutMS=1500&tlsCAFile={tmp_path}/"
    raw = str(tmp_path / "raw")
    assert "no TLS connection" in output_of("--raw", raw, SOURCE=uri + "wrong")
    # With the right authority it comes as far as the password.
    assert "password is wrong" in output_of("--raw", raw, SOURCE=uri + "right")
    assert "No such file" in output_of("--raw", raw, SOURCE=uri + "absent")
    server.close()


def test_unknown_host(tmp_path):
    line = output_of(
        "--raw",
        str(tmp_path),
        SOURCE=f"mongodb://someone:{QUOTED}@no-such-host.invalid/",
        RETRY_SECONDS="1",
    )
    assert "no-such-host.invalid" in line


@pytest.mark.parametrize(
    ("code", "is_repeated", "message"),
    [(socket.EAI_NONAME, False, "there is no host"), (socket.EAI_AGAIN, True, "cannot be reached")],
)
def test_only_a_host_that_nobody_knows_ends_the_run_at_once(
    tmp_path, monkeypatch, code, is_repeated, message
):
    requested = []

    def look_up(*host, **_):
        requested.append(host)
        raise socket.gaierror(code, "as the system says it")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    source = MongoSource(
        "mongodb://host.invalid/?serverSelectionTimeoutMS=100",
        SourceOptions(retries=Retries(ceiling=0.5, first=0.01, longest=0.1)),
    )
    with pytest.raises(SourceError, match=message):
        extract(source, tmp_path)
    assert (len(requested) > 1) == is_repeated


def test_nobody_listens(tmp_path):
    uri = f"mongodb://someone:{QUOTED}@127.0.0.1:1/?serverSelectionTimeoutMS=200"
    line = output_of("--raw", str(tmp_path), SOURCE=uri, RETRY_SECONDS="1")
    assert "cannot be reached" in line
    assert "Connection refused" in line


@pytest.mark.parametrize(
    "uri",
    [
        f"mongodb://someone:{PASSWORD}@127.0.0.1:27017/",
        f"mongodb://someone:{QUOTED}@127.0.0.1:port/",
        f"mongodb://someone:{QUOTED}@127.0.0.1:1/?tls=perhaps",
        f"mongodb://someone:{QUOTED}@127.0.0.1:1/?tls=false&ssl=true",
        f"mongodb://someone:{QUOTED}@/",
        f"redis://someone:{QUOTED}@127.0.0.1:1/",
    ],
)
def test_address_that_cannot_be_used(tmp_path, uri):
    output_of("--raw", str(tmp_path), SOURCE=uri, RETRY_SECONDS="1")


def test_no_such_collection(filled, tmp_path):
    line = output_of("--raw", str(tmp_path), "--collection", "assets", **setting(filled))
    assert "no such collection (the database has data_assets)" in line
    line = output_of("--raw", str(tmp_path), **setting(filled, DATABASE="absent"))
    assert "no such collection" in line


def test_password_shows_nowhere(filled, tmp_path):
    """Neither among the processes, nor in what is written."""
    proxy = Proxy(port(filled), lambda connection, chunk: 0.5)
    uri = proxy.uri.replace("//", f"//someone:{QUOTED}@") + "/?authMechanism=PLAIN"
    process = start("extract", "--raw", str(tmp_path), "--source", uri, RETRY_SECONDS="1")
    time.sleep(1.5)
    assert process.poll() is None
    assert "s3cret" not in Path(f"/proc/{process.pid}/cmdline").read_text()
    assert "extract" in Path(f"/proc/{process.pid}/cmdline").read_text()
    process.kill()
    process.communicate()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert b"s3cret" not in path.read_bytes()


_WITHOUT = """
import importlib.util, sys
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name in {missing!r} else find(name, *rest)
from biodata_cache.__main__ import main
sys.argv = ["biodata-cache", "extract", "--raw", {raw!r}]
main()
"""


@pytest.mark.parametrize("source", ["mongodb://127.0.0.1", "https://127.0.0.1", "a.bson"])
def test_missing_package_names_the_extra(tmp_path, monkeypatch, source):
    (tmp_path / "a.bson").touch()
    code = _WITHOUT.format(
        missing={"pymongo", "bson", "aind_data_access_api"}, raw=str(tmp_path / "raw")
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT), "BIODATA_CACHE_SOURCE": source},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "pip install 'biodata-cache[docdb]'" in done.stderr.splitlines()[-1]
