"""The stages in their order, each of which can be run alone."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from biodata_cache._errors import SettingsError
from biodata_cache._project import import_extract, require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biodata_cache import _publish
    from biodata_cache._settings import Settings
    from extract import run

COLLECTION = "docdb_v2"


class Reporter(Protocol):
    """Told how far a stage is."""

    def __call__(self, stage: str, done: int, total: int | None, detail: str) -> None:
        """Steps done, steps in all if that is known, and what the last step was."""


@dataclass
class Outcome:
    """What the stages did.

    Attributes:
        extracted: Report of the extract stage.
        published: Report of the publish stage.
        rejects: File of the documents that could not be used.
        seconds: Wall time by stage.
        table_seconds: Seconds that dbt took for each published table.
    """

    extracted: run.Report | None = None
    published: _publish.Report | None = None
    rejects: Path | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    table_seconds: dict[str, float] = field(default_factory=dict)


def run_sync(
    settings: Settings,
    report: Reporter,
    *,
    unit_tests: bool = True,
    selection: Sequence[str] = (),
) -> Outcome:
    """Extract, build, test and publish.

    Args:
        settings: Where everything is.
        report: Told how far each stage is.
        unit_tests: Whether to test the SQL itself, too.
        selection: Options of dbt that choose models; what is not built stays as it is published.

    Raises:
        CacheError: A stage failed; the published cache is as it was.
    """
    _check_root(settings)  # before an hour of work, not after it
    outcome = run_extract(settings, report)
    built = run_build(settings, report, unit_tests=unit_tests, selection=selection)
    outcome.seconds |= built.seconds
    published = run_publish(settings, report, only_built=bool(selection))
    outcome.published = published.published
    outcome.table_seconds = published.table_seconds
    outcome.seconds |= published.seconds
    return outcome


def run_extract(settings: Settings, report: Reporter) -> Outcome:
    """Bring the raw lake up to date.

    Raises:
        CacheError: The source cannot be read, or the lake cannot be written.
    """
    require("msgspec", "pyarrow", "filelock")
    import_extract()
    from extract.run import extract  # noqa: PLC0415  # it is importable from here on
    from extract.sources import open_source  # noqa: PLC0415

    raw = _local_raw(settings)
    source = open_source(settings.source)
    extracted = extract(
        source,
        raw,
        COLLECTION,
        lambda documents, size: report(
            "extract", documents, None, f"{size / 1e6:,.0f} MB from {source.description}"
        ),
    )
    return Outcome(
        extracted=extracted,
        rejects=raw / "rejects" / f"{COLLECTION}.parquet",
        seconds={"extract": extracted.seconds},
    )


def run_build(
    settings: Settings,
    report: Reporter,
    *,
    unit_tests: bool = True,
    selection: Sequence[str] = (),
) -> Outcome:
    """Build and test the tables, and the SQL itself unless `unit_tests` is false.

    Raises:
        CacheError: A model or a test failed.
    """
    require("dbt", "filelock")
    from biodata_cache._build import build  # noqa: PLC0415  # needs the extra `sync`

    _local_raw(settings)
    started = time.perf_counter()
    build(
        settings,
        lambda done, total, name: report("build", done, total, name),
        unit_tests=unit_tests,
        selection=selection,
    )
    return Outcome(seconds={"build": time.perf_counter() - started})


def run_publish(settings: Settings, report: Reporter, *, only_built: bool = False) -> Outcome:
    """Audit and promote the last build, or what it has built of the tables.

    Raises:
        CacheError: The build is not fit to be published, or the root cannot be written.
    """
    require("filelock")
    from biodata_cache._build import table_seconds  # noqa: PLC0415  # needs the extra `sync`
    from biodata_cache._publish import publish  # noqa: PLC0415

    started = time.perf_counter()
    published = publish(
        settings,
        lambda done, total, name: report("publish", done, total, name),
        only_built=only_built,
    )
    return Outcome(
        published=published,
        seconds={"publish": time.perf_counter() - started},
        table_seconds=table_seconds(settings.work),
    )


def run_dry_publish(settings: Settings) -> _publish.Report:
    """Audit the last build, and find out what publishing it would change.

    Raises:
        CacheError: The build is not fit to be published, or the root cannot be read.
    """
    require("filelock")
    from biodata_cache._publish import publish  # noqa: PLC0415

    return publish(settings, dry_run=True)


def run_rollback(settings: Settings, report: Reporter) -> _publish.Report:
    """Put the build back that was published before the last one.

    Raises:
        CacheError: There is none, or the root cannot be written.
    """
    require("filelock")
    from biodata_cache._publish import rollback  # noqa: PLC0415

    return rollback(settings, lambda done, total, name: report("rollback", done, total, name))


def _check_root(settings: Settings) -> None:
    if settings.backend == "MEMORY":
        raise SettingsError(
            "There is no place to publish to: give --root, or set BIODATA_CACHE_ROOT to a folder "
            "or to s3://bucket[/prefix]."
        )


def _local_raw(settings: Settings) -> Path:
    if "://" in settings.raw:
        raise SettingsError(
            f"The raw lake {settings.raw!r} is not a folder: lakes elsewhere come with a later "
            "version. Give a folder as --raw."
        )
    return Path(settings.raw).expanduser()
