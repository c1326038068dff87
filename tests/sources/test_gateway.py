"""The gateway, through the client that its makers maintain."""

from __future__ import annotations

import random
import socket
from dataclasses import replace

import pytest
import trustme
from gateway_server import Gateway
from lakes import check_keys, documents, rejects, rows, run

from biodata_cache import SettingsError, SourceError
from biodata_cache._core.settings.values import ExtractOptions
from extract.documents.document import V1
from extract.pipeline import extract
from extract.retries import Retries
from extract.sources.base import SourceOptions
from extract.sources.gateway import GatewaySource
from extract.sources.open import open_source

pytest.importorskip("aind_data_access_api", reason="aind-data-access-api is not installed")

QUICK = Retries(ceiling=5, first=0.01, longest=0.05)


def document(number: int, size: int = 100, **others) -> dict:
    return {
        "_id": f"record-{number:05}",
        "name": f"asset {number}",
        "subject": {"subject_id": "1", "µ": [1, 2.5, None], "filler": "x" * size},
        "_last_modified": "2026-03-13T10:14:00.630Z",
        **others,
    }


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def gateway(authority, tmp_path_factory, monkeypatch):
    bundle = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    draw = random.Random(2)
    server = Gateway(authority, [document(n, draw.choice([10, 3_000, 20_000])) for n in range(80)])
    yield server
    server.close()


def fetch(gateway, raw, lake="docdb_v2", shape=None, retries=QUICK, **options):
    source_options = SourceOptions(retries=retries, **({"shape": shape} if shape else {}))
    source = open_source(gateway.address, source_options)
    return extract(source, raw, lake, options=ExtractOptions(**options))


def check(gateway, raw) -> None:
    assert documents(raw) == gateway.documents
    check_keys(raw)
    report = fetch(gateway, raw)
    assert (report.new, report.changed, report.deleted) == (0, 0, 0)


@pytest.mark.parametrize(
    ("cap", "fails_when_large"), [(21_000, False), (21_000, True), (100_000, False)]
)
def test_capped_responses_lose_nothing(gateway, tmp_path, cap, fails_when_large):
    gateway.cap = cap
    gateway.fails_when_large = fails_when_large
    report = fetch(gateway, tmp_path)
    assert (report.listed, report.new) == (80, 80)
    check(gateway, tmp_path)


@pytest.mark.parametrize("cap", [21_000, 50_000])
def test_what_a_short_response_lacks_is_requested_again(gateway, cap):
    """By the source itself, not by the next run; where the client asks for no second page."""
    gateway.cap = cap
    gateway.is_once = True
    keys = list(gateway.documents)
    fetched = list(open_source(gateway.address, SourceOptions(retries=QUICK)).fetch(keys))
    assert sorted(result.key for result in fetched) == keys
    assert [result for result in fetched if result.problem] == []


def test_listing_is_capped_too(gateway, tmp_path):
    gateway.documents = {key: document(i, 10) for i, key in enumerate(gateway.documents)}
    gateway.cap = 700
    assert fetch(gateway, tmp_path).listed == 80
    check(gateway, tmp_path)


def test_only_changes_are_fetched(gateway, tmp_path):
    fetch(gateway, tmp_path)
    gateway.documents["record-00003"] = document(3, _last_modified="2027-01-01")
    del gateway.documents["record-00004"]
    gateway.documents["record-00900"] = document(900)
    gateway.requests.clear()
    report = fetch(gateway, tmp_path)
    assert (report.new, report.changed, report.deleted, report.unchanged) == (1, 1, 1, 78)
    requested = [
        request["filter"]["_id"]["$in"] for request in gateway.requests if "$in" in str(request)
    ]
    assert {key for keys in requested for key in keys} == {
        "record-00003",
        "record-00004",
        "record-00900",
    }
    check(gateway, tmp_path)


@pytest.mark.parametrize("seed", range(2))
def test_faults_that_pass(gateway, tmp_path, seed):
    draw = random.Random(seed)
    faults = [502, 503, 429, 500, "cut", "drop"]
    gateway.fault = lambda number: draw.choice(faults) if draw.random() < 0.2 else None
    fetch(gateway, tmp_path)
    gateway.fault = lambda number: None
    check(gateway, tmp_path)


def test_document_that_no_response_can_hold(gateway, tmp_path):
    """It is reported, the others come, and what the lake knew of it stays."""
    fetch(gateway, tmp_path)
    gateway.documents["record-00003"] = document(3, 60_000, _last_modified="2027-01-01")
    gateway.documents["record-00200"] = document(200)
    report = fetch(gateway, tmp_path)
    assert (report.new, report.changed, report.deleted, report.rejected) == (1, 0, 0, 1)
    ((file, reason, _),) = rejects(tmp_path)
    assert file == "record-00003"
    assert "too large" in reason
    assert len(documents(tmp_path)) == 81
    gateway.cap = 100_000
    assert fetch(gateway, tmp_path).changed == 1
    check(gateway, tmp_path)


