"""What the tables hold of one record, by the contract of single values."""

from __future__ import annotations

import json
from typing import Any

from contract import Json, Reader, is_object

METRIC = ("name", "stage", "modality", "value", "status_history", "object_type")


def expected(document: dict[str, Json]) -> tuple[dict[str, Json], list[tuple[str, str]]]:
    """Values of a document by table, and what `data_quality` tells of it: path and problem."""
    reader = Reader()
    basics: dict[str, Json] = {
        "name": reader.scalar(document.get("name"), "name"),
        "location": reader.scalar(document.get("location"), "location"),
        "created": reader.scalar(document.get("_created"), "_created", "time"),
        "_last_modified": reader.scalar(document.get("_last_modified"), "_last_modified"),
    }
    basics |= _subject(reader, document.get("subject"))
    basics |= _description(reader, document.get("data_description"))
    basics |= _acquisition(reader, document.get("acquisition"))
    basics |= _processing(reader, document.get("processing"))
    identifiers, path = reader.object(document.get("other_identifiers"), "other_identifiers")
    found = _texts(reader, identifiers.get("Code Ocean"), f"{path}.Code Ocean")
    basics["code_ocean"] = [each for each in found if each] or None
    fibers = _procedures(reader, document.get("procedures"))
    metrics, statuses, judgements = _quality_control(reader, document.get("quality_control"))
    return {
        "asset_basics": basics,
        "quality_control": metrics,
        "qc_tag_status": statuses,
        "quality_control_history": judgements,
        "fibers": fibers,
    }, reader.reported


def _texts(reader: Reader, value: Json, path: str) -> list[str]:
    """Texts of a list; the key of an object in its place is no part of it."""
    found = []
    for _, where, each in reader.elements(value, path):
        own, place = reader.element(where, path)
        found.append(own.scalar(each, place))
    return [each for each in found if each is not None]


def _subject(reader: Reader, section: Json) -> dict[str, Json]:
    subject, path = reader.object(section, "subject", "subject_id")
    details, below = Reader().object(subject.get("subject_details"), f"{path}.subject_details")
    values = {
        "subject_id": reader.scalar(subject.get("subject_id"), f"{path}.subject_id"),
        "genotype": reader.scalar(details.get("genotype"), f"{below}.genotype"),
    }
    _birth(reader, subject, path)
    return values


def _birth(reader: Reader, section: dict[str, Json], path: str) -> None:
    details, path = reader.object(section.get("subject_details"), f"{path}.subject_details")
    reader.scalar(details.get("date_of_birth"), f"{path}.date_of_birth", "date")
    reader.scalar(details.get("year_of_birth"), f"{path}.year_of_birth", "year of birth")


def _main_texts(
    reader: Reader, value: Json, path: str, known: tuple[str, ...], main: str, *, text: bool = False
) -> list[str | None]:
    found = []
    for _, where, each in reader.elements(value, path, known):
        found.append(reader.main(each, where or path, main, text=text, is_reported=not where))
    return found


def _description(reader: Reader, section: Json) -> dict[str, Json]:
    description, path = reader.object(section, "data_description")
    for name in ("name", "subject_id"):
        reader.scalar(description.get(name), f"{path}.{name}")
    reader.main(description.get("institution"), f"{path}.institution", "abbreviation")
    modalities = _main_texts(
        reader, description.get("modalities"), f"{path}.modalities",
        ("name", "abbreviation"), "abbreviation",
    )  # fmt: skip
    investigators = _main_texts(
        reader, description.get("investigators"), f"{path}.investigators", ("name",), "name"
    )
    _texts(reader, description.get("source_data"), f"{path}.source_data")
    return {
        "project_name": reader.scalar(description.get("project_name"), f"{path}.project_name"),
        "data_level": reader.scalar(
            description.get("data_level"), f"{path}.data_level", "data level"
        ),
        "modalities": [each for each in modalities if each is not None],
        "investigators": [each for each in investigators if each is not None],
    }


def _acquisition(reader: Reader, section: Json) -> dict[str, Json]:
    acquisition, path = reader.object(section, "acquisition")
    values: dict[str, Json] = {
        name: reader.scalar(acquisition.get(name), f"{path}.{name}", kind)
        for name, kind in (
            ("acquisition_start_time", "time"),
            ("acquisition_end_time", "time"),
            ("acquisition_type", "text"),
            ("instrument_id", "text"),
        )
    }
    reader.scalar(acquisition.get("subject_id"), f"{path}.subject_id")
    _birth(reader, acquisition, path)
    people, where = acquisition.get("experimenters"), f"{path}.experimenters"
    values["experimenters"] = []
    for _, place, each in reader.elements(people, where, ("name",)):
        name = reader.main(each, place or where, "name", text=True, is_reported=not place)
        if isinstance(each, dict) and name is None:
            name = ""
        if name is not None:
            values["experimenters"].append(name)
    _streams(reader, acquisition.get("data_streams"), f"{path}.data_streams")
    _epochs(reader, acquisition.get("stimulus_epochs"), f"{path}.stimulus_epochs")
    return values


