"""The second half of a night: build and publish, killed at random moments until both succeed."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import duckdb

from biodata_cache import Cache
from biodata_cache._core.layout import CACHE_FOLDER

if TYPE_CHECKING:
    from pathlib import Path

    from stories import Story

_BUILD_SECONDS, _PUBLISH_SECONDS = 25.0, 4.0


def build_and_publish(story: Story) -> None:
    """Build and publish what the lake holds; what is published is what was built."""
    root = story.folder / "root"
    for _ in range(story.draw.randrange(3)):
        story.end_at_random("build", _BUILD_SECONDS)
    code, output = story.run("build")
    assert code == 0, output
    before = _published(root)
    seen = {before}
    for _ in range(3):
        if story.draw.random() < 0.3:
            code, output = story.run("publish", disk=int(10 ** story.draw.uniform(1, 5)))
            assert code in {0, 1}, output
        else:
            story.end_at_random("publish", _PUBLISH_SECONDS)
        seen.add(_published(root))
        _check_objects(root)
    code, output = story.run("publish")
    assert code == 0, output
    assert seen <= {before, _published(root)}, (seen, story.log)
    code, output = story.run("status")
    assert code == 0, output
    _check_objects(root)
    area = next((story.folder / "work/cache" / CACHE_FOLDER).glob("bdc-v*"))
    for path in area.rglob("*.pqt"):
        if path.name.startswith("platform_dynamic_foraging_"):  # there is no such database here
            continue
        published = root / CACHE_FOLDER / area.name / path.relative_to(area)
        assert published.read_bytes() == path.read_bytes(), path
    rows = duckdb.execute(
        "select count(*), count(distinct _id) from read_parquet(?)",
        [str(area / "metadata_core.pqt")],
    ).fetchone()
    assert rows == (len(story.records), len(story.records))


def _published(root: Path) -> str | None:
    """The build that a reader finds; None if nothing is published."""
    result = list((root / CACHE_FOLDER).glob("bdc-v*/cache_registry.json"))
    return str(json.loads(result[0].read_bytes())["build"]) if result else None


def _check_objects(root: Path) -> None:
    """What the registry names is there, whole."""
    if _published(root) is None:
        return
    registry = Cache(root=str(root)).tables()
    for table in registry:
        for each in table.objects:
            path = root / CACHE_FOLDER / ".objects" / each.name
            assert hashlib.sha256(path.read_bytes()).hexdigest() == each.sha256
