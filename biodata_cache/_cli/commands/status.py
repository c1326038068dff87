"""What is published where, how old it is, what changed, and how the last run went: `status`."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import click
from rich.text import Text

from biodata_cache._cli import options as _options
from biodata_cache._cli.commands.ages import as_age, too_old
from biodata_cache._cli.output import count, fail, plain, print_json, print_table, print_text, size
from biodata_cache._core import layout as _layout
from biodata_cache._core.display import ago, seconds_since
from biodata_cache._core.errors import BuildError, CacheError, CacheNotFoundError, SettingsError
from biodata_cache._core.settings import values as _settings
from biodata_cache._publish.build.artifacts import failures, of_dbt, read_results, target_folder
from biodata_cache._publish.root_documents import read_status
from biodata_cache._publish.snapshots.builds import build_before, kept_builds, last_rollback
from biodata_cache._publish.snapshots.pending import Pending
from biodata_cache._session import open_published
from biodata_cache._storage.open import open_storage

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import timedelta
    from pathlib import Path

    from biodata_cache._core.registry.entries import CacheRegistry
    from biodata_cache._core.settings.values import Settings
    from biodata_cache._reader.files.catalog import PublishedCache
    from biodata_cache._storage.base import Storage

_KINDS = {"model": "models", "test": "data tests", "unit_test": "unit tests", "seed": "seeds"}
_GOOD = {"success", "pass"}
_LABEL_WIDTH = 10


@dataclass(frozen=True)
class TableStatus:
    """One published table.

    Attributes:
        rows_before: Number of rows in the build before; None if it was not there or is not known.
        bytes: Size of its files.
        built_at: When its files last changed.
    """

    name: str
    rows: int | None
    rows_before: int | None
    bytes: int | None
    files: int | None
    built_at: str | None

    @property
    def change(self) -> int | None:
        """How many rows came, or went if it is negative; None if that is not known."""
        if self.rows is None or self.rows_before is None:
            return None
        return self.rows - self.rows_before


@dataclass(frozen=True)
class RunStatus:
    """The last run of dbt in the work folder.

    Attributes:
        seconds: How long it took.
        passed: Models and tests that passed, by kind.
        failed: One line for each that did not.
    """

    work: str
    ended_at: str
    seconds: float
    passed: dict[str, int]
    failed: list[str]


@dataclass(frozen=True)
class Status:
    """What is known about a published version.

    Attributes:
        is_released: Whether the index of versions lists it.
        build: The build that is published, as `publish` calls it.
        built_at: When the newest of its tables was built.
        age_seconds: How long ago that is.
        checked_at: When a publish of it was last complete, whether or not anything was new.
        newest_extract: When the source was last read completely before the build.
        is_unfinished: Whether public files are of more than one build, because a publish is at
            work, or was killed.
        rolled_back_to: The build that a rollback restored, which the next publish would replace.
        build_before: The build before; None if it is not known.
        before_missing: Why it is not known.
        gone: Tables of the build before that are there no more.
        last_run: The last run of dbt; None if the work folder knows none.
        last_run_missing: Why it knows none.
    """

    place: str
    version: str
    is_released: bool
    versions: list[str]
    build: str | None
    built_at: str | None
    age_seconds: float | None
    is_unfinished: bool
    checked_at: str | None = None
    newest_extract: str | None = None
    rolled_back_to: str | None = None
    build_before: str | None = None
    before_missing: str | None = None
    tables: list[TableStatus] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    last_run: RunStatus | None = None
    last_run_missing: str | None = None


@click.command()
@_options.root
@_options.version
@_options.work
@click.option(
    "--max-age",
    callback=as_age,
    metavar="AGE",
    help="Fail if the last complete check or the newest extract is older, for example 26h.",
)
@_options.as_json
def status(
    root: str | None,
    version: str | None,
    work: str | None,
    max_age: timedelta | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Show what is published, how old it is, and how it differs from the build before.

    Row counts are compared with the build that was published before the last one. The checks are
    those of the last run in the work folder, which need not be the one that was published.
    Exit code 1 if public files are of more than one build: a publish is at work, or was killed.

    \b
    Examples:
      biodata-cache status --root published
      biodata-cache status --root s3://bucket/prefix --work nightly --json
      biodata-cache status --root s3://bucket/prefix --max-age 26h
    """
    settings = _settings.load(root=root, version=version, work=work)
    current = look(settings)
    old = list(too_old(asdict(current), settings.work, max_age))
    if as_json:
        print_json(
            asdict(current)
            | {"tables": [asdict(table) | {"change": table.change} for table in current.tables]}
            | {"too_old": old}
        )
    else:
        _show(current)
    if old:
        fail("; ".join(old) + ".", 1)
    if current.is_unfinished:
        sys.exit(1)


COMMANDS = (status,)


def look(settings: Settings) -> Status:
    """Read the published state, and the last run recorded in the work folder.

    Raises:
        CacheError: If nothing is published there, or it cannot be read.
    """
    if settings.backend == "MEMORY":
        raise SettingsError(
            "There is no published cache to inspect: give --root, or set BIODATA_CACHE_ROOT to a "
            "folder or to s3://bucket[/prefix]."
        )
    cache = open_published(settings)
    registry = cache.registry()
    versions = cache.versions()
    storage = open_storage(settings)
    build, before, build_before, missing = _builds(storage, cache, registry)
    pending = _pending(storage, cache.version_folder)
    known = read_status(storage, cache.version_folder)
    built_at = max((table.built_at or "" for table in registry), default="") or None
    run, run_missing = _last_run(settings.work)
    return Status(
        place=cache.store.address(cache.version_folder),
        version=cache.version_folder,
        is_released=cache.version_folder in versions,
        versions=versions,
        build=build,
        built_at=built_at,
        age_seconds=seconds_since(built_at),
        is_unfinished=pending is not None and pending.is_there,
        checked_at=known.checked_at,
        newest_extract=known.newest_extract,
        rolled_back_to=_rolled_back_to(storage, cache.version_folder, pending),
        build_before=build_before,
        before_missing=missing,
        tables=_tables(registry, before),
        gone=sorted(before.keys() - set(registry.names)),
        last_run=run,
        last_run_missing=run_missing,
    )


