"""How big documents are: small ones to look at, production-like ones to measure with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    burst: tuple[int, int]  # records that share one `_last_modified`


SMALL = Scale(
    session_limit=12,
    surgeries=((0, 0), (0.9, 0), (1, 2)),
    components=((0, 1), (0.9, 4), (1, 8)),
    connections=((0, 0), (1, 3)),
    configurations={"": ((0, 1), (1, 3)), "smartspim": ((0, 1), (0.9, 6), (1, 40))},
    calibrations={"": ((0, 0), (0.9, 1), (1, 3))},
    settings=((0, 1), (1, 8)),
    processes={"": ((0, 0), (0.9, 3), (1, 5)), "ecephys": ((0, 1), (0.9, 5), (1, 12))},
    parameters=((0, 0), (0.9, 8), (1, 24)),
    metric_blocks={"": ((0, 1), (0.9, 2), (1, 4))},
    metrics_per_block=4,
    hard_tail_rate=0.0,
    hard_tail_blocks=0,
    burst=(2, 12),
)

REALISTIC = Scale(
    session_limit=80,
    surgeries=((0, 0), (0.5, 1), (0.9, 6), (0.99, 12), (1, 60)),
    components=((0, 10), (0.5, 34), (0.9, 68), (1, 105)),
    connections=((0, 0), (0.5, 10), (1, 40)),
    configurations={
        "": ((0, 1), (0.5, 3), (1, 8)),
        "smartspim": ((0, 84), (0.5, 120), (0.8, 300), (1, 936)),
        "exaspim": ((0, 15), (0.9, 90), (1, 300)),
    },
    calibrations={
        "": ((0, 0), (0.5, 2), (0.9, 28), (1, 80)),
        "smartspim": ((0, 0), (1, 2)),
    },
    settings=((0, 10), (0.5, 50), (0.9, 160), (1, 350)),
    processes={
        "": ((0, 0), (0.5, 3), (0.9, 10), (1, 30)),
        "smartspim": ((0, 6), (0.5, 22), (1, 60)),
        "ecephys": ((0, 4), (0.2, 50), (0.9, 100), (1, 114)),
        "pophys": ((0, 4), (0.2, 33), (0.9, 64), (1, 100)),
    },
    parameters=((0, 0), (0.5, 36), (0.9, 105), (1, 300)),
    metric_blocks={
        "": ((0, 0), (0.5, 7), (0.9, 13), (1, 17)),
        "smartspim": ((0, 0), (1, 1)),
        "exaspim": ((0, 0), (1, 1)),
        "ecephys": ((0, 10), (1, 18)),
        "pophys": ((0, 1), (0.3, 10), (1, 18)),
    },
    metrics_per_block=10,
    hard_tail_rate=0.03,
    hard_tail_blocks=305,
    burst=(10, 800),
)
