"""One function per published table.

Every function reads the version and the root that the settings name, and returns a DataFrame with
the columns of the published file (`table_info("<table>")` describes each):

- text is text, and missing text is NaN; times that end in `_time` are text as the record has it;
- lists are numpy arrays of texts, and a missing list is None;
- columns that end in `_at`, and `timestamp` of quality control, are times in UTC.

All of them take `columns`, the columns to read, in this order, and filters: the name of a column
and what it must hold. Of what is far away and large, only the columns and the parts of the file
that a call needs are transferred.

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
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, overload

from biodata_cache import _session
from biodata_cache._core.errors import ArgumentError
from biodata_cache._core.names import TABLE_FUNCTIONS
from biodata_cache._reader import filters as _filters
from biodata_cache._reader import lineage as _derived
from biodata_cache._reader import read as _read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from typing_extensions import Unpack

    from biodata_cache._reader.filters import FilterValue
    from biodata_cache._reader.table_filters import (
        AssetBasicsFilters,
        AssetLineageFilters,
        AssetsFilters,
        BehaviorCurriculumFilters,
        DataQualityFilters,
        ForagingSessionsFilters,
        MetadataCoreFilters,
        PlatformExaspimFilters,
        PlatformFibFilters,
        PlatformQcFilters,
        PlatformSmartspimFilters,
        QcStatusByModalityFilters,
        QcStatusFilters,
        QcTagStatusFilters,
        QualityControlFilters,
        RecordConsistencyFilters,
        ScientistRlFibFilters,
        SourceDataFilters,
        TimeToQcFilters,
        UniqueGenotypesFilters,
        UniqueProjectNamesFilters,
        UniqueSubjectIdsFilters,
    )

__all__ = list(TABLE_FUNCTIONS)


def asset_basics(
    *, columns: Sequence[str] | None = None, **filters: Unpack[AssetBasicsFilters]
) -> pd.DataFrame:
    """Read the commonly used metadata of every asset.

    Args:
        columns: Columns to read, in this order; None for all.
        filters: What columns must hold.

    Returns:
        One row per record, sorted by name. `modalities`, `code_ocean` and the names of people are
        arrays of texts; `age` is in days. Names are not unique: `assets` has one row per name.

    Example:
        >>> from biodata_cache import asset_basics
        >>> basics = asset_basics()
        >>> derived = basics[basics["data_level"] == "derived"]
        >>> fiber = asset_basics(modalities="fib", columns=["name", "age"])
        >>> fiber.columns.tolist()
        ['name', 'age']
        >>> january = asset_basics(acquisition_start_time=("2024-01-01", "2024-01-31"))
    """
    return _table("asset_basics", columns, filters)


def assets(
    *, columns: Sequence[str] | None = None, **filters: Unpack[AssetsFilters]
) -> pd.DataFrame:
    """Read every asset once, typed.

    Args:
        columns: Columns to read, in this order; None for all.
        filters: What columns must hold.

    Returns:
        One row per asset name, from its newest record. Acquisition times are in UTC,
        `acquisition_start_local` is the clock on the wall; `modalities` and `platforms` are arrays
        of texts; `duration_s` is in seconds.
    """
    return _table("assets", columns, filters)


def asset_lineage(
    *, columns: Sequence[str] | None = None, **filters: Unpack[AssetLineageFilters]
) -> pd.DataFrame:
    """Read what each derived asset was made from.

    Args:
        columns: Columns to read, in this order; None for all.
        filters: What columns must hold.

    Returns:
        One row per derived asset and source, with the raw asset at the root of it.
        `modalities` is an array of texts; `processed_at` has no zone.
    """
    return _table("asset_lineage", columns, filters)


def source_data(
    *, columns: Sequence[str] | None = None, **filters: Unpack[SourceDataFilters]
) -> pd.DataFrame:
    """Read the sources, the pipeline and the processing time of every derived asset.

    Args:
        columns: Columns to read, in this order; None for all.
        filters: What columns must hold.

    Returns:
        One row per derived asset and source; the empty text stands for what is unknown.
        `processing_time` is text of the form `YYYY-MM-DD_HH-MM-SS`.
    """
    return _table("source_data", columns, filters)


def metadata_core(
    *, columns: Sequence[str] | None = None, **filters: Unpack[MetadataCoreFilters]
) -> pd.DataFrame:
    """Read which core files every record has.

    Args:
        columns: Columns to read, in this order; None for all.
        filters: What columns must hold.

    Returns:
        One row per record, with one flag per core file.
    """
    return _table("metadata_core", columns, filters)


def unique_project_names(
    *, columns: Sequence[str] | None = None, **filters: Unpack[UniqueProjectNamesFilters]
) -> list[str]:
    """List the names of all projects.

    Args:
        columns: The one column that there is; None for the same.
        filters: What it must hold.

    Returns:
        Project names, sorted.

    Example:
        >>> from biodata_cache import unique_project_names
        >>> names = unique_project_names()
        >>> len(names) == len(set(names))
        True
    """
    return _texts("unique_project_names", columns, filters)


def unique_subject_ids(
    *, columns: Sequence[str] | None = None, **filters: Unpack[UniqueSubjectIdsFilters]
) -> list[str]:
    """List the ids of all subjects.

    Args:
        columns: The one column that there is; None for the same.
        filters: What it must hold.

    Returns:
        Subject ids, sorted as text.
    """
    return _texts("unique_subject_ids", columns, filters)


def unique_genotypes(
    *, columns: Sequence[str] | None = None, **filters: Unpack[UniqueGenotypesFilters]
) -> list[str]:
    """List all genotypes.

    Args:
        columns: The one column that there is; None for the same.
        filters: What it must hold.

    Returns:
        Genotypes, sorted.
    """
    return _texts("unique_genotypes", columns, filters)


def quality_control(
    subject_id: str | Iterable[str] | None = None,
    *,
    asset_names: str | Iterable[str] | None = None,
    columns: Sequence[str] | None = None,
    **filters: Unpack[QualityControlFilters],
) -> pd.DataFrame:
    """Read the quality-control metrics of one subject, or of all.

    Args:
        subject_id: Subject as the record has it; `"0451"` and `"451"` differ. Several: those that
            have quality control. None: every subject, which is much more to read.
        asset_names: Keep these assets only: one name or several.
        columns: Columns to read, in this order; None for all.
        filters: What columns must hold.

    Returns:
        One row per metric. `value` is text, JSON unless the record has a text;
        `timestamp` is the start of the acquisition, in UTC.

    Raises:
        PartitionNotFoundError: If the subject has no quality control.
        ArgumentError: If the subject or an asset name is not a text.

    Example:
        >>> from biodata_cache import quality_control
        >>> set(quality_control()["status"].dropna()) <= {"Pass", "Fail", "Pending"}
        True
    """
    return _partitioned("quality_control", "subject_id", subject_id, columns, filters, asset_names)


def qc(
    subject_id: str,
    asset_names: str | Iterable[str] | None = None,
    *,
    columns: Sequence[str] | None = None,
    **filters: Unpack[QualityControlFilters],
) -> pd.DataFrame:
    """Read the quality-control metrics of one subject: `quality_control` by its older name.

    Args:
        subject_id: Subject as the record has it.
        asset_names: Keep these assets only: one name or several.
        columns: Columns to read, in this order; None for all.
        filters: What columns must hold.

    Returns:
        One row per metric.

    Raises:
        PartitionNotFoundError: If the subject has no quality control.
        ArgumentError: If the subject or an asset name is not a text.
    """
    subject_id = _filters.text_argument("subject_id", subject_id)
    return quality_control(subject_id, asset_names=asset_names, columns=columns, **filters)


def qc_tag_status(
    subject_id: str | Iterable[str] | None = None,
    *,
    asset_names: str | Iterable[str] | None = None,
    columns: Sequence[str] | None = None,
    **filters: Unpack[QcTagStatusFilters],
) -> pd.DataFrame:
    """Read the status of every quality-control tag of one subject, or of all.

    Args:
        subject_id: Subject as the record has it, or several; None for all.
        asset_names: Keep these assets only: one name or several.
        columns: Columns to read, in this order; None for all.
        filters: What columns must hold.

    Returns:
        One row per asset and tag; `timestamp` is the start of the acquisition, in UTC.

    Raises:
        PartitionNotFoundError: If the subject has no quality control.
        ArgumentError: If the subject or an asset name is not a text.
    """
    return _partitioned("qc_tag_status", "subject_id", subject_id, columns, filters, asset_names)


def qc_status(
    *, columns: Sequence[str] | None = None, **filters: Unpack[QcStatusFilters]
) -> pd.DataFrame:
    """Read one verdict per asset.

    Args:
        columns: Columns to read, in this order; None for all.
        filters: What columns must hold.

    Returns:
        One row per asset name with quality control; `last_evaluated_at` is in UTC. The status is
        missing where there are no metrics.
    """
    return _table("qc_status", columns, filters)


def qc_status_by_modality(
    *, columns: Sequence[str] | None = None, **filters: Unpack[QcStatusByModalityFilters]
) -> pd.DataFrame:
    """Read one verdict per asset, modality and stage.

    Args:
        columns: Columns to read, in this order; None for all.
        filters: What columns must hold.

    Returns:
        One row per asset name, modality and stage of its metrics; `last_evaluated_at` is in UTC.
        Modality and stage are missing for metrics that name none.
    """
    return _table("qc_status_by_modality", columns, filters)


def time_to_qc(
    *, columns: Sequence[str] | None = None, **filters: Unpack[TimeToQcFilters]
) -> pd.DataFrame:
    """Read how long quality control took.

    Args:
        columns: Columns to read, in this order; None for all.
        filters: What columns must hold.

    Returns:
        One row per derived asset with quality control; `days_to_qc` is in days.
    """
    return _table("time_to_qc", columns, filters)


def platform_qc(
    platform: str | Iterable[str] | None = None,
    *,
    columns: Sequence[str] | None = None,
    **filters: Unpack[PlatformQcFilters],
) -> pd.DataFrame:
    """Read the status of every quality-control tag of one platform, or of all.

    Args:
        platform: Name of the platform, for example `"fib"`, or several; None for all.
        columns: Columns to read, in this order; None for all.
        filters: What columns must hold.

    Returns:
        One row per platform, asset and tag. `timestamp` is text, the start of the acquisition as
        the record has it; `experimenters_normalized` is an array of texts.

    Raises:
        PartitionNotFoundError: If there is no such platform.
        ArgumentError: If the platform is not a text.

    Example:
        >>> from biodata_cache import platform_qc
        >>> tags = platform_qc("fib")[["asset_name", "tag", "status"]]
    """
    return _partitioned("platform_qc", "platform", platform, columns, filters)


def platform_fib(
    *, columns: Sequence[str] | None = None, **filters: Unpack[PlatformFibFilters]
) -> pd.DataFrame:
    """Read the fibers and channels of all fiber photometry.

    Args:
        columns: Columns to read, in this order; None for all.
        filters: What columns must hold.

    Returns:
        One row per asset, fiber and channel. What the record does not say is the text `missing`;
        `target_coordinate_unit` is the unit of the coordinates of the same row.
    """
    return _table("platform_fib", columns, filters)


def platform_smartspim(
    *, columns: Sequence[str] | None = None, **filters: Unpack[PlatformSmartspimFilters]
) -> pd.DataFrame:
    """Read SmartSPIM imaging, with links to look at it.

    Args:
        columns: Columns to read, in this order; None for all.
        filters: What columns must hold.

    Returns:
        One row per raw asset and channel of its latest stitched asset; where there is none, one row
        per raw asset without a channel.
    """
    return _table("platform_smartspim", columns, filters)


def assets_smartspim(
    *, columns: Sequence[str] | None = None, **filters: Unpack[PlatformSmartspimFilters]
) -> pd.DataFrame:
    """Read SmartSPIM imaging: `platform_smartspim` by its older name.

    Args:
        columns: Columns to read, in this order; None for all.
        filters: What columns must hold.

    Returns:
        One row per raw asset and channel.
    """
    return platform_smartspim(columns=columns, **filters)


def platform_exaspim(
    *, columns: Sequence[str] | None = None, **filters: Unpack[PlatformExaspimFilters]
) -> pd.DataFrame:
    """Read ExaSPIM imaging, with links to look at it.

    Args:
        columns: Columns to read, in this order; None for all.
        filters: What columns must hold.

    Returns:
        One row per raw asset, with its latest fused asset.
    """
    return _table("platform_exaspim", columns, filters)


def behavior_curriculum(
    *, columns: Sequence[str] | None = None, **filters: Unpack[BehaviorCurriculumFilters]
) -> pd.DataFrame:
    """Read where in its training an animal was.

    Args:
        columns: Columns to read, in this order; None for all.
        filters: What columns must hold.

    Returns:
        One row per asset with behavior; without a trainer state, the other columns are missing.

    Example:
        >>> from biodata_cache import behavior_curriculum
        >>> trained = behavior_curriculum().dropna(subset="curriculum_name")
    """
    return _table("behavior_curriculum", columns, filters)


def foraging_sessions(
    *, columns: Sequence[str] | None = None, **filters: Unpack[ForagingSessionsFilters]
) -> pd.DataFrame:
    """Read the sessions of dynamic foraging.

    Args:
        columns: Columns to read, in this order; None for all.
        filters: What columns must hold.

    Returns:
        One row per session. `session_date` is text; `curriculum_name` is the text `None` for a
        session off any curriculum.
    """
    return _table("foraging_sessions", columns, filters)


def scientist_rl_fib(
    *, columns: Sequence[str] | None = None, **filters: Unpack[ScientistRlFibFilters]
) -> pd.DataFrame:
    """Read which structures, coordinates and indicators trained mice have.

    Args:
        columns: Columns to read, in this order; None for all.
        filters: What columns must hold.

    Returns:
        One row per targeted structure, coordinates and indicator; `mouse_ids` is an array of texts.
    """
    return _table("scientist_rl_fib", columns, filters)


def metadata_upgrade(
    *, columns: Sequence[str] | None = None, **filters: FilterValue
) -> pd.DataFrame:
    """Read how the upgrade of metadata records went.

    Args:
        columns: Columns to read, in this order; None for all.
        filters: What columns must hold.

    Returns:
        One row per record of version 1 that the upgrader knows. Beside the columns about its last
        run there is one per version of the upgrader, named like `0.14.3`.
    """
    return _table("metadata_upgrade", columns, filters)


def record_consistency(
    *, columns: Sequence[str] | None = None, **filters: Unpack[RecordConsistencyFilters]
) -> pd.DataFrame:
    """Read which records contradict each other or lack what links to them.

    Args:
        columns: Columns to read, in this order; None for all.
        filters: What columns must hold.

    Returns:
        One row per record and check that it fails.
    """
    return _table("record_consistency", columns, filters)


def data_quality(
    *, columns: Sequence[str] | None = None, **filters: Unpack[DataQualityFilters]
) -> pd.DataFrame:
    """Read what the other tables had to leave out or repair.

    Args:
        columns: Columns to read, in this order; None for all.
        filters: What columns must hold.

    Returns:
        One row per such value, with the record and the path in it.
    """
    return _table("data_quality", columns, filters)


@overload
def raw_to_derived(  # type: ignore[overload-overlap]  # a text is a sequence of texts, too
    asset_name: str,
    latest: bool = ...,  # noqa: FBT001
    modality: str | None = ...,
) -> list[str]: ...
@overload
def raw_to_derived(
    asset_name: Iterable[str],
    latest: bool = ...,  # noqa: FBT001
    modality: str | None = ...,
) -> dict[str, list[str]]: ...
def raw_to_derived(
    asset_name: str | Iterable[str],
    latest: bool = False,  # noqa: FBT001, FBT002  # existing code passes it by position
    modality: str | None = None,
) -> list[str] | dict[str, list[str]]:
    """List the assets that were derived from a raw asset, or from each of several.

    Args:
        asset_name: Name of a raw asset, or several names: each table is read once for all of them.
        latest: Keep only the newest of each pipeline name, by processing time.
        modality: Keep assets with this text in the abbreviation of a modality, in any case.

    Returns:
        Names of the derived assets, the newest last; for several names, a dict of such lists.

    Raises:
        AssetNotFoundError: If no asset or source has that name.
        ArgumentError: If a name or the modality is not a text, or `latest` is not a flag.

    Example:
        >>> from biodata_cache import raw_to_derived, source_data
        >>> row = source_data().query("source_data != ''").iloc[0]
        >>> row["name"] in raw_to_derived(row["source_data"])
        True
    """
    if not isinstance(latest, bool):
        raise ArgumentError(f"latest must be True or False, not {latest!r}.")
    if modality is not None:
        modality = _filters.text_argument("modality", modality)
    names = _read.text_arguments("asset_name", asset_name)
    cache = _session.current_published()
    derived = _derived.derived_names(cache, names, latest=latest, modality=modality)
    return derived[names[0]] if isinstance(asset_name, str) else derived


def _table(name: str, columns: Sequence[str] | None, filters: Mapping[str, object]) -> pd.DataFrame:
    """Some columns and rows of a table."""
    asked = _read.selection(name, columns, filters)
    return _read.frame(_session.current_published(), asked)


def _partitioned(
    name: str,
    key: str,
    value: str | Iterable[str] | None,
    columns: Sequence[str] | None,
    filters: Mapping[str, object],
    asset_names: str | Iterable[str] | None = None,
) -> pd.DataFrame:
    """Some columns and rows of some partitions of a table, or of all."""
    chosen = dict(filters)
    if value is not None:
        is_one = isinstance(value, (str, bytes)) or not isinstance(value, Iterable)
        chosen[key] = (
            _filters.text_argument(key, value) if is_one else _read.text_arguments(key, value)
        )
    if asset_names is not None:
        if "asset_name" in chosen:
            raise ArgumentError("Give asset_names or asset_name, not both: they mean the same.")
        chosen["asset_name"] = _read.text_arguments("asset_names", asset_names)
    asked = _read.selection(name, columns, chosen, key=key)
    return _read.frame(_session.current_published(), asked)


def _texts(name: str, columns: Sequence[str] | None, filters: Mapping[str, object]) -> list[str]:
    """The values of a table of one column; older publishers wrote a row without a value."""
    texts: list[str] = _table(name, columns, filters).iloc[:, 0].dropna().tolist()
    return texts
