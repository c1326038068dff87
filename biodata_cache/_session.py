"""`Cache`, a published cache to read, and the current one, which the functions read.

`_reader`, below this module, knows neither settings nor how tables are built. The backend `MEMORY`,
whose tables are built when they are first read, is chosen only here.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

from biodata_cache._core import layout as _layout
from biodata_cache._core.errors import AccessError, ArgumentError, SettingsError
from biodata_cache._core.registry.entries import TableInfo
from biodata_cache._core.settings import values as _settings
from biodata_cache._reader.files.catalog import PublishedCache
from biodata_cache._reader.files.verified import verified_in
from biodata_cache._storage.open import open_cached

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from datetime import date

    import duckdb
    import pandas as pd

    from biodata_cache._core.registry.entries import CacheRegistry
    from biodata_cache._core.settings.values import Settings
    from biodata_cache._reader.filters.conditions import FilterValue
    from biodata_cache._reader.scan import Scan
    from biodata_cache._storage.cached import CachedStorage


class Cache:
    """A published cache: a root, a version of it, and the live build of that or one that is kept.

    Any number of caches can be read side by side. The functions of the package read the one that
    the settings name.

    Args:
        root: Folder or `s3://bucket[/prefix]`; None for that of the settings.
        version: Version, such as `"bdc-v0.50.0"` or `"0.50.0"`; None for that of the settings.
        build: Name of a kept build, one of `builds()`; None for the live one.

    Raises:
        ArgumentError: If the version is not a text, or the build is not the name of one.
        SettingsError: If the root or the version cannot be used, or a setting cannot.

    Examples:
        >>> import os
        >>> from biodata_cache import Cache
        >>> here = Cache(root=os.environ["BIODATA_CACHE_ROOT"])
        >>> len(here.scan("asset_basics").df()) == len(here.sql("from asset_basics"))
        True
    """

    def __init__(
        self,
        root: str | os.PathLike[str] | None = None,
        *,
        version: str | None = None,
        build: str | None = None,
    ) -> None:
        self._settings = _settings.load(
            root=None if root is None else str(root),
            version=None if version is None else _version(version),
        )
        self._build = None if build is None else _build_name(build)

    @classmethod
    def demo(cls) -> Cache:
        """The tables of the built-in sample, which come with the package; nothing in it is real.

        There is no `records` among them.

        Raises:
            CacheNotFoundError: If the package is a checkout that does not have them yet.
        """
        from biodata_cache._reader.files.sample import sample_root

        return cls(sample_root(), version=_settings.installed_version())

    def __repr__(self) -> str:
        parts = (
            str(self._settings.root) or "in memory",
            self._settings.version_folder,
            self._build,
        )
        return f"<Cache {', '.join(filter(None, parts))}>"

    def _open(self) -> PublishedCache:
        return open_published(self._settings, self._build)

    def tables(self) -> CacheRegistry:
        """As `biodata_cache.get_cache_registry`, of this cache."""
        return self._open().registry()

    def versions(self) -> list[str]:
        """As `biodata_cache.get_cache_versions`, of this cache."""
        published = self._open()
        names = published.versions()
        published.warn_if_behind(names)
        return names

    def builds(self) -> list[str]:
        """As `biodata_cache.builds`, of this cache."""
        return self._open().builds()

    def changes(self, table: str, *, since: str | date) -> pd.DataFrame:
        """As `biodata_cache.changes`, of this cache."""
        from biodata_cache._reader import changes as _changes

        return _changes.changes(self._open(), table, since)

    def compare(self, earlier: str, later: str, table: str) -> pd.DataFrame:
        """As `biodata_cache.compare`, of the versions at this root."""
        from biodata_cache._reader import changes as _changes

        first, last = (
            replace(
                self._open(), version_folder=_settings.load(version=_version(each)).version_folder
            )
            for each in (earlier, later)
        )
        return _changes.compared(replace(first, build=None), replace(last, build=None), table)

    def partitions(self, table: str) -> pd.DataFrame:
        """As `biodata_cache.partitions`, of this cache."""
        from biodata_cache._reader.files import partitions as _partitions

        return _partitions.frame(self._open(), table)

    def table_info(self, name: str) -> TableInfo:
        """As `biodata_cache.table_info`, of this cache."""
        published = self._open()
        entry = published.registry()[name]
        known = {each.name: getattr(entry, each.name) for each in fields(entry)}
        known["location"] = published.location(entry)
        return TableInfo(**known, version=published.version_folder)

    def scan(
        self, name: str, /, *, columns: Sequence[str] | None = None, **filters: FilterValue
    ) -> Scan:
        """As `biodata_cache.scan`, of this cache."""
        from biodata_cache._reader import scan as _scan
        from biodata_cache._reader import selection as _selection
        from biodata_cache._reader.filters import scalars as _scalars

        table = _scalars.text_argument("name", name)
        return _scan.Scan(self._open, _selection.selection(table, columns, filters))

    def sql(
        self, query: str, parameters: Mapping[str, object] | Sequence[object] | None = None
    ) -> pd.DataFrame:
        """As `biodata_cache.sql`, of this cache."""
        from biodata_cache._reader import sql as _sql

        return _sql.sql(self._open(), query, parameters)

    def connect(self) -> duckdb.DuckDBPyConnection:
        """As `biodata_cache.connect`, of this cache."""
        from biodata_cache._reader import sql as _sql

        return _sql.connect(self._open())

    def custom(self, name: str, df: pd.DataFrame | None = None) -> pd.DataFrame:
        """As `biodata_cache.custom`, beside this cache."""
        from biodata_cache._reader import custom as _custom

        if df is not None and self._settings.backend == "CODEOCEAN":
            raise AccessError(
                f"{self._settings.root} is a mounted copy of the bucket, which is only read: to "
                "keep tables of your own, set BIODATA_CACHE_ROOT, and not BIODATA_CACHE_BACKEND."
            )

        return _custom.custom(lambda: _custom_store(self._settings), name, df)


def _version(version: object) -> str:
    """The version, after validation."""
    if not isinstance(version, str) or not version.strip():
        raise ArgumentError(
            f"version must be a text like '0.50.0', not {version!r}; None: as the settings say."
        )
    return version


def _build_name(build: object) -> str:
    """The name of a build, after validation."""
    if isinstance(build, str) and _layout.is_build_name(build):
        return build
    raise ArgumentError(
        f"build must be the name of a build like '20260131T081500Z-0a1b2c3d', not {build!r}: "
        "builds() lists those that are kept; None: the live one."
    )


def open_published(settings: Settings, build: str | None = None) -> PublishedCache:
    """The published cache that settings name; it need not exist until it is read.

    Args:
        settings: Settings of a root, or of the backend `MEMORY`, whose tables are built now if
            they are not yet.
        build: Name of a kept build; None for the live one.

    Raises:
        CacheError: If the tables cannot be built in memory.
        SettingsError: If the settings name no root.
    """
    if settings.backend != "MEMORY":
        store, verified = open_cached(settings), verified_in(settings.local_cache)
        return PublishedCache(store, settings.version_folder, build, verified)
    _check_memory(settings)
    from biodata_cache._pipeline import memory as _memory  # what builds, for this backend alone

    return PublishedCache(_memory.tables(settings), settings.version_folder, build)


def _custom_store(settings: Settings) -> CachedStorage:
    """Storage of the custom tables, which need no published ones."""
    if settings.backend != "MEMORY":
        return open_cached(settings)
    _check_memory(settings)
    from biodata_cache._pipeline import memory as _memory

    return _memory.store(settings)


def _check_memory(settings: Settings) -> None:
    """Check that the backend MEMORY was chosen explicitly."""
    if not settings.is_memory_asked:
        raise SettingsError(
            "There is no cache to read: set BIODATA_CACHE_ROOT to the folder, or "
            f"s3://bucket[/prefix], that holds {_layout.CACHE_FOLDER!r}. (To build one for this "
            "process only, set BIODATA_CACHE_BACKEND=MEMORY, and BIODATA_CACHE_SOURCE, for example "
            "to 'sample'.)"
        )


# The cache that the functions of the package read ------------------------------------------------


@dataclass
class _Chosen:
    """Version and build chosen for this process by `use_version` and `use_build`.

    Attributes:
        version: Version to read; None for that of the settings.
        build: Build to read; None for the live one.
    """

    version: str | None = None
    build: str | None = None


_chosen = _Chosen()


def current() -> Cache:
    """The cache that `use_version`, `use_build` and the settings name.

    Raises:
        SettingsError: If a setting cannot be used.
    """
    return Cache(version=_chosen.version, build=_chosen.build)


def current_published() -> PublishedCache:
    """Its files.

    Raises:
        CacheError: If the tables are to be built in memory and cannot be.
        SettingsError: If there is nothing to read.
    """
    return open_published(_settings.load(version=_chosen.version), _chosen.build)


def use_build(build: str | None) -> None:
    """Set the build of `current`; None for the live one.

    Raises:
        ArgumentError: If the text is not the name of a build.
        CacheNotFoundError: If the build is not kept.
    """
    if build is not None:
        settings = _settings.load(version=_chosen.version)
        open_published(settings, _build_name(build)).registry()
    _chosen.build = build


def use_version(version: str | None) -> None:
    """Set the version of `current`, with its live build; None for that of the settings.

    Raises:
        ArgumentError: If the version is not a text.
        CacheNotFoundError: If the version is not published.
        SettingsError: If the text is not a version.
    """
    if version is not None:
        settings = _settings.load(version=_version(version))
        if settings.backend != "MEMORY":  # there, it would build the tables
            open_published(settings).registry()
    _chosen.version, _chosen.build = version, None
