"""What was run on an asset: data processes, pipelines, and how they depend on each other."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from extract.sample.chunks import Chunks, Json, Pool
from extract.sample.template import fill, fill_any
from extract.sample.time import LOCAL_MICROS, UTC_MICROS, Z_MICROS
from extract.sample.words import described_by

if TYPE_CHECKING:
    from extract.sample.assets import Asset
    from extract.sample.draw import Draw
    from extract.sample.scale import Scale

_of = partial(fill, "processing")
_value = partial(fill_any, "processing")
_RAW_TYPES = ("Compression", "Other")
_POOL_SIZE = 24
_NAME, _START, _END = "@name", "@start", "@end"


class Processes:
    """Data processes in the numbers of a scale."""

    def __init__(self, scale: Scale, draw: Draw) -> None:
        """Begin without processes: those of a type are made on first use."""
        self._scale = scale
        self._draw = draw
        self._pools: dict[str, Pool] = {}

    def section(self, asset: Asset, chunks: Chunks) -> Json:
        """Make the section `processing` of an asset.

        All processes but the last come from the pools; the last one is what tables look at.
        """
        draw = self._draw
        count = self._count(asset)
        types = _RAW_TYPES if asset.is_raw else asset.session.subject.platform.process_types
        kinds = [types[position % len(types)] for position in range(count)]
        names = [_numbered(kind, position // len(types)) for position, kind in enumerate(kinds)]
        spans = self._spans(asset, count)
        processes: list[Any] = chunks.elements(
            b",".join(
                self._from_pool(kind, name, span)
                for kind, name, span in zip(kinds[:-1], names, spans, strict=False)
            )
        )
        if count:
            last = self._process(draw, kinds[-1], names[-1], *spans[-1])
            processes.append(last)
        return _of(
            "processing",
            draw,
            described_by=described_by("processing"),
            processes=processes,
            pipelines=lambda: self._pipelines(asset),
            dependencies={
                name: names[max(0, index - 1) : index] for index, name in enumerate(names)
            },
        )

    def _count(self, asset: Asset) -> int:
        if asset.is_raw:
            return self._draw.weighted(((0, 40.0), (1, 45.0), (2, 15.0)))
        if self._draw.due("derived without processes", 0.1):
            return 0
        amounts = self._scale.processes
        return self._draw.amount(amounts.get(asset.session.subject.platform.key, amounts[""]))

    def _spans(self, asset: Asset, count: int) -> list[tuple[str, str]]:
        """Write start and end of each process, one after the other, up to the asset's creation."""
        draw = self._draw
        form = draw.pick((UTC_MICROS, LOCAL_MICROS))
        if asset.session.subject.is_born_v2:
            form = Z_MICROS
        moment: datetime = asset.created
        spans: list[tuple[str, str]] = []
        for _ in range(count):
            took = timedelta(seconds=draw.between(1, 600), microseconds=draw.below(1_000_000))
            if draw.due("process of no length", 0.04):
                took = timedelta(0)
            spans.append((form.write(moment - took), form.write(moment)))
            moment -= took
        if count > 1 and draw.due("processes unsorted", 0.08):
            return spans  # newest first
        return spans[::-1]

    def _from_pool(self, kind: str, name: str, span: tuple[str, str]) -> bytes:
        if kind not in self._pools:
            self._pools[kind] = Pool(
                f"process {kind}",
                _POOL_SIZE,
                lambda draw, _: self._process(draw, kind, _NAME, _START, _END),
            )
        process = self._pools[kind].take(self._draw, 1)[0]
        start, end = span
        return (
            process.replace(_NAME.encode(), name.encode())
            .replace(_START.encode(), start.encode())
            .replace(_END.encode(), end.encode())
        )

    def _pipelines(self, asset: Asset) -> list[Json] | None:
        draw = self._draw
        is_named = asset.session.subject.is_born_v2 or draw.due("upgraded with pipeline", 0.3)
        if asset.is_raw or not is_named:
            return None
        return [_of("pipeline", draw, name=asset.session.subject.platform.pipeline)]

    def _process(self, draw: Draw, kind: str, name: str, start: str, end: str) -> Json:
        experimenter = _value("experimenter", draw)
        process = _of(
            "process",
            draw,
            experimenter=_of("person", draw) if draw.chance(0.08) else experimenter,
            kind=kind,
            name=name,
            parameters=lambda: self._parameters(draw),
            start=start,
            end=end,
        )
        if draw.chance(0.9):
            process["output_path"] = draw.pick(("/results", None))
        return process

    def _parameters(self, draw: Draw) -> Json | None:
        if draw.chance(0.2):
            return None
        parameters: Json = {
            _value("parameter_name", draw, position=position): _value("parameter", draw)
            for position in range(draw.amount(self._scale.parameters))
        }
        if draw.chance(0.2):
            parameters["sorter_params"] = _of("sorter", draw)
        if draw.chance(0.1):
            parameters["ng_config"] = _nested(draw.between(4, 12))
        return parameters


def _numbered(kind: str, times: int) -> str:
    return kind if times == 0 else f"{kind}_{times + 1}"


def _nested(depth: int) -> Json:
    layers: Json = {"layers": []}
    for level in range(depth):
        layers = {f"level {level}": [layers], "source": "https%3A//ephys.example/state%3Fid%3D1"}
    return layers
