"""dbt as a subprocess: its arguments, its environment, its progress and its result."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from biodata_cache._core.errors import BuildError
from biodata_cache._core.work_lock import WORKER_LOCK, work_locked
from biodata_cache._pipeline.dbt.events import parse_event
from biodata_cache._pipeline.dbt.failed_nodes import failed_nodes
from biodata_cache._pipeline.dbt.target import ParsedProject
from biodata_cache._pipeline.project import import_extract, project_folder
from biodata_cache._publish.build.artifacts import (
    DATABASE,
    DATABASE_LOG,
    RUN_RESULTS,
    failures,
    read_results,
    target_folder,
)

if TYPE_CHECKING:
    from biodata_cache._core.settings.values import Settings

Progress = Callable[[int, int, str], None]
"""Receives the steps done, all steps, and the name of the step that ended."""

_COPIES = "parsed"
_BY_CHANGE = "BY_CHANGE_OF_BIODATA_CACHE"
_SHOWN = 5
_WORKER = Path(__file__).with_name("worker.py")


def run_dbt(
    settings: Settings,
    arguments: Sequence[str],
    variables: Mapping[str, Any],
    progress: Progress | None = None,
    *,
    by_change: bool = False,
) -> float:
    """Run dbt in the work folder, which the caller has locked.

    Args:
        settings: Names the work folder and the lake, which must be local here and checked.
        arguments: The command of dbt and its options.
        variables: Variables of the project, but for that which says that the lake was checked.
        progress: Receives progress after each model and test.
        by_change: Continue the database of the last build: make the rows of changed records only,
            where that is possible. Else it is removed, and all is made from nothing.

    Returns:
        Seconds that dbt took.

    Raises:
        BuildError: If a model or test failed; names it and the number of failing rows.
    """
    work, project = settings.work.resolve(), project_folder()
    environment = dbt_environment(settings)
    options = [*arguments, "--vars", json.dumps({"lake_is_checked": True, **variables})]
    # The values of variables are paths of this work folder, so others could not use such a copy.
    copies = None if variables or settings.local_cache is None else settings.local_cache / _COPIES
    parsed = ParsedProject(work, project, environment, options, copies)
    _remove_earlier(work, database=not by_change)
    parsed.prepare()
    flag = {_BY_CHANGE: "yes" if by_change else ""}  # no setting: dbt parses the same
    output, exit_code = _run(_command(parsed), environment | flag, progress)
    if (target_folder(work) / RUN_RESULTS).exists():
        parsed.keep()
    return _verdict(work, exit_code, output)


def check_work_name(work: Path) -> None:
    """Check that dbt can build in a work folder of this name.

    Raises:
        BuildError: If dbt reads the name as something else.
    """
    if "?" in str(work):
        raise BuildError(
            f"The work folder {str(work)!r} has a '?' in its name, after which dbt expects "
            "options: name another with --work."
        )


@contextmanager
def checked_lake(work: Path, raw: Path) -> Iterator[str]:
    """Hold the work folder and the lake of a build; gives the hash of what the lake holds.

    Raises:
        BuildError: If the work folder has a name that dbt reads as something else.
        LakeError: If a file of the lake is damaged.
        LockedError: If another build is running in the same work folder.
    """
    import_extract()
    from extract.content_hash import content_hash  # noqa: PLC0415  # importable from here on
    from extract.lake.check import check_lakes  # noqa: PLC0415
    from extract.lake.reading import reading  # noqa: PLC0415

    check_work_name(work)
    with work_locked(work), reading(raw):
        check_lakes(raw)
        yield content_hash(raw)


def _remove_earlier(work: Path, *, database: bool) -> None:
    """Remove the results of an earlier build, and its database, which would only grow."""
    earlier = [work / DATABASE, work / DATABASE_LOG] if database else []
    try:
        for each in (*earlier, target_folder(work) / RUN_RESULTS):
            each.unlink(missing_ok=True)
        temporary = work / f"{DATABASE}.tmp"
        if temporary.exists():  # of a build that was killed
            shutil.rmtree(temporary)
    except OSError as error:
        raise in_the_way(error) from None


def in_the_way(error: OSError) -> BuildError:
    """The error for a file of the work folder that cannot be removed or made."""
    return BuildError(
        f"{error.filename} is in the way of a new build ({error.strerror or error}): "
        "remove it, or give another folder with --work."
    )


def _command(parsed: ParsedProject) -> list[str]:
    work, project = parsed.work, parsed.project
    return [
        sys.executable,
        "-c",
        # Not as a module: it must be found wherever this package was imported from.
        f"import runpy; runpy.run_path({str(_WORKER)!r}, run_name='__main__')",
        str(work / WORKER_LOCK),
        str(work / "logs" / "dbt.log"),
        str(parsed.path),
        *parsed.arguments,
        "--project-dir",
        str(project),
        "--profiles-dir",
        str(project),
        "--target-path",
        str(target_folder(work)),
        "--log-path",
        str(work / "logs"),
    ]


def dbt_environment(settings: Settings) -> dict[str, str]:
    """Dbt changes into the project's folder, so that paths must be absolute; it needs no source."""
    inherited = {name: value for name, value in os.environ.items() if not name.endswith("_SOURCE")}
    return inherited | {
        "BIODATA_CACHE_WORK": str(settings.work.resolve()),
        "BIODATA_CACHE_RAW": str(Path(settings.raw).resolve()),
        "BIODATA_CACHE_MEMORY": settings.memory,
        "BIODATA_CACHE_TEMP_DISK": settings.temp_disk,
    }


