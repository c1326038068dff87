"""`doctor`: checks what the settings use, and says how to mend it."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from contextlib import contextmanager
from dataclasses import asdict
from importlib import metadata, util
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click
from rich.text import Text

from biodata_cache._cli import options as _options
from biodata_cache._cli.commands.check_lake import Check, not_installed, raw_lake
from biodata_cache._cli.commands.verification import verified
from biodata_cache._cli.output import count, plain, print_json, print_text, size
from biodata_cache._core import layout as _layout
from biodata_cache._core import messages as _messages
from biodata_cache._core.display import ago
from biodata_cache._core.errors import CacheError, MissingDependencyError
from biodata_cache._core.settings import values as _settings
from biodata_cache._core.settings.parsers import PREFIX
from biodata_cache._core.settings.table import NO_SOURCE, SETTINGS
from biodata_cache._pipeline.project import import_extract
from biodata_cache._session import open_published

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata_cache._core.registry.entries import CacheRegistry, TableEntry
    from biodata_cache._core.settings.address import Secret
    from biodata_cache._core.settings.values import Settings
    from biodata_cache._reader.files.catalog import PublishedCache
    from extract.sources.base import DatabaseSource

_STYLES = {"ok": "green", "warning": "yellow", "fail": "red"}
_SHOWN_PACKAGES = ("duckdb", "pandas", "pyarrow", "boto3", "dbt-core", "dbt-duckdb", "pymongo")
_BUILDING = {"dbt": "dbt-core", "dbt.adapters.duckdb": "dbt-duckdb", "filelock": "filelock"} | {
    "msgspec": "msgspec",
    "pyarrow": "pyarrow",
}
_LEAST_FREE = 2 * 10**9


@click.command()
@_options.source
@_options.source_file
@_options.objects
@_options.root
@_options.version
@_options.raw
@_options.work
@click.option("--quick", is_flag=True, help="Do not read every published file to compare hashes.")
@_options.as_json
def doctor(quick: bool, as_json: bool, **given: str | None) -> None:  # noqa: FBT001
    """Check the settings, and that everything they name can be reached and read.

    A source is checked only if one is set; the raw lake and the packages for building only if a
    source or a lake is set. Nothing is written, and no password is shown. Every published object
    and file is read and compared with its hash. Exit code 1 if a check fails.

    \b
    Examples:
      biodata-cache doctor --quick
      biodata-cache doctor --root s3://bucket/prefix --json
    """
    checks = []
    for check in examine(given, quick=quick):
        checks.append(check)
        if not as_json:
            head = Text(f"{check.state:<8}", _STYLES[check.state])
            print_text(Text.assemble(head, (f"{check.name:<12}", "bold"), plain(check.text)))
    if as_json:
        print_json([asdict(check) for check in checks])
    if any(check.state == "fail" for check in checks):
        sys.exit(1)


COMMANDS = (doctor,)


def examine(given: dict[str, str | None], *, quick: bool = True) -> Iterator[Check]:
    """Check everything that the settings use.

    Args:
        given: Values of the options.
        quick: Do not read every published file.
    """
    yield _versions()
    yield from _unknown_variables()
    try:
        settings = _settings.load(**given)
    except CacheError as error:
        yield Check("settings", "fail", str(error))
        return
    names = sorted(
        name
        for name in SETTINGS
        if os.environ.get(PREFIX + name) or given.get(name.lower()) is not None
    )
    yield Check("settings", "ok", f"set: {', '.join(names)}" if names else "none is set")
    with _few_attempts():
        yield from _published(settings, quick=quick)
        is_source_set = bool({"SOURCE", "SOURCE_FILE", "V1_SOURCE"} & set(names))
        if is_source_set:
            yield from _sources(settings)
        if is_source_set or "RAW" in names:
            yield raw_lake(settings)
            yield from _building(settings)


def _versions() -> Check:
    """What is installed."""
    packages = [f"{name} {there}" for name in _SHOWN_PACKAGES if (there := _version_of(name))]
    own = f"biodata-cache {_settings.installed_version()}"
    return Check(
        "installed", "ok", ", ".join([own, f"Python {platform.python_version()}", *packages])
    )


def _version_of(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _unknown_variables() -> Iterator[Check]:
    """Variables with our prefix that are no settings: misspelt ones are otherwise ignored."""
    for name in sorted(os.environ):
        setting = name.removeprefix(PREFIX)
        if name.startswith(PREFIX) and setting not in SETTINGS:
            hint = _messages.nearest(setting, list(SETTINGS))
            yield Check("settings", "warning", f"{name} is set, but is no setting.{hint}")


def _published(settings: Settings, *, quick: bool) -> Iterator[Check]:
    """The published cache: whether it can be reached and read, and its age."""
    if settings.backend == "MEMORY":
        if settings.is_memory_asked:
            yield Check("root", "ok", "none: tables are built in memory when they are first read")
        else:
            yield Check(
                "root",
                "fail",
                f"no cache to read: set {PREFIX}ROOT to the folder, or s3://bucket[/prefix], that "
                "holds it.",
            )
        return
    try:
        cache = open_published(settings)
        if settings.backend == "S3":
            yield from _s3(settings, cache)
        registry = cache.registry()
        versions = cache.versions()
    except CacheError as error:
        yield Check("root", "fail", str(error))
        return
    yield Check("root", "ok", f"{cache.store.address()}{_rights(settings)}")
    yield _version(cache, versions)
    yield _freshness(registry)
    yield _one_table(cache, registry)
    if not quick:
        yield Check("files", *verified(settings))


def _s3(settings: Settings, cache: PublishedCache) -> Iterator[Check]:
    """Checks of S3 alone."""
    access: Any = cache.store.storage.access  # type: ignore[attr-defined]  # S3 has one
    if access.credentials is None:
        yield Check("credentials", "ok", "none: requests are anonymous")
    else:
        yield Check("credentials", "ok", f"of AWS, from {access.credentials.method}")
    if not access.is_aws:
        yield Check("endpoint", "ok", access.endpoint.rpartition("@")[2])
    try:
        cache.store.connect([cache.store.address()]).close()
    except MissingDependencyError as error:
        yield Check("extension", "fail", str(error))
    else:
        yield Check("extension", "ok", "httpfs of DuckDB is loaded")
    if settings.local_cache is None:
        yield Check("copies", "ok", "off: objects are transferred at every read")
    elif _may_be_written(settings.local_cache):
        limit = size(settings.local_cache_size)
        yield Check("copies", "ok", f"of small objects in {settings.local_cache}, at most {limit}")
    else:
        yield Check(
            "copies",
            "warning",
            f"{settings.local_cache} may not be written, so that objects are transferred at every "
            f"read: give another folder in {PREFIX}LOCAL_CACHE, or `off`.",
        )


def _rights(settings: Settings) -> str:
    if settings.backend == "S3":
        return ""
    folder = Path(settings.root) / _layout.CACHE_FOLDER
    return "" if os.access(folder, os.W_OK) else ", to read but not to publish"


def _version(cache: PublishedCache, versions: list[str]) -> Check:
    """Whether the version that is read is released, and the newest."""
    folder = cache.version_folder
    if folder not in versions:
        return Check(
            "version",
            "warning",
            f"{folder} is there but not released: its first publish is running or did not "
            "finish. Publish it again, or choose another with BIODATA_CACHE_VERSION.",
        )
    if versions[-1] != folder:
        return Check(
            "version",
            "warning",
            f"{folder} is read, {versions[-1]} is the newest: install a newer biodata-cache, or "
            "set BIODATA_CACHE_VERSION.",
        )
    return Check("version", "ok", f"{folder}, the newest")


def _freshness(registry: CacheRegistry) -> Check:
    """When the newest table changed."""
    built_at = max((table.built_at or "" for table in registry), default="")
    text = f"{len(registry)} tables" + (f", changed {ago(built_at)}" if built_at else "")
    if not len(registry):
        return Check("tables", "fail", "the registry lists no table: publish again.")
    return Check("tables", "ok", text)


def _one_table(cache: PublishedCache, registry: CacheRegistry) -> Check:
    """Read the smallest table like any reader."""
    plain_tables = [table for table in registry if not table.partitioned]
    if not plain_tables:
        return Check("reading", "warning", "every table is partitioned; none was read.")
    table = min(plain_tables, key=lambda entry: (not entry.row_count, entry.bytes or 0))
    try:
        rows = _count_rows(cache, table)
    except CacheError as error:
        return Check("reading", "fail", str(error))
    if table.row_count is not None and rows != table.row_count:
        return Check(
            "reading",
            "fail",
            f"{table.name} has {count(rows)} rows, its registry says {count(table.row_count)}: "
            "publish this version again.",
        )
    return Check("reading", "ok", f"{table.name}, {count(rows)} rows")


def _count_rows(cache: PublishedCache, table: TableEntry) -> int:
    from biodata_cache._reader.files.connections import connection  # noqa: PLC0415  # with pandas; not before it is needed

    with connection(cache, cache.files(table)) as (duck, paths):
        query = "select count(*) from read_parquet($paths, hive_partitioning = false)"
        return int(duck.execute(query, {"paths": paths}).fetchall()[0][0])


def _sources(settings: Settings) -> Iterator[Check]:
    """Whether the sources of records can be reached."""
    yield _source("source", settings.source, settings.database, settings.collection)
    if settings.v1_source != NO_SOURCE:
        yield _source("source v1", settings.v1_source, settings.v1_database, settings.v1_collection)
    if settings.objects == "s3" and util.find_spec("boto3") is None:
        yield not_installed("objects", "boto3")
    elif settings.objects in {"s3", "sample", NO_SOURCE}:
        yield Check("objects", "ok", settings.objects)
    elif Path(settings.objects).is_dir():
        yield Check("objects", "ok", f"folder of buckets {settings.objects}")
    else:
        yield Check(
            "objects",
            "fail",
            f"there is no folder of buckets {settings.objects!r}: give `s3`, a folder, or `none` "
            f"in {PREFIX}OBJECTS.",
        )


def _source(name: str, address: Secret, database: str, collection: str) -> Check:
    """Whether a source can be read; shows its description, as its address may hold a password."""
    try:
        import_extract()
        from extract.retries import TransientError  # noqa: PLC0415
        from extract.sources.base import SourceOptions  # noqa: PLC0415
        from extract.sources.open import FileSource, open_source  # noqa: PLC0415

        options = SourceOptions(database=database, collection=collection)
        source = open_source(address.reveal(), options)
        broken = next(source.damage(), None) if isinstance(source, FileSource) else None
        if broken is not None:
            return Check(
                name, "fail", f"{broken.file} of {source.description}: {broken.reason[:300]}"
            )
        if address.is_address:
            try:
                _send_query(cast("DatabaseSource", source))
            except TransientError as error:
                return Check(name, "fail", f"{error} Look at the network and at the address.")
    except CacheError as error:
        return Check(name, "fail", str(error))
    except ImportError as error:
        return not_installed(name, str(error.name))
    return Check(name, "ok", source.description)


def _send_query(source: DatabaseSource) -> None:
    """Send one query to a database, which also checks the rights of the user."""
    try:
        source.existing([""])
    finally:
        source.close()


def _building(settings: Settings) -> Iterator[Check]:
    """The packages for building, and the work folder."""
    missing = [package for module, package in _BUILDING.items() if not _is_there(module)]
    if missing:
        yield not_installed("building", *missing)
    else:
        yield Check("building", "ok", "all packages for building are installed")
    folder = settings.work.absolute()
    if not _may_be_written(folder):
        yield Check(
            "work", "fail", f"{folder} may not be written: give another folder in {PREFIX}WORK."
        )
    elif (free := shutil.disk_usage(_existing(folder)).free) < _LEAST_FREE:
        yield Check("work", "warning", f"{folder}: only {free / 1e9:.1f} GB are free on its disk.")
    else:
        yield Check("work", "ok", f"{folder}, {free / 1e9:,.0f} GB free")


def _existing(folder: Path) -> Path:
    """The folder, or the nearest above it that exists."""
    return next(parent for parent in (folder, *folder.parents) if parent.exists())


def _may_be_written(folder: Path) -> bool:
    try:
        there = _existing(folder)
    except OSError:  # it may not be looked at, or nothing can be called so
        return False
    return there.is_dir() and os.access(there, os.W_OK)


def _is_there(module: str) -> bool:
    try:
        return util.find_spec(module) is not None
    except ModuleNotFoundError:  # of a package that is not there either
        return False


@contextmanager
def _few_attempts() -> Iterator[None]:
    """Limit requests to two attempts, so that an unreachable server does not take minutes."""
    name = "AWS_MAX_ATTEMPTS"
    before = os.environ.get(name)
    os.environ.setdefault(name, "2")
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(name, None)
