"""What the documentation shows can be run: queries, commands, lines of Python, the notebook."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import consumers
import duckdb
import nbformat
import pytest
from click.testing import CliRunner

import biodata_cache
from biodata_cache._cli import cli

if TYPE_CHECKING:
    from whole_runs import Pipeline

PROJECT = Path(__file__).resolve().parents[2]
PAGES = sorted((PROJECT / "docs").glob("*.md"))
NOTEBOOKS = sorted((PROJECT / "examples").glob("*.ipynb"))
TABLES = sorted(path.stem for path in (PROJECT / "models/cache").rglob("*.sql"))


def script(name: str) -> Any:
    """A module of the scripts that make the documentation."""
    spec = importlib.util.spec_from_file_location(
        f"docs_{name}", PROJECT / f"scripts/docs/{name}.py"
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


queries = script("queries").queries


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)


@pytest.fixture
def root(sample: Pipeline, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BIODATA_CACHE_ROOT", sample.settings.root)
    return Path(sample.settings.root)


def test_queries_are_of_tables() -> None:
    assert sorted(path.stem for path in (PROJECT / "docs/queries").iterdir()) == TABLES


@pytest.mark.parametrize("table", TABLES)
def test_queries_find_something(table: str, root: Path) -> None:
    found = queries(table)
    assert found
    for query in found:
        assert query.question.endswith((".", "?")), query.question
        assert re.search(rf"\b{table}\b", query.sql), query.question
        assert len(biodata_cache.sql(query.sql)), query.question


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_python_runs(page: Path, root: Path) -> None:
    names: dict[str, object] = {}
    text = page.read_text(encoding="utf-8")
    assert bool(blocks(page, "python")) == ("```python" in text)
    for block in blocks(page, "python"):
        exec(compile(block, str(page), "exec"), names)
    for name, value in names.items():
        if hasattr(value, "__len__") and not name.startswith("__"):
            assert len(value), name


def test_recipes_for_files_in_the_oldest_packages(root: Path) -> None:
    """`test_python_runs` runs them in the packages of the lock."""
    oldest = consumers.tools() / f"oldest-1-{sys.implementation.cache_tag}"
    if not (oldest / "complete").exists():
        pytest.skip("there are no oldest packages: run make servers")
    text = (PROJECT / "docs/reading.md").read_text(encoding="utf-8")
    recipes = text[text.index("## pyarrow, pandas and polars on the files") : text.index("## R\n")]
    program = "\n".join(
        [
            "import biodata_cache",
            "import pandas as pd",
            *re.findall(r"```python\n(.*?)```", recipes, re.DOTALL),
            "assert (pd.__version__, pl.__version__) == ('2.2.0', '1.20.0')",
            "assert pyarrow.__version__ == '17.0.0'",
            "whole = biodata_cache.quality_control()",
            "subjects = sorted(whole['subject_id'])",
            "assert sorted(statuses['subject_id'].to_pylist()) == subjects, 'as texts'",
            "assert sorted(by_pandas['subject_id']) == subjects",
            "assert len(by_polars) == (whole['status'] == 'Fail').sum() > 0",
        ]
    )
    done = subprocess.run(
        [oldest / "bin/python", "-c", program],
        env={
            **os.environ,
            "PYTHONPATH": str(PROJECT),
            "BIODATA_CACHE_VERSION": biodata_cache.__version__,  # it is not installed there
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_are_right(
    page: Path, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that only look are run on the sample, of the others the options are checked."""
    monkeypatch.chdir(tmp_path)
    lines = [
        shlex.split(line, comments=True)
        for block in blocks(page, "bash")
        for line in block.replace("\\\n", " ").splitlines()
    ]
    for words in lines:
        if not words or words[0] != "biodata-cache":
            continue
        command = cli.commands[words[1]]
        command.make_context(words[1], words[2:])
        if words[1] in {"read", "sql", "tables", "versions", "status"}:
            done = CliRunner().invoke(cli, words[1:])
            assert done.exit_code == 0, (words, done.output)


def test_sql_of_the_reading_page_reads_the_files(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (local, _, attached, of_bucket) = blocks(PROJECT / "docs/reading.md", "sql")
    (tmp_path / "published").symlink_to(root)
    monkeypatch.chdir(tmp_path)
    with biodata_cache.connect() as duck:
        assert duck.execute(local).fetchall()
        assert duck.execute(attached).fetchall()
    with duckdb.connect() as duck:
        folder = "https://bucket.s3.us-west-2.amazonaws.com/prefix"
        assert duck.execute(of_bucket.replace(folder, str(root))).fetchall()


def test_notebooks_hold_no_outputs() -> None:
    assert NOTEBOOKS
    for path in NOTEBOOKS:
        for cell in nbformat.read(path, as_version=4).cells:
            assert not cell.get("outputs"), path
            assert cell.get("execution_count") is None, path


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("default")  # of the packages that run it
def test_notebook_runs(path: Path, root: Path, tmp_path: Path) -> None:
    os.environ["MPLCONFIGDIR"] = str(tmp_path)
    notebook = script("notebook")
    done = notebook.run(path, root, tmp_path)
    outputs = [output for cell in done.cells for output in cell.get("outputs", ())]
    assert [output for output in outputs if output.output_type == "error"] == []
    notebook.write_page(done, tmp_path / "page.md", path.name)
    page = (tmp_path / "page.md").read_text()
    pictures = re.findall(r"!\[(.+?)\]\((.+?)\)", page)
    assert len(pictures) == 3
    for title, name in pictures:
        assert title != "plot"
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
