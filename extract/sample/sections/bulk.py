"""The bulky elements of records: devices, tiles, calibrations, settings."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from extract.sample.chunks import Chunks, Json, Pool
from extract.sample.template import fill, fill_any
from extract.sample.words import AIND, organization, structure

if TYPE_CHECKING:
    from collections.abc import Callable

    from extract.sample.draw import Draw, Quantiles
    from extract.sample.scale import Scale

_POOL_SIZE = 240
_of = partial(fill, "bulk")
_value = partial(fill_any, "bulk")


class Bulk:
    """Stretches of bulky elements in the numbers of a scale."""

    def __init__(self, scale: Scale, draw: Draw) -> None:
        """Begin without elements: each pool is filled on first use."""
        self._scale = scale
        self._draw = draw
        self._pools: dict[str, Pool] = {}

    def components(self, chunks: Chunks) -> list[str]:
        """Take the components of an instrument."""
        return self._elements(chunks, "component", _component, self._scale.components)

    def connections(self, chunks: Chunks) -> list[str]:
        """Take the connections between the components of an instrument."""
        return self._elements(chunks, "connection", _connection, self._scale.connections)

    def calibrations(self, chunks: Chunks, platform: str) -> list[str]:
        """Take the calibrations of an acquisition."""
        amounts = self._scale.calibrations
        return self._elements(
            chunks, "calibration", _calibration, amounts.get(platform, amounts[""])
        )

    def settings(self, chunks: Chunks) -> list[str]:
        """Take what the code that ran a session had in its parameters."""
        return self._elements(chunks, "setting", _setting, self._scale.settings)

    def configurations(self, chunks: Chunks, platform: str) -> list[str]:
        """Take the configured devices of a data stream, or the tiles of an imaging session."""
        amounts = self._scale.configurations
        make = _CONFIGURATIONS.get(platform, _camera)
        return self._elements(chunks, make.__name__, make, amounts.get(platform, amounts[""]))

    def _elements(
        self, chunks: Chunks, kind: str, make: Callable[[Draw, int], object], amounts: Quantiles
    ) -> list[str]:
        if kind not in self._pools:
            self._pools[kind] = Pool(kind, _POOL_SIZE, make)
        count = self._draw.amount(amounts)
        return chunks.elements(self._pools[kind].joined(self._draw, count))


def _component(draw: Draw, position: int) -> Json:
    kind = draw.pick(("Device", "Camera assembly", "Harp device", "Laser", "Filter", "DAQ device"))
    device: Json = _of(
        "device",
        draw,
        kind=kind,
        position=position,
        institute=AIND,
        company=organization("Thorlabs", None, "04gsnvb07"),
    )
    if kind == "Filter":
        device["center_wavelength"] = _value("center_wavelength", draw)
    if kind == "Camera assembly":
        device["camera"] = _of("camera", draw)
        device["lens"] = _of("lens", draw)
    if kind == "Device":
        device["encoder"] = _value("encoder", draw)
    return device


def _connection(draw: Draw, position: int) -> Json:
    return _of("connection", draw, position=position)


def _calibration(draw: Draw, position: int) -> Json:
    times = [round(0.025 * step, 3) for step in range(1, 8)]
    return _of(
        "calibration",
        draw,
        position=position,
        times=times,
        output=lambda: [draw.number(0.001, 0.01, 5) for _ in times],
        averages=lambda: {str(time): draw.number(0.001, 0.01, 6) for time in times},
    )


def _setting(draw: Draw, position: int) -> Json:
    return _of("setting", draw, position=position)


def _camera(draw: Draw, position: int) -> Json:
    return _of("camera_config", draw, position=position)


def _tile(draw: Draw, position: int) -> Json:
    return _of(
        "tile",
        draw,
        channel=_value("tile_channel", draw),
        x=4_292 * (position % 12),
        y=3_183 * (position // 12),
    )


def _plane(draw: Draw, position: int) -> Json:
    return _of(
        "plane",
        draw,
        structure=structure("VISp"),
        index=position % 8,
        coupled_index=(position + 1) % 8,
    )


def _probe(draw: Draw, position: int) -> Json:
    return _of(
        "probe",
        draw,
        position=position,
        letter=chr(65 + position % 6),
        structure=lambda: structure(_value("probe_target", draw)),
    )


_CONFIGURATIONS: dict[str, Callable[[Draw, int], Json]] = {
    "smartspim": _tile,
    "exaspim": _tile,
    "pophys": _plane,
    "ecephys": _probe,
}
