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
    from biodata_cache._core.errors import (
        AccessError,
        ArgumentError,
        AssetNotFoundError,
        AuditError,
        BuildError,
        CacheError,
        CacheFileError,
        CacheNotFoundError,
        CustomNotFoundError,
        LakeError,
        LockedError,
        MissingDependencyError,
        NotFoundWarning,
        PartitionNotFoundError,
        RegistryError,
        SettingsError,
        SourceError,
        TableNotFoundError,
        UnreachableError,
        VersionWarning,
    )
    from biodata_cache._core.registry.entries import (
        CacheRegistry,
        ColumnEntry,
        PartitionEntry,
        TableEntry,
        TableInfo,
    )
    from biodata_cache._functions import (
        builds,
        changes,
        compare,
        connect,
        custom,
        get_cache_registry,
        get_cache_versions,
        partitions,
        qc_columns,
        scan,
        sql,
        table_info,
        use_build,
        use_version,
    )
    from biodata_cache._reader.filters.words import all_of, contains, like, not_
    from biodata_cache._reader.scan import Scan
    from biodata_cache._session import Cache
    from biodata_cache._subject import Subject, subject
    from biodata_cache.tables._assets import (
        asset_basics,
        asset_lineage,
        assets,
        metadata_core,
        raw_to_derived,
        source_data,
        swdb_collections,
        unique_genotypes,
        unique_project_names,
        unique_subject_ids,
    )
    from biodata_cache.tables._checks import (
        data_quality,
        metadata_upgrade,
        metadata_upgrade_history,
        record_consistency,
        record_consistency_checks,
        record_consistency_results,
    )
    from biodata_cache.tables._platforms import (
        assets_smartspim,
        behavior_curriculum,
        foraging_sessions,
        platform_dynamic_foraging_events,
        platform_dynamic_foraging_sessions,
        platform_dynamic_foraging_trials,
        platform_exaspim,
        platform_exaspim_intermediates,
        platform_fib,
        platform_qc,
        platform_smartspim,
        platform_smartspim_fiber_ccf,
        platform_smartspim_qc_metrics,
        scientist_rl_fib,
    )
    from biodata_cache.tables._quality import (
        qc,
        qc_status,
        qc_status_by_modality,
        qc_tag_status,
        quality_control,
        quality_control_history,
        time_to_qc,
    )
    from biodata_cache.tables._records import get_record, get_records, records
    from biodata_cache.tables._sessions import (
        acquisition_devices,
        funding,
        processing_steps,
        sessions,
        stimulus_epochs,
    )
    from biodata_cache.tables._subjects import implants, injections, procedures, subjects

    __version__: str

__all__ = [
    "AccessError",
    "ArgumentError",
    "AssetNotFoundError",
    "AuditError",
    "BuildError",
    "Cache",
    "CacheError",
    "CacheFileError",
    "CacheNotFoundError",
    "CacheRegistry",
    "ColumnEntry",
    "CustomNotFoundError",
    "LakeError",
    "LockedError",
    "MissingDependencyError",
    "NotFoundWarning",
    "PartitionEntry",
    "PartitionNotFoundError",
    "RegistryError",
    "Scan",
    "SettingsError",
    "SourceError",
    "Subject",
    "TableEntry",
    "TableInfo",
    "TableNotFoundError",
    "UnreachableError",
    "VersionWarning",
    "__version__",
    "acquisition_devices",
    "all_of",
    "asset_basics",
    "asset_lineage",
    "assets",
    "assets_smartspim",
    "behavior_curriculum",
    "builds",
    "changes",
    "compare",
    "connect",
    "contains",
    "custom",
    "data_quality",
    "foraging_sessions",
    "funding",
    "get_cache_registry",
    "get_cache_versions",
    "get_record",
    "get_records",
    "implants",
    "injections",
    "like",
    "metadata_core",
    "metadata_upgrade",
    "metadata_upgrade_history",
    "not_",
    "partitions",
    "platform_dynamic_foraging_events",
    "platform_dynamic_foraging_sessions",
    "platform_dynamic_foraging_trials",
    "platform_exaspim",
    "platform_exaspim_intermediates",
    "platform_fib",
    "platform_qc",
    "platform_smartspim",
    "platform_smartspim_fiber_ccf",
    "platform_smartspim_qc_metrics",
    "procedures",
    "processing_steps",
    "qc",
    "qc_columns",
    "qc_status",
    "qc_status_by_modality",
    "qc_tag_status",
    "quality_control",
    "quality_control_history",
    "raw_to_derived",
    "record_consistency",
    "record_consistency_checks",
    "record_consistency_results",
    "records",
    "scan",
    "scientist_rl_fib",
    "sessions",
    "source_data",
    "sql",
    "stimulus_epochs",
    "subject",
    "subjects",
    "swdb_collections",
    "table_info",
    "time_to_qc",
    "unique_genotypes",
    "unique_project_names",
    "unique_subject_ids",
    "use_build",
    "use_version",
]

# Modules of the names that are neither functions nor errors; `tests/unit/test_import.py` compares
# them with the imports.
_HOMES = {
    "Cache": "_session",
    "CacheRegistry": "_core.registry.entries",
    "ColumnEntry": "_core.registry.entries",
    "PartitionEntry": "_core.registry.entries",
    "Scan": "_reader.scan",
    "Subject": "_subject",
    "TableEntry": "_core.registry.entries",
    "TableInfo": "_core.registry.entries",
    "all_of": "_reader.filters.words",
    "contains": "_reader.filters.words",
    "like": "_reader.filters.words",
    "not_": "_reader.filters.words",
    "subject": "_subject",
}


def __getattr__(name: str) -> object:
    """The public object of this name, from the module it lives in (PEP 562)."""
    if name in _FORMER_TABLES:
        value: object = import_module(f"{__name__}.tables._elsewhere").function(name)
    elif name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    elif name == "__version__":
        value = import_module("biodata_cache._core.settings.values").installed_version()
    else:
        home = "tables" if name in _TABLE_FUNCTIONS else _HOMES.get(name, "_functions")
        home = "_core.errors" if name.endswith(("Error", "Warning")) else home
        value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
