"""DuckDB connections that read files of a cache, and retries that make reads consistent."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from biodata_cache._core import messages as _messages
from biodata_cache._core.errors import AccessError, CacheFileError, UnreachableError
from biodata_cache._core.registry.entries import REMEDY
from biodata_cache._core.sqltext import pattern_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import duckdb

    from biodata_cache._core.errors import CacheError
    from biodata_cache._core.registry.entries import CacheRegistry
    from biodata_cache._reader.files.catalog import PublishedCache
    from biodata_cache._storage.base import DataFile

_Result = TypeVar("_Result")

_ATTEMPTS = 20
_LONGEST_WAIT_SECONDS = 1.0
_DENIED = {401, 403}
_SERVER_FAILED = 500


def consistently(
    cache: PublishedCache,
    read: Callable[[CacheRegistry], _Result],
    *,
    attempts: int = _ATTEMPTS,
) -> _Result:
    """The result of a read from one state of the published cache.

    A publish may remove or replace a file after the registry was read. If a read fails and the
    registry has changed, or a file changed while it was read, the read is repeated.

    Args:
        cache: The published cache.
        read: Reads what a registry names.
        attempts: So often it is read at most.

    Raises:
        CacheFileError: If a file is missing or damaged though the registry has not changed, or if
            each attempt found it changed.
    """
    registry = cache.registry()
    cache.warn_if_behind()
    for attempt in range(attempts):
        try:
            return read(registry)
        except CacheFileError as error:  # noqa: PERF203  # next to a read that costs nothing
            if attempt == attempts - 1:
                raise
            is_changing = isinstance(error, ChangedError)
            if is_changing:
                time.sleep(min(0.05 * 2**attempt, _LONGEST_WAIT_SECONDS))
            # Read last: what it names may be removed by the next publish.
            before, registry = registry, cache.registry()
            if registry == before and not is_changing:
                raise
    raise AssertionError  # the last attempt returns or raises


class ChangedError(CacheFileError):
    """An object was replaced between two requests for parts of it."""


@contextmanager
def connection(
    cache: PublishedCache,
    files: Sequence[DataFile],
    *,
    locations: Sequence[str] | None = None,
    is_whole: bool = False,
    is_separate: bool = False,
) -> Iterator[tuple[duckdb.DuckDBPyConnection, list[str]]]:
    """A connection in UTC for reading these files, and the pattern of each for `read_parquet`.

    The settings of the caller's own connections neither matter nor change.

    Args:
        cache: Where the files are.
        files: The files.
        locations: Where to read them; None to resolve that.
        is_whole: Whether all of their content is needed.
        is_separate: Whether to open a database that no other connection shares.

    Raises:
        AccessError: If the files may not be read.
        CacheFileError: If DuckDB cannot read the files.
        UnreachableError: If the server of the files does not answer.
    """
    import duckdb  # noqa: PLC0415  # not before it is needed

    paths = cache.locations(files, is_whole=is_whole) if locations is None else list(locations)
    with (
        cache.store.connect(paths, is_separate=is_separate) as duck,
        errors(cache, paths, [file.address for file in files]),
    ):
        duck.execute("set TimeZone = 'UTC'")
        # In `python -c`, DuckDB would print it to stdout. In a notebook without ipywidgets there is
        # none, and the setting is refused.
        with suppress(duckdb.InvalidInputException):
            duck.execute("set enable_progress_bar = false")
        yield duck, [pattern_of(location) for location in paths]


@contextmanager
def errors(cache: PublishedCache, locations: Sequence[str], names: Sequence[str]) -> Iterator[None]:
    """Translate errors of DuckDB, and fail if files change while they are read.

    Args:
        cache: Where the files are.
        locations: Where they are read.
        names: Address of each file, for messages.

    Raises:
        ChangedError: If a file changed while it was read.
    """
    import duckdb  # noqa: PLC0415  # not before it is needed

    with unchanged(cache, locations, names) as before:
        try:
            yield
        except (duckdb.Error, UnicodeDecodeError) as error:
            # Another process may have removed a local copy, for space, before it was opened.
            is_gone = any(
                tag is None and location != name
                for tag, location, name in zip(before, locations, names, strict=False)
            )
            if is_gone or cache.store.tags(locations) != before:
                raise _changed(names) from error
            raise _as_cache_error(error, names) from error


@contextmanager
def unchanged(
    cache: PublishedCache, locations: Sequence[str], names: Sequence[str]
) -> Iterator[list[object]]:
    """Fail if files change while they are read, which opens them more than once.

    Arguments and errors are those of `errors`.
    """
    before = cache.store.tags(locations)
    yield before
    if cache.store.tags(locations) != before:
        raise _changed(names)


def _changed(files: Sequence[str]) -> ChangedError:
    return ChangedError(
        f"{_messages.few(list(files))} changed while it was read. Read again when the publish at "
        "work has ended."
    )


def _as_cache_error(error: Exception, files: Sequence[str]) -> CacheError:
    """Translate an error of DuckDB."""
    reason = str(error).partition("\n")[0]
    locations = _messages.few(list(files))
    status = int(getattr(error, "status_code", 0) or 0)
    if status in _DENIED:
        return AccessError(
            f"{locations} may not be read ({reason}). Choose credentials that may, for example "
            "with AWS_PROFILE."
        )
    if "Could not connect" in reason or "Timeout" in reason or status >= _SERVER_FAILED:
        return UnreachableError(
            f"{locations} cannot be read: the server does not answer ({reason}). Look at the "
            "network, and at AWS_ENDPOINT_URL if it is set."
        )
    return CacheFileError(f"{locations} cannot be read ({reason}). {REMEDY}")
