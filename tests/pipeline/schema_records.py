"""Valid records of a schema package, and what its own objects say that the tables must hold.

Run by the Python of an environment that has the package, with nothing of this project in it:

    python schema_records.py aind_data_schema aind_data_schema_models > records.json

Objects are made by the package's own models. One of each kind stands where the schema allows it:
procedures, devices, configurations, subjects, metrics. What a kind needs is read from its model.
"""

from __future__ import annotations

import json
import sys
import types
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel, ValidationError

SCHEMA, VOCABULARY = sys.argv[1:3]
START = datetime(2026, 3, 1, 9, 30, 5, 123456, tzinfo=timezone(timedelta(hours=-8)))
END = START + timedelta(hours=1, minutes=2)


def of(module: str, name: str) -> Any:
    """A class of the schema package."""
    return getattr(import_module(f"{SCHEMA}.{module}"), name)


def word(module: str, name: str) -> Any:
    """A class of the package of words that comes with it."""
    return getattr(import_module(f"{VOCABULARY}.{module}"), name)


SIMPLE: dict[Any, Any] = {
    int: 3,
    float: 2.5,
    Decimal: Decimal("2.5"),
    bool: True,
    date: START.date(),
    time: time(7),
    Path: Path("some/path"),
    Any: "anything",
}


def example(kind: Any, name: str = "", /, **given: Any) -> Any:
    """A value of a type; of a model, an object with what it requires and what is given."""
    origin = get_origin(kind)
    if origin in {Annotated, Union, types.UnionType}:
        return example(next(each for each in get_args(kind) if each is not type(None)), name)
    if origin in {list, tuple}:
        return [example(get_args(kind)[0], name)]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        given = given_for(kind) | given
        needed = {
            field: example_of_field(kind, field)
            for field, about in kind.model_fields.items()
            if about.is_required() and field not in given
        }
        return kind(**needed, **given)
    if kind is str:
        return f"some {name}"
    if origin is Literal or (isinstance(kind, type) and issubclass(kind, Enum)):
        return next(iter(get_args(kind) or kind))
    return {} if dict in {origin, kind} else SIMPLE.get(kind, START)


def example_of_field(model: type[BaseModel], field: str) -> Any:
    about = model.model_fields[field]
    if field in {"translation", "scale", "angles"}:
        return [1.0, 2.0, 3.0]
    if field in {"local_coordinate_system", "global_coordinate_system", "coordinate_system"}:
        return system("BREGMA_ARI", "AP", "ML", "SI")
    lowest = [each.ge for each in about.metadata if isinstance(each, annotated_types.Ge)]
    return lowest[0] if lowest else example(about.annotation, field)


def kinds(model: type[BaseModel], field: str) -> list[type[BaseModel]]:
    """The models that a field may hold."""
    found: list[type[BaseModel]] = []

    def visit(kind: Any) -> None:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found.append(kind)
        for each in get_args(kind):
            visit(each)

    visit(model.model_fields[field].annotation)
    return found


MODALITY = word("modalities", "Modality")
ORIGIN = word("coordinates", "Origin")
STRUCTURE = word("brain_atlas", "CCFv3")
UNIT = word("units", "SizeUnit")
FIB = of("components.configs", "PatchCordConfig")
skipped: dict[str, str] = {}


def system(name: str, *axes: str) -> Any:
    """A coordinate system with these axes."""
    axis, names = of("components.coordinates", "Axis"), word("coordinates", "AxisName")
    direction = next(iter(word("coordinates", "Direction")))
    return of("components.coordinates", "CoordinateSystem")(
        name=name,
        origin=ORIGIN.BREGMA,
        axes=[axis(name=getattr(names, each), direction=direction) for each in axes],
        axis_unit=UNIT.MM,
    )


BREGMA = system("BREGMA_ARI", "AP", "ML", "SI")
PROBE = system("PROBE_RFB", "X", "Y", "DEPTH")


