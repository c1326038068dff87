"""Who was recorded when, and what was derived from it: subjects, sessions, assets."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from extract.sample.assets import Asset, Session, Subject
from extract.sample.chunks import encode
from extract.sample.sections.procedures import implanted, procedures
from extract.sample.time import BORN_FORMS, UPGRADED_FORMS, in_name
from extract.sample.words import GENOTYPES, PEOPLE, PLATFORMS, Platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extract.sample.draw import Draw, Quantiles

# The first subject of a platform has the odd id: a leading zero, a letter, what URLs escape.
ODD_SUBJECT_IDS = {
    "dynamic_foraging": "0451",
    "fib": "451",
    "smartspim": "M2501",
    "vr": "test/mouse 1%",
}
PRIMATE_PLATFORM = "ecephys"
_REMEMBERED = 50  # subjects whose experiment is over

_UPGRADED_EPOCH = datetime(2022, 6, 1, tzinfo=timezone.utc)
_BORN_EPOCH = datetime(2025, 2, 1, tzinfo=timezone.utc)
_MINUTES: Quantiles = ((0, 1), (0.5, 77), (0.9, 150), (0.99, 600), (1, 50_366))
_DERIVED_SHAPES = (
    ("none", 54.0),
    ("one", 24.0),
    ("twice", 7.0),
    ("second", 10.0),
    ("third", 2.0),
    ("two", 3.0),
)
_SPELLINGS = (("full", 70.0), ("login", 12.0), ("first", 6.0), ("blank", 6.0), ("lower", 6.0))
_DEPTHS = {"one": 1, "twice": 1, "second": 2, "third": 3, "two": 1}


class Population:
    """An endless stream of subjects, balanced over the platforms."""

    def __init__(self, draw: Draw, session_limit: int, surgeries: Quantiles) -> None:
        """Begin without subjects.

        Args:
            draw: The stream of choices.
            session_limit: No subject has more sessions.
            surgeries: How many surgeries a subject has that nothing reads.
        """
        self._draw = draw
        self._session_limit = session_limit
        self._surgeries = surgeries
        self._assets = {platform.key: 0 for platform in PLATFORMS}
        self._trained: deque[tuple[Subject, datetime]] = deque(maxlen=_REMEMBERED)
        self._last_number = 600_000

    def subjects(self) -> Iterator[Iterator[Asset]]:
        """Yield the assets of one subject after another."""
        while True:
            yield self._assets_of_next_subject()

    def _assets_of_next_subject(self) -> Iterator[Asset]:
        draw = self._draw
        platform = self._most_wanted()
        subject, start = self._imaged_brain(platform) or self._subject(platform)
        earlier: str | None = None
        for _ in range(min(draw.amount(platform.sessions), self._session_limit)):
            session = _session(draw, subject, start)
            for asset in _chain(draw, session, earlier):
                self._assets[platform.key] += 1
                yield asset
            earlier = session.raw_name
            start += timedelta(days=draw.between(1, 3), seconds=draw.between(-7_000, 7_000))
        if not subject.is_primate and "SPIM" not in platform.modalities[0]:
            self._trained.append((subject, start))

    def _imaged_brain(self, platform: Platform) -> tuple[Subject, datetime] | None:
        """At the end of its experiment, the brain of a mouse is often imaged."""
        draw = self._draw
        is_first = self._assets[platform.key] == 0
        if platform.key != "smartspim" or is_first or not self._trained:
            return None
        if not draw.due("brain imaged", 0.6):
            return None
        subject, last = self._trained.popleft()
        project = draw.pick(platform.projects)
        return replace(subject, platform=platform, project=project), last + timedelta(days=30)

    def _most_wanted(self) -> Platform:
        """The platform that is furthest behind, in proportion to its share: none is left out."""
        return min(PLATFORMS, key=lambda kind: self._assets[kind.key] / kind.share)

    def _subject(self, platform: Platform) -> tuple[Subject, datetime]:
        draw = self._draw
        is_first = self._assets[platform.key] == 0
        self._last_number += draw.between(3, 60)
        subject_id = str(self._last_number)
        is_born_v2 = draw.due("born as v2", 0.2)
        epoch = _BORN_EPOCH if is_born_v2 else _UPGRADED_EPOCH
        first = epoch + timedelta(
            days=draw.below(90 if is_born_v2 else 700),
            seconds=draw.below(86_400),
            microseconds=draw.below(1_000_000),
        )
        born = (first - timedelta(days=draw.between(60, 240))).date()
        fibers = implanted(draw) if platform.key == "fib" else ()
        odd_id = ODD_SUBJECT_IDS.get(platform.key) if is_first else None
        subject_id = odd_id or subject_id
        project = "unknown" if draw.due("project unknown", 0.08) else draw.pick(platform.projects)
        return (
            Subject(
                subject_id=subject_id,
                platform=platform,
                is_primate=is_first and platform.key == PRIMATE_PLATFORM,
                is_born_v2=is_born_v2,
                born=born,
                genotype=draw.pick(GENOTYPES),
                sex=draw.pick(("Male", "Female")),
                # One page filters on this project, so none of its subjects may lack it.
                project=platform.projects[0] if platform.key == "dynamic_routing" else project,
                investigators=tuple(_investigators(draw)),
                fibers=fibers,
                procedures=encode(
                    procedures(draw, subject_id, born, fibers, draw.amount(self._surgeries))
                ),
            ),
            first,
        )


def _investigators(draw: Draw) -> list[str]:
    if draw.due("investigator unknown", 0.08):
        return ["unknown"]
    return [spelled(draw, person) for person in draw.some(PEOPLE, draw.between(1, 3))]


def spelled(draw: Draw, person: str) -> str:
    """Spell a person's name in one of the forms of real records."""
    first, _, last = person.partition(" ")
    form = draw.fair(f"spelling of {person}", _SPELLINGS)
    return {
        "full": person,
        "login": f"{first}.{last.replace(' ', '')}".lower(),
        "first": first,
        "blank": f" {person}",
        "lower": person.lower(),
    }[form]


