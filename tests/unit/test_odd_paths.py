"""Paths are values: a folder whose name is a pattern is read, and no other in its place."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

import biodata_cache
from biodata_cache import scan
from biodata_cache._cli import cli

if TYPE_CHECKING:
    from pathlib import Path

    from published_cache import Published

NAMES = ["a*b", "a?b", "a[x]b", "[!a]", "**", "a[", "a'b", "{{ 7*7 }}", "a{x,y}b", "a\\?b", "[a\\b"]
MATCHED = ["axb", "a1b", "a\\xb", "xab", "x", "a*bc"]
COUNT = "select count(*) as n from quality_control"


@pytest.mark.parametrize("is_build", [True, False])
def test_a_root_that_is_a_pattern_is_read_alone(
    qc_cache: Published, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_build: bool
) -> None:
    """Beside roots of all other such names, and of names that they match."""
    if is_build:
        qc_cache.build()
    wanted = len(biodata_cache.quality_control())
    for name in (*NAMES, *MATCHED):
        shutil.copytree(qc_cache.root, tmp_path / "roots" / name)
    for name in NAMES:
        monkeypatch.setenv("BIODATA_CACHE_ROOT", str(tmp_path / "roots" / name))
        assert len(biodata_cache.quality_control()) == wanted, name
        assert len(biodata_cache.quality_control("451")) == 2, name
        assert len(biodata_cache.quality_control(status="Pass", limit=3)) <= 3, name
        assert biodata_cache.sql(COUNT)["n"].tolist() == [wanted], name
        assert biodata_cache.connect().sql(COUNT).fetchall() == [(wanted,)], name
        counted = scan("quality_control").duckdb().aggregate("count(*)").fetchall()
        assert counted == [(wanted,)], name
        assert len(scan("quality_control").arrow()) == wanted, name
        biodata_cache.custom("kept", biodata_cache.sql(COUNT))
        assert biodata_cache.custom("kept")["n"].tolist() == [wanted], name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a:b:smile:.jsonl", "file:a:b:smile:.jsonl"),
        ("a\x1b[31mb.jsonl", r"file:a\x1b[31mb.jsonl"),
        ("a\u202eb.jsonl", r"file:a\u202eb.jsonl"),
        ("[b]c.jsonl", "file:[b]c.jsonl"),
    ],
)
def test_a_name_is_shown_as_it_is_and_does_not_control_the_terminal(
    tmp_path: Path, name: str, shown: str
) -> None:
    (tmp_path / name).write_text('{"_id": "1"}\n')
    work = ["--work", str(tmp_path / "w"), "--objects", "none"]
    done = CliRunner().invoke(cli, ["extract", "--source", str(tmp_path / name), *work])
    assert f"1 records from {shown}" in done.stderr


@pytest.mark.parametrize("name", [" a", "a ", "\ta", "a\n"])
def test_blanks_are_part_of_the_name_of_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for folder, count in (("a", 1), (name, 2)):
        (tmp_path / folder).mkdir()
        lines = [f'{{"_id": "{number}"}}\n' for number in range(count)]
        (tmp_path / folder / "x.jsonl").write_text("".join(lines))
    for given in (name, str(tmp_path / name) if name[0] == "a" else name):
        done = CliRunner().invoke(
            cli, ["extract", "--source", given, "--work", name, "--objects", "none", "--full"]
        )
        assert "2 records from" in done.stderr
    assert (tmp_path / name / "raw").is_dir()
    assert not (tmp_path / "a/raw").exists()


def test_a_work_folder_that_dbt_cannot_use_is_refused_before_anything_is_read(
    tmp_path: Path,
) -> None:
    work = tmp_path / "a?b"
    given = ["--source", "sample:5", "--work", str(work), "--root", str(tmp_path / "root")]
    done = CliRunner().invoke(cli, ["sync", *given])
    assert (done.exit_code, work.exists()) == (1, False)
    assert "has a '?' in its name" in done.stderr