def _tables(registry: CacheRegistry, before: dict[str, int | None]) -> list[TableStatus]:
    return [
        TableStatus(
            name=table.name,
            rows=table.row_count,
            rows_before=before.get(table.name),
            bytes=table.bytes,
            files=table.files,
            built_at=table.built_at,
        )
        for table in registry
    ]


def _builds(
    storage: Storage, cache: PublishedCache, registry: CacheRegistry
) -> tuple[str | None, dict[str, int | None], str | None, str | None]:
    """The build; rows by table and name of the one before, or why it is not known."""
    build = registry.build
    try:
        return (build, *_before(storage, cache, build or ""), None)
    except CacheNotFoundError:
        return build, {}, None, "no earlier build is kept"
    except CacheError as error:
        return build, {}, None, str(error)


def _before(
    storage: Storage, cache: PublishedCache, live: str
) -> tuple[dict[str, int | None], str]:
    """Rows by table, and name, of the build before the one that is live."""
    history = cache.history()
    names = [each.build for each in history]
    # A publish that was killed, or is at work, may not have written it down yet.
    earlier = history[: names.index(live)] if live in names else history
    if earlier:
        return {name: size.rows for name, size in earlier[-1].tables.items()}, earlier[-1].build
    folder = cache.version_folder
    kept = kept_builds(storage, folder)  # of a publisher that kept no history
    address = storage.address(_layout.builds_folder(folder))
    is_rolled_back = last_rollback(storage, folder) is not None
    previous = build_before(kept, live, (), address, is_rolled_back=is_rolled_back)
    return {entry.name: entry.row_count for entry in previous.registry}, previous.build


def _pending(storage: Storage, version_folder: str) -> Pending | None:
    """Word of a publish that has begun and not ended; the next one completes it."""
    try:
        return Pending(storage, version_folder)
    except CacheError:  # a reader may have no right to list there
        return None


def _rolled_back_to(storage: Storage, version_folder: str, pending: Pending | None) -> str | None:
    try:
        build = last_rollback(storage, version_folder)
    except CacheError:
        return None
    return pending.rolled_back_to if build is None and pending is not None else build


def _last_run(work: Path) -> tuple[RunStatus | None, str | None]:
    """The last run of dbt in the work folder, or why it is not known."""
    try:
        target = target_folder(work)
        document = read_results(target)
        with of_dbt(target):
            return _run_status(work, document, failures(document["results"])), None
    except BuildError as error:
        return None, str(error)


def _run_status(work: Path, document: dict[str, Any], failed: Iterable[str]) -> RunStatus:
    """The run in the results of dbt."""
    results = document["results"]
    passed = Counter(
        _KINDS.get(kind, kind)
        for kind in (
            result["unique_id"].split(".")[0] for result in results if result["status"] in _GOOD
        )
    )
    return RunStatus(
        work=str(work),
        ended_at=str(document["metadata"]["generated_at"]),
        seconds=round(float(document.get("elapsed_time", 0)), 1),
        passed=dict(passed.most_common()),
        failed=list(failed),
    )


def _show(status: Status) -> None:
    released = "released" if status.is_released else "not released: no publish of it has ended yet"
    _line("location", f"{status.place}, {released}")
    _line("build", f"{status.build or 'not known'}, {ago(status.built_at)}")
    _line("before", status.build_before or f"not known: {status.before_missing}")
    if status.checked_at is not None:
        _line("checked", f"{ago(status.checked_at)}, newest extract {ago(status.newest_extract)}")
    if status.rolled_back_to is not None:
        _line("rollback", f"to {status.rolled_back_to}: the next publish needs --force", "yellow")
    if status.is_unfinished:
        _line(
            "publish",
            "public files are of more than one build: one is at work, or was killed; then the "
            "next one clears up",
            "red",
        )
    run = status.last_run
    if run is None:
        _line("last run", f"not known: {status.last_run_missing}")
    else:
        passed = ", ".join(f"{number:,} {kind}" for kind, number in run.passed.items())
        failed = f"; {len(run.failed)} FAILED" if run.failed else ""
        _line(
            "last run",
            f"{ago(run.ended_at)} in {run.work}, {run.seconds:.0f} s: {passed or 'nothing'} "
            f"passed{failed}",
            "red" if run.failed else "",
        )
        for line in run.failed:
            _line("", line, "red")
    if status.gone:
        _line("gone", ", ".join(status.gone), "yellow")
    print_text("")
    print_table(
        ["table", "rows", "change", "size", "files", "changed"],
        [
            [
                table.name,
                count(table.rows),
                _change(status, table),
                size(table.bytes),
                count(table.files),
                ago(table.built_at),
            ]
            for table in status.tables
        ],
        right=["rows", "change", "size", "files"],
    )


def _change(status: Status, table: TableStatus) -> Text:
    if status.build_before is None or table.rows is None:
        return Text("")
    if table.change is None:
        return Text("new", "green")
    return Text(f"{table.change:+,}" if table.change else "", "yellow" if table.change < 0 else "")


def _line(label: str, text: str, style: str = "") -> None:
    print_text(Text.assemble((f"{label:<{_LABEL_WIDTH}}", "dim"), plain(text, style)))
