"""A password is in no message, whatever it was written into."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import pytest

import biodata_cache
from biodata_cache import CacheError
from biodata_cache._core import messages
from biodata_cache._core.settings import values as settings
from extract.sources.open import open_source

if TYPE_CHECKING:
    from pathlib import Path

SPELLINGS = [
    "user:S3cr3t@host",
    "mongo:user:S3cr3t@host",
    "mongodb:/user:S3cr3t@host",
    "//user:S3cr3t@host",
    "user:S3cr3t@host:27017/db?x=y",
    "user:a@S3cr3t@host",
    "user:S3cr3t\n@host",
]
ADDRESSES = ["s3://user:S3cr3t@bucket/prefix", "https://user:S3cr3t@host", "gs://u:S3cr3t@bucket"]
PLACES = ["root", "raw", "objects"]


@pytest.mark.parametrize(
    ("name", "value"),
    [(name, value) for name in ("source", "v1_source", *PLACES) for value in SPELLINGS]
    + [(name, value) for name in PLACES for value in ADDRESSES],
)
def test_what_looks_like_credentials_is_refused_and_not_shown(name: str, value: str) -> None:
    with pytest.raises(CacheError) as caught:
        settings.load(**{name: value})
    assert f"BIODATA_CACHE_{name.upper()}" in str(caught.value)
    assert "S3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no answer from http://me:S3cr3t@host/a@b", "no answer from http://***@host/a@b"),
        ("mongodb://me:a@S3cr3t@host:1", "mongodb://***@host:1"),
        ("a://x:S3cr3t@h b://S3cr3t@h", "a://***@h b://***@h"),
        ("s3://bucket/a@b and me@host", "s3://bucket/a@b and me@host"),
    ],
)
def test_credentials_in_an_address_are_in_no_message(text: str, shown: str) -> None:
    assert messages.redacted(text) == shown


@pytest.mark.parametrize("name", ["a@b.jsonl", "night:1/a@b", "C:/data/me@here", "a@b:c"])
def test_paths_that_hold_an_at_are_used(name: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).mkdir(parents=True)
    assert settings.load(source=name).source == name


@pytest.mark.parametrize("source", ["S3cr3t://host", "mongodb:S3cr3t"])
def test_what_is_no_source_is_not_shown(source: str) -> None:
    with pytest.raises(CacheError) as caught:
        open_source(source)
    assert "S3cr3t" not in str(caught.value).removeprefix("Source 'S3cr3t://…'")


def test_a_secret_file_that_is_none_is_not_shown() -> None:
    with pytest.raises(CacheError) as caught:
        settings.load(source_file="mongodb:/user:S3cr3t@host")
    assert "S3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    "source", ["mongodb://user:S3cr3t@127.0.0.1:9", "mongodb://127.0.0.1:9/?authToken=S3cr3t"]
)
def test_tables_in_memory_show_no_password(
    source: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("BIODATA_CACHE_BACKEND", "MEMORY")
    monkeypatch.setenv("BIODATA_CACHE_SOURCE", source)
    monkeypatch.setenv("BIODATA_CACHE_WORK", str(tmp_path))
    monkeypatch.setenv("BIODATA_CACHE_RETRY_SECONDS", "1")
    with pytest.raises(CacheError) as caught:
        biodata_cache.asset_basics()
    said = capfd.readouterr()
    assert "building the tables from 'mongodb://…' in memory" in said.err
    assert "S3cr3t" not in said.out + said.err
    assert "S3cr3t" not in "".join(traceback.format_exception(caught.value))
