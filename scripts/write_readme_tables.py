"""Write the generated part of the README: the table of tables, from dbt's manifest.

Run it with `make docs`. `--check` only says whether the README is up to date; a test calls that.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from biodata_cache._publish.artifacts import read_manifest
from biodata_cache._publish.contract import Table, published_tables

PROJECT = Path(__file__).resolve().parents[1]
README = PROJECT / "README.md"
BEGIN, END = "<!-- tables: begin -->", "<!-- tables: end -->"


def tables() -> list[Table]:
    """Every published table."""
    return published_tables(manifest())


def manifest() -> dict[str, Any]:
    """A fresh parse of the dbt project."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [
                sys.executable, "-c", "from dbt.cli.main import cli; cli()", "--quiet", "parse",
                "--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT),
                "--target-path", folder, "--log-path", folder,
            ],
            check=True,
            env=os.environ | {"BIODATA_CACHE_WORK": folder},
        )  # fmt: skip
        return read_manifest(Path(folder))


def row(table: Table) -> str:
    """One line of the table of tables."""
    text = table.description.split("\n\n", 1)[0].replace("\n", " ")
    meaning, _, grain = text.partition("**One row per**")
    partitions = f", one file per `{table.partition_key}`" if table.partition_key else ""
    key = ", ".join(f"`{name}`" for name in table.primary_key)
    return f"| `{table.name}` | {meaning.strip()} | {grain.strip(' .')}{partitions} | {key} |"


def generated() -> str:
    """The generated part, without its markers."""
    head = ["| table | what it holds | one row per | key |", "|---|---|---|---|"]
    return "\n".join([*head, *map(row, tables())])


def main() -> None:
    """Write the README, or check it."""
    text = README.read_text()
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    wanted = f"{before}{BEGIN}\n{generated()}\n{END}{after}"
    if text == wanted:
        return
    if "--check" in sys.argv:
        sys.exit("README.md is out of date: run 'make docs'.")
    README.write_text(wanted)


if __name__ == "__main__":
    main()
