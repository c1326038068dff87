"""Which version is read, and what is said if it is not the installed one."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import warnings
from typing import TYPE_CHECKING, Any

import pytest

import biodata_cache
from biodata_cache import (
    ArgumentError,
    CacheNotFoundError,
    SettingsError,
    VersionWarning,
    get_cache_versions,
    use_version,
)
from biodata_cache._reader import catalog as _published

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _forgets(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(_published, "_warned", [])
    monkeypatch.setattr(_published, "_looked", set())
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


def test_a_package_newer_than_all_that_is_published_is_told_once(cache: Any) -> None:
    cache.plain("assets", "select 'a' as name")
    release(cache, "bdc-v0.0.8", "bdc-v0.0.9")
    use_version("0.0.9")
    with pytest.warns(VersionWarning, match=r"is 0\.50\.0, and the newest version .* bdc-v0\.0\.9"):
        biodata_cache.assets()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        biodata_cache.assets()
        assert get_cache_versions() == ["bdc-v0.0.8", "bdc-v0.0.9"]


def test_the_list_of_versions_warns_as_well(cache: Any) -> None:
    release(cache, "bdc-v0.0.9")
    with pytest.warns(VersionWarning):
        get_cache_versions()


@pytest.mark.parametrize("released", [[], ["bdc-v0.50.0"], ["bdc-v0.0.9", "bdc-v0.100.0"]])
def test_no_warning_where_there_is_nothing_to_say(cache: Any, released: list[str]) -> None:
    cache.plain("assets", "select 'a' as name")
    (cache.home / "cache_versions.json").write_text(json.dumps(released))
    shutil.copytree(cache.folder, cache.home / "bdc-v0.0.9", dirs_exist_ok=True)
    use_version("0.0.9")
    assert len(biodata_cache.assets()) == 1
    assert get_cache_versions() == released


def test_a_damaged_index_keeps_nobody_from_reading(cache: Any) -> None:
    cache.plain("assets", "select 'a' as name")
    release(cache, "bdc-v0.0.9")
    (cache.home / "cache_versions.json").write_text("{")
    use_version("0.0.9")
    assert len(biodata_cache.assets()) == 1


def test_a_process_warns_once(cache: Any, tmp_path: Path) -> None:
    cache.plain("assets", "select 'a' as name")
    release(cache, "bdc-v0.0.9")
    script = tmp_path / "mine.py"
    script.write_text(
        "import biodata_cache as b\n"
        "b.use_version('0.0.9')\n"
        "b.assets()\n"
        "b.assets()\n"
        "b.sql('from assets')\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert done.stderr.count("VersionWarning") == 1
