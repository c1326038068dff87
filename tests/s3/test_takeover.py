"""A root that an older version published is taken over while readers look on."""

from __future__ import annotations

import json
import shutil
import threading
from typing import TYPE_CHECKING

import pytest
from built import Build

import biodata_cache
from biodata_cache import CacheError, CacheNotFoundError
from biodata_cache._publish.publish import publish, rollback
from biodata_cache._publish.snapshots.verify import verify
from biodata_cache._storage.open import open_storage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    root = str(tmp_path / "root")
    monkeypatch.setenv("BIODATA_CACHE_ROOT", root)
    monkeypatch.setenv("BIODATA_CACHE_LOCAL_CACHE", str(tmp_path / "copies"))
    return Build(tmp_path / "work", root)


def home(build: Build) -> Path:
    return build.work.parent / "root/data-asset-cache"


def of_the_replaced_package(build: Build) -> None:
    """Names and columns, and nothing of what is ours."""
    folder = home(build) / build.area.name
    shutil.rmtree(home(build) / ".objects")
    shutil.rmtree(home(build) / ".builds")
    known = ("name", "description", "location", "partitioned", "partition_key", "type", "columns")
    registry = folder / "cache_registry.json"
    tables = [
        {key: entry[key] for key in known} for entry in json.loads(registry.read_text())["tables"]
    ]
    registry.write_text(json.dumps({"tables": tables}))
    for entry in tables:
        (folder / f"cache_registry/{entry['name']}.json").write_text(json.dumps(entry))


def of_fragments_alone(build: Build) -> None:
    of_the_replaced_package(build)
    (home(build) / build.area.name / "cache_registry.json").unlink()


@pytest.mark.parametrize("older", [of_the_replaced_package, of_fragments_alone])
@pytest.mark.parametrize(
    "subjects",
    [pytest.param({"1": "a", "2": "a"}, marks=pytest.mark.slow), {"1": "b", "3": "b"}],
)
def test_readers_see_no_gap(
    build: Build, older: Callable[[Build], None], subjects: dict[str, str]
) -> None:
    publish(build.make({"1": "a", "2": "a"}).settings)
    older(build)
    done, wrong, reads = threading.Event(), [], []

    def look() -> None:
        while not done.is_set():
            try:
                values = biodata_cache.quality_control()
                found = dict(zip(values["subject_id"], values["value"], strict=True))
            except CacheError as error:
                wrong.append(f"{type(error).__name__}: {error}")
                continue
            reads.append(found)
            # By its public files, which are all that the older registry names, a table changes
            # file by file.
            if not found.items() <= {("1", "a"), ("2", "a"), *subjects.items()}:
                wrong.append(str(found))

    reader = threading.Thread(target=look)
    reader.start()
    try:
        build.make(subjects, built_at="2026-01-02T00:00:00Z")
        report = publish(build.settings)
    finally:
        done.set()
        reader.join()
    assert wrong == []
    assert reads
    assert report.build.startswith("20260102T000000Z-")
    folder = home(build) / build.area.name
    values = {path.parent.name for path in folder.glob("qc/*/data.pqt")}
    assert values == {f"subject_id={subject}" for subject in subjects}
    kept = [path.name for path in (home(build) / ".builds" / build.area.name).iterdir()]
    assert kept == [f"{report.build}.json"]
    assert verify(open_storage(build.settings), build.area.name).damaged == []
    assert publish(build.settings).written == 0
    with pytest.raises(CacheNotFoundError, match="No earlier build is kept"):
        rollback(build.settings)
