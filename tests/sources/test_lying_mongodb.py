"""A database that sends wrong responses ends a run with an error, and in time."""

from __future__ import annotations

import itertools
import random
import time
from typing import TYPE_CHECKING, Any

import pytest
from lakes import documents
from lying_mongodb import Documents, Lie, LyingServer, right

from biodata_cache import SourceError
from extract.pipeline import extract
from extract.retries import Retries
from extract.sources.base import SourceOptions
from extract.sources.open import open_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from extract.report import Report

pytest.importorskip("pymongo", reason="pymongo is not installed")

PATIENCE = 0.5  # with a liar; a listing may take four times as long
IN_TIME = 60.0  # on a machine that is busy with other tests; without limits there is no end
TRUTH = {f"r{n:03}": {"_id": f"r{n:03}", "name": f"n{n}", "model": {"x": n}} for n in range(60)}


def is_listing(command: dict[str, Any]) -> bool:
    return "_id" not in command.get("filter", {})


def lists_new_ids_for_ever(_: LyingServer, command: dict[str, Any], answer: Documents) -> Any:
    if not is_listing(command):
        return [answer]
    return ([{"_id": f"s{batch:09}-{n}"} for n in range(50)] for batch in itertools.count())


def lists_the_same_for_ever(_: LyingServer, command: dict[str, Any], answer: Documents) -> Any:
    return itertools.repeat(answer) if is_listing(command) else [answer]


def lists_one_twice(_: LyingServer, command: dict[str, Any], answer: Documents) -> Any:
    return [answer, answer[-1:]] if is_listing(command) else [answer]


def lists_nothing_for_ever(_: LyingServer, command: dict[str, Any], answer: Documents) -> Any:
    return itertools.repeat([]) if is_listing(command) else [answer]


def gives_nothing_for_ever(_: LyingServer, command: dict[str, Any], answer: Documents) -> Any:
    return [answer] if is_listing(command) else itertools.repeat([])


def gives_the_same_for_ever(_: LyingServer, command: dict[str, Any], answer: Documents) -> Any:
    return [answer] if is_listing(command) else itertools.repeat(answer)


def gives_others_for_ever(_: LyingServer, command: dict[str, Any], answer: Documents) -> Any:
    if is_listing(command):
        return [answer]
    return ([{"_id": f"other{n}"}] for n in itertools.count())


def gives_no_document(_: LyingServer, command: dict[str, Any], answer: Documents) -> Any:
    return [answer] if "projection" in command and len(command["projection"]) < 3 else [[]]


def gives_another_document(_: LyingServer, command: dict[str, Any], answer: Documents) -> Any:
    is_asked = "projection" in command and len(command["projection"]) < 3
    return [answer] if is_asked else [[{"_id": "other", "name": "x"}]]


def gives_one_more(_: LyingServer, command: dict[str, Any], answer: Documents) -> Any:
    return [answer] if is_listing(command) else [[{"_id": "other"}, *answer]]


def stalls_between_two_bytes(server: LyingServer, _: dict[str, Any], answer: Documents) -> Any:
    server.stalls_after = 30
    return [answer]


def is_slow(server: LyingServer, _: dict[str, Any], answer: Documents) -> Any:
    server.seconds_per_byte = 0.2
    return [answer]


LIES: list[Lie] = [
    lists_new_ids_for_ever,
    lists_the_same_for_ever,
    lists_one_twice,
    lists_nothing_for_ever,
    gives_nothing_for_ever,
    gives_the_same_for_ever,
    gives_others_for_ever,
    gives_no_document,
    gives_another_document,
    gives_one_more,
    stalls_between_two_bytes,
    is_slow,
]


@pytest.fixture
def server() -> Iterator[LyingServer]:
    opened = LyingServer(TRUTH.values())
    yield opened
    opened.close()


def fetch(server: LyingServer, raw: Path, patience: float = 30.0) -> Report:
    retries = Retries(ceiling=patience, first=0.01, longest=0.05)
    return extract(open_source(server.uri, SourceOptions(retries=retries)), raw)


def held(raw: Path) -> dict[str, Any]:
    return documents(raw) if list((raw / "docdb_v2").glob("*.parquet")) else {}


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
@pytest.mark.parametrize("is_first", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_lie_ends_in_an_error_in_time_and_loses_nothing(
    lie: Lie,
    is_first: bool,  # noqa: FBT001
    server: LyingServer,
    tmp_path: Path,
) -> None:
    """On an empty lake, and on one that holds all but what changed, came and went."""
    if not is_first:
        fetch(server, tmp_path)
        server.documents["r001"] = {"_id": "r001", "name": "changed", "_last_modified": "2027"}
        server.documents["r999"] = {"_id": "r999", "name": "new"}
        del server.documents["r002"]
    before = held(tmp_path)
    server.lie = lie
    began = time.monotonic()
    with pytest.raises(SourceError) as caught:
        fetch(server, tmp_path, PATIENCE)
    assert time.monotonic() - began < IN_TIME
    assert "127.0.0.1" in str(caught.value)
    assert held(tmp_path) == before or held(tmp_path).items() <= server.documents.items()
    assert len(held(tmp_path)) >= len(before)
    server.tell_the_truth()
    fetch(server, tmp_path)
    assert documents(tmp_path) == server.documents


def test_a_response_without_documents_is_not_the_end(server: LyingServer, tmp_path: Path) -> None:
    """Servers may answer so while they look for the next ones."""

    def lie(_: LyingServer, __: dict[str, Any], answer: Documents) -> Iterable[Documents]:
        half = len(answer) // 2
        return [[], answer[:half], [], [], answer[half:], []]

    server.lie = lie
    report = fetch(server, tmp_path)
    assert (report.listed, report.new) == (60, 60)
    assert documents(tmp_path) == TRUTH
    assert fetch(server, tmp_path).deleted == 0


def test_an_empty_collection_list_without_an_end(server: LyingServer, tmp_path: Path) -> None:
    server.documents = {}
    server.endless_collections = True
    with pytest.raises(SourceError, match="has not named its collections"):
        fetch(server, tmp_path, PATIENCE)


@pytest.mark.parametrize("seed", range(4))
def test_lies_at_random_end_in_time_with_nothing_false_in_the_lake(
    seed: int, server: LyingServer, tmp_path: Path
) -> None:
    draw = random.Random(seed)
    quick = [lie for lie in LIES if lie not in {is_slow, stalls_between_two_bytes}]

    def lie(server: LyingServer, command: dict[str, Any], answer: Documents) -> Iterable[Documents]:
        return (draw.choice(quick) if draw.random() < 0.3 else right)(server, command, answer)

    server.lie = lie
    began = time.monotonic()
    try:
        fetch(server, tmp_path, PATIENCE)
    except SourceError as error:
        assert "127.0.0.1" in str(error)  # noqa: PT017  # either is right
    assert time.monotonic() - began < IN_TIME
    assert held(tmp_path).items() <= TRUTH.items()
