"""The embedded source: metadata records made up on the spot, the same ones every time.

Nothing is read and nothing is asked of a network, so the whole product can be built and tested
anywhere. From the inside out:

- `population`: subjects, their sessions, and chains of assets;
- `sections` and its neighbours: what a record says about an asset, from `templates`;
- `faults`: what is wrong with a few of them, on purpose;
- here: the record as a whole;
- `v1`: the records of version 1 from which most were made, and how that went;
- `objects`: what the object store holds of the assets.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import chain, islice
from typing import TYPE_CHECKING

from extract.sample import objects as _sample_objects
from extract.sample import v1 as _sample_v1
from extract.sample.chunks import Chunks, Json
from extract.sample.draw import Draw
from extract.sample.faults import Planter, mark
from extract.sample.population import Population
from extract.sample.scale import REALISTIC, SMALL, Scale
from extract.sample.sections import plain
from extract.sample.sections.acquisition import acquisition
from extract.sample.sections.bulk import Bulk
from extract.sample.sections.processing import Processes
from extract.sample.sections.quality import Quality
from extract.sample.time import DOCDB
from extract.sample.words import described_by

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from extract.sample.assets import Asset

_SAMPLE_SIZE = 400
_DUPLICATE_RATE = 0.025
_UPGRADES_BEGAN = datetime(2025, 10, 1, tzinfo=timezone.utc)


def documents(count: int | None = None) -> Iterator[bytes]:
    """Make up metadata records, one JSON document each.

    Args:
        count: How many, at the sizes of production records (2 GB for 20,000). Left out: the
            built-in sample, small documents that between them show everything real records do.

    Yields:
        A document in UTF-8, without a newline. Equal calls yield equal bytes, on every run and
        every version of Python.
    """
    if count is None:
        yield from islice(_Records(SMALL, Draw("sample")), _SAMPLE_SIZE)
    else:
        yield from islice(_Records(REALISTIC, Draw("benchmark")), count)


def objects(count: int | None = None) -> Iterator[tuple[str, str, bytes]]:
    """Make up what the object store holds of the sample's assets.

    Args:
        count: As for `documents`. Only the first 400 records have objects: a benchmark of records
            is none of objects.

    Yields:
        Bucket, key and content of an object.
    """
    records = list(islice(documents(count), _SAMPLE_SIZE))
    yield from _sample_objects.objects(records)
    yield *_sample_v1.UPGRADES, _sample_v1.upgrades(records)


def v1_documents(count: int | None = None) -> Iterator[bytes]:
    """Make up the v1 records from which most of the first 400 records were made.

    Yields:
        A document in UTF-8, without a newline.
    """
    yield from _sample_v1.documents(islice(documents(count), _SAMPLE_SIZE))


class _Records:
    """An endless stream of records."""

    def __init__(self, scale: Scale, draw: Draw) -> None:
        self._draw = draw
        self._population = Population(draw, scale.session_limit, scale.surgeries)
        self._bulk = Bulk(scale, draw)
        self._processes = Processes(scale, draw)
        self._quality = Quality(scale, draw)
        self._upgrades = _Upgrades(draw, scale.burst)
        self._planter = Planter()

    def __iter__(self) -> Iterator[bytes]:
        draw = self._draw
        for asset in chain.from_iterable(self._population.subjects()):
            created = asset.created + timedelta(hours=draw.between(1, 900))
            modified = max(self._upgrades.next(), created)
            yield self._document(asset, created, modified)
            if draw.due("name taken twice", _DUPLICATE_RATE):
                later = 0 if draw.due("taken at the same time", 0.2) else draw.between(1, 40_000)
                yield self._document(asset, created, modified + timedelta(minutes=later))

    def _document(self, asset: Asset, created: datetime, modified: datetime) -> bytes:
        draw = self._draw
        chunks = Chunks()
        document: Json = {
            "_id": draw.uuid(),
            "object_type": "Metadata",
            "describedBy": described_by("metadata"),
            "schema_version": draw.pick(("2.0.34", "2.2.2", "2.4.1", "2.7.6")),
            "name": asset.name,
            "location": plain.location(draw, asset),
            "other_identifiers": plain.other_identifiers(draw),
            "subject": plain.subject(draw, asset.session.subject),
            "data_description": plain.data_description(draw, asset),
            "procedures": chunks.hold(asset.session.subject.procedures),
            "instrument": self._instrument(asset, chunks),
            "processing": self._processing(asset, chunks),
            "acquisition": self._acquisition(asset, chunks),
            "quality_control": self._quality_control(asset, chunks),
            "model": None,
            "_created": DOCDB.write(created),
            "_last_modified": DOCDB.write(modified),
        }
        self._thin_out(document)
        if asset.oddity:
            mark(document, asset.oddity)
        else:
            self._planter.visit(document)
        return chunks.splice(document)

    def _thin_out(self, document: Json) -> None:
        """Take away what whole sections of real records lack."""
        if self._draw.due("sections absent", 0.01):
            for section in ("instrument", "processing", "quality_control"):
                del document[section]
        elif self._draw.due("section empty", 0.01):
            document["processing"] = {}
        if self._draw.due("procedures null", 0.01):
            document["procedures"] = None

    def _instrument(self, asset: Asset, chunks: Chunks) -> Json | None:
        if self._draw.due("instrument null", 0.05):
            return None
        return plain.instrument(self._draw, asset.session, chunks, self._bulk)

    def _acquisition(self, asset: Asset, chunks: Chunks) -> Json | None:
        """Derived assets without one take it from the raw asset, so these are the readers' test."""
        level = "raw" if asset.is_raw else "derived"
        if self._draw.due(f"acquisition null, {level}", 0.05):
            return None
        return acquisition(self._draw, asset.session, chunks, self._bulk)

    def _processing(self, asset: Asset, chunks: Chunks) -> Json | None:
        level, rate = ("raw", 0.13) if asset.is_raw else ("derived", 0.07)
        if self._draw.due(f"processing null, {level}", rate):
            return None
        return self._processes.section(asset, chunks)

    def _quality_control(self, asset: Asset, chunks: Chunks) -> Json | None:
        level, rate = ("raw", 0.98) if asset.is_raw else ("derived", 0.3)
        if self._draw.due(f"quality control null, {level}", rate):
            return None
        return self._quality.section(asset, chunks)


class _Upgrades:
    """Instants at which records were rewritten in bulk: many share one, to the millisecond."""

    def __init__(self, draw: Draw, burst: Sequence[int]) -> None:
        self._draw = draw
        self._burst = burst
        self._left = 0
        self._moment = _UPGRADES_BEGAN

    def next(self) -> datetime:
        """Give the instant of the next record."""
        if self._left == 0:
            self._left = self._draw.between(*self._burst)
            self._moment = _UPGRADES_BEGAN + timedelta(milliseconds=self._draw.below(2_500_000_000))
        self._left -= 1
        return self._moment
