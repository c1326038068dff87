"""A gateway that sends wrong responses ends a run with an error, and in time."""

from __future__ import annotations

import json
import random
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from gateway_server import Gateway
from lakes import documents, rejects, rows

from biodata_cache import SourceError
from extract.lake.policy import Policy
from extract.pipeline import extract
from extract.retries import Retries
from extract.sources.base import SourceOptions
from extract.sources.open import open_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from extract.report import Report

pytest.importorskip("aind_data_access_api", reason="aind-data-access-api is not installed")

PATIENCE = 0.5  # with a liar; a listing may take four times as long
IN_TIME = 60.0  # on a machine that is busy with other tests; without limits there is no end
TRUTH = {f"r{n:03}": {"_id": f"r{n:03}", "name": f"n{n}", "model": {"x": n}} for n in range(60)}

Answer = tuple[Any, Any]
Lie = Any  # called with the gateway, the query, and the right answer to it


class Liar(Gateway):
    """Answers as the lie makes of the right answer to the query."""

    lie: Lie = staticmethod(lambda gateway, query, answer: answer)

    def answer(self, path: str) -> Answer:
        requested = json.loads(_parameter(path, "filter", "{}")).get("_id", {})
        given = {
            "filter": requested,
            "listing": "projection" in path and "_last" in path,
            "path": path,
        }
        return type(self).lie(self, given, super().answer(path))


def _parameter(path: str, name: str, default: str) -> str:
    from urllib.parse import parse_qs, urlsplit

    return parse_qs(urlsplit(path).query).get(name, [default])[0]


def ignores_the_filter(gateway: Liar, query: dict[str, Any], answer: Answer) -> Answer:
    return 200, [*gateway.documents.values()]


def takes_after_for_from(gateway: Liar, query: dict[str, Any], answer: Answer) -> Answer:
    bound = query["filter"].get("$gt")
    if bound is None:
        return answer
    return 200, [{"_id": key} for key in gateway.documents if key >= bound]


def has_new_ids_for_ever(gateway: Liar, query: dict[str, Any], answer: Answer) -> Answer:
    bound = query["filter"].get("$gt", "")
    return 200, [{"_id": f"{bound}{number}"} for number in range(3)] if query["listing"] else []


def gives_no_document(gateway: Liar, query: dict[str, Any], answer: Answer) -> Answer:
    return answer if "projection" in query["path"] else (200, [])


def gives_another_document(gateway: Liar, query: dict[str, Any], answer: Answer) -> Answer:
    if "projection" in query["path"]:
        return answer
    return 200, [{"_id": "other", "name": "x"}]


def redirects_to_itself(gateway: Liar, query: dict[str, Any], answer: Answer) -> Answer:
    return 302, []


def is_never_able(gateway: Liar, query: dict[str, Any], answer: Answer) -> Answer:
    return 413, []


def lists_in_another_order(gateway: Liar, query: dict[str, Any], answer: Answer) -> Answer:
    return answer[0], answer[1][::-1] if query["listing"] else answer[1]


def lists_the_same_again(gateway: Liar, query: dict[str, Any], answer: Answer) -> Answer:
    return (
        (200, [{"_id": key} for key in list(gateway.documents)[:5]]) if query["listing"] else answer
    )


def answers_with_an_object(gateway: Liar, query: dict[str, Any], answer: Answer) -> Answer:
    return 200, {"message": "hello"}


def answers_no_json(gateway: Liar, query: dict[str, Any], answer: Answer) -> Answer:
    return 200, b"<html>503</html>"


def breaks_off(gateway: Liar, query: dict[str, Any], answer: Answer) -> Answer:
    return 200, json.dumps(answer[1]).encode()[:-20]


def gives_a_part(gateway: Liar, query: dict[str, Any], answer: Answer) -> Answer:
    return 206, []


def moved_to_nowhere(gateway: Liar, query: dict[str, Any], answer: Answer) -> Answer:
    return 301, []


def is_slow(gateway: Liar, query: dict[str, Any], answer: Answer) -> Answer:
    gateway.seconds_per_byte = 0.2
    return answer


LIES = [
    ignores_the_filter,
    takes_after_for_from,
    has_new_ids_for_ever,
    gives_no_document,
    gives_another_document,
    redirects_to_itself,
    is_never_able,
    lists_in_another_order,
    lists_the_same_again,
    answers_with_an_object,
    answers_no_json,
    breaks_off,
    gives_a_part,
    moved_to_nowhere,
    is_slow,
]
QUICK = {takes_after_for_from, gives_another_document, gives_a_part, is_slow}


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def gateway(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Liar]:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    server = Liar(authority, TRUTH.values())
    yield server
    Liar.lie = staticmethod(lambda gateway, query, answer: answer)
    server.seconds_per_byte = 0.0
    # Python leaks a socket that the server resets between its connection and its handshake.
    for thread in threading.enumerate():
        if thread.name == "gateway":  # nobody waits for its answer any longer
            thread.join(30)
    server.close()


def fetch(gateway: Liar, raw: Path, patience: float = 30.0) -> Report:
    retries = Retries(ceiling=patience, first=0.01, longest=0.05)
    return extract(open_source(gateway.address, SourceOptions(retries=retries)), raw)


