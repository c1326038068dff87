"""The plain sections of a record: subject, data description, instrument."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from extract.sample.words import AIBS, AIND, described_by, modalities, organization

if TYPE_CHECKING:
    from extract.sample.bulk import Bulk
    from extract.sample.chunks import Chunks, Json
    from extract.sample.draw import Draw
    from extract.sample.population import Asset, Session, Subject

_ORCID = "Open Researcher and Contributor ID (ORCID)"
_HOUSE_MOUSE = {
    "name": "Mus musculus",
    "common_name": "House mouse",
    "registry": "National Center for Biotechnology Information (NCBI)",
    "registry_identifier": "NCBI:txid10090",
}


def subject(draw: Draw, animal: Subject) -> Json:
    """Make the section `subject`."""
    return {
        "object_type": "Subject",
        "describedBy": described_by("subject"),
        "schema_version": draw.pick(("2.0.9", "2.0.13", "2.1.0", "2.2.1")),
        "subject_id": animal.subject_id,
        "subject_details": _primate(animal) if animal.is_primate else _mouse(draw, animal),
        "notes": draw.pick((None, "(v1v2 upgrade) Source not specified, defaulting to 'Other'.")),
    }


def _primate(animal: Subject) -> Json:
    """Nobody knows its birthday, and it has no genotype."""
    return {
        "object_type": "Non human primate subject",
        "sex": animal.sex,
        "date_of_birth": None,
        "year_of_birth": animal.born.year - 9,
        "species": {"name": "Macaca mulatta", "common_name": "Rhesus macaque", "registry": None},
        "source": organization("Unknown", "UNKNOWN", None),
    }


def _mouse(draw: Draw, animal: Subject) -> Json:
    number = draw.digits(6)
    return {
        "object_type": "Mouse subject",
        "sex": animal.sex,
        "date_of_birth": animal.born.isoformat(),
        "strain": {"name": "Unknown", "species": "Mus musculus", "registry": None},
        "species": _HOUSE_MOUSE,
        "alleles": [],
        "genotype": animal.genotype,
        "breeding_info": draw.pick(
            (
                None,
                {
                    "object_type": "Breeding info",
                    "breeding_group": "",
                    "maternal_id": number,
                    "maternal_genotype": animal.genotype,
                    "paternal_id": "unknown",
                    "paternal_genotype": "None",
                },
            )
        ),
        "wellness_reports": [],
        "housing": draw.pick(
            (None, {"object_type": "Housing", "cage_id": number, "room_id": "221"})
        ),
        "source": organization("Allen Institute", "AI", "03cpe7c52"),
        "restrictions": None,
        "rrid": None,
    }


def data_description(draw: Draw, asset: Asset) -> Json:
    """Make the section `data_description`."""
    session = asset.session
    animal = session.subject
    people = [
        {"object_type": "Person", "name": name, "registry": _ORCID, "registry_identifier": None}
        for name in animal.investigators
    ]
    section: Json = {
        "object_type": "Data description",
        "describedBy": described_by("data_description"),
        "schema_version": draw.pick(("2.0.11", "2.1.0", "2.2.0", "2.3.0", "2.3.3")),
        "license": "CC-BY-4.0",
        "subject_id": animal.subject_id,
        "creation_time": session.form.write(asset.created),
        "tags": draw.weighted(((None, 96.0), (["pilot", "µ-scale"], 4.0))),
        "name": _own_name(draw, asset),
        "institution": AIBS if draw.due("other institution", 0.07) else AIND,
        "funding_source": [
            {
                "object_type": "Funding",
                "funder": organization("Allen Institute", "AI", "03cpe7c52"),
                "grant_number": None,
                "fundee": people,
            }
        ],
        "data_level": "raw" if asset.is_raw else "derived",
        "group": draw.weighted(((None, 88.0), ("ephys", 8.0), ("MSMA", 4.0))),
        "investigators": people,
        "project_name": animal.project,
        "restrictions": None,
        "modalities": modalities(session.modalities),
        "source_data": _sources(draw, asset),
        "data_summary": draw.pick((None, "", "Recorded while the animal was at rest.\nSee notes.")),
    }
    if not asset.is_raw and asset.sources is None and draw.due("source absent", 0.5):
        del section["source_data"]
    return section


def _own_name(draw: Draw, asset: Asset) -> str:
    """The name inside, which is not always the name of the record."""
    if not asset.is_raw and draw.due("own name differs", 0.06):
        later = asset.created + timedelta(seconds=draw.between(1, 9_000))
        return f"{asset.name[:-19]}{later:%Y-%m-%d_%H-%M-%S}"
    return asset.name.lower() if draw.due("own name in lower case", 0.01) else asset.name


def _sources(draw: Draw, asset: Asset) -> Any:  # noqa: ANN401 - the field has several shapes
    if asset.sources is None:
        return None
    if len(asset.sources) == 1 and draw.due("source as text", 0.02):
        return asset.sources[0]
    return list(asset.sources)


def instrument(draw: Draw, session: Session, chunks: Chunks, bulk: Bulk) -> Json:
    """Make the section `instrument`."""
    return {
        "object_type": "Instrument",
        "describedBy": described_by("instrument"),
        "schema_version": draw.pick(("2.0.28", "2.1.0", "2.2.0", "2.3.1")),
        "instrument_id": session.instrument_id,
        "location": draw.pick((None, "422")),
        "modification_date": session.start.date().isoformat(),
        "modalities": modalities(session.modalities),
        "coordinate_system": None,
        "temperature_control": None,
        "calibrations": None,
        "components": bulk.components(chunks),
        "connections": bulk.connections(chunks),
        "notes": draw.pick((None, "", "(v1v2 upgrade) Original instrument_id: MESO.1")),
    }


def other_identifiers(draw: Draw) -> Json | None:
    """Make what other systems call the asset."""
    form = draw.weighted(
        (("one", 78.0), ("two", 6.0), ("none", 8.0), ("empty", 3.0), ("text", 3.0), ("null", 2.0))
    )
    if form == "null":
        return None
    if form == "none":
        return {}
    identifiers = {
        "one": [draw.uuid()],
        "two": [draw.uuid(), draw.uuid()],
        "empty": [],
        "text": draw.uuid(),
    }
    return {"Code Ocean": identifiers[form]}


def location(draw: Draw, asset: Asset) -> str | None:
    """Make the place an asset is stored at.

    Imaging is always in the open bucket: its tables hold links that the public can follow.
    """
    if draw.due("location null", 0.01):
        return None
    is_imaging = "SPIM" in asset.session.modalities
    if not asset.is_raw and not is_imaging and draw.due("kept by Code Ocean", 0.65):
        return f"s3://codeocean-s3datasetsbucket-1u41qdg42ur9/{draw.uuid()}"
    is_private = not is_imaging and draw.due("private", 0.12)
    bucket = "aind-private-data-prod-o5171v" if is_private else "aind-open-data"
    slash = "/" if draw.due("trailing slash", 0.03) else ""
    return f"s3://{bucket}/{asset.name}{slash}"
