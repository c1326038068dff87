"""What a build says of itself stays small, and depends on its content alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from biodata_cache._core.registry.entries import ColumnEntry, TableEntry
from biodata_cache._core.registry.history import PublishedBuild
from biodata_cache._publish.catalogue import page as _catalogue
from biodata_cache._publish.snapshots import public_files as _public_files
from biodata_cache._publish.snapshots.public_files import PublicFile
from biodata_cache._publish.snapshots.snapshot import Published, Snapshot, snapshot

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 1_000_000


def files(number: int, value: str = "a") -> list[PublicFile]:
    return [
        PublicFile(
            f"qc/subject_id={each:06}/data.pqt",
            "quality_control",
            f"{each:06}",
            each,
            9,
            value * 64,
        )
        for each in range(number)
    ]


def build(listed: list[PublicFile], built_at: str, before: Published | None = None) -> Snapshot:
    entry = TableEntry(
        name="quality_control",
        location="s3://bucket/data-asset-cache/bdc-v0.50.0/qc",
        partitioned=True,
        partition_key="subject_id",
        type="asset",
        columns=(ColumnEntry("name", "", "VARCHAR"),),
        partition_count=len(listed),
        sha256=str(hash(tuple(sorted(listed)))),
    )
    return snapshot([entry], listed, built_at, objects={}, sources={}, before=before)


@pytest.mark.parametrize("partitions", [1000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_registry_and_page_are_small_whatever_the_number_of_partitions(
    tmp_path: Path, partitions: int
) -> None:
    listed = files(partitions)
    made = build(listed, "2026-01-01T00:00:00Z")
    assert len(made.content) < LARGEST
    history = [PublishedBuild.of(made.build, made.registry)]
    page = _catalogue.page("bdc-v0.50.0", made.registry, history, _catalogue.largest(listed))
    assert len(page) < LARGEST
    assert made.registry.public_files is not None
    content = made.objects[made.registry.public_files.name]
    assert isinstance(content, bytes)
    (tmp_path / "list.pqt").write_bytes(content)
    assert _public_files.decoded(tmp_path / "list.pqt") == listed


def test_the_same_content_is_the_same_build() -> None:
    first = build(files(3), "2026-01-01T00:00:00Z")
    before = Published(first.registry, first.content)
    same = build(files(3)[::-1], "2026-01-02T00:00:00Z", before)
    assert (same.build, same.content) == (first.build, first.content)
    other = build(files(3, "b"), "2026-01-02T00:00:00Z", before)
    assert other.build.startswith("20260102T000000Z-")
    assert other.build[17:] != first.build[17:]
    assert other.registry["quality_control"].build_id == other.build


def test_a_list_of_no_files_is_a_list(tmp_path: Path) -> None:
    (tmp_path / "list.pqt").write_bytes(_public_files.encoded([]))
    assert _public_files.decoded(tmp_path / "list.pqt") == []
