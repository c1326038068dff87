"""Where the machine stands, and what it speaks, changes no byte of the tables."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from whole_runs import Pipeline

pytestmark = pytest.mark.slow


def test_a_build_in_another_zone_and_language_makes_the_same_files(
    sample: Pipeline, tmp_path: Path
) -> None:
    shutil.copytree(sample.settings.work / "raw", tmp_path / "work/raw")
    elsewhere = {"TZ": "Asia/Tokyo", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"}
    subprocess.run(
        [sys.executable, "-m", "biodata_cache", "build", "--work", tmp_path / "work"],
        env=os.environ | elsewhere,
        check=True,
        capture_output=True,
    )
    area = tmp_path / "work/cache/data-asset-cache"
    there, here = (
        {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.pqt")}
        for folder in (area, sample.area.parent)
    )
    assert len(there) > 100
    assert there.keys() == here.keys()
    assert [name for name, content in there.items() if content != here[name]] == []
