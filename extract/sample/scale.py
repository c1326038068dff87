"""How big documents are: small ones to look at, production-like ones to measure with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from extract.sample.template import read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from extract.sample.draw import Quantiles


@dataclass(frozen=True)
class Scale:
    """Distributions of the numbers of bulky elements; by platform where platforms differ.

    What a mapping has no entry for is the entry of the empty key.
    """

    session_limit: int
    surgeries: Quantiles
    components: Quantiles
    connections: Quantiles
    configurations: Mapping[str, Quantiles]  # tiles, planes, probes, cameras: per data stream
    calibrations: Mapping[str, Quantiles]
    settings: Quantiles  # of the code that ran a session
    processes: Mapping[str, Quantiles]  # of derived assets
    parameters: Quantiles  # of a process
    metric_blocks: Mapping[str, Quantiles]  # of derived assets
    metrics_per_block: int
    hard_tail_rate: float  # of derived pophys, with some 3,000 metrics
    hard_tail_blocks: int
    burst: Sequence[int]  # records that share one `_last_modified`


_SCALES = read("scales")
SMALL = Scale(**_SCALES["small"])
REALISTIC = Scale(**_SCALES["realistic"])
