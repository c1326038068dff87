"""What the tables of procedures, injections and implants hold of one record.

Written from tables-new.md by the contract of single values, by those who wrote the SQL.
"""

from __future__ import annotations

from typing import Any

from contract import Json, Reader, is_object
from contract_fields import Fields, Row, section_of

PROCEDURE = ("object_type", "procedures", "start_date")
IMPLANTS = {"Probe implant", "Device implant", "Catheter implant", "Myomatrix insertion"}
INJECTIONS = {"Brain injection", "Injection"}


def procedures(reader: Reader, section: Json) -> dict[str, list[Row]]:
    tables: dict[str, list[Row]] = {"procedures": [], "injections": [], "implants": []}
    section_fields = section_of(reader, section, "procedures")
    section_fields.text("subject_id")
    common = _system(section_fields)
    for index, procedure in section_fields.objects("subject_procedures", PROCEDURE):
        system = _system(procedure) or common
        whole = _subject_procedure(procedure) | {"procedure_index": index}
        kind = procedure.text("object_type", "object type")
        parts = [procedure.objects(name, ("object_type",)) for name in ("procedures", "injections")]
        if procedure.value.get("procedures") is not None:
            rows = parts[0]
        elif procedure.value.get("injections") is not None:
            rows = parts[1]
        else:
            rows = [(0, procedure)] if kind in INJECTIONS else []
        for place, part in rows:
            own = {"procedure_index": index, "part_index": place}
            row = _part(part, whole, is_whole=part is procedure)
            published = row | own
            protocol = published.pop("own_protocol")
            if published["procedure_type"] is None:
                published["procedure_type"] = kind
            tables["procedures"].append(published)
            if row["procedure_type"] in IMPLANTS:
                tables["implants"].append(_implant(part, row, system) | own)
            if row["procedure_type"] in INJECTIONS:
                tables["injections"] += [
                    each | own
                    for each in _injections(part, row, [protocol, *whole["protocol_ids"]], system)
                ]
        if not rows:
            tables["procedures"].append(whole | {"procedure_type": kind, "part_index": 0})
    for index, procedure in section_fields.objects(
        "specimen_procedures", ("object_type", "procedure_type", "start_date")
    ):
        tables["procedures"].append(_specimen_procedure(procedure) | {"procedure_index": index})
    return tables


def _system(holder: Fields) -> Fields | None:
    """The coordinate system that an object names, under its new name before the old one."""
    systems = [
        (holder.object(name), is_object(holder.value.get(name)))
        for name in ("global_coordinate_system", "coordinate_system")
    ]
    used = next((system for system, is_usable in systems if is_usable), None)
    # What is wrong with it is reported also where nothing is placed in it.
    _system_columns(used)
    return used


def _subject_procedure(procedure: Fields) -> Row:
    anaesthesia = procedure.object("anaesthesia")
    prior, baseline = (
        procedure.number(name) for name in ("animal_weight_prior", "baseline_weight")
    )
    protocol = procedure.text("protocol_id")
    known = {
        "object_type", "procedures", "injections", "start_date", "end_date", "experimenters",
        "protocol_id", "ethics_review_id", "animal_weight_prior", "baseline_weight",
        "animal_weight_post", "weight_unit", "anaesthesia", "notes",
    }  # fmt: skip
    if prior is not None and baseline is not None:
        known.remove("baseline_weight")
    return {
        "kind": "subject",
        "start_date": procedure.date("start_date"),
        "end_date": procedure.date("end_date"),
        "experimenters": procedure.people("experimenters", text=True),
        "protocol_ids": [protocol] if protocol else [],
        "ethics_review_id": procedure.text("ethics_review_id"),
        "specimen_id": None,
        "animal_weight_prior": baseline if prior is None else prior,
        "animal_weight_post": procedure.number("animal_weight_post"),
        "weight_unit": procedure.text("weight_unit"),
        "anaesthesia_type": anaesthesia.text("anaesthetic_type"),
        "anaesthesia_duration": anaesthesia.number("duration"),
        "anaesthesia_duration_unit": anaesthesia.text("duration_unit"),
        "anaesthesia_level_percent": anaesthesia.number("level"),
        "notes": procedure.text("notes") or None,
        "details": procedure.rest(known),
        "surgery_details": None,
    }


