"""Subjects, and what was done to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata_cache.tables._reading import read_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from typing_extensions import Unpack

    from biodata_cache._reader.filters.tables import (
        ImplantsFilters,
        InjectionsFilters,
        ProceduresFilters,
        SubjectsFilters,
    )


def subjects(
    *, columns: Sequence[str] | None = None, **filters: Unpack[SubjectsFilters]
) -> pd.DataFrame:
    """Read what is known of every subject, and how much was recorded of it.

    Returns:
        One row per subject. `alleles`, `project_names` and `modalities` are arrays of texts,
        `housing` is JSON text.

    Examples:
        >>> from biodata_cache import subjects
        >>> mice = subjects(sex="Female", modalities="fib", columns=["subject_id", "genotype"])
        >>> mice.columns.tolist()
        ['subject_id', 'genotype']
    """
    return read_table("subjects", columns, filters)


def procedures(
    *, columns: Sequence[str] | None = None, **filters: Unpack[ProceduresFilters]
) -> pd.DataFrame:
    """Read what was done to every subject and its specimens.

    Returns:
        One row per subject, procedure and part of it: a surgery has a row for each thing that was
        done. What no column holds is in `details` and `surgery_details`, as JSON text.

    Examples:
        >>> from biodata_cache import procedures
        >>> perfused = procedures(procedure_type="Perfusion")
    """
    return read_table("procedures", columns, filters)


def injections(
    *, columns: Sequence[str] | None = None, **filters: Unpack[InjectionsFilters]
) -> pd.DataFrame:
    """Read what was injected into every subject, where and how much.

    Returns:
        One row per subject, injection, material and coordinates. Units stand beside the numbers;
        `relative_position` and `plasmid_tars_alias` are arrays of texts.

    Examples:
        >>> from biodata_cache import injections
        >>> sites = injections(targeted_structure="VTA", columns=["subject_id", "titer"])
    """
    return read_table("injections", columns, filters)


def implants(
    *, columns: Sequence[str] | None = None, **filters: Unpack[ImplantsFilters]
) -> pd.DataFrame:
    """Read the devices that were implanted into every subject.

    Returns:
        One row per subject and device, with its target; coordinates are in `coordinate_unit`.

    Examples:
        >>> from biodata_cache import implants
        >>> fibers = implants(device_type="Fiber probe")
    """
    return read_table("implants", columns, filters)
