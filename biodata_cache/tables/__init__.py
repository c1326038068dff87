"""One function per published table.

Every function reads the version and the root that the settings name, and returns a DataFrame with
the columns of the published file (`table_info("<table>")` describes each):

- text is text, and missing text is NaN; times that end in `_time` are text as the record has it;
- lists are numpy arrays of texts, and a missing list is None;
- columns that end in `_at`, and `timestamp` of quality control, are times in UTC.

All of them take `columns`, the columns to read, in this order, and filters: a column name with a
value. From S3, only the columns and row groups that a call needs are transferred.

| filter | keeps the rows of which the column |
|---|---|
| a text, a number, a flag, a time | is equal; a list: contains it |
| a list, a set, an array, a Series | is equal to any of them; a list: contains any |
| a pair `(low, high)`, or `slice(low, high)` | is between both, or equal to one; None: no end |
| None | is missing |

Ranges are for numbers and times, also for times that are text, which are compared as instants. A
time without a zone is in UTC. An upper end that is a day, like `"2024-01-31"` or a `date`, includes
the whole day.

They raise `CacheError`, in one of its kinds, if the cache cannot be read: nothing is set or
published, or a file is missing or damaged; an unknown column or a value of another kind is an
`ArgumentError`. The docstrings name only what is special to a table.

Only these functions are imported from here. They make a selection; `_reader` runs it.
"""

from __future__ import annotations

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
from biodata_cache.tables._completion import name_columns as _name_columns
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

__all__ = [
    "acquisition_devices",
    "asset_basics",
    "asset_lineage",
    "assets",
    "assets_smartspim",
    "behavior_curriculum",
    "data_quality",
    "foraging_sessions",
    "funding",
    "get_record",
    "get_records",
    "implants",
    "injections",
    "metadata_core",
    "metadata_upgrade",
    "metadata_upgrade_history",
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
    "scientist_rl_fib",
    "sessions",
    "source_data",
    "stimulus_epochs",
    "subjects",
    "swdb_collections",
    "time_to_qc",
    "unique_genotypes",
    "unique_project_names",
    "unique_subject_ids",
]

for _name in __all__:
    _name_columns(globals()[_name])
