"""What the tables of subjects, sessions and steps hold of one record.

Written from tables-new.md by the contract of single values, by those who wrote the SQL.
"""

from __future__ import annotations

from contract import Json, Reader
from contract_fields import Fields, Row, section_of
from contract_procedures import procedures


def expected_tables(document: dict[str, Json]) -> tuple[dict[str, Json], list[tuple[str, str]]]:
    """Rows of a document by table, and what `data_quality` tells of it: path and problem."""
    reader = Reader()
    tables: dict[str, Json] = {"subjects": _subject(reader, document.get("subject"))}
    tables |= procedures(reader, document.get("procedures"))
    tables |= _acquisition(reader, document.get("acquisition"))
    tables["processing_steps"] = _processing(reader, document.get("processing"))
    tables["funding"] = _fundings(reader, document.get("data_description"))
    return tables, reader.reported


def _subject(reader: Reader, section: Json) -> Row:
    subject = section_of(reader, section, "subject", "subject_id")
    details = subject.object("subject_details")
    rrid = details.object("rrid", "registry_identifier")
    identifier, name = rrid.text("registry_identifier"), rrid.text("name")
    housing = details.object("housing")
    details.text("year_of_birth", "year of birth")
    return {
        "subject_id": subject.text("subject_id"),
        "species": details.named("species") or None,
        "sex": details.text("sex") or None,
        "date_of_birth": details.date("date_of_birth"),
        "genotype": details.text("genotype") or None,
        "strain": details.named("strain") or None,
        "alleles": [each for each in details.names("alleles", ("name",), "name") if each],
        "source": details.named("source") or None,
        "rrid": (name if identifier is None else identifier) or None,
        "housing": housing.value if details.is_object("housing") else None,
    }


def _acquisition(reader: Reader, section: Json) -> dict[str, Json]:
    acquisition = section_of(reader, section, "acquisition")
    details = acquisition.object("subject_details")
    epochs = acquisition.objects(
        "stimulus_epochs", ("performance_metrics", "stimulus_name", "stimulus_start_time")
    )
    rows = [_epoch(epoch) | {"epoch_index": index} for index, epoch in epochs]
    totals = {
        name: sum(row[name] for row in rows if row[name] is not None)
        if any(row[name] is not None for row in rows)
        else None
        for name in ("trials_total", "trials_finished", "trials_rewarded")
    }
    names = dict.fromkeys(row["stimulus_name"] for row in rows)
    return {
        "stimulus_epochs": rows,
        "acquisition_devices": _devices(acquisition),
        "sessions": totals
        | {
            "epoch_count": len(rows),
            "stimulus_names": [each for each in names if each is not None],
            "reward_consumed_total": details.number("reward_consumed_total"),
            "reward_unit": details.text("reward_consumed_unit"),
            "animal_weight_prior": details.number("animal_weight_prior"),
            "animal_weight_post": details.number("animal_weight_post"),
            "weight_unit": details.text("weight_unit"),
            "mouse_platform": details.text("mouse_platform_name"),
            "protocol_ids": [each for each in acquisition.texts("protocol_id") if each],
            "ethics_review_ids": [each for each in acquisition.texts("ethics_review_id") if each],
            "notes": acquisition.text("notes"),
        },
    }


def _epoch(epoch: Fields) -> Row:
    code, performance = epoch.object("code"), epoch.object("performance_metrics")
    output = performance.object("output_parameters")
    task = output.object("task_parameters")
    stages = task.texts("stage_in_use", right=(str,))
    is_task = output.is_object("task_parameters")
    return {
        "stimulus_name": epoch.text("stimulus_name"),
        "stimulus_modalities": epoch.texts("stimulus_modalities"),
        "start_time": epoch.time("stimulus_start_time"),
        "end_time": epoch.time("stimulus_end_time"),
        "code_url": code.text("url"),
        "code_name": code.text("name"),
        "code_version": code.text("version"),
        "software": code.named("core_dependency"),
        "training_protocol": epoch.text("training_protocol_name"),
        "curriculum_status": epoch.text("curriculum_status"),
        "trials_total": performance.whole("trials_total"),
        "trials_finished": performance.whole("trials_finished"),
        "trials_rewarded": performance.whole("trials_rewarded"),
        "reward_consumed": performance.number("reward_consumed_during_epoch"),
        "reward_unit": performance.text("reward_consumed_unit"),
        "stage": stages[0] if stages else None,
        "task_parameters": task.value if is_task else None,
        "output_parameters": output.rest({"task_parameters"}),
        "active_devices": epoch.texts("active_devices"),
        "notes": epoch.text("notes"),
    }