def _objects(
    reader: Reader, value: Json, path: str, known: tuple[str, ...], main: str | None = None
) -> list[tuple[dict[str, Json], str]]:
    """Objects of a list, each with its path."""
    found = []
    for _, where, each in reader.elements(value, path, known):
        own, place = reader.element(where, path)
        found.append(own.object(each, place, main))
    return found


def _names(value: Json, *words: str) -> bool:
    """Whether the text of a value has one of the words: others are not looked at."""
    text = json.dumps(value).lower()
    return any(word in text for word in words)


def _streams(reader: Reader, value: Json, path: str) -> None:
    known = ("connections", "configurations", "modalities", "stream_start_time", "stream_end_time")
    judged = _names(value, "patch cord", "fiber")
    if not judged:
        reader.elements(value, path, known)
        return
    for stream, where in _objects(reader, value, path, known):
        for connection, place in _objects(
            reader, stream.get("connections"), f"{where}.connections",
            ("source_device", "target_device"),
        ):  # fmt: skip
            for name in ("source_device", "target_device"):
                reader.scalar(connection.get(name), f"{place}.{name}")
        for configuration, place in _objects(
            reader, stream.get("configurations"), f"{where}.configurations",
            ("object_type", "device_name"),
        ):  # fmt: skip
            kind = reader.scalar(
                configuration.get("object_type"), f"{place}.object_type", "object type"
            )
            inside = configuration.get("patch_cords")
            if inside is not None and not isinstance(inside, list):
                reader.reported.append((f"{place}.patch_cords", "wrong kind"))
            if kind == "Patch cord config":
                _patch_cord(reader, configuration, place)
            elif kind == "Fiber assembly config":
                quiet = Reader()
                for cord in quiet.elements(
                    inside, f"{place}.patch_cords", ("object_type", "device_name")
                ):
                    own, here = reader.element(cord[1], f"{place}.patch_cords")
                    _patch_cord(reader, *own.object(cord[2], here))


def _patch_cord(reader: Reader, cord: dict[str, Json], path: str) -> None:
    reader.scalar(cord.get("device_name"), f"{path}.device_name")
    for channel, where in _objects(
        reader, cord.get("channels"), f"{path}.channels",
        ("channel_name", "intended_measurement"), "channel_name",
    ):  # fmt: skip
        reader.scalar(channel.get("channel_name"), f"{where}.channel_name")
        reader.scalar(channel.get("intended_measurement"), f"{where}.intended_measurement")


def _epochs(reader: Reader, value: Json, path: str) -> None:
    known = ("performance_metrics", "stimulus_name", "stimulus_start_time")
    if not _names(value, "stage_in_use"):
        reader.elements(value, path, known)
        return
    for epoch, where in _objects(reader, value, path, known):
        inner, place = epoch, where
        for name in ("performance_metrics", "output_parameters", "task_parameters"):
            inner, place = reader.object(inner.get(name), f"{place}.{name}")
        stage, place = inner.get("stage_in_use"), f"{place}.stage_in_use"
        for _, each_place, each in reader.elements(stage, place, right=(str,)):
            own, here = reader.element(each_place, place)
            own.scalar(each, here)


def _processing(reader: Reader, section: Json) -> dict[str, Json]:
    processing, path = reader.object(section, "processing")
    process_date = None
    for process, where in _objects(
        reader, processing.get("data_processes"), f"{path}.data_processes",
        ("name", "process_type", "start_date_time", "end_date_time", "code"),
    ):  # fmt: skip
        start = reader.scalar(process.get("start_date_time"), f"{where}.start_date_time", "time")
        reader.scalar(process.get("end_date_time"), f"{where}.end_date_time", "time")
        process_date = start[:10] if start else None
    _main_texts(
        reader, processing.get("pipelines"), f"{path}.pipelines", ("name", "version"), "name"
    )
    return {"process_date": process_date}


def _quality_control(
    reader: Reader, section: Json
) -> tuple[list[dict[str, Json]], dict[str, str | None], list[dict[str, Json]]]:
    control, path = reader.object(section, "quality_control")
    metrics, judgements = [], []
    value = control.get("metrics")
    elements = reader.elements(value, f"{path}.metrics", METRIC)
    for index, (_, where, each) in zip(reader.positions(value, METRIC), elements, strict=True):
        own, place = reader.element(where, f"{path}.metrics")
        row = _metric(reader, *own.object(each, place))
        history = row.pop("history")
        if is_object(each):
            metrics.append(row)
            is_curation = row["object_type"] == "Curation metric"
            judgements += [
                {"metric_index": index, **judgement, "is_curation": is_curation}
                for judgement in history
            ]
    statuses, where = reader.object(control.get("status"), f"{path}.status")
    named = {
        tag: reader.scalar(value, f"{where}.{tag}", "judgement", "status")
        for tag, value in statuses.items()
    }
    _texts(reader, control.get("allow_tag_failures"), f"{path}.allow_tag_failures")
    return [row for row in metrics if row["object_type"] != "Curation metric"], named, judgements


