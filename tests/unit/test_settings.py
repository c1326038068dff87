"""Every rule of the settings."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from biodata_cache import SettingsError
from biodata_cache._core.settings import values as _settings

VERSION = "0.50.0"


def load(**arguments):
    """Settings with a version, so that the package need not be installed."""
    return _settings.load(**{"version": VERSION} | arguments)


def set_all(monkeypatch, **values):
    for name, value in values.items():
        monkeypatch.setenv(f"BIODATA_CACHE_{name}", value)


def test_defaults():
    settings = load()
    assert settings.backend == "MEMORY"
    assert settings.root == ""
    assert settings.version_folder == "bdc-v0.50.0"
    assert settings.source == "https://api.allenneuraldynamics.org"
    assert settings.work == Path(".biodata-cache")
    assert settings.raw == str(Path(".biodata-cache") / "raw")
    assert settings.objects == "s3"


def test_every_setting_has_a_variable(monkeypatch):
    set_all(
        monkeypatch,
        ROOT="there",
        VERSION="2.3",
        SOURCE="sample:5",
        RAW="lake",
        OBJECTS="buckets",
        WORK="area",
    )
    settings = _settings.load()
    assert (settings.root, settings.version_folder) == ("there", "bdc-v2.3")
    assert (settings.source, settings.raw, settings.objects) == ("sample:5", "lake", "buckets")
    assert settings.work == Path("area")


def test_an_argument_wins_over_its_variable(monkeypatch):
    set_all(monkeypatch, ROOT="there", VERSION="2.3", SOURCE="sample", RAW="lake", WORK="area")
    settings = _settings.load(root="here", version="1.0", source="file", raw="sea", work="desk")
    assert (settings.root, settings.version_folder) == ("here", "bdc-v1.0")
    assert (settings.source, settings.raw, settings.work) == ("file", "sea", Path("desk"))


def test_an_empty_argument_wins_too(monkeypatch):
    set_all(monkeypatch, ROOT="there")
    assert load(root="").backend == "MEMORY"


def test_blanks_around_a_value_and_a_blank_value_do_not_count(monkeypatch):
    set_all(monkeypatch, ROOT=" there ", SOURCE="  ")
    settings = load()
    assert settings.root == "there"
    assert settings.source == "https://api.allenneuraldynamics.org"


@pytest.mark.parametrize(
    ("root", "backend"),
    [("", "MEMORY"), ("there", "LOCAL"), ("/there", "LOCAL"), ("s3://bucket/prefix", "S3")],
)
def test_the_root_implies_the_backend(root, backend):
    assert load(root=root).backend == backend


@pytest.mark.parametrize("backend", ["S3", "s3", " S3 "])
def test_the_backend_is_read_in_any_case(monkeypatch, backend):
    set_all(monkeypatch, BACKEND=backend)
    assert load().backend == "S3"


def test_s3_without_a_root_is_the_public_bucket(monkeypatch):
    set_all(monkeypatch, BACKEND="S3")
    assert load().root == "s3://allen-data-views"


def test_memory_has_no_root(monkeypatch):
    set_all(monkeypatch, BACKEND="MEMORY", ROOT="there")
    settings = load()
    assert (settings.backend, settings.root) == ("MEMORY", "")


@pytest.mark.parametrize(
    ("root", "expected"),
    [("there/", "there"), ("there//", "there"), ("/", "/"), ("s3://bucket/", "s3://bucket")],
)
def test_slashes_at_the_end_of_the_root_go(root, expected):
    assert load(root=root).root == expected


@pytest.mark.parametrize(
    ("backend", "root"),
    [("LOCAL", ""), ("LOCAL", "s3://bucket"), ("DISK", "there"), ("CODEOCEAN", "s3://bucket")],
)
def test_a_backend_that_contradicts_the_root_is_refused(monkeypatch, backend, root):
    set_all(monkeypatch, BACKEND=backend)
    with pytest.raises(SettingsError, match="BIODATA_CACHE_BACKEND is"):
        load(root=root)


def test_s3_beside_a_folder_leaves_the_choice_to_the_root(monkeypatch):
    set_all(monkeypatch, BACKEND="S3")
    with pytest.warns(
        UserWarning, match="BACKEND is S3 but BIODATA_CACHE_ROOT is 'there'"
    ) as reported:
        settings = load(root="there")
    assert (settings.backend, settings.root) == ("LOCAL", "there")
    assert reported[0].filename == __file__


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        (None, "/data"),
        ("/data/data-asset-cache", "/data"),
        ("/mnt/bucket", "/mnt/bucket"),
        ("/mnt/bucket/data-asset-cache/", "/mnt/bucket"),
    ],
)
def test_a_mounted_copy_is_named_by_either_folder(monkeypatch, root, expected):
    set_all(monkeypatch, BACKEND="codeocean")
    settings = load(root=root)
    assert (settings.backend, settings.root) == ("CODEOCEAN", expected)


@pytest.mark.parametrize("version", ["0.50.0", "v0.50.0", "bdc-v0.50.0", " 0.50.0 "])
def test_a_version_is_given_in_three_forms(version):
    assert load(version=version).version_folder == "bdc-v0.50.0"


@pytest.mark.parametrize("version", ["latest", "0.1.", "../0.1", "0.1-shadow", "bdc-v", "0.1\n2"])
def test_what_is_not_a_version_is_refused(version):
    with pytest.raises(SettingsError, match="BIODATA_CACHE_VERSION is"):
        load(version=version)


def test_the_raw_lake_lies_in_the_work_folder():
    assert load(work="area").raw == str(Path("area") / "raw")


def test_a_package_that_is_not_installed_says_what_to_do():
    # -S leaves out site-packages, where the version of an installed package is written.
    code = (
        f"import sys; sys.path.insert(0, {str(Path(_settings.__file__).parents[3])!r})\n"
        "from biodata_cache import SettingsError\n"
        "from biodata_cache._core.settings import values as settings\n"
        "try: settings.load()\n"
        "except SettingsError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], check=True, capture_output=True, text=True
    )
    assert "not installed" in done.stdout
    assert "BIODATA_CACHE_VERSION" in done.stdout


def test_versions_ascend_by_number():
    names = ["bdc-v0.100.0", "bdc-v0.9", "bdc-v1", "bdc-v0.9.1", "bdc-v0.9"]
    assert _settings.ascending(names) == ["bdc-v0.9", "bdc-v0.9.1", "bdc-v0.100.0", "bdc-v1"]


@pytest.mark.parametrize(
    "name", ["bdc-v0.34-shadow", "custom", "bdc-0.1", "xbdc-v1", "bdc-v1.json"]
)
def test_what_is_not_a_version_folder_is_left_out(name):
    assert _settings.ascending(["bdc-v0.1", name]) == ["bdc-v0.1"]


@pytest.mark.parametrize(
    ("source", "objects"),
    [
        ("sample", "sample"),
        ("sample:20", "sample"),
        ("records/", "none"),
        ("mongodb://host", "s3"),
        ("https://host", "s3"),
        (None, "s3"),
    ],
)
def test_objects_come_with_their_source(source, objects, monkeypatch):
    assert load(source=source).objects == objects
    monkeypatch.setenv("BIODATA_CACHE_OBJECTS", "buckets")
    assert load(source=source).objects == "buckets"
    assert load(source=source, objects="none").objects == "none"


@pytest.mark.parametrize(
    ("text", "size"),
    [("5GB", 5 * 10**9), ("500 mb", 5 * 10**8), ("1.5k", 1500), ("12", 12), ("0", 0)],
)
def test_the_size_of_the_local_cache_has_a_unit(monkeypatch, text, size):
    monkeypatch.setenv("BIODATA_CACHE_LOCAL_CACHE_SIZE", text)
    assert _settings.load(root="x").local_cache_size == size


@pytest.mark.parametrize("text", ["large", "-1", "5 gigabytes", "1e9", "\u0665GB"])
def test_a_size_that_is_none_is_refused(monkeypatch, text):
    monkeypatch.setenv("BIODATA_CACHE_LOCAL_CACHE_SIZE", text)
    with pytest.raises(SettingsError, match=r"LOCAL_CACHE_SIZE is .* give a size"):
        _settings.load(root="x")


def test_the_local_cache_lies_where_the_system_keeps_caches(monkeypatch, tmp_path):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert _settings.load(root="x").local_cache == tmp_path / "biodata-cache" / "copies"
    monkeypatch.setenv("BIODATA_CACHE_LOCAL_CACHE", "OFF")
    assert _settings.load(root="x").local_cache is None
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BIODATA_CACHE_LOCAL_CACHE", "mine")
    assert _settings.load(root="x").local_cache == tmp_path / "mine"


def test_the_home_of_a_user_is_expanded_in_every_setting(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    settings = load(root="~/root", work="~/work", source="~/a.jsonl", objects="~")
    assert (settings.root, settings.work) == (str(tmp_path / "root"), tmp_path / "work")
    assert settings.raw == str(tmp_path / "work/raw")
    assert (settings.source, settings.objects) == (str(tmp_path / "a.jsonl"), str(tmp_path))
    assert load(raw="~/lake").raw == str(tmp_path / "lake")


@pytest.mark.parametrize("name", ["root", "work", "raw", "objects", "source", "v1_source"])
def test_the_home_of_nobody_is_refused(name):
    with pytest.raises(SettingsError, match=f"_{name.upper()} is '~no-such-user/x'"):
        load(**{name: "~no-such-user/x"})


@pytest.mark.parametrize("root", ["gs://bucket", "https://reader:hush@host/x", "S3://bucket"])
def test_a_root_of_another_kind_is_no_folder(root):
    with pytest.raises(SettingsError, match="give a folder, or s3://") as error:
        load(root=root)
    assert "hush" not in str(error.value)


def test_an_address_given_as_the_secret_file_is_not_shown(monkeypatch):
    monkeypatch.setenv("BIODATA_CACHE_SOURCE_FILE", "mongodb://reader:hush@host")
    with pytest.raises(SettingsError, match="SOURCE_FILE") as error:
        load()
    assert "hush" not in str(error.value)
