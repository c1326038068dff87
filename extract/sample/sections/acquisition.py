"""What happened in a session: data streams, fibers in use, stimulus epochs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from extract.sample.template import fill, fill_any
from extract.sample.time import local
from extract.sample.words import described_by, modalities

if TYPE_CHECKING:
    from extract.sample.assets import Fiber, Session
    from extract.sample.chunks import Chunks, Json
    from extract.sample.draw import Draw
    from extract.sample.sections.bulk import Bulk

_IMAGING = ("smartspim", "exaspim", "pophys")
_of = partial(fill, "acquisition")
_value = partial(fill_any, "acquisition")


def acquisition(draw: Draw, session: Session, chunks: Chunks, bulk: Bulk) -> Json:
    """Make the section `acquisition` of a session."""
    subject = session.subject
    section: Json = _of(
        "acquisition",
        draw,
        described_by=described_by("acquisition"),
        subject_id=subject.subject_id,
        start=session.form.write(session.start),
        end=session.form.write(session.end),
        acquisition_type=session.acquisition_type,
        experimenters=session.experimenters,
        instrument_id=session.instrument_id,
        notes=lambda: None if subject.is_born_v2 else _value("upgraded_notes", draw),
        calibrations=lambda: bulk.calibrations(chunks, subject.platform.key),
        data_streams=lambda: _streams(draw, session, chunks, bulk),
        stimulus_epochs=lambda: _epochs(draw, session, chunks, bulk),
        subject_details=lambda: _subject_details(draw, session),
    )
    if draw.chance(0.7):
        offset = local(session.start).utcoffset()
        hours = int(offset.total_seconds()) // 3600 if offset else 0
        section["acquisition_start_tz"] = draw.pick((hours, "America/Los_Angeles"))
    if draw.chance(0.6):
        section["manipulations"] = []
    if draw.due("acquisition subject differs", 0.01):
        section["subject_id"] = "2025-09-04"
    return section


def _subject_details(draw: Draw, session: Session) -> Json:
    as_text = not session.subject.is_born_v2
    weight = draw.number(18, 34)
    details: Json = _of(
        "subject_details",
        draw,
        weight_prior=str(weight) if as_text else None,
        weight_post=str(round(weight + 0.6, 2)) if as_text else None,
    )
    if draw.due("birth date in acquisition", 0.02):
        details["date_of_birth"] = session.subject.born.isoformat()
    return details


def _streams(draw: Draw, session: Session, chunks: Chunks, bulk: Bulk) -> list[Json]:
    if draw.due("no data streams", 0.06):
        return []
    count = draw.weighted(((1, 81.0), (2, 12.0), (3, 7.0)))
    # Tiles are listed once; other streams of a session are of the cameras.
    return [
        _stream(draw, session, chunks, bulk),
        *(_plain_stream(draw, session, bulk.configurations(chunks, "")) for _ in range(count - 1)),
    ]


def _plain_stream(draw: Draw, session: Session, configurations: list[Any]) -> Json:
    return _of(
        "data_stream",
        draw,
        start=session.form.write(session.start),
        end=session.form.write(session.end),
        modalities=modalities(session.modalities),
        configurations=configurations,
    )


def _stream(draw: Draw, session: Session, chunks: Chunks, bulk: Bulk) -> Json:
    key = session.subject.platform.key
    configured: list[Any] = list(bulk.configurations(chunks, key))
    stream = _plain_stream(draw, session, configured)
    if key in _IMAGING:
        imaging = _of("imaging", draw, device=session.instrument_id, images=configured)
        stream["configurations"] = [imaging]
    if session.subject.fibers and "fib" in session.modalities:
        cords, connections = _patch_cords(
            draw, session.subject.fibers, is_born_v2=session.subject.is_born_v2
        )
        stream["configurations"] = cords + configured
        stream["connections"] = connections
    return stream


def _patch_cords(
    draw: Draw, fibers: tuple[Fiber, ...], *, is_born_v2: bool
) -> tuple[list[Any], list[Json]]:
    """Connect cords to fibers, in one of the three topologies of real records.

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
        channels = _channels(draw, fiber)
        cords.append(_of("patch_cord", draw, name=cord, channels=channels))
        connections += [
            _of("connection", draw, source=source, target=target, both_ways=both_ways)
            for source, target, both_ways in _ends(topology, cord, name)
        ]
    if draw.due("cord disconnected", 0.1):
        channel = _of("channel", draw, name="disconnected", measurement=None)
        cords.append(_of("patch_cord", draw, name="Patch Cord Z", channels=[channel]))
    return cords, connections


def _ends(topology: str, cord: str, fiber: str) -> list[tuple[str, str, bool]]:
    """Source, target, and whether both send, of each connection."""
    return {
        "born": [(cord, fiber, False)],
        "reversed": [(fiber, cord, True)],
        "chain": [
            ("470nm LED", cord, False),
            (cord, fiber, True),
            (cord, "FLIR CMOS for Green Channel", False),
        ],
    }[topology]


def _channels(draw: Draw, fiber: Fiber) -> list[Json] | None:
    if draw.due("channels null", 0.05):
        return None
    form = draw.pick(("Fiber_{}_{}", "Fiber {}_{}"))
    colours = ("Green", "Isosbestic", "Red", "Green_Iso", "Yellow")
    count = draw.weighted(((3, 5.0), (2, 3.0), (1, 1.0), (4, 0.5), (5, 0.5)))
    channels = []
    for colour in colours[:count]:
        is_nameless = draw.due("channel without name", 0.01)
        name = None if is_nameless else form.format(fiber.number, colour)
        measurement = "control" if "Iso" in colour else _value("measurement", draw)
        channels.append(_of("channel", draw, name=name, measurement=measurement))
    return channels


def _epochs(draw: Draw, session: Session, chunks: Chunks, bulk: Bulk) -> list[Json]:
    if "SPIM" in session.modalities or draw.due("no epochs", 0.15):
        return []
    count = draw.weighted(((1, 80.0), (2, 15.0), (4, 5.0)))
    performances = [_performance(draw, session), *[None] * (count - 1)]
    return [
        _of(
            "stimulus_epoch",
            draw,
            start=session.form.write(session.start),
            end=session.form.write(session.end),
            acquisition_type=session.acquisition_type,
            settings=lambda: bulk.settings(chunks),
            performance=performance,
        )
        for performance in performances
    ]


def _performance(draw: Draw, session: Session) -> Json | None:
    key = session.subject.platform.key
    outputs: Json | None = None
    if key in ("dynamic_foraging", "fib"):
        outputs = _of(
            "foraging_outputs",
            draw,
            instrument_id=session.instrument_id,
            acquisition_type=session.acquisition_type,
        )
    elif key == "vr":
        outputs = _vr_outputs(draw)
    elif draw.chance(0.3):
        outputs = {}
    if outputs is None:
        return None
    total = draw.between(100, 900)
    is_counted = key != "vr"
    return _of(
        "performance",
        draw,
        total=total if is_counted else None,
        finished=lambda: total - draw.below(60) if is_counted else None,
        rewarded=total // 2 if is_counted else None,
        outputs=outputs,
    )


def _vr_outputs(draw: Draw) -> Json:
    visited = draw.between(5, 60)
    spelling = draw.pick(("n_reward_sites_traveled", "n_reward_sites_travelled"))
    outputs: Json = _of(
        "vr_outputs", draw, visited=visited, first=visited // 2, second=visited - visited // 2
    )
    return {spelling if key == "reward_sites" else key: each for key, each in outputs.items()}
