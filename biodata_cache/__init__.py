"""Metadata records of neuroscience data assets as small, typed parquet tables.

Each published table is a function that returns a pandas DataFrame. `BIODATA_CACHE_ROOT` says
where the published tables are.

Importing the package does no work: a name brings its module along when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from biodata_cache._core.names import FORMER_TABLES as _FORMER_TABLES
from biodata_cache._core.names import TABLE_FUNCTIONS as _TABLE_FUNCTIONS

if TYPE_CHECKING:
    # Of a module that is imported whole, type checkers see what it defines.
    from biodata_cache._core.errors import *
    from biodata_cache._core.registry.entries import CacheRegistry as CacheRegistry
    from biodata_cache._core.registry.entries import ColumnEntry as ColumnEntry
    from biodata_cache._core.registry.entries import TableEntry as TableEntry
    from biodata_cache._core.registry.entries import TableInfo as TableInfo
    from biodata_cache._functions import *
    from biodata_cache._reader.filters.words import all_of as all_of
    from biodata_cache._reader.filters.words import contains as contains
    from biodata_cache._reader.filters.words import like as like
    from biodata_cache._reader.filters.words import not_ as not_
    from biodata_cache._reader.scan import Scan as Scan
    from biodata_cache._session import Cache as Cache
    from biodata_cache._subject import Subject as Subject
    from biodata_cache._subject import subject as subject
    from biodata_cache.tables._assets import *
    from biodata_cache.tables._checks import *
    from biodata_cache.tables._platforms import *
    from biodata_cache.tables._quality import *
    from biodata_cache.tables._records import *
    from biodata_cache.tables._sessions import *
    from biodata_cache.tables._subjects import *

    __version__: str
else:
    _PUBLIC = {
        "_core.errors": (
            "AccessError",
            "ArgumentError",
            "AssetNotFoundError",
            "AuditError",
            "BuildError",
            "CacheError",
            "CacheFileError",
            "CacheNotFoundError",
            "CustomNotFoundError",
            "LakeError",
            "LockedError",
            "MissingDependencyError",
            "NotFoundWarning",
            "PartitionNotFoundError",
            "RegistryError",
            "SettingsError",
            "SourceError",
            "TableNotFoundError",
            "UnreachableError",
            "VersionWarning",
        ),
        "_core.registry.entries": ("CacheRegistry", "ColumnEntry", "TableEntry", "TableInfo"),
        "_core.settings.values": ("__version__",),
        "_functions": (
            "builds",
            "changes",
            "compare",
            "connect",
            "custom",
            "get_cache_registry",
            "get_cache_versions",
            "partitions",
            "qc_columns",
            "scan",
            "sql",
            "table_info",
            "use_build",
            "use_version",
        ),
        "_reader.filters.words": ("all_of", "contains", "like", "not_"),
        "_reader.scan": ("Scan",),
        "_session": ("Cache",),
        "_subject": ("Subject", "subject"),
        "tables": _TABLE_FUNCTIONS,
    }
    """Public names by module; a test compares them with what type checkers see."""
    _HOMES = dict(sorted((name, home) for home, names in _PUBLIC.items() for name in names))
    __all__ = list(_HOMES)

    def __getattr__(name: str) -> object:
        """The public object of this name, from the module it lives in (PEP 562)."""
        if name in _FORMER_TABLES:
            value = import_module(f"{__name__}.tables._elsewhere").function(name)
        elif name == "__version__":
            value = import_module("biodata_cache._core.settings.values").installed_version()
        elif name in _HOMES:
            value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
