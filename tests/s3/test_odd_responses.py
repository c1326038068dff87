"""Responses of S3 that do not end, or are invalid, end in an error of ours."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random
from typing import TYPE_CHECKING

import pytest

import biodata_cache
from biodata_cache import CacheError, UnreachableError
from biodata_cache._publish.publish import publish, rollback
from biodata_cache._publish.snapshots.verify import verify
from biodata_cache._storage.open import open_storage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from built import Build
    from faults import Proxy

    from biodata_cache._storage.base import Storage

SUBJECTS = {"1": "a", "2": "b"}
REGISTRY = "cache_registry.json"


@pytest.fixture
def impatient(proxy: Proxy, shared: Build, monkeypatch: pytest.MonkeyPatch) -> Build:
    """What is published once, behind a proxy that a test sets to go wrong."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("BIODATA_CACHE_RETRY_SECONDS", "1")
    return shared


OPERATIONS: dict[str, Callable[[Storage, str, Path], object]] = {
    "get": lambda storage, path, _: storage.get(path),
    "get_first": lambda storage, path, _: storage.get(path, first=100),
    "download": lambda storage, path, folder: storage.download(path, folder / "copy"),
    "sha256": lambda storage, path, _: storage.sha256(path),
    "stat": lambda storage, path, _: storage.stat(path),
    "list": lambda storage, path, _: list(storage.list(path)),
    "folders": lambda storage, path, _: storage.folders(path.rpartition("/")[0]),
    "put": lambda storage, path, _: storage.put_if(f"{path}.new", b"1", None),
    "copy": lambda storage, path, _: storage.copy(path, f"{path}.copy"),
    "delete": lambda storage, path, _: storage.delete([f"{path}.no"]),
}


@pytest.mark.parametrize("fault", ["drip", "drip_head", "endless"])
def test_every_operation_ends(impatient: Build, proxy: Proxy, tmp_path: Path, fault: str) -> None:
    storage = open_storage(impatient.settings)
    proxy.fault = lambda *_: fault

    def outcome(name: str) -> str:
        try:
            OPERATIONS[name](storage, f"{impatient.area.name}/{REGISTRY}", tmp_path)
        except CacheError as error:
            return type(error).__name__
        return "done"

    with ThreadPoolExecutor(len(OPERATIONS)) as pool:
        found = dict(zip(OPERATIONS, pool.map(outcome, OPERATIONS), strict=True))
    bodiless = {"put", "stat"} if fault != "drip_head" else set()  # their answers have no body
    assert {name for name, each in found.items() if each != "UnreachableError"} <= bodiless, found


@pytest.mark.parametrize("name", ["get", "list", "folders"])
def test_a_response_that_breaks_off_is_requested_again(
    impatient: Build, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
    storage, path = open_storage(impatient.settings), f"{impatient.area.name}/{REGISTRY}"
    whole = OPERATIONS[name](storage, path, tmp_path)
    proxy.reset()
    proxy.fault = lambda number, *_: "cut" if number == 1 else None
    again = OPERATIONS[name](storage, path, tmp_path)
    if name == "get":
        assert again.content == whole.content  # type: ignore[attr-defined]
    else:
        assert again == whole
    assert len(proxy.requests) == 2


@pytest.mark.parametrize("name", ["list", "folders"])
def test_a_listing_of_ever_new_keys_ends(
    impatient: Build, proxy: Proxy, tmp_path: Path, name: str
) -> None:
    storage = open_storage(impatient.settings)
    proxy.fault = lambda *_: "more"
    with pytest.raises(UnreachableError, match=r"listing of .* has not ended after 4 s"):
        OPERATIONS[name](storage, f"{impatient.area.name}/{REGISTRY}", tmp_path)


COMMANDS: dict[str, Callable[[Build], object]] = {
    "publish": lambda build: publish(build.settings),
    "rollback": lambda build: rollback(build.settings, to="2026"),
    "verify": lambda build: verify(open_storage(build.settings), build.area.name),
    "versions": lambda _: biodata_cache.get_cache_versions(),
    "registry": lambda _: biodata_cache.get_cache_registry(),
    "plain table": lambda _: biodata_cache.assets(),
    "partition": lambda _: biodata_cache.quality_control("1"),
    "query": lambda _: biodata_cache.sql("select * from assets"),
}


@pytest.mark.slow
@pytest.mark.parametrize("where", [".json", ".pqt"])
@pytest.mark.parametrize("name", COMMANDS)
def test_whatever_one_does_ends(impatient: Build, proxy: Proxy, name: str, where: str) -> None:
    proxy.fault = lambda _number, _method, path: "drip" if path.endswith(where) else None
    try:
        COMMANDS[name](impatient)
    except UnreachableError:
        assert proxy.faults > 0
    else:
        assert proxy.faults == 0


@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, 3, 4))])
def test_an_invalid_response_is_an_error_of_ours_or_does_no_harm(
    impatient: Build, proxy: Proxy, tmp_path: Path, seed: int
) -> None:
    storage, path = open_storage(impatient.settings), f"{impatient.area.name}/{REGISTRY}"
    proxy.chance = Random(seed)
    tasks = {name: partial(each, storage, path, tmp_path) for name, each in OPERATIONS.items()}
    reads = ("versions", "registry", "plain table", "partition", "query")
    tasks |= {name: partial(COMMANDS[name], impatient) for name in reads}
    told = 0
    for _ in range(15):
        for task in tasks.values():
            proxy.fault = lambda *_: "garble" if proxy.chance.random() < 0.5 else None
            try:
                task()
            except CacheError:
                told += 1
    proxy.fault = lambda *_: None
    assert told > 0
    assert len(biodata_cache.assets()) == 2
