"""Files of the lake appear whole: their bytes are on the disk before they have their names."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from extract.pipeline import extract
from extract.sources.open import open_source

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_each_file_is_on_the_disk_before_it_appears(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "records.jsonl"
    source.write_text(json.dumps({"_id": "r1", "name": "n", "x": 1}) + "\n[]\n")
    synced: set[int] = set()
    appeared: dict[str, bool] = {}
    fsync, replace = os.fsync, os.replace

    def watched_fsync(file: int) -> None:
        fsync(file)
        synced.add(os.fstat(file).st_ino)

    def watched_replace(unfinished: Path, target: Path) -> None:
        appeared[os.path.relpath(target, tmp_path / "raw")] = unfinished.stat().st_ino in synced
        replace(unfinished, target)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(os, "replace", watched_replace)
    extract(open_source(str(source)), tmp_path / "raw")
    of_records = {name: is_synced for name, is_synced in appeared.items() if "runs/" not in name}
    assert len(of_records) >= 3, "records, their list, and what was rejected"
    assert all(of_records.values()), of_records
