"""Staging of shards of the lake, each by a process of its own, here or on another machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from biodata_cache._core.errors import BuildError
from biodata_cache._pipeline.dbt.process import Progress, checked_lake, run_dbt
from biodata_cache._pipeline.dbt.staging import Shard, shards_of, state_of, write
from biodata_cache._pipeline.project import require
from biodata_cache._storage.open import open_staging

if TYPE_CHECKING:
    from biodata_cache._core.settings.values import Settings

_WRITTEN = "written"
_SHARDS = "shards"
_LAST_LINES = 5
# Of the whole run, and not of one of its processes.
_NOT_FOR_SHARDS = ("BIODATA_CACHE_ON_FINISH", "BIODATA_CACHE_METRICS")


def build_shard(
    settings: Settings, shard: Shard, out: str, progress: Progress | None = None
) -> float:
    """Build staging of the records of a shard, and store its files.

    Args:
        settings: Names the work folder and the lake, which must be local here and filled.
        shard: The shard.
        out: Folder or address on S3 of the files of all shards.
        progress: Receives progress after each model.

    Returns:
        Seconds that dbt took.

    Raises:
        BuildError: If a model failed.
        CacheError: If the files cannot be stored.
        LakeError: If a file of the lake is damaged.
        LockedError: If another build is running in the same work folder.
    """
    require("dbt.adapters.duckdb", "pyarrow")
    storage = open_staging(out, settings.requests)
    work = settings.work.resolve()
    written = work / _WRITTEN
    first, last = shard.buckets
    with checked_lake(work, Path(settings.raw)) as content:
        state = state_of(content)
        shutil.rmtree(written, ignore_errors=True)  # else the files are in the way of dbt
        seconds = run_dbt(
            settings,
            ["run", "--select", "+config.materialized:staged"],
            {
                "staging_to": str(written),
                "shard": {"name": shard.name, "first": first, "last": last},
            },
            progress,
        )
        write(storage, shard, state, written)
        shutil.rmtree(written, ignore_errors=True)
    return seconds


def build_shards(settings: Settings, progress: Progress | None, count: int) -> str:
    """Build staging of all shards of a local lake at once, each by a process of this machine.

    Returns:
        Folder of the files of all shards.

    Raises:
        BuildError: If a process failed; gives its last words.
    """
    folder = settings.work.resolve() / _SHARDS
    out = folder / "out"
    shards = shards_of(count)
    with ExitStack() as stack:
        running = {}
        for shard in shards:
            work = folder / f"{shard.number}-of-{count}"
            process = subprocess.Popen(  # noqa: S603  # our own interpreter, our own arguments
                _command(replace(settings, work=work), shard, out),
                env={key: text for key, text in os.environ.items() if key not in _NOT_FOR_SHARDS},
                stdin=subprocess.PIPE,  # it ends when that closes
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
            )
            stack.enter_context(process)
            stack.callback(process.terminate)
            running[shard] = process
        for done, (shard, process) in enumerate(running.items(), start=1):
            words = process.stdout.read() if process.stdout else ""
            if process.wait() != 0:
                last = "\n".join(words.strip().splitlines()[-_LAST_LINES:])
                raise BuildError(f"Shard {shard} failed (exit code {process.returncode}):\n{last}")
            if progress is not None:
                progress(done, count, f"shard {shard}")
    return str(out)


def _command(settings: Settings, shard: Shard, out: Path) -> list[str]:
    """What another machine could run as well."""
    package = Path(__file__).resolve().parents[3]
    return [
        sys.executable,
        "-c",
        # Not as a module: it must be found wherever this package was imported from.
        f"import sys; sys.path.insert(0, {str(package)!r})\n"
        "from biodata_cache._pipeline.dbt.worker import end_with_command; end_with_command()\n"
        "from biodata_cache.__main__ import main; main()",
        "build",
        "--shard",
        str(shard),
        "--out",
        str(out),
        "--raw",
        str(Path(settings.raw).resolve()),
        "--work",
        str(settings.work),
    ]
