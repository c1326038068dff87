"""Assets of one platform each, and behavior."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata_cache.tables._former import former_arguments
from biodata_cache.tables._reading import read_partitions, read_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd
    from typing_extensions import Unpack

    from biodata_cache._reader.filters.conditions import FilterValue
    from biodata_cache._reader.filters.tables import (
        BehaviorCurriculumFilters,
        ForagingSessionsFilters,
        PlatformExaspimFilters,
        PlatformExaspimIntermediatesFilters,
        PlatformFibFilters,
        PlatformQcFilters,
        PlatformSmartspimFiberCcfFilters,
        PlatformSmartspimFilters,
        PlatformSmartspimQcMetricsFilters,
        ScientistRlFibFilters,
    )


@former_arguments
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
        filters: Filters by column name; `biodata_cache.tables` lists their forms.

    Returns:
        One row per platform, asset and tag. `timestamp` is text, the start of the acquisition as
        the record has it; `experimenters_normalized` is an array of texts.

    Raises:
        PartitionNotFoundError: If there is no such platform.
        ArgumentError: If the platform is not a text.

    Examples:
        >>> from biodata_cache import platform_qc
        >>> tags = platform_qc("fib")[["asset_name", "tag", "status"]]
    """
    return read_partitions("platform_qc", "platform", platform, columns, filters)


@former_arguments
def platform_fib(
    *, columns: Sequence[str] | None = None, **filters: Unpack[PlatformFibFilters]
) -> pd.DataFrame:
    """Read the fibers and channels of all fiber photometry.

    Returns:
        One row per asset, fiber and channel. What the record does not say is the text `missing`;
        `target_coordinate_unit` is the unit of the coordinates of the same row.
    """
    return read_table("platform_fib", columns, filters)


def platform_smartspim(
    *, columns: Sequence[str] | None = None, **filters: Unpack[PlatformSmartspimFilters]
) -> pd.DataFrame:
    """Read SmartSPIM imaging, with links to look at it.

    Returns:
        One row per raw asset and channel of its latest stitched asset; where there is none, one row
        per raw asset without a channel.
    """
    return read_table("platform_smartspim", columns, filters)


@former_arguments
def platform_smartspim_qc_metrics(
    *, columns: Sequence[str] | None = None, **filters: Unpack[PlatformSmartspimQcMetricsFilters]
) -> pd.DataFrame:
    """Read the metrics of every SmartSPIM image.

    Returns:
        One row per derived asset, metric and channel that it names. `value` is text.

    Examples:
        >>> from biodata_cache import platform_smartspim_qc_metrics
        >>> stitching = platform_smartspim_qc_metrics(metric_name="Image stitching")
    """
    return read_table("platform_smartspim_qc_metrics", columns, filters)


@former_arguments
def platform_smartspim_fiber_ccf(
    *, columns: Sequence[str] | None = None, **filters: Unpack[PlatformSmartspimFiberCcfFilters]
) -> pd.DataFrame:
    """Read where the tips of implanted fibers are in SmartSPIM images.

    Returns:
        One row per derived asset and fiber. `ap`, `ml` and `dv` are indices into a volume of 25 µm,
        missing until the tip was annotated.
    """
    return read_table("platform_smartspim_fiber_ccf", columns, filters)


@former_arguments
def assets_smartspim(
    *, columns: Sequence[str] | None = None, **filters: Unpack[PlatformSmartspimFilters]
) -> pd.DataFrame:
    """Read SmartSPIM imaging: `platform_smartspim` by its older name.

    Returns:
        One row per raw asset and channel.
    """
    return platform_smartspim(columns=columns, **filters)


@former_arguments
def platform_exaspim(
    *, columns: Sequence[str] | None = None, **filters: Unpack[PlatformExaspimFilters]
) -> pd.DataFrame:
    """Read ExaSPIM imaging, with links to look at it.

    Returns:
        One row per raw asset, with its latest fused asset.
    """
    return read_table("platform_exaspim", columns, filters)


@former_arguments
def platform_exaspim_intermediates(
    *, columns: Sequence[str] | None = None, **filters: Unpack[PlatformExaspimIntermediatesFilters]
) -> pd.DataFrame:
    """Read which folders of results and intermediate data lie beside fused ExaSPIM images.

    Returns:
        One row per raw asset, with its latest fused asset. Flags are missing where there is none,
        or the store did not respond.
    """
    return read_table("platform_exaspim_intermediates", columns, filters)


@former_arguments
def behavior_curriculum(
    *, columns: Sequence[str] | None = None, **filters: Unpack[BehaviorCurriculumFilters]
) -> pd.DataFrame:
    """Read where in its training an animal was.

    Returns:
        One row per asset with behavior; without a trainer state, the other columns are missing.

    Examples:
        >>> from biodata_cache import behavior_curriculum
        >>> trained = behavior_curriculum().dropna(subset="curriculum_name")
    """
    return read_table("behavior_curriculum", columns, filters)


@former_arguments
def foraging_sessions(
    *, columns: Sequence[str] | None = None, **filters: Unpack[ForagingSessionsFilters]
) -> pd.DataFrame:
    """Read the sessions of dynamic foraging.

    Returns:
        One row per session. `session_date` is text; `curriculum_name` is the text `None` for a
        session off any curriculum.
    """
    return read_table("foraging_sessions", columns, filters)


@former_arguments
def platform_dynamic_foraging_sessions(
    *, columns: Sequence[str] | None = None, **filters: FilterValue
) -> pd.DataFrame:
    """Read the sessions of the dynamic-foraging database.

    Returns:
        One row per session, with further columns as the database has them.

    Raises:
        TableNotFoundError: If the publisher of the tables has no such database.
    """
    return read_table("platform_dynamic_foraging_sessions", columns, filters)


@former_arguments
def platform_dynamic_foraging_trials(
    subject_id: str | Iterable[str] | None = None,
    *,
    columns: Sequence[str] | None = None,
    **filters: FilterValue,
) -> pd.DataFrame:
    """Read the trials of dynamic foraging of one subject, or of all.

    Args:
        subject_id: Subject as the database has it, or several; None for all.
        columns: Columns to read, in this order; None for all.
        filters: Filters by column name; `biodata_cache.tables` lists their forms.

    Returns:
        One row per trial, in the order of the database, with its columns as they are.

    Raises:
        TableNotFoundError: If the publisher of the tables has no such database.
    """
    return read_partitions(
        "platform_dynamic_foraging_trials", "subject_id", subject_id, columns, filters
    )


@former_arguments
def platform_dynamic_foraging_events(
    subject_id: str | Iterable[str] | None = None,
    *,
    columns: Sequence[str] | None = None,
    **filters: FilterValue,
) -> pd.DataFrame:
    """Read the events of dynamic foraging of one subject, or of all.

    Args:
        subject_id: Subject as the database has it, or several; None for all.
        columns: Columns to read, in this order; None for all.
        filters: Filters by column name; `biodata_cache.tables` lists their forms.

    Returns:
        One row per event, in the order of the database, with its columns as they are.

    Raises:
        TableNotFoundError: If the publisher of the tables has no such database.
    """
    return read_partitions(
        "platform_dynamic_foraging_events", "subject_id", subject_id, columns, filters
    )


@former_arguments
def scientist_rl_fib(
    *, columns: Sequence[str] | None = None, **filters: Unpack[ScientistRlFibFilters]
) -> pd.DataFrame:
    """Read which structures, coordinates and indicators trained mice have.

    Returns:
        One row per targeted structure, coordinates and indicator; `mouse_ids` is an array of texts.
    """
    return read_table("scientist_rl_fib", columns, filters)
