"""Reads what the last dbt run wrote to the work folder: manifest, run results, database.

These files may be missing, truncated, of another program or locked: every failure to read them
becomes a `CacheError` with the path.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from biodata_cache._core.errors import BuildError, CacheError, LockedError
from biodata_cache._core.foreign import json_value
from biodata_cache._core.interrupts import interrupts
from biodata_cache._core.typed import checked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import duckdb

DATABASE = "build.duckdb"
DATABASE_LOG = f"{DATABASE}.wal"
"""What was written to the database, but not into its file: there is none after a good build."""
RUN_RESULTS = "run_results.json"
MANIFEST = "manifest.json"
BAD = frozenset({"error", "fail", "runtime error"})
"""States of dbt in which a model or a test did not do."""


@dataclass(frozen=True)
class _Run:
    invocation_id: str


@dataclass(frozen=True)
class _EndedRun(_Run):
    generated_at: str


@dataclass(frozen=True)
class _Result:
    """The end of a model or test, as far as it is read."""

    status: str
    unique_id: str
    message: str | None = None
    failures: int | None = None
    execution_time: float = 0.0


@dataclass(frozen=True)
class _Results:
    metadata: _EndedRun
    results: list[_Result]
    elapsed_time: float = 0.0


@dataclass(frozen=True)
class _Node:
    resource_type: str
    name: str


@dataclass(frozen=True)
class _Manifest:
    """What every reader of the manifest reads; each looks at more by itself."""

    metadata: _Run
    nodes: dict[str, _Node]


def target_folder(work: Path) -> Path:
    """The folder of dbt's artifacts."""
    return work / "target"


def read_manifest(target: Path) -> dict[str, Any]:
    """The manifest that the last run of dbt left in its target folder.

    Raises:
        BuildError: If the file is missing, cannot be read, or is not one of dbt.
    """
    path = target / MANIFEST
    content = _read(path)
    with of_dbt(path):
        checked(content, _Manifest)
    return content


def read_results(target: Path) -> dict[str, Any]:
    """The run results that the last run of dbt left in its target folder.

    Raises:
        BuildError: If the file is missing, cannot be read, or is not one of dbt.
    """
    path = target / RUN_RESULTS
    content = _read(path)
    with of_dbt(path):
        for result in checked(content, _Results).results:
            result.unique_id.split(".")[2]
    return content


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json_value(path.read_bytes())
    except FileNotFoundError:
        raise BuildError(f"There is no {path}: build first, with 'biodata-cache build'.") from None
    except (OSError, ValueError) as error:
        raise BuildError(f"{path} cannot be read ({reason(error)}): build again.") from None
    return content


@contextmanager
def of_dbt(path: Path) -> Iterator[None]:
    """Translate errors about an unexpected structure of a dbt document.

    Raises:
        BuildError: If a field is missing, has another type than expected, or names no path.
    """
    try:
        yield
    except CacheError:
        raise
    except (LookupError, TypeError, AttributeError, ValueError, ArithmeticError, OSError) as error:
        raise BuildError(
            f"{path} is not what dbt writes ({type(error).__name__}: {error}): build again."
        ) from None


@contextmanager
def open_database(work: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the database that dbt built, read-only.

    Raises:
        BuildError: If the file is missing, or not a DuckDB database.
        LockedError: If another process has it open.
    """
    import duckdb  # noqa: PLC0415  # not before it is needed

    path = work / DATABASE
    if not path.exists():
        raise BuildError(f"There is no {path}: build first, with 'biodata-cache build'.")
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            # It would keep 140 kB of each of a hundred thousand small files.
            connection.execute("set enable_external_file_cache = false")
            with interrupts():
                yield connection
    except (duckdb.Error, RuntimeError) as error:
        if isinstance(error, CacheError):
            raise
        if "Could not set lock" in str(error) or "used by another process" in str(error):
            raise LockedError(
                f"{path} is open in another process ({reason(error)}): close it, or wait until it "
                "has ended."
            ) from None
        raise BuildError(f"{path} cannot be read ({reason(error)}): build again.") from None


def failures(results: Iterable[dict[str, Any]]) -> Iterator[str]:
    """One line for each model that failed and each test that did, with the number of rows.

    Example:
        >>> list(failures([{"status": "fail", "unique_id": "test.p.unique_x.1", "failures": 3}]))
        ['test unique_x: 3 rows']
    """
    for result in results:
        if result["status"] not in BAD:
            continue
        kind, _, name = result["unique_id"].split(".")[:3]
        if result["status"] == "fail" and result.get("failures") is not None:
            rows = result["failures"]
            yield f"{kind} {name}: {rows} row{'' if rows == 1 else 's'}"
        else:
            message = " ".join((result.get("message") or "no message").split())
            yield f"{kind} {name}: {message[:300]}"


def table_seconds(work: Path) -> dict[str, float]:
    """Seconds that the last run took for each model.

    Raises:
        BuildError: If there was none.
    """
    target = target_folder(work)
    results = read_results(target)["results"]
    with of_dbt(target / RUN_RESULTS):
        return {
            result["unique_id"].split(".")[-1]: float(result["execution_time"])
            for result in results
            if result["unique_id"].startswith("model.")
        }


def reason(error: Exception) -> str:
    """The message of the system or of DuckDB, in one line."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
