"""One function per published table.

Every function reads the version and the root that the settings name, and returns a DataFrame with
the columns of the published file (`get_cache_registry()["<table>"].columns` describes each):

- text is text, and missing text is NaN; times that end in `_time` are text as the record has it;
- lists are numpy arrays of texts, and a missing list is None;
- columns that end in `_at`, and `timestamp` of quality control, are times in UTC.

They raise `CacheError`, in one of its kinds, if the cache cannot be read: nothing is set or
published, or a file is missing or damaged. The docstrings name only what is special to a table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from biodata_cache import _derived, _read
from biodata_cache._errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

__all__ = [
    "asset_basics",
    "asset_lineage",
    "assets",
    "assets_smartspim",
    "behavior_curriculum",
    "data_quality",
    "foraging_sessions",
    "metadata_core",
    "metadata_upgrade",
    "platform_exaspim",
    "platform_fib",
    "platform_qc",
    "platform_smartspim",
    "qc",
    "qc_status",
    "qc_tag_status",
    "quality_control",
    "raw_to_derived",
    "record_consistency",
    "scientist_rl_fib",
    "source_data",
    "time_to_qc",
    "unique_genotypes",
    "unique_project_names",
    "unique_subject_ids",
]


def asset_basics() -> pd.DataFrame:
    """Read the commonly used metadata of every asset.

    Returns:
        One row per record, sorted by name. `modalities`, `code_ocean` and the names of people are
        arrays of texts; `age` is in days. Names are not unique: `assets` has one row per name.

    Example:
        >>> from biodata_cache import asset_basics
        >>> basics = asset_basics()
        >>> derived = basics[basics["data_level"] == "derived"]
        >>> fiber = basics[basics["modalities"].map(lambda modalities: "fib" in modalities)]
    """
    return _read.table("asset_basics")


def assets() -> pd.DataFrame:
    """Read every asset once, typed.

    Returns:
        One row per asset name, from its newest record. Acquisition times are in UTC,
        `acquisition_start_local` is the clock on the wall; `modalities` and `platforms` are arrays
        of texts; `duration_s` is in seconds.
    """
    return _read.table("assets")


def asset_lineage() -> pd.DataFrame:
    """Read what each derived asset was made from.

    Returns:
        One row per derived asset and source, with the raw asset at the root of it.
        `modalities` is an array of texts; `processed_at` has no zone.
    """
    return _read.table("asset_lineage")


def source_data() -> pd.DataFrame:
    """Read the sources, the pipeline and the processing time of every derived asset.

    Returns:
        One row per derived asset and source; the empty text stands for what is unknown.
        `processing_time` is text of the form `YYYY-MM-DD_HH-MM-SS`.
    """
    return _read.table("source_data")


def metadata_core() -> pd.DataFrame:
    """Read which core files every record has.

    Returns:
        One row per record, with one flag per core file.
    """
    return _read.table("metadata_core")


def unique_project_names() -> list[str]:
    """List the names of all projects.

    Returns:
        Project names, sorted.

    Example:
        >>> from biodata_cache import unique_project_names
        >>> names = unique_project_names()
        >>> len(names) == len(set(names))
        True
    """
    return _texts("unique_project_names", "project_name")


def unique_subject_ids() -> list[str]:
    """List the ids of all subjects.

    Returns:
        Subject ids, sorted as text.
    """
    return _texts("unique_subject_ids", "subject_id")


def unique_genotypes() -> list[str]:
    """List all genotypes.

    Returns:
        Genotypes, sorted.
    """
    return _texts("unique_genotypes", "genotype")


def quality_control(
    subject_id: str | None = None, *, asset_names: str | Iterable[str] | None = None
) -> pd.DataFrame:
    """Read the quality-control metrics of one subject, or of all.

    Args:
        subject_id: Subject as the record has it; `"0451"` and `"451"` differ. Without it, every
            subject is read, which is much more.
        asset_names: Keep these assets only: one name or several.

    Returns:
        One row per metric. `value` is text, JSON unless the record has a text;
        `timestamp` is the start of the acquisition, in UTC.

    Raises:
        PartitionNotFoundError: The subject has no quality control.
        ArgumentError: The subject or an asset name is not a text.

    Example:
        >>> from biodata_cache import quality_control
        >>> set(quality_control()["status"].dropna()) <= {"Pass", "Fail", "Pending"}
        True
    """
    return _partitioned("quality_control", "subject_id", subject_id, asset_names)


def qc(subject_id: str, asset_names: str | Iterable[str] | None = None) -> pd.DataFrame:
    """Read the quality-control metrics of one subject: `quality_control` by its older name.

    Args:
        subject_id: Subject as the record has it.
        asset_names: Keep these assets only: one name or several.

    Returns:
        One row per metric.

    Raises:
        PartitionNotFoundError: The subject has no quality control.
        ArgumentError: The subject or an asset name is not a text.
    """
    return quality_control(_read.text_argument("subject_id", subject_id), asset_names=asset_names)


def qc_tag_status(
    subject_id: str | None = None, *, asset_names: str | Iterable[str] | None = None
) -> pd.DataFrame:
    """Read the status of every quality-control tag of one subject, or of all.

    Args:
        subject_id: Subject as the record has it; None for all.
        asset_names: Keep these assets only: one name or several.

    Returns:
        One row per asset and tag; `timestamp` is the start of the acquisition, in UTC.

    Raises:
        PartitionNotFoundError: The subject has no quality control.
        ArgumentError: The subject or an asset name is not a text.
    """
    return _partitioned("qc_tag_status", "subject_id", subject_id, asset_names)


def qc_status() -> pd.DataFrame:
    """Read one verdict per asset.

    Returns:
        One row per asset name with quality control. `status_by_modality` and `status_by_stage` are
        dicts; `last_evaluated_at` is in UTC.
    """
    return _read.table("qc_status")


def time_to_qc() -> pd.DataFrame:
    """Read how long quality control took.

    Returns:
        One row per derived asset with quality control; `days_to_qc` is in days.
    """
    return _read.table("time_to_qc")


def platform_qc(platform: str | None = None) -> pd.DataFrame:
    """Read the status of every quality-control tag of one platform, or of all.

    Args:
        platform: Name of the platform, for example `"fib"`; None for all.

    Returns:
        One row per platform, asset and tag. `timestamp` is text, the start of the acquisition as
        the record has it; `experimenters_normalized` is an array of texts.

    Raises:
        PartitionNotFoundError: There is no such platform.
        ArgumentError: The platform is not a text.

    Example:
        >>> from biodata_cache import platform_qc
        >>> tags = platform_qc("fib")[["asset_name", "tag", "status"]]
    """
    return _partitioned("platform_qc", "platform", platform)


def platform_fib() -> pd.DataFrame:
    """Read the fibers and channels of all fiber photometry.

    Returns:
        One row per asset, fiber and channel. What the record does not say is the text `missing`;
        `target_coordinate_unit` is the unit of the coordinates of the same row.
    """
    return _read.table("platform_fib")


def platform_smartspim() -> pd.DataFrame:
    """Read SmartSPIM imaging, with links to look at it.

    Returns:
        One row per raw asset and channel of its latest stitched asset; where there is none, one row
        per raw asset without a channel.
    """
    return _read.table("platform_smartspim")


def assets_smartspim() -> pd.DataFrame:
    """Read SmartSPIM imaging: `platform_smartspim` by its older name.

    Returns:
        One row per raw asset and channel.
    """
    return platform_smartspim()


def platform_exaspim() -> pd.DataFrame:
    """Read ExaSPIM imaging, with links to look at it.

    Returns:
        One row per raw asset, with its latest fused asset.
    """
    return _read.table("platform_exaspim")


def behavior_curriculum() -> pd.DataFrame:
    """Read where in its training an animal was.

    Returns:
        One row per asset with behavior; without a trainer state, the other columns are missing.

    Example:
        >>> from biodata_cache import behavior_curriculum
        >>> trained = behavior_curriculum().dropna(subset="curriculum_name")
    """
    return _read.table("behavior_curriculum")


def foraging_sessions() -> pd.DataFrame:
    """Read the sessions of dynamic foraging.

    Returns:
        One row per session. `session_date` is text; `curriculum_name` is the text `None` for a
        session off any curriculum.
    """
    return _read.table("foraging_sessions")


def scientist_rl_fib() -> pd.DataFrame:
    """Read which structures, coordinates and indicators trained mice have.

    Returns:
        One row per targeted structure, coordinates and indicator; `mouse_ids` is an array of texts.
    """
    return _read.table("scientist_rl_fib")


def metadata_upgrade() -> pd.DataFrame:
    """Read how the upgrade of metadata records went.

    Returns:
        One row per record of version 1 that the upgrader knows. Beside the columns about its last
        run there is one per version of the upgrader, named like `0.14.3`.
    """
    return _read.table("metadata_upgrade")


def record_consistency() -> pd.DataFrame:
    """Read which records contradict each other or lack what links to them.

    Returns:
        One row per record and check that it fails.
    """
    return _read.table("record_consistency")


def data_quality() -> pd.DataFrame:
    """Read what the other tables had to leave out or repair.

    Returns:
        One row per such value, with the record and the path in it.
    """
    return _read.table("data_quality")


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
        AssetNotFoundError: No asset or source has that name.
        ArgumentError: A name or the modality is not a text, or `latest` is not a flag.

    Example:
        >>> from biodata_cache import raw_to_derived, source_data
        >>> row = source_data().query("source_data != ''").iloc[0]
        >>> row["name"] in raw_to_derived(row["source_data"])
        True
    """
    if not isinstance(latest, bool):
        raise ArgumentError(f"latest must be True or False, not {latest!r}.")
    if modality is not None:
        modality = _read.text_argument("modality", modality)
    names = _read.text_arguments("asset_name", asset_name)
    derived = _derived.derived_names(names, latest=latest, modality=modality)
    return derived[names[0]] if isinstance(asset_name, str) else derived


def _partitioned(
    name: str,
    key: str,
    value: str | None,
    asset_names: str | Iterable[str] | None = None,
) -> pd.DataFrame:
    """One partition of a table, or the whole of it, after checking the arguments."""
    return _read.table(
        name,
        partition=None if value is None else _read.text_argument(key, value),
        asset_names=None
        if asset_names is None
        else _read.text_arguments("asset_names", asset_names),
    )


def _texts(name: str, column: str) -> list[str]:
    """The values of a table of one column; older publishers wrote a row without a value."""
    texts: list[str] = _read.table(name)[column].dropna().tolist()
    return texts