def _part(part: Fields, whole: Row, *, is_whole: bool) -> Row:
    """A part of a surgery, which has all fields of the surgery, too."""
    kind = part.text("object_type", "object type")
    protocol, notes = part.text("protocol_id"), part.text("notes")
    protocols = dict.fromkeys([*whole["protocol_ids"], *([protocol] if protocol else [])])
    texts = [each for each in dict.fromkeys((notes, whole["notes"])) if each]
    return whole | {
        "procedure_type": kind,
        "protocol_ids": list(protocols),
        "notes": "\n".join(texts) or None,
        "details": whole["details"]
        if is_whole
        else part.rest({"object_type", "protocol_id", "notes"}),
        "surgery_details": None if is_whole else whole["details"],
        "own_protocol": protocol,
    }


def _specimen_procedure(procedure: Fields) -> Row:
    known = {
        "object_type", "procedure_type", "specimen_id", "start_date", "end_date",
        "experimenters", "protocol_id", "notes",
    }  # fmt: skip
    specimens = [each for each in procedure.texts("specimen_id", right=(str,)) if each]
    return {
        "kind": "specimen",
        "part_index": 0,
        "procedure_type": procedure.text("procedure_type"),
        "start_date": procedure.date("start_date"),
        "end_date": procedure.date("end_date"),
        "experimenters": procedure.people("experimenters", text=True),
        "protocol_ids": [each for each in procedure.texts("protocol_id") if each],
        "specimen_id": ", ".join(specimens) or None,
        "notes": procedure.text("notes") or None,
        "details": procedure.rest(known),
    }


def _steps(steps: list[tuple[int, Fields]]) -> dict[str, Any]:
    """Numbers of the steps of a transform by kind of step."""
    found: dict[str, Any] = {"global": [], "local": [], "Rotation": []}
    for _, step in steps:
        kind = step.text("object_type", "object type")
        frame = step.text("reference_coordinate_system")
        unit, order = step.text("angles_unit"), step.text("axis_order")
        for name in ("translation", "angles"):
            step.reader.elements(*step.at(name))
        if kind == "Translation":
            found["local" if frame == "local" else "global"].append(step.numbers("translation"))
        elif kind == "Rotation":
            found["Rotation"].append((step.numbers("angles"), unit, order))
    return found


def _with_number(steps: list[dict[int, float | None]]) -> dict[int, float | None]:
    """The first translation with a number counts."""
    return next((step for step in steps if any(each is not None for each in step.values())), {})


def _system_columns(system: Fields | None) -> tuple[Row, dict[int, str | None]]:
    if system is None:
        system = Fields(Reader(), {}, "")
    origin = system.reader.main(*system.at("origin"), "name", text=True)
    axes = system.places("axes", ("name", "direction"), "name")
    return {
        "coordinate_system": system.text("name"),
        "coordinate_origin": origin,
        "coordinate_unit": system.text("axis_unit"),
    }, axes


def _placed(steps: dict[str, Any], axes: dict[int, str | None]) -> Row:
    """Numbers by the names of their axes; the depth has rules of its own."""
    numbers = _with_number(steps["global"])
    # Of two axes with one name the first counts.
    named = {axes.get(place): numbers[place] for place in sorted(numbers, reverse=True)}
    return {f"coordinate_{name.lower()}": named.get(name) for name in ("AP", "ML", "SI")}


def _implant(implant: Fields, row: Row, system: Fields | None) -> Row:
    device = implant.object("implanted_device", "name")
    config = implant.object("device_config")
    structure = config.object("primary_targeted_structure", "acronym")
    vessel = config.object("targeted_structure", "name")
    steps = _steps(config.objects("transform", ("object_type", "translation")))
    columns, axes = _system_columns(system)
    model, probe_model = device.text("model"), device.text("probe_model")
    name, vessel_name = structure.text("name"), vessel.text("name")
    implant.reader.elements(*implant.at("transform"))
    systems = [config.object(each) for each in ("local_coordinate_system", "coordinate_system")]
    named = [local for local in systems if local.value.get("axes") is not None]
    for local in named[:1]:
        local.places("axes", ("name", "direction"), "name")
    # Axes beside those that are used are a list or not; what is in it nobody reads.
    for local in named[1:]:
        local.reader.elements(*local.at("axes"))
    found = {
        "start_date": row["start_date"],
        "device_name": device.text("name") or None,
        "device_type": device.text("object_type"),
        "targeted_structure": structure.text("acronym") or None,
        "targeted_structure_name": (vessel_name if name is None else name) or None,
        "model": (probe_model if model is None else model) or None,
        "serial_number": device.text("serial_number") or None,
        "length": device.number("total_length"),
        "length_unit": device.text("length_unit"),
    }
    if row["procedure_type"] != "Probe implant":
        return found
    return found | columns | _placed(steps, axes)


