"""The bulky elements of records: devices, tiles, calibrations, settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extract.sample.chunks import Chunks, Json, Pool
from extract.sample.words import AIND, organization, structure

if TYPE_CHECKING:
    from collections.abc import Callable

    from extract.sample.draw import Draw, Quantiles
    from extract.sample.scale import Scale

_POOL_SIZE = 240
_AXES = (("X", "Left_to_right"), ("Y", "Back_to_front"), ("Z", "Up_to_down"))


class Bulk:
    """Stretches of bulky elements in the numbers of a scale."""

    def __init__(self, scale: Scale, draw: Draw) -> None:
        """Begin without elements: each pool is filled when it is first asked for.

        Args:
            scale: How many elements documents have.
            draw: The stream of choices.
        """
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
        self,
        chunks: Chunks,
        kind: str,
        make: Callable[[Draw, int], object],
        amounts: Quantiles,
    ) -> list[str]:
        if kind not in self._pools:
            self._pools[kind] = Pool(kind, _POOL_SIZE, make)
        count = self._draw.amount(amounts)
        return chunks.elements(self._pools[kind].joined(self._draw, count))


def _component(draw: Draw, position: int) -> Json:
    kind = draw.pick(("Device", "Camera assembly", "Harp device", "Laser", "Filter", "DAQ device"))
    device: Json = {
        "object_type": kind,
        "name": f"{kind} {position}",
        "serial_number": draw.pick((None, draw.digits(8))),
        # An organization's registry was an object once.
        "manufacturer": draw.pick(
            (
                AIND,
                organization("Thorlabs", None, "04gsnvb07"),
                {
                    **AIND,
                    "registry": {"name": "Research Organization Registry", "abbreviation": "ROR"},
                },
            )
        ),
        "model": None,
        "additional_settings": draw.pick((None, {}, {"gain": draw.between(1, 9)})),
        "notes": draw.pick(
            (None, "(v1v2 upgrade) 'manufacturer' field was missing", "500 µm slit")
        ),
    }
    if kind == "Filter":
        device["center_wavelength"] = draw.pick((520, [520, 600], None))
    if kind == "Camera assembly":
        device["camera"] = {**_detector(draw), "sensor_width": 1440, "chroma": "Monochrome"}
        device["lens"] = {"object_type": "Lens", "name": "Lens", "model": "LA1255-B", "notes": None}
    if kind == "Device":
        device["encoder"] = draw.pick(("Quadrature", {"object_type": "Device", "name": "Encoder"}))
    return device


def _detector(draw: Draw) -> Json:
    return {
        "object_type": "Detector config",
        "device_name": draw.pick(("Green CMOS", "Red CMOS", "FaceCamera", "BodyCamera")),
        "exposure_time": draw.number(1, 20),
        "exposure_time_unit": "millisecond",
        "trigger_type": draw.pick(("Internal", "External")),
        "compression": None,
    }


def _connection(draw: Draw, position: int) -> Json:
    return {
        "object_type": "Connection",
        "source_device": f"Harp device {position}",
        "source_port": f"COM{draw.between(1, 20)}",
        "target_device": "Computer",
        "target_port": None,
        "send_and_receive": draw.chance(0.5),
    }


def _calibration(draw: Draw, position: int) -> Json:
    times = [round(0.025 * step, 3) for step in range(1, 8)]
    return {
        "object_type": "Volume calibration",
        "calibration_date": draw.pick(
            ("2025-03-09T23:19:02.788944-07:00", "2025-03-09 23:19:02.788944-07:00")
        ),
        "device_name": f"water_valve_{position}",
        "description": "Volume measured for various solenoid opening times",
        "input": times,
        "input_unit": "second",
        "repeats": None,
        "output": [draw.number(0.001, 0.01, 5) for _ in times],
        "output_unit": "milliliter",
        "fit": {
            "object_type": "Calibration fit",
            "fit_type": "linear",
            "fit_parameters": {
                # Numbers as keys, with their points.
                "interval_average": {str(time): draw.number(0.001, 0.01, 6) for time in times},
                "r2": draw.number(0.9, 1, 12),
                "slope": draw.number(0.04, 0.06, 12),
                "offset": -0.00021,
            },
        },
        "protocol_id": None,
        "notes": None,
    }


def _setting(draw: Draw, position: int) -> Json:
    return {
        "name": f"stage.{position} / gain #{draw.between(1, 9)}",
        "value": draw.pick(("1.0", 7500, None, [0.5, 2], {"": "empty key", "low": True})),
    }


def _camera(draw: Draw, position: int) -> Json:
    return {**_detector(draw), "device_name": f"Camera {position}"}


def _tile(draw: Draw, position: int) -> Json:
    channel = draw.pick(("445", "488", "561", "639"))
    x, y = 4_292 * (position % 12), 3_183 * (position // 12)
    return {
        "object_type": "Image spim",
        "channel_name": channel,
        "dimensions_unit": "pixel",
        "image_to_acquisition_transform": [
            {
                "object_type": "Translation",
                "translation": [x, y, draw.number(160, 170, 1)],
                "reference_coordinate_system": "global",
            },
            {"object_type": "Scale", "scale": [1.8, 1.8, 2.0], "pivot": "global"},
        ],
        "dimensions": None,
        "file_name": f"Ex_{channel}_Em_525/{x}0/{x}0_{y}0",
        "imaging_angle": 0,
        "imaging_angle_unit": "radians",
        "image_start_time": None,
        "image_end_time": None,
    }


def _plane(draw: Draw, position: int) -> Json:
    depth = draw.between(50, 400)
    return {
        "object_type": "Planar image",
        "channel_name": "Ophys Channel",
        "dimensions_unit": "pixel",
        "image_to_acquisition_transform": [{"object_type": "Scale", "scale": [0.78, 0.78]}],
        "dimensions": {"object_type": "Scale", "scale": [512, 512]},
        "planes": [
            {
                "object_type": "Coupled plane",
                "depth": depth,
                "depth_unit": "micrometer",
                "power": draw.between(5, 60),
                "power_unit": "percent",
                "targeted_structure": structure("VISp"),
                "plane_index": position % 8,
                "coupled_plane_index": (position + 1) % 8,
                "power_ratio": 1,
            }
        ],
    }


def _probe(draw: Draw, position: int) -> Json:
    axes = [{"object_type": "Axis", "name": name, "direction": way} for name, way in _AXES]
    manipulator = {
        "object_type": "Coordinate system",
        "name": "MPM_MANIP_RFB",
        "origin": "Tip",
        "axes": axes,
        "axis_unit": "millimeter",
    }
    return {
        "object_type": "Ephys assembly config",
        "device_name": f"Ephys assembly {position}",
        "manipulator": {
            "object_type": "Manipulator config",
            "device_name": f"Manipulator {position}",
            "coordinate_system": manipulator,
            "local_axis_positions": {"object_type": "Translation", "translation": [0, 0, 0]},
        },
        "probes": [
            {
                "object_type": "Probe config",
                "device_name": f"Probe {chr(65 + position % 6)}",
                "primary_targeted_structure": structure(draw.pick(("MRN", "VISp", "PL"))),
                "other_targeted_structure": None,
                "atlas_coordinate": None,
                "coordinate_system": manipulator,
                "transform": [
                    {
                        "object_type": "Translation",
                        "translation": [draw.number(-4, 4), draw.number(-4, 4), 0, 3.5],
                    }
                ],
                "dye": None,
                "notes": None,
            }
        ],
        "modules": [
            {"object_type": "MIS module config", "arc_angle": draw.between(-30, 30), "notes": None}
        ],
    }


_CONFIGURATIONS: dict[str, Callable[[Draw, int], Json]] = {
    "smartspim": _tile,
    "exaspim": _tile,
    "pophys": _plane,
    "ecephys": _probe,
}
