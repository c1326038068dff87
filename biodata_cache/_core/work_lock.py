"""Lock of a work folder: one build or publish at a time, until its last process has ended."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from biodata_cache._core.errors import BuildError, LockedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WORKER_LOCK = ".dbt.lock"
"""Held by the dbt process, which may outlive a killed command for a moment."""
_LOCK = ".build.lock"
_PATIENCE = 5.0


@contextmanager
def work_locked(work: Path, patience: float = _PATIENCE) -> Iterator[None]:
    """Lock the work folder.

    Args:
        work: The work folder; created if missing.
        patience: Seconds to wait for the dbt process of a killed command.

    Raises:
        BuildError: If the folder cannot be written.
        LockedError: If another build or publish runs there.
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
                f"Another build or publish runs in {work}: wait until it has ended, "
                "or give this one a folder of its own with --work."
            ) from None
        except OSError as error:
            raise BuildError(
                f"The work folder {work} cannot be written ({error.strerror or error}): give "
                "another one with --work, or the right to write it."
            ) from None
        yield
