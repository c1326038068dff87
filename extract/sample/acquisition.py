"""What happened in a session: data streams, fibers in use, stimulus epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from extract.sample.time import local
from extract.sample.words import described_by, modalities

if TYPE_CHECKING:
    from extract.sample.bulk import Bulk
    from extract.sample.chunks import Chunks, Json
    from extract.sample.draw import Draw
    from extract.sample.population import Session
    from extract.sample.procedures import Fiber

_IMAGING = ("smartspim", "exaspim", "pophys")
_MEASUREMENTS = ("calcium", "dopamine", "serotonin", "acetylcholine", "Dopamine", "GCaMP", None)
_STAGES = ("STAGE_1", "STAGE_2", "STAGE_FINAL", "GRADUATED")


def acquisition(draw: Draw, session: Session, chunks: Chunks, bulk: Bulk) -> Json:
    """Make the section `acquisition` of a session."""
    subject = session.subject
    started, ended = (session.form.write(moment) for moment in (session.start, session.end))
    section: Json = {
        "object_type": "Acquisition",
        "describedBy": described_by("acquisition"),
        "schema_version": draw.pick(("2.0.30", "2.1.1", "2.2.3", "2.4.0")),
        "subject_id": subject.subject_id,
        "specimen_id": draw.weighted(
            ((None, 80.0), (f"{subject.subject_id}_001", 18.0), ([subject.subject_id], 2.0))
        ),
        "acquisition_start_time": started,
        "acquisition_end_time": ended,
        "acquisition_type": session.acquisition_type,
        "experimenters": session.experimenters,
        "instrument_id": session.instrument_id,
        "ethics_review_id": draw.pick((["2414"], ["2414.0"], [], None)),
        "protocol_id": draw.pick((None, [""])),
        "notes": _notes(draw, session),
        "calibrations": bulk.calibrations(chunks, subject.platform.key),
        "maintenance": [],
        "coordinate_system": None,
        "data_streams": _streams(draw, session, chunks, bulk),
        "stimulus_epochs": _epochs(draw, session, chunks, bulk),
        "subject_details": _subject_details(draw, session),
    }
    if draw.chance(0.7):
        offset = local(session.start).utcoffset()
        hours = int(offset.total_seconds()) // 3600 if offset else 0
        section["acquisition_start_tz"] = draw.pick((hours, "America/Los_Angeles"))
    if draw.chance(0.6):
        section["manipulations"] = []
    if draw.due("acquisition subject differs", 0.01):
        section["subject_id"] = "2025-09-04"
    return section


def _notes(draw: Draw, session: Session) -> str | None:
    if session.subject.is_born_v2:
        return None
    return draw.pick(
        (None, "", "nan", "(v1v2 upgrade) Original instrument_id: RIG.1\nchecked\tby hand")
    )


def _subject_details(draw: Draw, session: Session) -> Json:
    as_text = not session.subject.is_born_v2
    weight = draw.number(18, 34)
    details: Json = {
        "object_type": "Acquisition subject details",
        "animal_weight_prior": str(weight) if as_text else None,
        "animal_weight_post": str(round(weight + 0.6, 2)) if as_text else None,
        "weight_unit": "gram",
        "anaesthesia": None,
        "mouse_platform_name": draw.pick(("wheel", "mouse_tube", "disc")),
        "reward_consumed_total": draw.pick((None, "0.87", "470.0", "0.6100000000000003")),
        "reward_consumed_unit": draw.pick(("milliliter", "microliter", None)),
    }
    if draw.due("birth date in acquisition", 0.02):
        details["date_of_birth"] = session.subject.born.isoformat()
    return details


def _streams(draw: Draw, session: Session, chunks: Chunks, bulk: Bulk) -> list[Json]:
    if draw.due("no data streams", 0.06):
        return []
    count = draw.weighted(((1, 81.0), (2, 12.0), (3, 7.0)))
    streams = [_stream(draw, session, chunks, bulk)]
    # Tiles are listed once; other streams of a session are of the cameras.
    streams += [_plain_stream(session, bulk.configurations(chunks, "")) for _ in range(count - 1)]
    return streams


def _plain_stream(session: Session, configurations: list[Any]) -> Json:
    return {
        "object_type": "Data stream",
        "stream_start_time": session.form.write(session.start),
        "stream_end_time": session.form.write(session.end),
        "modalities": modalities(session.modalities),
        "code": None,
        "notes": None,
        "active_devices": ["Camera 1"],
        "configurations": configurations,
        "connections": [],
    }


def _stream(draw: Draw, session: Session, chunks: Chunks, bulk: Bulk) -> Json:
    key = session.subject.platform.key
    configured: list[Any] = list(bulk.configurations(chunks, key))
    stream = _plain_stream(session, configured)
    if key in _IMAGING:
        stream["configurations"] = [_imaging(configured, session.instrument_id)]
    if session.subject.fibers and "fib" in session.modalities:
        cords, connections = _patch_cords(
            draw, session.subject.fibers, is_born_v2=session.subject.is_born_v2
        )
        stream["configurations"] = cords + configured
        stream["connections"] = connections
    return stream


def _imaging(images: list[Any], device: str) -> Json:
    channels = [
        {"object_type": "Channel", "channel_name": name, "intended_measurement": None}
        for name in ("488", "561")
    ]
    return {
        "object_type": "Imaging config",
        "device_name": device,
        "channels": channels,
        "coordinate_system": None,
        "images": images,
        "sampling_strategy": None,
    }


def _patch_cords(
    draw: Draw, fibers: tuple[Fiber, ...], *, is_born_v2: bool
) -> tuple[list[Any], list[Json]]:
    """Connect cords to fibers, in one of the three topologies that are found.

    Some fibers stay without a cord, and now and then a cord hangs free.
    """
    used = fibers[:-1] if len(fibers) > 1 and draw.due("fiber without cord", 0.25) else fibers
    cords: list[Any] = []
    connections: list[Json] = []
    topology = "born" if is_born_v2 else draw.pick(("reversed", "chain"))
    spelling = "Fiber {}" if draw.due("connected fiber with blank", 0.6) else "Fiber_{}"
    for fiber in used:
        cord = f"Patch Cord {fiber.number if is_born_v2 else chr(65 + fiber.number)}"
        name = spelling.format(fiber.number)
        cords.append(_patch_cord(cord, _channels(draw, fiber)))
        connections += _TOPOLOGIES[topology](cord, name)
    if draw.due("cord disconnected", 0.1):
        cords.append(_patch_cord("Patch Cord Z", [_channel("disconnected", None)]))
    return cords, connections


def _connection(source: str, target: str, *, both_ways: bool) -> Json:
    return {
        "object_type": "Connection",
        "source_device": source,
        "source_port": None,
        "target_device": target,
        "target_port": None,
        "send_and_receive": both_ways,
    }


_TOPOLOGIES = {
    "born": lambda cord, fiber: [_connection(cord, fiber, both_ways=False)],
    "reversed": lambda cord, fiber: [_connection(fiber, cord, both_ways=True)],
    "chain": lambda cord, fiber: [
        _connection("470nm LED", cord, both_ways=False),
        _connection(cord, fiber, both_ways=True),
        _connection(cord, "FLIR CMOS for Green Channel", both_ways=False),
    ],
}


def _patch_cord(name: str, channels: list[Json] | None) -> Json:
    return {"object_type": "Patch cord config", "device_name": name, "channels": channels}


def _channels(draw: Draw, fiber: Fiber) -> list[Json] | None:
    if draw.due("channels null", 0.05):
        return None
    form = draw.pick(("Fiber_{}_{}", "Fiber {}_{}"))
    colours = ("Green", "Isosbestic", "Red", "Green_Iso", "Yellow")
    count = draw.weighted(((3, 5.0), (2, 3.0), (1, 1.0), (4, 0.5), (5, 0.5)))
    return [
        _channel(
            None if draw.due("channel without name", 0.01) else form.format(fiber.number, colour),
            "control" if "Iso" in colour else draw.pick(_MEASUREMENTS),
        )
        for colour in colours[:count]
    ]


def _channel(name: str | None, measurement: str | None) -> Json:
    return {
        "object_type": "Channel",
        "channel_name": name,
        "intended_measurement": measurement,
        "detector": {"object_type": "Detector config", "device_name": "Green CMOS"},
        "light_sources": [
            {
                "object_type": "Light emitting diode config",
                "device_name": "470nm LED",
                "power": 20,
                "power_unit": "percent",
            }
        ],
        "emission_wavelength": 520,
        "variable_power": False,
    }


def _epochs(draw: Draw, session: Session, chunks: Chunks, bulk: Bulk) -> list[Json]:
    if "SPIM" in session.modalities or draw.due("no epochs", 0.15):
        return []
    count = draw.weighted(((1, 80.0), (2, 15.0), (4, 5.0)))
    performances = [_performance(draw, session), *[None] * (count - 1)]
    return [
        {
            "object_type": "Stimulus epoch",
            "stimulus_start_time": session.form.write(session.start),
            "stimulus_end_time": session.form.write(session.end),
            "stimulus_name": session.acquisition_type,
            "code": _code(chunks, bulk),
            "stimulus_modalities": ["Auditory", "Visual"],
            "performance_metrics": performance,
            "notes": None,
            "active_devices": ["speaker"],
            "configurations": [],
            "training_protocol_name": None,
            "curriculum_status": draw.pick((None, "True", "false")),
        }
        for performance in performances
    ]


def _code(chunks: Chunks, bulk: Bulk) -> Json:
    return {
        "object_type": "Code",
        "url": "https://github.com/AllenNeuralDynamics/dynamic-foraging-task",
        "name": "task",
        "version": "1.6.2",
        "parameters": {
            # Keys that differ in case only break readers that make columns of them.
            "stimulus_parameters": {"orientation": 0, "Orientation": [0, 90], "duration": 0.25},
            "settings": bulk.settings(chunks),
        },
        "core_dependency": None,
    }


def _performance(draw: Draw, session: Session) -> Json | None:
    key = session.subject.platform.key
    outputs: Json | None = None
    if key in ("dynamic_foraging", "fib"):
        outputs = _foraging_outputs(draw, session)
    elif key == "vr":
        outputs = _vr_outputs(draw)
    elif draw.chance(0.3):
        outputs = {}
    if outputs is None:
        return None
    counted = key != "vr"
    total = draw.between(100, 900)
    return {
        "object_type": "Performance metrics",
        "trials_total": total if counted else None,
        "trials_finished": total - draw.below(60) if counted else None,
        "trials_rewarded": total // 2 if counted else None,
        "reward_consumed_during_epoch": draw.pick(("777.0", "352.0", None)),
        "reward_consumed_unit": draw.pick(("microliter", "milliliter", None)),
        "output_parameters": outputs,
    }


def _foraging_outputs(draw: Draw, session: Session) -> Json:
    return {
        "meta": {"box": session.instrument_id, "session_run_time_in_min": draw.between(20, 90)},
        "water": {"water_in_session_total": draw.number(0.2, 1, 3)},
        "performance": {"foraging_efficiency": draw.number(0.3, 0.9, 12)},
        "task_parameters": {
            "Task": session.acquisition_type,
            "BlockMax": "35",
            "ITIBeta": "3.0",
            "Opto_dialog": {"": "None", "laser_1": False},
            "stage_in_use": draw.fair_pick("stage", _STAGES),
            "curriculum_in_use": f"{session.acquisition_type} (v2.3@1.0)",
        },
    }


def _vr_outputs(draw: Draw) -> Json:
    visited = draw.between(5, 60)
    spelling = draw.pick(("n_reward_sites_traveled", "n_reward_sites_travelled"))
    return {
        "n_choices": draw.between(20, 400),
        "n_patches_visited": visited,
        "n_patches_visited_per_patch": {"0": visited // 2, "1": visited - visited // 2},
        spelling: draw.between(50, 600),
        "total_water_consumed": draw.pick((0.38, 845)),
    }
