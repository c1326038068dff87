"""A disk that is full while a build is published or restored: an error says so, and no harm."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import pytest
from built import Build

import biodata_cache
from biodata_cache import CacheError
from biodata_cache._publish.publish import publish
from biodata_cache._publish.rollback import rollback
from examples import chosen

if TYPE_CHECKING:
    from pathlib import Path

BYTES = chosen([0, 700, 3_000, 30_000], [10 * 2**power for power in range(15)])


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """The third build; the first two are published."""
    monkeypatch.setenv("BIODATA_CACHE_ROOT", str(tmp_path / "root"))
    build = Build(tmp_path / "work", str(tmp_path / "root")).make({"a": "1", "b": "1"})
    publish(build.settings)
    for number in (2, 3):
        build.change({"a": "1", "b": f"{number}"}, built_at=f"2026-01-0{number}T00:00:00Z")
        if number == 2:
            publish(build.settings)
    return build


def values() -> dict[str, str]:
    rows = biodata_cache.quality_control()
    return dict(zip(rows["subject_id"], rows["value"], strict=True))


@pytest.mark.nightly
@pytest.mark.parametrize("size", BYTES)
def test_a_full_disk_is_named_and_leaves_a_whole_build(build: Build, size: int) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    for command in (publish, rollback):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
        try:
            with pytest.raises(CacheError, match="make room"):
                command(build.settings)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert values() == {"a": "1", "b": "2"}
    publish(build.settings)
    assert values() == {"a": "1", "b": "3"}