def _metric(reader: Reader, metric: dict[str, Json], path: str) -> dict[str, Any]:
    row = {
        name: reader.scalar(metric.get(name), f"{path}.{name}")
        for name in ("name", "stage", "description", "reference")
    }
    row["object_type"] = reader.scalar(
        metric.get("object_type"), f"{path}.object_type", "object type"
    )
    row["modality"] = reader.main(
        metric.get("modality"), f"{path}.modality", "abbreviation", text=True
    )
    history, where = metric.get("status_history"), f"{path}.status_history"
    row |= {"status": None, "status_evaluator": None, "status_timestamp": None}
    known = ("status", "evaluator", "timestamp")
    judgements = _objects(reader, history, where, known, "status")
    row["history"] = []
    for index, (evaluation, place) in zip(
        reader.positions(history, known), judgements, strict=True
    ):
        row["status"] = reader.scalar(evaluation.get("status"), f"{place}.status", "judgement")
        row["status_evaluator"] = reader.scalar(evaluation.get("evaluator"), f"{place}.evaluator")
        row["status_timestamp"] = reader.scalar(
            evaluation.get("timestamp"), f"{place}.timestamp", "time"
        )
        row["history"].append(
            {
                "judgement_index": index,
                "name": row["name"],
                "status": row["status"],
                "evaluator": row["status_evaluator"],
                "is_last": index == reader.positions(history, known)[-1],
            }
        )
    tags, where = metric.get("tags"), f"{path}.tags"
    for _, place, each in reader.elements(tags, where, right=(dict,)):
        own, here = reader.element(place, where)
        own.scalar(each, here)
    return row


def _system(
    reader: Reader, holder: dict[str, Json], path: str
) -> tuple[dict[str, Json], str] | None:
    """The coordinate system that an object names, under its new name before the old one."""
    chosen = None
    for name in ("global_coordinate_system", "coordinate_system"):
        value = holder.get(name)
        system, where = reader.object(value, f"{path}.{name}")
        if chosen is None and is_object(value):
            chosen = system, where
    return chosen


def _procedures(reader: Reader, section: Json) -> list[tuple[str | None, str | None]]:
    """Fibers of a record with their targeted structures."""
    procedures, path = reader.object(section, "procedures")
    of_record = _system(reader, procedures, path)
    fibers = []
    for surgery, where in _objects(
        reader, procedures.get("subject_procedures"), f"{path}.subject_procedures",
        ("object_type", "procedures", "start_date"),
    ):  # fmt: skip
        system = _system(reader, surgery, where) or of_record
        for procedure, place in _objects(
            reader, surgery.get("procedures"), f"{where}.procedures", ("object_type",)
        ):
            kind = reader.scalar(
                procedure.get("object_type"), f"{place}.object_type", "object type"
            )
            if kind == "Probe implant":
                fibers.append(_implant(reader, procedure, place, system))
            elif kind == "Brain injection":
                _injection(reader, procedure, place)
    return fibers


def _implant(
    reader: Reader, implant: dict[str, Json], path: str, system: tuple[dict[str, Json], str] | None
) -> tuple[str | None, str | None]:
    device = reader.main(implant.get("implanted_device"), f"{path}.implanted_device", "name")
    config, where = reader.object(implant.get("device_config"), f"{path}.device_config")
    structure = reader.main(
        config.get("primary_targeted_structure"), f"{where}.primary_targeted_structure", "acronym"
    )
    for step, place in _objects(
        reader, config.get("transform"), f"{where}.transform", ("object_type", "translation")
    ):
        kind = reader.scalar(step.get("object_type"), f"{place}.object_type", "object type")
        reader.scalar(
            step.get("reference_coordinate_system"), f"{place}.reference_coordinate_system"
        )
        numbers, below = step.get("translation"), f"{place}.translation"
        for _, here, each in reader.elements(numbers, below):
            own, spot = reader.element(here, below)
            if kind == "Translation":
                own.scalar(each, spot, "number")
    if system:
        named, place = system
        for name in ("name", "axis_unit"):
            reader.scalar(named.get(name), f"{place}.{name}")
        reader.main(named.get("origin"), f"{place}.origin", "name", text=True)
        _main_texts(reader, named.get("axes"), f"{place}.axes", ("name", "direction"), "name")
    return device, structure


def _injection(reader: Reader, injection: dict[str, Json], path: str) -> None:
    structure, at = reader.object(
        injection.get("targeted_structure"), f"{path}.targeted_structure", "acronym"
    )
    reader.scalar(structure.get("acronym"), f"{at}.acronym")
    for material, where in _objects(
        reader, injection.get("injection_materials"), f"{path}.injection_materials",
        ("object_type", "name", "tars_identifiers"), "name",
    ):  # fmt: skip
        reader.scalar(material.get("name"), f"{where}.name")
        tars, place = reader.object(material.get("tars_identifiers"), f"{where}.tars_identifiers")
        reader.scalar(tars.get("virus_tars_id"), f"{place}.virus_tars_id")
