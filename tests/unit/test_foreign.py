"""Damaged JSON at each boundary: an error of ours that names the place, or a plain answer."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biodata_cache import CacheError, RegistryError, SettingsError
from biodata_cache._core.foreign import NotJsonError, json_value, parse_json
from biodata_cache._core.registry import document as registry_document
from biodata_cache._core.registry import history
from biodata_cache._core.settings.values import ascending
from biodata_cache._pipeline.dbt.events import Event, parse_event
from biodata_cache._publish.build.artifacts import read_manifest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DAMAGED = [
    b"",
    b"\x00",
    b"\xff\xfe{\x00",
    b"\xed\xa0\x80",
    b"<html>503</html>",
    b'{"tables": [',
    b'["*' * 200_000,
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"tables": NaN}',
    b'{"tables": [{"name": "\\ud800"}]}',
    b'["bdc-v' + b"9" * 5_000 + b'"]',
    b'{"builds": ' + b"9" * 5_000 + b"}",
    b"null",
    b"5",
    b"[]",
    b"{}",
    b'"text"',
    b"[5]",
    b'{"builds": {"a": 1}, "tables": {"a": 1}, "nodes": 5, "results": 5}',
]


def refusal(read: Callable[[], Any]) -> str | None:
    """What an error of ours says; None for an answer. Any other error fails the test."""
    try:
        read()
    except CacheError as error:
        return str(error)
    return None


def read_versions(content: bytes) -> Any:
    return parse_json(content, "cache_versions.json", RegistryError, "Mend it.")


BOUNDARIES: dict[str, Callable[[bytes], Any]] = {
    "registry": lambda content: registry_document.parse(content, "cache_registry.json"),
    "history": lambda content: history.parse(content, "cache_history.json"),
    "versions": read_versions,
}


@pytest.mark.parametrize("content", DAMAGED, ids=lambda content: repr(content[:12]))
@pytest.mark.parametrize("name", BOUNDARIES)
def test_damage_is_an_error_of_ours_with_its_location(name: str, content: bytes) -> None:
    output = refusal(lambda: BOUNDARIES[name](content))
    assert output is None or (f"cache_{name}.json" in output and len(output) < 1_000)


@pytest.mark.parametrize("content", DAMAGED, ids=lambda content: repr(content[:12]))
def test_artifacts_of_dbt(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes(content)
    output = refusal(lambda: read_manifest(tmp_path))
    assert output is None or "manifest.json" in output


@pytest.mark.parametrize("content", DAMAGED, ids=lambda content: repr(content[:12]))
def test_lines_of_dbt_that_are_no_events_are_none(content: bytes) -> None:
    assert parse_event(content.decode("utf-8", "replace")) == Event()


@given(content=st.binary(max_size=60) | st.text(max_size=60))
def test_any_bytes_are_a_value_or_one_error(content: bytes | str) -> None:
    value = None
    with suppress(NotJsonError):
        value = json_value(content)
    json.dumps(value, ensure_ascii=False).encode()


def test_the_class_the_location_and_the_remedy_are_the_caller_s() -> None:
    with pytest.raises(SettingsError, match=r"^here is not JSON \(it is nested .*\)\. Mend it\.$"):
        parse_json("[" * 100_000, "here", SettingsError, "Mend it.")


def test_a_version_of_too_many_digits_is_none() -> None:
    assert ascending(["bdc-v" + "9" * 5_000, "bdc-v1"]) == ["bdc-v1"]