def translation(*numbers: float, reference: str = "global") -> Any:
    system_of = of("components.coordinates", "ReferenceCoordinateSystem")
    return of("components.coordinates", "Translation")(
        translation=list(numbers), reference_coordinate_system=system_of(reference)
    )


class Record:
    """A record of the database, and rows that tables must have of it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.sections: dict[str, Any] = {}
        self.rows: dict[str, list[dict[str, Any]]] = {}

    def document(self) -> dict[str, Any]:
        sections = {
            key: section.model_dump(mode="json", by_alias=True)
            for key, section in self.sections.items()
        }
        modified = "2026-03-02T00:00:00.000Z"
        return {
            "_id": f"id of {self.name}",
            "name": self.name,
            "location": f"s3://bucket/{self.name}",
            "_created": modified,
            "_last_modified": modified,
            **sections,
        }


def given_for(kind: type[BaseModel]) -> dict[str, Any]:
    """What a kind needs beyond what its fields say: its own checks compare fields."""
    mouse = {
        "species": word("species", "Species").HOUSE_MOUSE,
        "strain": word("species", "Strain").C57BL_6J,
        "source": word("organizations", "Organization").JAX,
        "date_of_birth": date(2025, 12, 1),
    }
    return {
        "MouseSubject": mouse,
        "NonHumanPrimateSubject": {"date_of_birth": date(2015, 12, 1), "year_of_birth": 2015},
        "HumanSubject": {"year_of_birth": 1980},
        "InjectionDynamics": {"volume": 2.5, "volume_unit": word("units", "VolumeUnit").NL},
    }.get(kind.__name__, {})


def mouse() -> Any:
    kind = of("components.subjects", "MouseSubject")
    return subject(example(kind))


def subject(details: Any) -> Any:
    return of("core.subject", "Subject")(subject_id="735001", subject_details=details)


def description(record: Record, *modalities: Any, **given: Any) -> Any:
    organization = word("organizations", "Organization")
    person = of("components.identifiers", "Person")
    level = word("data_name_patterns", "DataLevel")
    facts = {
        "subject_id": "735001",
        "creation_time": END,
        "name": record.name,
        "institution": organization.AIND,
        "funding_source": [of("core.data_description", "Funding")(funder=organization.AI)],
        "data_level": level.RAW,
        "investigators": [person(name="Ann Bee")],
        "project_name": "A Project",
        "modalities": list(modalities) or [MODALITY.BEHAVIOR],
    } | given
    return of("core.data_description", "DataDescription").model_construct(**facts)


def acquisition(streams: list[Any], **given: Any) -> Any:
    facts = {
        "subject_id": "735001",
        "acquisition_start_time": START,
        "acquisition_end_time": END,
        "experimenters": ["Ann Bee", "Cee Dee"],
        "instrument_id": "447_2D_20241023",
        "acquisition_type": "Uncoupled Baiting",
        "data_streams": streams,
        "global_coordinate_system": BREGMA,
        "ethics_review_id": ["2414"],
        "subject_details": example(
            of("core.acquisition", "AcquisitionSubjectDetails"),
            animal_weight_prior=Decimal("23.5"),
            reward_consumed_total=Decimal("0.87"),
            reward_consumed_unit=word("units", "VolumeUnit").ML,
        ),
    } | given
    return example(of("core.acquisition", "Acquisition"), **facts)


def stream(configurations: list[Any], *modalities: Any, **given: Any) -> Any:
    devices = {each.device_name for each in configurations if hasattr(each, "device_name")}
    for connection in given.get("connections", ()):
        devices |= {connection.source_device, connection.target_device}
    return of("core.acquisition", "DataStream")(
        stream_start_time=START,
        stream_end_time=END,
        modalities=list(modalities),
        active_devices=sorted(devices),
        configurations=configurations,
        **given,
    )


def subjects() -> list[Record]:
    """One record for each kind of subject."""
    records = []
    for kind in kinds(of("core.subject", "Subject"), "subject_details"):
        born = given_for(kind)
        details = example_or_none(kind)
        if details is None:
            continue
        record = Record(f"subject {kind.__name__}")
        record.sections = {
            "subject": subject(details),
            "data_description": description(record),
            "acquisition": acquisition([]),
        }
        year = born.get("year_of_birth")
        birth = born.get("date_of_birth") or (date(year, 1, 1) if year else None)
        record.rows["asset_basics"] = [
            {
                "subject_id": "735001",
                "genotype": getattr(details, "genotype", None),
                "age": (START.date() - birth).days if birth else None,
                "project_name": "A Project",
                "data_level": "raw",
                "modalities": ["behavior"],
                "investigators": ["Ann Bee"],
                "experimenters": ["Ann Bee", "Cee Dee"],
                "acquisition_type": "Uncoupled Baiting",
                "instrument_id": "447_2D_20241023",
                "acquisition_start_time": START.isoformat(),
                "acquisition_end_time": END.isoformat(),
            }
        ]
        record.rows["sessions"] = [
            {
                "subject_id": "735001",
                "acquisition_type": "Uncoupled Baiting",
                "duration_s": 3720.0,
                "animal_weight_prior": 23.5,
                "animal_weight_post": None,
                "weight_unit": "gram",
                "reward_consumed_total": 0.87,
                "reward_unit": "milliliter",
                "mouse_platform": "some mouse_platform_name",
                "ethics_review_ids": ["2414"],
                "protocol_ids": [],
                "epoch_count": 0,
            }
        ]
        records.append(record)
    return records


def instances(model: type[BaseModel], field: str) -> list[Any]:
    """One object of each kind that a field may hold; those that need more are listed."""
    return [made for kind in kinds(model, field) if (made := example_or_none(kind)) is not None]


def example_or_none(kind: type[BaseModel]) -> Any:
    """An object of a kind; None, and its reason kept, if the kind needs more than it says."""
    try:
        return example(kind)
    except (ValidationError, ValueError, TypeError, AttributeError) as error:
        skipped[kind.__name__] = str(error)
        return None


def one_of_each() -> list[Record]:
    """Records with one of each procedure, configuration and device."""
    surgery, procedures = (
        of("components.subject_procedures", "Surgery"),
        of("core.procedures", "Procedures"),
    )
    records = []
    operations = instances(surgery, "procedures")
    others = [
        each
        for each in instances(procedures, "subject_procedures")
        if not isinstance(each, surgery)
    ]
    record = Record("one of each procedure")
    record.sections["procedures"] = procedures.model_construct(
        subject_id="735001",
        subject_procedures=[
            surgery.model_construct(start_date=START.date(), procedures=operations),
            *others,
        ],
    )
    record.sections["data_description"] = description(record)
    record.rows["metadata_core"] = [{"procedures": True, "subject": False}]
    records.append(record)
    configurations = instances(of("core.acquisition", "DataStream"), "configurations")
    record = Record("one of each configuration")
    record.sections["acquisition"] = acquisition(
        [
            of("core.acquisition", "DataStream").model_construct(
                stream_start_time=START,
                stream_end_time=END,
                modalities=[MODALITY.FIB],
                active_devices=[],
                configurations=configurations,
                connections=[],
            )
        ]
    )
    record.sections["data_description"] = description(record, MODALITY.FIB)
    record.rows["platform_fib"] = []
    used = [
        device
        for each in configurations
        for device in (each, *(getattr(each, "probes", None) or ()))
    ]
    record.rows["acquisition_devices"] = [
        {
            "stream_index": 0,
            "device_index": index,
            "device_name": device.device_name,
            "device_kind": device.object_type,
            "modality": "fib",
        }
        for index, device in enumerate(used)
    ]
    records.append(record)
    instrument = of("core.instrument", "Instrument")
    record = Record("one of each device")
    record.sections["instrument"] = instrument.model_construct(
        instrument_id="447_2D_20241023",
        modification_date=START.date(),
        modalities=[MODALITY.BEHAVIOR],
        components=instances(instrument, "components"),
        connections=[],
    )
    record.rows["metadata_core"] = [{"instrument": True, "acquisition": False}]
    records.append(record)
    return records


DEEP = [translation(1.5, -0.8, 0), translation(0, 0, 4.2, reference="local")]


def channel(name: str, measurement: str | None) -> Any:
    return example(
        of("components.configs", "Channel"), channel_name=name, intended_measurement=measurement
    )


def implant(name: str, structure: Any, transform: list[Any]) -> Any:
    device = example(of("components.devices", "FiberProbe"), name=name)
    config = of("components.configs", "ProbeConfig")(
        device_name=name,
        primary_targeted_structure=structure,
        local_coordinate_system=PROBE,
        transform=transform,
    )
    return of("components.surgery_procedures", "ProbeImplant")(
        implanted_device=device, device_config=config
    )


def photometry() -> list[Record]:
    """Fibers with patch cords of their own and in an assembly, and what each channel saw."""
    surgery = of("components.subject_procedures", "Surgery")
    connection = of("components.connections", "Connection")
    fibers = [
        implant("Fiber 0", STRUCTURE.VTA, DEEP),
        implant(
            "Fiber_1",
            STRUCTURE.ACB,
            [translation(2.0, 0.5, 0), translation(0, 0, 3.9, reference="local")],
        ),
    ]
    cords = [
        FIB(device_name="Patch Cord A", channels=[channel("green", "dopamine")]),
        FIB(device_name="Patch Cord B", channels=[channel("red", None), channel("iso", "control")]),
    ]
    assembly = example(
        of("components.configs", "FiberAssemblyConfig"),
        device_name="Assembly",
        patch_cords=[cords[1]],
    )
    lights = [
        example(of("components.configs", kind), device_name=kind)
        for kind in ("LightEmittingDiodeConfig", "DetectorConfig")
    ]
    links = [
        connection(source_device="Patch Cord A", target_device="Fiber 0"),
        connection(source_device="Fiber 1", target_device="Patch Cord B", send_and_receive=True),
    ]
    record = Record("photometry")
    record.sections = {
        "subject": mouse(),
        "data_description": description(record, MODALITY.FIB),
        "procedures": of("core.procedures", "Procedures").model_construct(
            subject_id="735001",
            global_coordinate_system=BREGMA,
            subject_procedures=[
                surgery.model_construct(start_date=START.date(), procedures=fibers)
            ],
        ),
        "acquisition": acquisition(
            [stream([cords[0], assembly, *lights], MODALITY.FIB, connections=links)]
        ),
    }
    places = {
        "target_coordinate_system": "BREGMA_ARI",
        "target_coordinate_origin": "Bregma",
        "target_coordinate_unit": "millimeter",
    }
    rows = [
        ("Fiber 0", "Patch Cord A", "green", "dopamine", "VTA", (1.5, -0.8, 0.0, 4.2)),
        ("Fiber 1", "Patch Cord B", "iso", "control", "ACB", (2.0, 0.5, 0.0, 3.9)),
        ("Fiber 1", "Patch Cord B", "red", "missing", "ACB", (2.0, 0.5, 0.0, 3.9)),
    ]
    record.rows["platform_fib"] = [
        dict(
            zip(
                ("fiber", "patch_cord", "channel", "intended_measurement", "targeted_structure"),
                row,
                strict=False,
            )
        )
        | {
            f"target_coordinate_{axis}": number
            for axis, number in zip(("ap", "ml", "si", "depth"), row[5], strict=True)
        }
        | places
        for row in rows
    ]
    return [record]


def trained() -> list[Record]:
    """A trained mouse with a virus where its fiber is."""
    surgery = of("components.subject_procedures", "Surgery")
    metrics = of("core.acquisition", "PerformanceMetrics")
    virus = example(of("components.injection_procedures", "ViralMaterial"), name="AAV-dLight1.3b")
    injection = example(
        of("components.surgery_procedures", "BrainInjection"),
        injection_materials=[virus],
        targeted_structure=STRUCTURE.VTA,
    )
    record = Record("trained")
    stage = {"task_parameters": {"stage_in_use": "STAGE_FINAL"}}
    epoch = example(
        of("core.acquisition", "StimulusEpoch"),
        stimulus_start_time=START,
        stimulus_end_time=END,
        stimulus_name="a task",
        code=of("components.identifiers", "Code")(
            url="https://example.org/task",
            version="1.6",
            core_dependency=of("components.identifiers", "Software")(name="Bonsai"),
        ),
        performance_metrics=metrics(
            output_parameters=stage,
            trials_total=400,
            trials_finished=350,
            reward_consumed_during_epoch=Decimal("777.0"),
            reward_consumed_unit=word("units", "VolumeUnit").UL,
        ),
        active_devices=["Speaker"],
        training_protocol_name="a protocol",
        curriculum_status="STAGE_FINAL",
    )
    level = word("data_name_patterns", "DataLevel")
    record.sections = {
        "subject": mouse(),
        "data_description": description(
            record, MODALITY.BEHAVIOR, MODALITY.FIB, data_level=level.DERIVED
        ),
        "procedures": of("core.procedures", "Procedures").model_construct(
            subject_id="735001",
            global_coordinate_system=BREGMA,
            subject_procedures=[
                surgery.model_construct(
                    start_date=START.date(),
                    procedures=[
                        injection,
                        implant("Fiber 0", STRUCTURE.VTA, DEEP),
                    ],
                )
            ],
        ),
        "acquisition": acquisition([], stimulus_epochs=[epoch]),
    }
    record.rows["stimulus_epochs"] = [
        {
            "epoch_index": 0,
            "stimulus_name": "a task",
            "stimulus_modalities": epoch.model_dump(mode="json")["stimulus_modalities"],
            "start_time": START.isoformat(),
            "end_time": END.isoformat(),
            "code_url": "https://example.org/task",
            "code_version": "1.6",
            "software": "Bonsai",
            "trials_total": 400,
            "trials_finished": 350,
            "trials_rewarded": None,
            "reward_consumed": 777.0,
            "reward_unit": "microliter",
            "stage": "STAGE_FINAL",
            "active_devices": ["Speaker"],
            "training_protocol": "a protocol",
            "curriculum_status": "STAGE_FINAL",
        }
    ]
    record.rows["scientist_rl_fib"] = [
        {
            "targeted_structure": "VTA",
            "coordinates": "AP=1.5, ML=-0.8, D=4.2",
            "indicator": "AAV-dLight1.3b",
            "mouse_ids": ["735001"],
            "mouse_count": 1,
            "session_count": 1,
        }
    ]
    return [record]


def operated() -> list[Record]:
    """A subject of its own, with all that the tables of subjects and procedures read."""
    identifier = word("pid_names", "PIDName")
    virus = example(
        of("components.injection_procedures", "ViralMaterial"),
        name="AAV-dLight1.3b",
        tars_identifiers=example(
            of("components.injection_procedures", "TarsVirusIdentifiers"),
            virus_tars_id="AiV1",
            plasmid_tars_alias=["AiP1", "AiP2"],
            prep_lot_number="VT1G",
        ),
        addgene_id=identifier(name="a plasmid", registry_identifier="125560"),
        titer=2500000000000,
        titer_unit="gc/mL",
    )
    relative = next(iter(word("coordinates", "AnatomicalRelative")))
    injection = example(
        of("components.surgery_procedures", "BrainInjection"),
        injection_materials=[virus],
        targeted_structure=STRUCTURE.VTA,
        relative_position=[relative],
        dynamics=[example(of("components.injection_procedures", "InjectionDynamics"))],
        coordinate_system_name="BREGMA_ARI",
        coordinates=[[translation(1.5, -0.8, 0)]],
        protocol_id="protocol of the injection",
    )
    fiber = implant("Fiber 0", STRUCTURE.VTA, DEEP)
    fiber.implanted_device.model, fiber.implanted_device.serial_number = "M", "S1"
    surgery = example(
        of("components.subject_procedures", "Surgery"),
        start_date=START.date(),
        experimenters=["Ann Bee"],
        ethics_review_id="2414",
        protocol_id="protocol of the surgery",
        animal_weight_prior=22.5,
        animal_weight_post=23.5,
        anaesthesia=example(
            of("components.surgery_procedures", "Anaesthetic"),
            anaesthetic_type="isoflurane",
            duration=90,
            level=1.5,
        ),
        procedures=[injection, fiber],
        notes="what was seen",
    )
    specimen = example(
        of("components.specimen_procedures", "SpecimenProcedure"),
        procedure_type=word("specimen_procedure_types", "SpecimenProcedureType").FIXATION,
        specimen_id=["735002_1"],
        start_date=date(2026, 4, 1),
        end_date=date(2026, 4, 2),
        experimenters=["Cee Dee"],
        protocol_id=["protocol of the specimen"],
        procedure_details=[],
    )
    record = Record("operated")
    details = example(
        of("components.subjects", "MouseSubject"),
        alleles=[identifier(name="an allele")],
        rrid=identifier(name="a mouse", registry_identifier="IMSR_1"),
    )
    record.sections = {
        "subject": of("core.subject", "Subject")(subject_id="735002", subject_details=details),
        "data_description": description(record, MODALITY.FIB, subject_id="735002"),
        "procedures": of("core.procedures", "Procedures").model_construct(
            subject_id="735002",
            global_coordinate_system=BREGMA,
            subject_procedures=[surgery],
            specimen_procedures=[specimen],
        ),
    }
    place = {
        "subject_id": "735002",
        "procedure_index": 0,
        "start_date": START.date().isoformat(),
        "targeted_structure": "VTA",
        "coordinate_ap": 1.5,
        "coordinate_ml": -0.8,
        "coordinate_si": 0.0,
        "coordinate_system": "BREGMA_ARI",
        "coordinate_origin": "Bregma",
        "coordinate_unit": "millimeter",
    }
    record.rows["injections"] = [
        place
        | {
            "part_index": 0,
            "relative_position": [relative.value],
            "material": "AAV-dLight1.3b",
            "material_type": "Viral material",
            "virus_tars_id": "AiV1",
            "plasmid_tars_alias": ["AiP1", "AiP2"],
            "addgene_id": "125560",
            "prep_lot_number": "VT1G",
            "titer": 2500000000000.0,
            "titer_unit": "gc/mL",
            "volume": 2.5,
            "volume_unit": "nanoliter",
            "protocol_id": "protocol of the injection",
        }
    ]
    made = fiber.implanted_device.model_dump(mode="json")
    record.rows["implants"] = [
        place
        | {
            "part_index": 1,
            "coordinate_depth": 4.2,
            "device_name": "Fiber 0",
            "device_type": "Fiber probe",
            "model": "M",
            "serial_number": "S1",
            "length": float(made["total_length"]),
            "length_unit": made["length_unit"],
        }
    ]
    of_surgery = {
        "subject_id": "735002",
        "kind": "subject",
        "start_date": START.date().isoformat(),
        "end_date": None,
        "experimenters": ["Ann Bee"],
        "ethics_review_id": "2414",
        "specimen_id": None,
        "animal_weight_prior": 22.5,
        "animal_weight_post": 23.5,
        "anaesthesia_type": "isoflurane",
        "anaesthesia_duration": 90.0,
        "anaesthesia_level_percent": 1.5,
    }
    own = {"Brain injection": ["protocol of the injection"], "Probe implant": []}
    record.rows["procedures"] = [
        *(
            of_surgery
            | {"procedure_type": kind, "protocol_ids": ["protocol of the surgery", *protocols]}
            for kind, protocols in own.items()
        ),
        dict.fromkeys(of_surgery)
        | {
            "subject_id": "735002",
            "kind": "specimen",
            "procedure_type": specimen.model_dump(mode="json")["procedure_type"],
            "start_date": "2026-04-01",
            "end_date": "2026-04-02",
            "experimenters": ["Cee Dee"],
            "protocol_ids": ["protocol of the specimen"],
            "specimen_id": "735002_1",
        },
    ]
    record.rows["subjects"] = [
        {
            "subject_id": "735002",
            "species": details.species.name,
            "sex": str(getattr(details.sex, "value", details.sex)),
            "date_of_birth": details.date_of_birth.isoformat(),
            "genotype": details.genotype,
            "strain": details.strain.name,
            "alleles": ["an allele"],
            "rrid": "IMSR_1",
            "source": details.source.name,
            "asset_count": 1,
            "record_count": 1,
        }
    ]
    return [record]


def quality() -> list[Record]:
    """Metrics of every kind, judged by the package itself."""
    metric = of("core.quality_control", "QCMetric")
    curation = of("core.quality_control", "CurationMetric")
    status = of("core.quality_control", "QCStatus")
    control = of("core.quality_control", "QualityControl")
    stage = of("core.quality_control", "Stage")

    def judged(*history: str) -> list[Any]:
        return [
            status(evaluator="Ann Bee", status=each, timestamp=START + timedelta(minutes=number))
            for number, each in enumerate(history)
        ]

    def one(name: str, value: Any, *history: str, **given: Any) -> Any:
        facts = {"modality": MODALITY.BEHAVIOR, "stage": stage.RAW} | given
        return metric(name=name, value=value, status_history=judged(*history), **facts)

    sets = {
        "passed": [one("a", 1.5, "Pending", "Pass"), one("b", "good", "Pass")],
        "failed": [one("a", [1, 2], "Pass"), one("b", {"k": 1}, "Fail", tags={"probe": "A"})],
        "pending": [one("a", None, "Pending"), one("b", "yes", "Pass", modality=MODALITY.FIB)],
        "allowed": [
            one("a", 3, "Fail", tags={"probe": "A"}),
            one("b", 4, "Pass", stage=stage.PROCESSING),
        ],
        "many assets": [
            one("a", 5, "Pass", stage=next(s for s in stage if "ulti" in s.value),
                evaluated_assets=["other"]),
        ],
    }  # fmt: skip
    records = []
    for name, metrics in sets.items():
        section = control(
            metrics=metrics,
            default_grouping=["probe"],
            allow_tag_failures=["A"] if name == "allowed" else [],
        )
        record = Record(f"quality {name}")
        record.sections = {
            "subject": mouse(),
            "data_description": description(record),
            "quality_control": section,
        }
        record.rows["quality_control"] = [
            {
                "name": each.name,
                "stage": str(each.stage.value if isinstance(each.stage, Enum) else each.stage),
                "modality": each.modality.abbreviation,
                "status": str(getattr(each.status.status, "value", each.status.status)),
                "status_evaluator": "Ann Bee",
                "metric_index": index,
                "asset_name": record.name,
            }
            for index, each in enumerate(section.metrics)
        ]
        verdict = section.evaluate_status()
        record.rows["qc_status"] = [
            {"status": verdict.value, "metric_count": len(metrics), "curation_count": 0}
        ]
        record.rows["qc_tag_status"] = [
            {"tag": str(getattr(tag, "value", tag)), "status": str(getattr(each, "value", each))}
            for tag, each in (section.status or {}).items()
        ]
        records.append(record)
    record = Record("quality curated")
    curated = curation(
        name="c", modality=MODALITY.ECEPHYS, stage=stage.PROCESSING, value=[1], type="spikes",
        status_history=judged("Pass"),
    )  # fmt: skip
    record.sections = {
        "subject": mouse(),
        "data_description": description(record),
        "quality_control": control(metrics=[curated], default_grouping=[]),
    }
    record.rows["quality_control"] = []
    record.rows["qc_status"] = [{"status": None, "metric_count": 0, "curation_count": 1}]
    record.rows["quality_control_history"] = [
        {
            "metric_index": 0,
            "judgement_index": 0,
            "name": "c",
            "status": "Pass",
            "evaluator": "Ann Bee",
            "is_last": True,
            "is_curation": True,
            "asset_name": record.name,
        }
    ]
    return [*records, record]


def processed() -> list[Record]:
    """A derived asset, its sources and what was run on it."""
    code = of("components.identifiers", "Code")
    process = of("core.processing", "DataProcess")
    processing = of("core.processing", "Processing")
    level = word("data_name_patterns", "DataLevel")
    record = Record("processed_2026-03-02_10-11-12")
    pipeline = code(
        name="a pipeline",
        url="https://example.org/pipeline",
        version="1",
        commit_hash="0a1b2c3d",
        container=example(of("components.identifiers", "Container"), uri="ghcr.io/x", tag="1"),
        parameters={"a": 1},
    )
    funding = of("core.data_description", "Funding")(
        funder=word("organizations", "Organization").AI,
        grant_number="U19",
        fundee=[of("components.identifiers", "Person")(name="Cee")],
    )
    steps = [
        example(
            process,
            name=f"step {number}",
            notes="what it did",
            code=pipeline,
            experimenters=["Ann Bee"],
            output_path="results",
            start_date_time=END + timedelta(hours=number),
            end_date_time=END + timedelta(hours=number, minutes=30),
            pipeline_name="a pipeline",
        )
        for number in range(2)
    ]
    record.sections = {
        "data_description": description(
            record,
            data_level=level.DERIVED,
            source_data=["photometry"],
            funding_source=[funding],
        ),
        "processing": example(
            processing,
            data_processes=steps,
            pipelines=[pipeline],
            dependency_graph={"step 0": [], "step 1": ["step 0"]},
        ),
    }
    record.rows["source_data"] = [
        {
            "name": record.name,
            "source_data": "photometry",
            "pipeline_name": "a pipeline",
            "processing_time": "2026-03-02_10-11-12",
        }
    ]
    record.rows["processing_steps"] = [
        {
            "step_index": number,
            "name": f"step {number}",
            "process_type": step.model_dump(mode="json")["process_type"],
            "stage": step.model_dump(mode="json")["stage"],
            "duration_s": 1800.0,
            "is_last": number == 1,
            "code_url": "https://example.org/pipeline",
            "code_name": "a pipeline",
            "code_version": "1",
            "commit_hash": "0a1b2c3d",
            "container": "ghcr.io/x:1",
            "pipeline_name": "a pipeline",
            "pipeline_version": "1",
            "experimenters": ["Ann Bee"],
            "output_path": "results",
            "parameters": '{"a":1}',
            "notes": "what it did",
        }
        for number, step in enumerate(steps)
    ]
    record.rows["funding"] = [
        {"funding_index": 0, "funder": "Allen Institute", "grant_number": "U19", "fundees": ["Cee"]}
    ]
    record.rows["asset_basics"] = [
        {"data_level": "derived", "process_date": steps[-1].start_date_time.date().isoformat()}
    ]
    return [record]


def main() -> None:
    records = [
        *subjects(),
        *one_of_each(),
        *photometry(),
        *trained(),
        *operated(),
        *quality(),
        *processed(),
    ]
    json.dump(
        {
            "records": [record.document() for record in records],
            "rows": {record.name: record.rows for record in records},
            "skipped": skipped,
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
