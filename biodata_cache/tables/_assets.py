"""Assets, what they were made from, and the lists of their projects, subjects and genotypes."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from biodata_cache import _session
from biodata_cache._core.errors import ArgumentError
from biodata_cache._reader import lineage as _derived
from biodata_cache._reader import selection as _selection
from biodata_cache._reader.filters import scalars as _scalars
from biodata_cache.tables._former import former_arguments
from biodata_cache.tables._reading import read_table, read_texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd
    from typing_extensions import Unpack

    from biodata_cache._reader.filters.tables import (
        AssetBasicsFilters,
        AssetLineageFilters,
        AssetsFilters,
        MetadataCoreFilters,
        SourceDataFilters,
        SwdbCollectionsFilters,
        UniqueGenotypesFilters,
        UniqueProjectNamesFilters,
        UniqueSubjectIdsFilters,
    )


@former_arguments
def asset_basics(
    *, columns: Sequence[str] | None = None, **filters: Unpack[AssetBasicsFilters]
) -> pd.DataFrame:
    """Read the commonly used metadata of every asset.

    Returns:
        One row per record, sorted by name. `modalities`, `code_ocean` and the names of people are
        arrays of texts; `age` is in days. Names are not unique: `assets` has one row per name.

    Examples:
        >>> from biodata_cache import asset_basics
        >>> basics = asset_basics()
        >>> derived = basics[basics["data_level"] == "derived"]
        >>> fiber = asset_basics(modalities="fib", columns=["name", "age"])
        >>> fiber.columns.tolist()
        ['name', 'age']
        >>> january = asset_basics(acquisition_start_time=("2024-01-01", "2024-01-31"))
    """
    return read_table("asset_basics", columns, filters)


def assets(
    *, columns: Sequence[str] | None = None, **filters: Unpack[AssetsFilters]
) -> pd.DataFrame:
    """Read every asset once, typed.

    Returns:
        One row per asset name, from its newest record. Acquisition times are in UTC,
        `acquisition_start_local` is the clock on the wall; `modalities` and `platforms` are arrays
        of texts; `duration_s` is in seconds.
    """
    return read_table("assets", columns, filters)


def asset_lineage(
    *, columns: Sequence[str] | None = None, **filters: Unpack[AssetLineageFilters]
) -> pd.DataFrame:
    """Read what each derived asset was made from.

    Returns:
        One row per derived asset and source, with the raw asset at the root of it.
        `modalities` is an array of texts; `processed_at` has no zone.
    """
    return read_table("asset_lineage", columns, filters)


@former_arguments
def source_data(
    *, columns: Sequence[str] | None = None, **filters: Unpack[SourceDataFilters]
) -> pd.DataFrame:
    """Read the sources, the pipeline and the processing time of every derived asset.

    Returns:
        One row per derived asset and source; the empty text stands for what is unknown.
        `processing_time` is text of the form `YYYY-MM-DD_HH-MM-SS`.
    """
    return read_table("source_data", columns, filters)


@former_arguments
def metadata_core(
    *, columns: Sequence[str] | None = None, **filters: Unpack[MetadataCoreFilters]
) -> pd.DataFrame:
    """Read which core files every record has.

    Returns:
        One row per record, with one flag per core file.
    """
    return read_table("metadata_core", columns, filters)


@former_arguments
def unique_project_names(
    *, columns: Sequence[str] | None = None, **filters: Unpack[UniqueProjectNamesFilters]
) -> list[str]:
    """List the names of all projects.

    Returns:
        Project names, sorted.

    Examples:
        >>> from biodata_cache import unique_project_names
        >>> names = unique_project_names()
        >>> len(names) == len(set(names))
        True
    """
    return read_texts("unique_project_names", columns, filters)


@former_arguments
def unique_subject_ids(
    *, columns: Sequence[str] | None = None, **filters: Unpack[UniqueSubjectIdsFilters]
) -> list[str]:
    """List the ids of all subjects.

    Returns:
        Subject ids, sorted as text.
    """
    return read_texts("unique_subject_ids", columns, filters)


@former_arguments
def unique_genotypes(
    *, columns: Sequence[str] | None = None, **filters: Unpack[UniqueGenotypesFilters]
) -> list[str]:
    """List all genotypes.

    Returns:
        Genotypes, sorted.
    """
    return read_texts("unique_genotypes", columns, filters)


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
@former_arguments
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
        ArgumentError: If a name or the modality is not a text, or `latest` is not a flag.

    Warns:
        NotFoundWarning: If no asset or source has one of the names; its list is empty.

    Examples:
        >>> from biodata_cache import raw_to_derived, source_data
        >>> row = source_data().query("source_data != ''").iloc[0]
        >>> row["name"] in raw_to_derived(row["source_data"])
        True
    """
    if not isinstance(latest, bool):
        raise ArgumentError(f"latest must be True or False, not {latest!r}.")
    if modality is not None:
        modality = _scalars.text_argument("modality", modality)
    names = _selection.text_arguments("asset_name", asset_name)
    cache = _session.current_published()
    derived = _derived.derived_names(cache, names, latest=latest, modality=modality)
    return derived[names[0]] if isinstance(asset_name, str) else derived


def swdb_collections(
    *, columns: Sequence[str] | None = None, **filters: Unpack[SwdbCollectionsFilters]
) -> pd.DataFrame:
    """Read which data assets belong to public collections, such as those of a workshop.

    Returns:
        One row per collection, asset that it holds and data asset in that.
    """
    return read_table("swdb_collections", columns, filters)