def _devices(acquisition: Fields) -> list[Row]:
    known = ("connections", "configurations", "modalities", "stream_start_time", "stream_end_time")
    rows = []
    for index, stream in acquisition.objects("data_streams", known):
        modalities = stream.names("modalities", ("name", "abbreviation"), "abbreviation")
        devices = []
        for _, config in stream.objects("configurations", ("object_type", "device_name")):
            kind = config.text("object_type", "object type")
            known_fields = {"object_type", "device_name", "probes", "images"}
            devices.append((config.text("device_name"), kind, config.rest(known_fields)))
            for _, probe in config.objects("probes", ("object_type", "device_name"), "device_name"):
                devices.append(
                    (
                        probe.text("device_name"),
                        probe.text("object_type"),
                        probe.rest({"object_type", "device_name"}),
                    )
                )
        named = {name for name, _, _ in devices}
        active = dict.fromkeys(stream.texts("active_devices"))
        devices += [(name, None, None) for name in active if name not in named]
        rows += [
            {
                "stream_index": index,
                "device_index": number,
                "device_name": name,
                "device_kind": kind,
                "modality": modalities[0] if len(modalities) == 1 else None,
                "stream_modalities": modalities,
                "details": details,
            }
            for number, (name, kind, details) in enumerate(devices)
        ]
    return rows


def _processing(reader: Reader, section: Json) -> list[Row]:
    processing = section_of(reader, section, "processing")
    pipelines: dict[str, str | None] = {}
    value, path = processing.at("pipelines")
    for _, where, each in reader.elements(value, path, ("name", "version")):
        name = reader.main(each, where or path, "name", is_reported=not where)
        own, place = reader.element(where, path)
        # The list or the name has reported what is wrong with the element.
        code = Fields(own, *Reader().object(each, place))
        version = code.text("version")
        if name is not None:
            pipelines.setdefault(name, version)
    only = next(iter(pipelines)) if len(pipelines) == 1 else None
    rows = []
    for index, step in processing.objects(
        "data_processes", ("name", "process_type", "start_date_time", "end_date_time", "code")
    ):
        code = step.object("code")
        container, parameters = code.object("container", "uri"), code.object("parameters")
        image = [container.text("uri"), container.text("tag")]
        named = step.text("pipeline_name")
        pipeline = only if named is None else named
        rows.append(
            {
                "step_index": index,
                "process_type": step.text("process_type"),
                "name": step.text("name"),
                "stage": step.text("stage"),
                "start_time": step.time("start_date_time"),
                "end_time": step.time("end_date_time"),
                "code_url": code.text("url"),
                "code_name": code.text("name"),
                "code_version": code.text("version"),
                "commit_hash": code.text("commit_hash"),
                "container": ":".join(each for each in image if each) or None,
                "pipeline_name": pipeline,
                "pipeline_version": None if pipeline is None else pipelines.get(pipeline),
                "experimenters": step.people("experimenters", text=True),
                "output_path": step.text("output_path"),
                "parameters": parameters.value if code.is_object("parameters") else None,
                "notes": step.text("notes"),
            }
        )
    return rows


def _fundings(reader: Reader, section: Json) -> list[Row]:
    description = section_of(reader, section, "data_description")
    return [
        {
            "funding_index": index,
            "funder": funding.named("funder"),
            "grant_number": funding.text("grant_number"),
            "fundees": funding.people("fundee", text=False),
        }
        for index, funding in description.objects(
            "funding_source", ("funder", "grant_number", "fundee"), "funder.name"
        )
    ]
