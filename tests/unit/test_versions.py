"""Which version is read, and the warning if it is not the installed one."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import biodata_cache
from biodata_cache import (
    ArgumentError,
    CacheNotFoundError,
    SettingsError,
    use_version,
)

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _forgets() -> Any:
    yield
    use_version(None)


def release(cache: Any, *names: str) -> None:
    """Release the version there is under these names, too."""
    for name in {*names} - {cache.folder.name}:
        shutil.copytree(cache.folder, cache.home / name, dirs_exist_ok=True)
    (cache.home / "cache_versions.json").write_text(json.dumps(names))


def test_a_version_is_used_until_another_is(cache: Any) -> None:
    cache.plain("assets", "select 'installed' as name")
    release(cache, "bdc-v0.0.9", "bdc-v0.50.0")
    cache.plain("assets", "select 'new' as name")
    for version in ("bdc-v0.0.9", "v0.0.9", "0.0.9"):
        use_version(version)
        assert biodata_cache.assets()["name"].tolist() == ["installed"]
        assert biodata_cache.table_info("assets").version == "bdc-v0.0.9"
        use_version(None)
        assert biodata_cache.assets()["name"].tolist() == ["new"]


def test_a_version_wins_over_the_setting(cache: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.plain("assets", "select 'a' as name")
    release(cache, "bdc-v0.50.0")
    use_version("0.50.0")
    monkeypatch.setenv("BIODATA_CACHE_VERSION", "9.9")
    assert len(biodata_cache.sql("from assets")) == 1


def test_a_version_that_is_not_there_is_refused_at_once(cache: Any) -> None:
    cache.plain("assets", "select 'a' as name")
    release(cache, "bdc-v0.0.9")
    with pytest.raises(
        CacheNotFoundError, match=r"no bdc-v0\.3 .* has bdc-v0\.0\.9, bdc-v0\.50\.0"
    ):
        use_version("0.3")
    with pytest.raises(SettingsError, match="give numbers separated by dots"):
        use_version("latest")
    assert len(biodata_cache.assets()) == 1


@pytest.mark.parametrize("version", [0.1, 1, b"0.50.0", "", " "])
def test_a_version_that_is_no_text_is_refused(cache: Any, version: Any) -> None:
    with pytest.raises(ArgumentError, match=r"version must be a text like '0\.50\.0'"):
        use_version(version)


def test_no_warning_where_there_is_nothing_to_say(cache: Any, tmp_path: Path) -> None:
    """In a process that has not warned yet."""
    cache.plain("assets", "select 'a' as name")
    shutil.copytree(cache.folder, cache.home / "bdc-v0.0.9", dirs_exist_ok=True)
    reported = [[], ["bdc-v0.50.0"], ["bdc-v0.0.9", "bdc-v0.100.0"]]
    for number, released in enumerate(reported):
        home = shutil.copytree(cache.home, tmp_path / f"{number}/data-asset-cache")
        (home / "cache_versions.json").write_text(json.dumps(released))
    output = output_of(
        tmp_path,
        "for number in range(3):\n"
        f"    cache = b.Cache(root={str(tmp_path)!r} + f'/{{number}}', version='0.0.9')\n"
        "    print(len(cache.scan('assets').df()), cache.versions())\n",
    )
    assert output.splitlines() == [f"1 {released}" for released in reported]


def test_a_damaged_index_keeps_nobody_from_reading(cache: Any) -> None:
    cache.plain("assets", "select 'a' as name")
    release(cache, "bdc-v0.0.9")
    (cache.home / "cache_versions.json").write_text("{")
    use_version("0.0.9")
    assert len(biodata_cache.assets()) == 1


def output_of(tmp_path: Path, code: str) -> str:
    """All that a script says."""
    script = tmp_path / "mine.py"
    script.write_text(f"import biodata_cache as b\n{code}")
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


@pytest.mark.parametrize("first", ["b.assets()", "b.sql('from assets')", "b.get_cache_versions()"])
def test_a_process_is_warned_once_that_its_package_is_newer_than_all_that_is_published(
    cache: Any, tmp_path: Path, first: str
) -> None:
    cache.plain("assets", "select 'a' as name")
    release(cache, "bdc-v0.0.8", "bdc-v0.0.9")
    code = f"b.use_version('0.0.9')\n{first}\nb.assets()\nb.assets()\nb.sql('from assets')\n"
    output = output_of(tmp_path, f"{code}print(b.get_cache_versions())\n")
    assert output.startswith("['bdc-v0.0.8', 'bdc-v0.0.9']\n")
    assert output.count("VersionWarning") == 1
    assert re.search(r"is 0\.50\.0, and the newest version .* bdc-v0\.0\.9", output)
    assert "mine.py:3: VersionWarning" in output, "the line that led there"