def _run(
    command: list[str], environment: dict[str, str], progress: Progress | None
) -> tuple[list[str], int]:
    """Run dbt; its messages, and its exit code."""
    messages: list[str] = []
    done: set[int] = set()
    with subprocess.Popen(  # noqa: S603  # our own interpreter, our own arguments
        command,
        env=environment,
        stdin=subprocess.PIPE,  # dbt ends when it closes
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as process:
        try:
            for line in process.stdout or ():
                event = parse_event(line)
                messages.append(line.rstrip() if event.message is None else event.message)
                if event.ended is not None and progress is not None:
                    done.add(event.ended)
                    progress(len(done), event.total, event.node)
        except BaseException:
            process.kill()
            raise
    return messages, process.returncode


def _verdict(work: Path, exit_code: int, output: list[str]) -> float:
    """Seconds of a good run."""
    if not (target_folder(work) / RUN_RESULTS).exists():
        lines = [
            line.strip() for text in output[-20:] for line in text.splitlines() if line.strip()
        ]
        cause = next((line for line in lines if "Error: " in line), (lines or ["no word"])[-1])
        raise BuildError(
            f"dbt stopped before its end ({_ending(exit_code)}): {cause}\n" + "\n".join(lines)
        )
    results = read_results(target_folder(work))
    failed = list(failures(results["results"]))
    if failed:
        nodes = failed_nodes(work)
        rules = [", ".join(node.broken_rules) for node in nodes]
        failed = [f"{line} ({of})" if of else line for line, of in zip_longest(failed, rules)]
        shown = "".join(f"  {line}\n" for line in failed[1:_SHOWN])
        more = f"  and {len(failed) - _SHOWN} more\n" if len(failed) > _SHOWN else ""
        error = BuildError(
            f"{len(failed)} of {len(results['results'])} models and tests failed: {failed[0]}\n"
            f"{shown}{more}"
            f"The compiled SQL is in {target_folder(work)}, the log in {work / 'logs'}."
        )
        error.failed = nodes
        raise error
    if exit_code != 0:
        raise BuildError(f"dbt ended with exit code {exit_code}; its log is in {work / 'logs'}.")
    return float(results.get("elapsed_time", 0))


def _ending(exit_code: int) -> str:
    """How a process ended, in words."""
    if exit_code == -getattr(signal, "SIGKILL", 0):
        return "killed from outside, as by a system without memory: see BIODATA_CACHE_MEMORY"
    return f"by {signal.Signals(-exit_code).name}" if exit_code < 0 else f"exit code {exit_code}"
