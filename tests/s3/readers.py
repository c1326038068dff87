"""Readers in processes of their own that read all the while: children of one that has it all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd
import pyarrow as pa

import biodata_cache
from biodata_cache._core.settings import values as _settings
from biodata_cache._reader import sql as _sql
from biodata_cache._storage import open as _open

if TYPE_CHECKING:
    from collections.abc import Iterator

# Every row of every table says which publish it is of.
COLUMNS = {"assets": "project_name", "quality_control": "value", "qc_status": "number"}
QUERY = " union all ".join(f"select {column} as number from {t}" for t, column in COLUMNS.items())
_PACKAGE = Path(_settings.__file__).resolve().parents[3]


@contextmanager
def reading(number: int, folder: Path, *, connecting: bool) -> Iterator[list[dict[str, Any]]]:
    """Let that many read until the end of the block; then the list holds what each saw."""
    folder.mkdir()
    seen: list[dict[str, Any]] = []
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", __file__, str(number), str(folder), str(int(connecting))],
        env=os.environ | {"PYTHONPATH": str(_PACKAGE)},
    )
    try:
        yield seen
    finally:
        (folder / "stop").touch()
        assert process.wait() == 0
    seen += [json.loads((folder / f"{each}.json").read_text()) for each in range(number)]


def serve(number: int, folder: Path, *, connecting: bool) -> int:
    """Fork the readers, and wait for all of them; how many did not end well."""
    assert all((duckdb, pd, pa, _sql, _open))  # imported before the first fork
    children = []
    for each in range(number):
        child = os.fork()
        if child == 0:
            # As many would take all the time there is from the one who publishes.
            os.nice(10)
            seen = _read(folder / "stop", connecting=connecting)
            (folder / f"{each}.json").write_text(json.dumps(seen))
            os._exit(0)
        children.append(child)
    return sum(os.waitpid(child, 0)[1] != 0 for child in children)


def _read(stop: Path, *, connecting: bool) -> dict[str, Any]:
    queries, mixed = 0, 0
    errors: list[str] = []
    builds: set[str] = set()
    while not stop.exists() or not queries:
        try:
            found = [set(biodata_cache.sql(QUERY)["number"])]
            if connecting:
                with biodata_cache.connect() as duck:
                    each = [
                        duck.sql(f"select distinct {column} from {table}").fetchall()
                        for table, column in COLUMNS.items()
                    ]
                found.append({number for rows in each for (number,) in rows})
        except (biodata_cache.CacheError, duckdb.Error) as error:
            errors.append(repr(error))
            if stop.exists():
                break
            continue
        queries += len(found)
        mixed += sum(len(each) != 1 for each in found)
        builds |= found[0]
    return {"queries": queries, "mixed": mixed, "errors": errors, "builds": sorted(builds)}


if __name__ == "__main__":
    raise SystemExit(serve(int(sys.argv[1]), Path(sys.argv[2]), connecting=sys.argv[3] == "1"))
