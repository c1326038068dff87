"""What a run of dbt leaves in the work folder, and the lock that keeps it as it is."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb

from biodata_cache._core.errors import BuildError, LockedError, SettingsError
from biodata_cache._core.foreign import json_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

DATABASE = "build.duckdb"
_BAD = {"error", "fail", "runtime error"}


def target_folder(work: Path) -> Path:
    """Where dbt leaves its artifacts."""
    return work / "target"


@contextmanager
def work_lock(work: Path, stage: str = "build") -> Iterator[None]:
    """Keep others out of a work folder: who builds, and who reads what was built.

    Args:
        work: The work folder.
        stage: What the holder does, for messages.

    Raises:
        LockedError: If somebody else is at work in it.
        SettingsError: If the folder may not be written.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415  # needs the extra `sync`

    lock = FileLock(work / ".build.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise LockedError(
            f"Another build is at work in {work}: wait until it has ended, "
            f"or give this {stage} a folder of its own with --work."
        ) from None
    except OSError as error:
        raise SettingsError(
            f"The work folder {work} cannot be written ({error.strerror or error}): "
            "give another one with --work."
        ) from None
    try:
        yield
    finally:
        lock.release()


def read_manifest(target: Path) -> dict[str, Any]:
    """Manifest that the last run of dbt left.

    Raises:
        BuildError: If there is none, or it cannot be read.
    """
    return read_artifact(target, "manifest.json", {"metadata": dict, "nodes": dict})


def read_results(target: Path) -> dict[str, Any]:
    """Results of the last run of dbt.

    Raises:
        BuildError: If there are none, or they cannot be read.
    """
    return read_artifact(target, "run_results.json", {"metadata": dict, "results": list})


def read_artifact(target: Path, name: str, parts: dict[str, type] | None = None) -> dict[str, Any]:
    """One of the files that dbt leaves in its target folder.

    Args:
        target: The folder.
        name: Name of the file.
        parts: Keys that must be there, and the types of their values.

    Raises:
        BuildError: If it is not there, or is not what dbt writes.
    """
    path = target / name
    try:
        content = json_value(path.read_bytes())
    except FileNotFoundError:
        raise BuildError(f"There is no {path}: build first, with 'biodata-cache build'.") from None
    except (OSError, ValueError) as error:
        raise BuildError(f"{path} cannot be read ({error}): build again.") from None
    for key, kind in ({} if parts is None else parts).items():
        if not isinstance(content, dict) or not isinstance(content.get(key), kind):
            raise BuildError(f"{path} is not what dbt writes (it has no {key!r}): build again.")
    found: dict[str, Any] = content
    return found


@contextmanager
def build_database(work: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The database of the last build, to read.

    Raises:
        BuildError: If it cannot be opened, or what is asked of it fails.
    """
    path = work / DATABASE
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            yield connection
    except duckdb.Error as error:
        reason = str(error).partition("\n")[0]
        raise BuildError(
            f"{path} cannot be read ({reason}): end what else has it open, or build again."
        ) from None


def failures(results: Iterable[dict[str, Any]]) -> Iterable[str]:
    """One line for each model that failed and each test that did, with the number of rows.

    Args:
        results: The `results` of dbt's run results.

    Example:
        >>> list(failures([{"status": "fail", "unique_id": "test.p.unique_x.1", "failures": 3}]))
        ['test unique_x: 3 rows']
    """
    for result in results:
        if result["status"] not in _BAD:
            continue
        kind, _, name = result["unique_id"].split(".")[:3]
        if result["status"] == "fail" and result.get("failures") is not None:
            rows = result["failures"]
            yield f"{kind} {name}: {rows} row{'' if rows == 1 else 's'}"
        else:
            message = " ".join((result.get("message") or "no message").split())
            yield f"{kind} {name}: {message[:300]}"