def test_record_that_vanishes_after_the_listing(gateway, tmp_path):
    def fault(number):
        if len(gateway.requests) == 2:
            gateway.documents.pop("record-00007", None)

    gateway.fault = fault
    report = fetch(gateway, tmp_path)
    assert report.new == 79
    check(gateway, tmp_path)


def test_gateway_that_lists_too_little_is_not_believed(gateway, tmp_path):
    fetch(gateway, tmp_path)
    gateway.documents = {}
    with pytest.raises(SourceError, match="--allow-shrink"):
        fetch(gateway, tmp_path)
    assert len(documents(tmp_path)) == 80


def test_numbers_that_json_lacks_and_large_ones(gateway, tmp_path):
    gateway.documents = {
        "a": document(1, _id="a", quality_control={"value": [float("inf"), 2**70]}),
    }
    report = fetch(gateway, tmp_path)
    assert report.repaired == 1
    (row,) = rows(tmp_path).values()
    assert row["quality_control"].replace(" ", "") == f'{{"value":[null,{2**70}]}}'


def test_version_1(gateway, tmp_path):
    gateway.documents = {
        "a": {
            "_id": "a",
            "name": "x",
            "last_modified": "2024",
            "subject": {"subject_id": "1", "genotype": "wt"},
            "session": {"bulk": "x" * 1_000},
        }
    }
    fetch(gateway, tmp_path, "docdb_v1", V1)
    assert {request["version"] for request in gateway.requests} == {"v1"}
    (row,) = rows(tmp_path, "docdb_v1").values()
    assert (row["_last_modified"], row["subject"]) == ("2024", '{"subject_id":"1"}')
    assert row["extra"] is None


def test_another_collection_of_another_database(gateway, tmp_path):
    gateway.names = ("archive", "assets_of_2024")
    database, collection = gateway.names
    names = SourceOptions(retries=QUICK, database=database, collection=collection)
    extract(open_source(gateway.address, names), tmp_path, "docdb_v2", options=ExtractOptions())
    assert documents(tmp_path) == gateway.documents


@pytest.mark.parametrize(
    ("fault", "reason"),
    [(404, "no such collection"), (403, "refuses: 403"), (401, "refuses: 401")],
)
def test_faults_that_do_not_pass(gateway, tmp_path, fault, reason):
    gateway.fault = lambda number: fault
    with pytest.raises(SourceError, match=reason):
        fetch(gateway, tmp_path)
    assert len(gateway.requests) == 1


def test_faults_have_a_ceiling(gateway, tmp_path):
    gateway.fault = lambda number: 503
    with pytest.raises(SourceError, match=r"answered 503.*Gave up after"):
        fetch(gateway, tmp_path, retries=replace(QUICK, ceiling=0.5))


@pytest.mark.parametrize(
    ("code", "is_repeated", "message"),
    [
        (socket.EAI_NONAME, False, "there is no such host"),
        (socket.EAI_AGAIN, True, "cannot be reached"),
    ],
)
def test_only_a_host_that_nobody_knows_ends_the_run_at_once(
    tmp_path, monkeypatch, code, is_repeated, message
):
    requested = []

    def look_up(*host, **_):
        requested.append(host)
        raise socket.gaierror(code, "as the system says it")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    options = SourceOptions(retries=Retries(ceiling=0.5, first=0.01, longest=0.1))
    source = GatewaySource("https://gateway.invalid", options)
    with pytest.raises(SourceError, match=message):
        extract(source, tmp_path)
    assert (len(requested) > 1) == is_repeated


def test_certificate_of_a_stranger(gateway, tmp_path, monkeypatch):
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "other.pem"))
    with pytest.raises(SourceError, match="no TLS connection"):
        fetch(gateway, tmp_path)


@pytest.mark.parametrize("address", ["https://", "https://user:secret@host", "https://host:x"])
def test_address_that_cannot_be_used(address):
    with pytest.raises(SettingsError, match="https://host") as caught:
        open_source(address)
    assert "secret" not in str(caught.value)


def test_both_versions_from_the_command_line(gateway, tmp_path):
    code, output = run("extract", "--raw", str(tmp_path), SOURCE=gateway.address)
    assert code == 0, output
    assert "80 new" in output
    assert set(documents(tmp_path, "docdb_v1")) == set(gateway.documents)
    code, output = run(
        "extract", "--raw", str(tmp_path / "b"), SOURCE=gateway.address, V1_SOURCE="none"
    )
    assert code == 0, output
    assert documents(tmp_path / "b", "docdb_v1") == {}
