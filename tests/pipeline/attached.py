"""Attach a database of the cache and count the rows of its views; run by DuckDB of any version.

Reads `[address, root or null, folders of the extension httpfs]` as JSON, and prints the version,
the rows of each view, and the comments of `assets`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb


def main() -> None:
    address, root, folders = json.load(sys.stdin)
    duck = duckdb.connect()
    for folder in folders:
        for file in Path(folder).rglob(f"v{duckdb.__version__}/httpfs.duckdb_extension"):
            duck.execute(f"load '{file}'")
    if root is not None:
        duck.execute(f"set variable biodata_cache_root = '{root}'")
    duck.execute(f"attach '{address}' as cache")
    names = [row[0] for row in duck.execute("show tables from cache").fetchall()]
    rows = {
        name: duck.execute(f'select count(*) from cache."{name}"').fetchall()[0][0]
        for name in names
    }
    comments = duck.execute(
        "select comment from duckdb_views() where view_name = 'assets' union all "
        "select comment from duckdb_columns() where table_name = 'assets'"
    ).fetchall()
    json.dump([duckdb.__version__, rows, [row[0] for row in comments]], sys.stdout)


if __name__ == "__main__":
    main()