def _injections(
    injection: Fields, row: Row, protocols: list[str | None], system: Fields | None
) -> list[Row]:
    structure = injection.object("targeted_structure", "acronym")
    columns, axes = _system_columns(system)
    common = columns | {
        "start_date": row["start_date"],
        "targeted_structure": structure.text("acronym") or None,
        "targeted_structure_name": structure.text("name") or None,
        "relative_position": [each for each in injection.texts("relative_position") if each],
        "protocol_id": next((each for each in protocols if each), None),
    }
    dynamics = {
        index: _dynamics(each)
        for index, each in injection.objects("dynamics", ("object_type", "profile", "volume"))
    }
    sites = _sites(injection, axes)
    materials = [
        (index, _material(each))
        for index, each in injection.objects(
            "injection_materials", ("object_type", "name", "tars_identifiers"), "name"
        )
    ] or [(0, _material(Fields(Reader(), {}, "")))]
    nothing = _dynamics(Fields(Reader(), {}, ""))
    nowhere = {f"coordinate_{name}": None for name in ("ap", "ml", "si")}
    return [
        common | material | dynamics.get(place, nothing) | sites.get(place, nowhere)
        | {"material_index": index, "dynamics_index": place}
        for index, material in materials
        for place in sorted({*dynamics, *sites}) or [0]
    ]  # fmt: skip


def _sites(injection: Fields, axes: dict[int, str | None]) -> dict[int, Row]:
    """Places of an injection, each a list of transforms."""
    value, path = injection.at("coordinates")
    known = ("object_type",)
    found = {}
    elements = injection.reader.elements(value, path, known)
    for index, (_, where, each) in zip(
        injection.reader.positions(value, known), elements, strict=True
    ):
        own, place = injection.reader.element(where, path)
        steps = []
        for _, below, step in own.elements(each, place, ("object_type", "translation")):
            judge, spot = own.element(below, place)
            steps.append((0, Fields(injection.reader, *judge.object(step, spot))))
        if isinstance(each, (list, dict)):
            found[index] = _placed(_steps(steps), axes)
    return found


def _dynamics(dynamics: Fields) -> Row:
    return {
        "volume": dynamics.number("volume"),
        "volume_unit": dynamics.text("volume_unit"),
        "injection_rate": dynamics.number("rate"),
        "injection_rate_unit": dynamics.text("rate_unit"),
        "injection_duration": dynamics.number("duration"),
        "injection_duration_unit": dynamics.text("duration_unit"),
        "injection_current": dynamics.number("injection_current"),
        "injection_current_unit": dynamics.text("injection_current_unit"),
    }


def _material(material: Fields) -> Row:
    tars = material.object("tars_identifiers")
    addgene = material.object("addgene_id", "registry_identifier")
    virus, name = tars.text("virus_tars_id"), material.text("name")
    identifiers = addgene.text("registry_identifier"), addgene.text("name")
    return {
        "material": next((each for each in (name, virus) if (each or "").strip()), None),
        "material_type": material.text("object_type"),
        "virus_tars_id": virus or None,
        "plasmid_tars_alias": [each for each in tars.texts("plasmid_tars_alias") if each],
        "addgene_id": next((each for each in identifiers if each), None),
        "prep_lot_number": tars.text("prep_lot_number") or None,
        "titer": material.number("titer"),
        "titer_unit": material.text("titer_unit"),
        "concentration": material.number("concentration"),
        "concentration_unit": material.text("concentration_unit"),
    }