@pytest.mark.parametrize(
    "lie",
    [lie if lie in QUICK else pytest.param(lie, marks=pytest.mark.slow) for lie in LIES],
    ids=lambda lie: lie.__name__,
)
@pytest.mark.parametrize("is_first", [pytest.param(True, marks=pytest.mark.slow), False])
def test_a_lie_ends_in_an_error_in_time_and_loses_nothing(
    lie: Lie,
    is_first: bool,  # noqa: FBT001
    gateway: Liar,
    tmp_path: Path,
) -> None:
    """On an empty lake, and on one that holds all but the record that changed."""
    raw = tmp_path / "raw"
    if not is_first:
        fetch(gateway, raw)
        gateway.documents["r001"] = {"_id": "r001", "name": "changed", "_last_modified": "2027"}
        gateway.documents["r999"] = {"_id": "r999", "name": "new"}
    Liar.lie = staticmethod(lie)
    began = time.monotonic()
    with pytest.raises(SourceError) as caught:
        fetch(gateway, raw, PATIENCE)
    assert time.monotonic() - began < IN_TIME
    assert "127.0.0.1" in str(caught.value)
    held = documents(raw) if list((raw / "docdb_v2").glob("*.parquet")) else {}
    assert len(held) == (0 if is_first else 60)
    Liar.lie = staticmethod(lambda gateway, query, answer: answer)
    gateway.seconds_per_byte = 0.0
    fetch(gateway, raw)
    assert documents(raw) == gateway.documents


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_lies_at_random_end_in_time_with_nothing_false_in_the_lake(
    seed: int, gateway: Liar, tmp_path: Path
) -> None:
    draw = random.Random(seed)
    harmless = [lie for lie in LIES if lie is not is_slow]

    def lie(gateway: Liar, query: dict[str, Any], answer: Answer) -> Answer:
        return draw.choice(harmless)(gateway, query, answer) if draw.random() < 0.3 else answer

    Liar.lie = staticmethod(lie)
    began, raw = time.monotonic(), tmp_path / "raw"
    try:
        fetch(gateway, raw, PATIENCE)
    except SourceError as error:
        assert "127.0.0.1" in str(error)  # noqa: PT017  # either is right
    assert time.monotonic() - began < IN_TIME
    held = documents(raw) if list((raw / "docdb_v2").glob("*.parquet")) else {}
    assert held.items() <= TRUTH.items()


def test_one_odd_record_costs_one_record(gateway: Liar, tmp_path: Path) -> None:
    odd = {
        '{"_id": "half\\ud800", "name": "x"}',
        '{"_id": "y-half", "model": {"x": "\\ud800"}}',
        '{"_id": "y-digits", "model": {"x": ' + "9" * 5_000 + "}}",
        '{"_id": "y-deep", "model": ' + "[" * 3_000 + "]" * 3_000 + "}",
        '{"_id": "y-twice", "model": {"x": 1, "x": 2}}',
        '{"_id": "y-nan", "model": {"x": NaN}}',
        '{"_id": ' + "9" * 5_000 + ', "name": "number"}',
        '{"_id": {"a": [1]}, "name": "object"}',
    }

    def lie(gateway: Liar, query: dict[str, Any], answer: Answer) -> Answer:
        condition = query["filter"]
        if _parameter(query["path"], "skip", "0") != "0":
            return answer
        if "$in" in condition or not condition or "$gt" in condition or "$gte" in condition:
            texts = [json.dumps(document) for document in answer[1]]
            keys = [key for key in odd if _is_asked(key, condition)]
            order = sorted(texts + keys, key=_place)
            return 200, f"[{','.join(order)}]".encode()
        return answer

    Liar.lie = staticmethod(lie)
    report = fetch(gateway, tmp_path)
    held = rows(tmp_path)
    assert held.keys() - TRUTH.keys() == {"half\ufffd", "y-half", "y-digits", "y-twice", "y-nan"}
    assert held["y-digits"]["model"] == '{"x": ' + "9" * 5_000 + "}"
    assert held["y-twice"]["model"] == '{"x":2}'
    assert held.keys() >= TRUTH.keys()
    assert report.rejected == 3
    assert {name for name, *_ in rejects(tmp_path) if "deep" in name} == {"y-deep"}


def _key(text: str) -> Any:
    start = text.index(":") + 1
    value = text[start:].strip()
    if value.startswith('"'):
        return json.loads(value[: value.index('"', 1) + 1])
    return None  # a number of many digits, or an object: no filter names it


def _place(text: str) -> tuple[int, str]:
    key = _key(text)
    return (0, "") if key is None and "9" * 100 in text else (2, "") if key is None else (1, key)


def _is_asked(text: str, condition: dict[str, Any]) -> bool:
    key = _key(text)
    if "$in" in condition:
        return key in condition["$in"] or (
            key is None and {"a": [1]} in condition["$in"] and "[1]" in text
        )
    if "$gte" in condition:
        return key is not None and key >= condition["$gte"]
    bound = condition.get("$gt")
    if bound is None:
        return True
    if isinstance(bound, str):
        return (key is not None and key > bound) or "[1]" in text
    return False


def test_what_breaks_off_leaves_the_records_of_another_source_as_they_were(
    gateway: Liar, tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    extract(open_source("sample:20"), raw)
    before = documents(raw)
    given: list[str] = []

    def lie(gateway: Liar, query: dict[str, Any], answer: Answer) -> Answer:
        if "projection" not in query["path"]:
            given.append(query["path"])
        return answer if len(given) < 3 else (403, [])

    Liar.lie = staticmethod(lie)
    retries = Retries(ceiling=PATIENCE, first=0.01, longest=0.05)
    options = SourceOptions(retries=retries, workers=1)
    with pytest.raises(SourceError):
        extract(open_source(gateway.address, options), raw, policy=Policy(group_rows=5))
    assert documents(raw) == before, "not beside some of the new ones"
    Liar.lie = staticmethod(lambda gateway, query, answer: answer)
    fetch(gateway, raw)
    assert documents(raw) == gateway.documents
