"""Sessions, their stimulus epochs and devices, and the processing of their data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata_cache.tables._reading import read_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from typing_extensions import Unpack

    from biodata_cache._reader.filters.tables import (
        AcquisitionDevicesFilters,
        FundingFilters,
        ProcessingStepsFilters,
        SessionsFilters,
        StimulusEpochsFilters,
    )


def sessions(
    *, columns: Sequence[str] | None = None, **filters: Unpack[SessionsFilters]
) -> pd.DataFrame:
    """Read every recording session: who, where, how long, how many trials.

    Returns:
        One row per raw asset with an acquisition, sorted by name. Rewards and weights are in the
        units beside them; `age` is in days, `duration_s` in seconds.

    Examples:
        >>> from biodata_cache import sessions
        >>> long = sessions(trials_finished=(300, None), columns=["asset_name", "trials_finished"])
        >>> bool((long["trials_finished"] >= 300).all())
        True
    """
    return read_table("sessions", columns, filters)


def stimulus_epochs(
    *, columns: Sequence[str] | None = None, **filters: Unpack[StimulusEpochsFilters]
) -> pd.DataFrame:
    """Read what was presented or asked of the animal in each part of a session.

    Returns:
        One row per asset and stimulus epoch. `task_parameters` and `output_parameters` are JSON
        text; rewards are in `reward_unit`.
    """
    return read_table("stimulus_epochs", columns, filters)


def acquisition_devices(
    *, columns: Sequence[str] | None = None, **filters: Unpack[AcquisitionDevicesFilters]
) -> pd.DataFrame:
    """Read the devices in use: cameras, lasers, probes, detectors, patch cords.

    Returns:
        One row per asset, data stream and device. `details` is JSON text of what else its
        configuration says.
    """
    return read_table("acquisition_devices", columns, filters)


def processing_steps(
    *, columns: Sequence[str] | None = None, **filters: Unpack[ProcessingStepsFilters]
) -> pd.DataFrame:
    """Read what was run on each asset: code, pipeline, times and parameters.

    Returns:
        One row per asset and data process, in the order of the record; `is_last` marks the one
        that ended last. `parameters` is JSON text.
    """
    return read_table("processing_steps", columns, filters)


def funding(
    *, columns: Sequence[str] | None = None, **filters: Unpack[FundingFilters]
) -> pd.DataFrame:
    """Read who paid for each asset.

    Returns:
        One row per asset and funding source; `fundees` is an array of names.
    """
    return read_table("funding", columns, filters)