def _experimenters(draw: Draw) -> Any:  # noqa: ANN401 - the field has several shapes
    people = draw.some(PEOPLE, draw.between(1, 2))
    names = [spelled(draw, person) for person in people]
    login = people[0].lower().replace(" ", ".", 1)
    odd_forms: tuple[tuple[str, float, object], ...] = (
        ("experimenters empty", 0.02, []),
        ("experimenters as text", 0.03, people[0]),
        ("experimenters with commas", 0.03, [", ".join([*people, PEOPLE[0]])]),
        ("same experimenter twice", 0.06, [people[0], *names[1:], login]),
        (
            "experimenter as object",
            0.06,
            [{"object_type": "Person", "name": people[0]}, *names[1:]],
        ),
        ("experimenter without name", 0.08, [draw.pick(("unknown user", "NSB trainer", "ND"))]),
    )
    for form, rate, value in odd_forms:
        if draw.due(form, rate):
            return value
    return names


def _session(draw: Draw, subject: Subject, start: datetime) -> Session:
    platform = subject.platform
    minutes = 0 if draw.due("session of no length", 0.01) else draw.amount(_MINUTES)
    forms = BORN_FORMS if subject.is_born_v2 else UPGRADED_FORMS
    return Session(
        subject=subject,
        start=start,
        end=start + timedelta(minutes=minutes),
        form=draw.weighted(forms),
        modalities=draw.fair_pick(f"modalities of {platform.key}", platform.modalities),
        instrument_id=draw.fair_pick(f"instrument of {platform.key}", platform.instruments),
        acquisition_type=draw.fair_pick(f"type of {platform.key}", platform.acquisition_types),
        experimenters=_experimenters(draw),
    )


def _chain(draw: Draw, session: Session, earlier: str | None) -> Iterator[Asset]:
    """Yield a raw asset and what descends from it, sources before what was made of them."""
    raw = Asset(
        name=session.raw_name,
        session=session,
        label=None,
        sources=None,
        created=session.end + timedelta(minutes=draw.between(10, 900)),
    )
    yield raw
    platform = session.subject.platform
    shape = draw.fair(f"derived from {platform.key}", _DERIVED_SHAPES)
    if shape == "none":
        return
    steps = platform.chains[_DEPTHS[shape] - 1]
    derived: list[Asset] = []
    for label in steps:
        derived.append(_derive(draw, derived[-1] if derived else raw, label, earlier))
    if shape == "twice":
        again = replace(raw, created=raw.created + timedelta(days=draw.between(10, 120)))
        derived.append(_derive(draw, again, steps[0], earlier))
    if shape == "two":
        derived.append(_derive(draw, raw, "qc", earlier))
    if shape == "second" and draw.once("lineage cycle"):
        first, second = derived
        derived = [
            replace(first, sources=(second.name,), oddity="lineage_cycle"),
            replace(second, sources=(first.name,), oddity="lineage_cycle"),
        ]
    yield from derived


def _derive(draw: Draw, source: Asset, label: str, earlier: str | None) -> Asset:
    created = source.created + timedelta(minutes=draw.between(60, 4_000), seconds=draw.below(60))
    name = f"{source.name}_{label}_{in_name(created)}"
    sources: tuple[str, ...] | None = (source.name,)
    oddity = None
    if draw.due("source missing", 0.06):
        sources = None
    elif draw.due("source empty", 0.01):
        sources = ()
    elif draw.due("source unknown", 0.012):
        sources, oddity = (f"{source.session.raw_name}_lost",), "source_unknown"
    elif earlier and draw.due("two sources", 0.05):
        sources = (source.name, earlier)
    return Asset(name, source.session, label, sources, created, oddity)
