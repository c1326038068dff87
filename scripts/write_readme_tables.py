"""Write the generated parts of the README: tables, from dbt's manifest, and settings.

Run it with `make docs`. A test says whether the README is up to date.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from biodata_cache._core.settings.table import SETTINGS, Setting
from biodata_cache._publish.build.artifacts import read_manifest
from biodata_cache._publish.build.contract import Table, published_tables

PROJECT = Path(__file__).resolve().parents[1]
README = PROJECT / "README.md"


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


def setting_row(setting: Setting) -> str:
    """One line of the table of settings."""
    meaning = setting.help.removesuffix(".")
    default = setting.shown_default or f"`{setting.default}`"
    return f"| `{setting.variable}` | {meaning} | {default} |"


def settings_table() -> str:
    """The table of settings."""
    head = ["| variable | meaning | default |", "|---|---|---|"]
    return "\n".join([*head, *map(setting_row, SETTINGS.values())])


def tables_table(tables: list[Table]) -> str:
    """The table of tables."""
    head = ["| table | what it holds | one row per | key |", "|---|---|---|---|"]
    return "\n".join([*head, *map(row, tables)])


def readme(tables: list[Table]) -> str:
    """The README, with what is generated of it as it should be."""
    wanted = README.read_text()
    for name, table in (("tables", tables_table(tables)), ("settings", settings_table())):
        begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
        before, rest = wanted.split(begin)
        _, after = rest.split(end)
        wanted = f"{before}{begin}\n{table}\n{end}{after}"
    return wanted


if __name__ == "__main__":
    README.write_text(readme(published_tables(manifest())))
