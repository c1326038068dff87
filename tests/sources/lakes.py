"""What a lake holds, read as staging reads it, and runs in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
from click.testing import CliRunner

from biodata_cache._cli import cli
from extract.documents.document import IDENTITY, SECTIONS
from extract.lake.lake import Lake

ROOT = Path(__file__).parents[2]
NEWEST = """
    select * from read_parquet($files)
    qualify row_number() over (
        partition by _id
        order by run desc, try_cast(_last_modified as timestamptz) desc nulls last,
            _last_modified desc nulls last, position desc
    ) = 1 and not is_deleted
"""


def files(raw: Path, collection: str = "docdb_v2") -> list[str]:
    """The files of a lake, as its list names them."""
    return [str(path) for path in Lake(raw, collection).files()]


def rows(raw: Path, collection: str = "docdb_v2") -> dict[str, dict]:
    """The live rows by `_id`."""
    with duckdb.connect() as connection:
        result = connection.sql(NEWEST, params={"files": files(raw, collection)})
        names = result.columns
        return {row[0]: dict(zip(names, row, strict=True)) for row in result.fetchall()}


def documents(raw: Path, collection: str = "docdb_v2") -> dict[str, dict]:
    """The live documents by `_id`, put together again."""
    result = {}
    for record_id, row in rows(raw, collection).items():
        document = {"_id": record_id}
        document |= {key: row[key] for key in IDENTITY if row[key] is not None}
        document |= {key: json.loads(row[key]) for key in SECTIONS if row[key] is not None}
        document |= json.loads(row["extra"] or "{}")
        result[record_id] = document
    return result


def check_keys(raw: Path, collection: str = "docdb_v2") -> None:
    """What the base view joins on is unique in the whole lake."""
    with duckdb.connect() as connection:
        double = connection.sql(
            """select _id, run, position, count(*)
            from read_parquet($files) group by all having count(*) > 1""",
            params={"files": files(raw, collection)},
        ).fetchall()
    assert double == []


def rejects(raw: Path) -> list[tuple]:
    """File, reason and content of what was rejected or repaired."""
    with duckdb.connect() as connection:
        return connection.sql(
            f"select file, reason, document from read_parquet('{raw}/rejects/*.parquet') order by 1"
        ).fetchall()


def repairs(raw: Path) -> list[tuple]:
    """`_id` and path of each value that was repaired."""
    with duckdb.connect() as connection:
        return connection.sql(
            f"select record_id, path from read_parquet('{raw}/rejects/*.parquet') "
            "where starts_with(reason, 'repaired: ') order by all"
        ).fetchall()


def run_records(raw: Path, collection: str = "docdb_v2") -> list[dict]:
    """The records that runs left, the oldest first."""
    return [json.loads(path.read_text()) for path in sorted((raw / "runs" / collection).iterdir())]


def start(*arguments: str, groups: int | None = None, **environment: str) -> subprocess.Popen:
    """Start the command line in a process."""
    code = "from biodata_cache.__main__ import main; main()"
    # Below a shell's background job, interrupts are ignored from the start.
    code = f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler); {code}"
    arguments, settings = _called(arguments, groups, environment)
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("BIODATA_CACHE_")}
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env=inherited | {"PYTHONPATH": str(ROOT)} | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(*arguments: str, groups: int | None = None, **environment: str) -> tuple[int, str]:
    """Run the command line in this process; its exit code and its output."""
    arguments, settings = _called(arguments, groups, environment)
    done = CliRunner().invoke(cli, arguments, env=settings, catch_exceptions=False)
    return done.exit_code, done.stdout + done.stderr


def _called(
    arguments: tuple[str, ...], groups: int | None, environment: dict[str, str]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Arguments and settings of a call; `groups` makes it finish a file after so many rows."""
    if groups is not None:
        arguments += ("--bounds", json.dumps({"group_rows": groups}))
    # These tests are about records: no object store is probed.
    environment = {"OBJECTS": "none", **environment}
    return arguments, {f"BIODATA_CACHE_{name}": value for name, value in environment.items()}
