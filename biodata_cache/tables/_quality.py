"""Quality control: metrics, statuses, and how long they took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata_cache.tables._former import former_arguments
from biodata_cache.tables._reading import read_partitions, read_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd
    from typing_extensions import Unpack

    from biodata_cache._reader.filters.tables import (
        QcStatusByModalityFilters,
        QcStatusFilters,
        QcTagStatusFilters,
        QualityControlFilters,
        QualityControlHistoryFilters,
        TimeToQcFilters,
    )


def quality_control(
    subject_id: str | Iterable[str] | None = None,
    *,
    asset_names: str | Iterable[str] | None = None,
    columns: Sequence[str] | None = None,
    **filters: Unpack[QualityControlFilters],
) -> pd.DataFrame:
    """Read the quality-control metrics of one subject, or of all.

    Args:
        subject_id: Subject as the record has it, or several; `"0451"` and `"451"` differ, and a
            number is its decimal text. None: every subject, which is much more to read.
        asset_names: Keep these assets only: one name or several.
        columns: Columns to read, in this order; None for all.
        filters: Filters by column name; `biodata_cache.tables` lists their forms.

    Returns:
        One row per metric. `value` is text, JSON unless the record has a text;
        `timestamp` is the start of the acquisition, in UTC.

    Raises:
        ArgumentError: If the subject is neither a text nor a number, or an asset name is no text.

    Warns:
        NotFoundWarning: If no record is of that subject. One without quality control has no rows.

    Examples:
        >>> from biodata_cache import quality_control
        >>> set(quality_control()["status"].dropna()) <= {"Pass", "Fail", "Pending"}
        True
    """
    return read_partitions(
        "quality_control", "subject_id", subject_id, columns, filters, asset_names
    )


def quality_control_history(
    subject_id: str | Iterable[str] | None = None,
    *,
    asset_names: str | Iterable[str] | None = None,
    columns: Sequence[str] | None = None,
    **filters: Unpack[QualityControlHistoryFilters],
) -> pd.DataFrame:
    """Read every judgement of the quality-control metrics of one subject, or of all.

    Args:
        subject_id: Subject as the record has it, or several; None: every subject.
        asset_names: Keep these assets only: one name or several.
        columns: Columns to read, in this order; None for all.
        filters: Filters by column name; `biodata_cache.tables` lists their forms.

    Returns:
        One row per metric and judgement, oldest first; Curation metrics are included.
    """
    return read_partitions(
        "quality_control_history", "subject_id", subject_id, columns, filters, asset_names
    )


@former_arguments
def qc(
    subject_id: str | Iterable[str] | None = None,
    asset_names: str | Iterable[str] | None = None,
    *,
    columns: Sequence[str] | None = None,
    **filters: Unpack[QualityControlFilters],
) -> pd.DataFrame:
    """Read the quality-control metrics of one subject: `quality_control` by its older name.

    Args:
        subject_id: Subject as the record has it, or several; None for all.
        asset_names: Keep these assets only: one name or several.
        columns: Columns to read, in this order; None for all.
        filters: Filters by column name; `biodata_cache.tables` lists their forms.

    Returns:
        One row per metric.
    """
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
        filters: Filters by column name; `biodata_cache.tables` lists their forms.

    Returns:
        One row per asset and tag; `timestamp` is the start of the acquisition, in UTC.
    """
    return read_partitions("qc_tag_status", "subject_id", subject_id, columns, filters, asset_names)


@former_arguments
def qc_status(
    *, columns: Sequence[str] | None = None, **filters: Unpack[QcStatusFilters]
) -> pd.DataFrame:
    """Read one verdict per asset.

    Returns:
        One row per asset name with quality control; `last_evaluated_at` is in UTC. The status is
        missing where there are no metrics.
    """
    return read_table("qc_status", columns, filters)


def qc_status_by_modality(
    *, columns: Sequence[str] | None = None, **filters: Unpack[QcStatusByModalityFilters]
) -> pd.DataFrame:
    """Read one verdict per asset, modality and stage.

    Returns:
        One row per asset name, modality and stage of its metrics; `last_evaluated_at` is in UTC.
        Modality and stage are missing for metrics that name none.
    """
    return read_table("qc_status_by_modality", columns, filters)


@former_arguments
def time_to_qc(
    *, columns: Sequence[str] | None = None, **filters: Unpack[TimeToQcFilters]
) -> pd.DataFrame:
    """Read how long quality control took.

    Returns:
        One row per derived asset with quality control; `days_to_qc` is in days.
    """
    return read_table("time_to_qc", columns, filters)
