"""What the sample knows of the time before version 2: v1 records, and how their upgrade went.

Most records of version 2 are upgraded ones, under an id of their own. A few v1 records never became
one, and stand in version 1 alone.
"""

from __future__ import annotations

import io
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from extract.sample.draw import Draw
from extract.sample.time import DOCDB, Z_MICROS, Z_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from extract.sample.chunks import Json

UPGRADES = ("allen-data-views", "data-asset-cache/custom/metadata_upgrade_status_prod.pqt")
"""Bucket and key of the table that the metadata upgrader keeps about its runs."""

_UPGRADED_SHARE = 0.8
_FAILED_SHARE = 0.05
_VERSIONS = (("0.17.14", 8.0), ("0.14.3", 2.0))
_FIRST_RUN = datetime(2025, 10, 1, tzinfo=timezone.utc)
_OLD_ABBREVIATIONS = {"fib": "FIP", "pophys": "ophys", "SPIM": "SmartSPIM"}


def documents(records: Iterable[bytes]) -> Iterator[bytes]:
    """Make up the v1 records from which these were made, and some that failed."""
    for document, _ in _upgraded(records):
        yield msgspec.json.encode(document)


def upgrades(records: Iterable[bytes]) -> bytes:
    """Make up the upgrader's table, as parquet: one row per v1 record that it knows."""
    draw = Draw("upgrades")
    rows = []
    for number, (document, v2_id) in enumerate(_upgraded(records)):
        if draw.due("not yet upgraded", 0.01):
            continue
        run = _FIRST_RUN + timedelta(minutes=number)
        rows.append(
            {
                "v1_id": document["_id"],
                "v2_id": v2_id,
                "upgrader_version": draw.fair("version", _VERSIONS),
                "last_modified": document["last_modified"],
                "status": "failed" if v2_id is None else "success",
                "upgrade_datetime": DOCDB.write(run),
            }
        )
    content = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), content, compression="zstd")
    return content.getvalue()


def _upgraded(records: Iterable[bytes]) -> Iterator[tuple[Json, str | None]]:
    """Each v1 record with the id of the one that was made from it; None where that failed."""
    draw = Draw("version 1")
    for content in records:
        record = msgspec.json.decode(content)
        if not isinstance(record.get("name"), str) or not draw.due("upgraded", _UPGRADED_SHARE):
            continue
        yield _document(draw, record), record["_id"]
        if draw.due("failed", _FAILED_SHARE):
            failed = _document(draw, record)
            failed["name"] = failed["data_description"]["name"] = f"{record['name']}_copy"
            yield failed, None


def _document(draw: Draw, record: Json) -> Json:
    """The v1 record of a record, with what is odd about real ones."""
    described = record["data_description"]
    created = datetime(2024, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=draw.below(50_000_000))
    form = draw.weighted(((DOCDB, 7.0), (Z_MICROS, 2.0), (Z_SECONDS, 1.0)))
    level = described["data_level"]
    return {
        "_id": draw.uuid(),
        "schema_version": draw.pick(("1.0.1", "1.0.4", "1.1.1")),
        "name": record["name"],
        "created": form.write(created),
        "last_modified": form.write(created + timedelta(days=draw.between(0, 90))),
        "location": record["location"],
        "external_links": [] if draw.chance(0.1) else record["other_identifiers"],
        "subject": {"subject_id": described["subject_id"]},
        "data_description": {
            "name": record["name"],
            "subject_id": described["subject_id"],
            "project_name": None if draw.due("no project", 0.1) else described["project_name"],
            "data_level": f"{level} data" if draw.due("old level", 0.2) else level,
            "modality": _modality(draw, described["modalities"]),
        },
    }


def _modality(draw: Draw, modalities: Any) -> Any:  # noqa: ANN401  # faults put anything anywhere
    """Modalities by their older abbreviations; of the oldest records, one bare text."""
    if not isinstance(modalities, list):
        return modalities
    names = [str(each.get("abbreviation")) for each in modalities if isinstance(each, dict)]
    older = [_OLD_ABBREVIATIONS.get(name, name) for name in names]
    if older and draw.due("bare modality", 0.05):
        return older[0]
    return [{"abbreviation": name} for name in older]
