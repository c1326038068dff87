"""The plain sections of a record: subject, data description, instrument."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from extract.sample.template import fill
from extract.sample.words import AIBS, AIND, described_by, modalities, organization

if TYPE_CHECKING:
    from extract.sample.assets import Asset, Session, Subject
    from extract.sample.chunks import Chunks, Json
    from extract.sample.draw import Draw
    from extract.sample.sections.bulk import Bulk

_of = partial(fill, "sections")


def subject(draw: Draw, animal: Subject) -> Json:
    """Make the section `subject`."""
    return _of(
        "subject",
        draw,
        described_by=described_by("subject"),
        subject_id=animal.subject_id,
        details=lambda: _primate(draw, animal) if animal.is_primate else _mouse(draw, animal),
    )


def _primate(draw: Draw, animal: Subject) -> Json:
    return _of(
        "primate",
        draw,
        sex=animal.sex,
        year_of_birth=animal.born.year - 9,
        source=organization("Unknown", "UNKNOWN", None),
    )


def _mouse(draw: Draw, animal: Subject) -> Json:
    lines = [line.partition("/")[0] for line in animal.genotype.split(";")]
    alleles = [_of("allele", draw, name=name) for name in lines if name != "wt"]
    return _of(
        "mouse",
        draw,
        strain=_of("unknown_strain" if alleles else "wild_type", draw),
        alleles=alleles,
        rrid=None if alleles else _of("wild_type_rrid", draw),
        number=draw.digits(6),
        sex=animal.sex,
        date_of_birth=animal.born.isoformat(),
        genotype=animal.genotype,
        source=organization("Allen Institute", "AI", "03cpe7c52"),
    )


def data_description(draw: Draw, asset: Asset) -> Json:
    """Make the section `data_description`."""
    session = asset.session
    animal = session.subject
    people = [_of("investigator", draw, name=name) for name in animal.investigators]
    section: Json = _of(
        "data_description",
        draw,
        described_by=described_by("data_description"),
        subject_id=animal.subject_id,
        created=session.form.write(asset.created),
        name=lambda: _own_name(draw, asset),
        institution=AIND,
        other_institution=AIBS,
        funder=organization("Allen Institute", "AI", "03cpe7c52"),
        data_level="raw" if asset.is_raw else "derived",
        investigators=people,
        project_name=animal.project,
        modalities=modalities(session.modalities),
        source_data=lambda: _sources(draw, asset),
    )
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
    return _of(
        "instrument",
        draw,
        described_by=described_by("instrument"),
        instrument_id=session.instrument_id,
        modified=session.start.date().isoformat(),
        modalities=modalities(session.modalities),
        components=lambda: bulk.components(chunks),
        connections=lambda: bulk.connections(chunks),
    )


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
    """Make the location of an asset.

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
