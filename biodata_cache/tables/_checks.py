"""Quality of the records: upgrades, consistency, and excluded or repaired values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata_cache.tables._former import former_arguments
from biodata_cache.tables._reading import read_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from typing_extensions import Unpack

    from biodata_cache._reader.filters.conditions import FilterValue
    from biodata_cache._reader.filters.tables import (
        DataQualityFilters,
        MetadataUpgradeHistoryFilters,
        RecordConsistencyChecksFilters,
        RecordConsistencyFilters,
        RecordConsistencyResultsFilters,
    )


@former_arguments
def metadata_upgrade(
    *, columns: Sequence[str] | None = None, **filters: FilterValue
) -> pd.DataFrame:
    """Read how the upgrade of metadata records went.

    Returns:
        One row per record of version 1 that the upgrader knows. Beside the columns about its last
        run there is one per version of the upgrader, named like `0.14.3`.
    """
    return read_table("metadata_upgrade", columns, filters)


def metadata_upgrade_history(
    *, columns: Sequence[str] | None = None, **filters: Unpack[MetadataUpgradeHistoryFilters]
) -> pd.DataFrame:
    """Read how the upgrade of metadata records went with each version of the upgrader.

    Returns:
        One row per record of version 1 and version of the upgrader that ran on it.
    """
    return read_table("metadata_upgrade_history", columns, filters)


def record_consistency(
    *, columns: Sequence[str] | None = None, **filters: Unpack[RecordConsistencyFilters]
) -> pd.DataFrame:
    """Read which records contradict each other or lack what links to them.

    Returns:
        One row per record and check that it fails.
    """
    return read_table("record_consistency", columns, filters)


@former_arguments
def record_consistency_results(
    *, columns: Sequence[str] | None = None, **filters: Unpack[RecordConsistencyResultsFilters]
) -> pd.DataFrame:
    """Read the result of every consistency check for every record.

    Returns:
        One row per check and record, with `status` `pass` or `fail`.
    """
    return read_table("record_consistency_results", columns, filters)


@former_arguments
def record_consistency_checks(
    *, columns: Sequence[str] | None = None, **filters: Unpack[RecordConsistencyChecksFilters]
) -> pd.DataFrame:
    """Read which checks of consistency there are, and how many records fail each.

    Returns:
        One row per check.
    """
    return read_table("record_consistency_checks", columns, filters)


def data_quality(
    *, columns: Sequence[str] | None = None, **filters: Unpack[DataQualityFilters]
) -> pd.DataFrame:
    """Read what the other tables had to leave out or repair.

    Returns:
        One row per such value, with the record and the path in it.
    """
    return read_table("data_quality", columns, filters)
