"""A byte that changed on disk is found, in whatever was published."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from built import Build
from hypothesis import given, settings
from hypothesis import strategies as st

from biodata_cache import CacheError
from biodata_cache._publish.publish import publish
from biodata_cache._publish.snapshots.verify import verify
from biodata_cache._storage.open import open_storage

if TYPE_CHECKING:
    from pathlib import Path

# What says when it was looked at, and which versions there are: neither has data.
UNCHECKED = {"cache_status.json", "cache_versions.json"}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Two builds, one after another: the second one is live."""
    folder = tmp_path_factory.mktemp("verify")
    build = Build(folder / "work", str(folder / "root"))
    for number in (1, 2):
        made_at = f"2026-01-0{number}T00:00:00Z"
        publish(build.make({"1": "a", "2": str(number)}, built_at=made_at).settings)
    return build


def files_of(published: Build) -> list[Path]:
    home = open_storage(published.settings).home  # type: ignore[attr-defined]  # a folder has one
    return sorted(
        path
        for path in home.rglob("*")
        if path.is_file() and path.name not in UNCHECKED and path.suffix != ".lock"
    )


def problems(published: Build) -> list[str]:
    try:
        found = verify(open_storage(published.settings), published.area.name)
    except CacheError as error:
        return [str(error)]
    return [*found.damaged, *found.damaged_before]


@settings(max_examples=40)
@given(data=st.data())
def test_a_changed_byte_is_found_and_its_file_is_named(
    published: Build, data: st.DataObject
) -> None:
    files = files_of(published)
    assert len(files) > 20
    path = data.draw(st.sampled_from(files))
    content = bytearray(path.read_bytes())
    is_old = path.parent.parent.name == ".builds" and path.name.startswith("20260101")
    at = 0 if is_old else data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    before = path.read_bytes()
    path.write_bytes(content)
    try:
        found = problems(published)
    finally:
        path.write_bytes(before)
    assert any(path.name in each for each in found), (path, at, found)
    assert problems(published) == []
