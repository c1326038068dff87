"""One build at a time in a work folder, until the last process of it has ended."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from biodata_cache._core.errors import BuildError, LockedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WORKER_LOCK = ".dbt.lock"
"""Held by dbt itself, which may live a moment longer than a command that was killed."""
_LOCK = ".build.lock"
_PATIENCE = 5.0


@contextmanager
def work_locked(work: Path, patience: float = _PATIENCE) -> Iterator[None]:
    """Hold what a build leaves in the work folder, so that nobody else changes it.

    Args:
        work: The work folder; it is made if it is not there.
        patience: Seconds to wait for the dbt of a command that was killed.

    Raises:
        BuildError: If the folder cannot be written.
        LockedError: If a build, or a publish of what it built, is at work there.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415  # needs the extra `sync`

    with ExitStack() as held:
        try:
            work.mkdir(parents=True, exist_ok=True)
            held.enter_context(FileLock(work / _LOCK, timeout=0))
            with FileLock(work / WORKER_LOCK, timeout=patience):
                pass
        except Timeout:
            raise LockedError(
                f"Another build is at work in {work}: wait until it has ended, "
                "or give this one a folder of its own with --work."
            ) from None
        except OSError as error:
            raise BuildError(
                f"The work folder {work} cannot be written ({error.strerror or error}): give "
                "another one with --work, or the right to write it."
            ) from None
        yield
