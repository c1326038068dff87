"""Records with every field of the tables of subjects, procedures, sessions and steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hostile_values import attacks, get, places, replaced

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = Any

COORDINATES = [
    {
        "object_type": "Translation",
        "translation": [1.5, "2", 0.25],
        "reference_coordinate_system": "global",
    }
]
PLACE = [
    *COORDINATES,
    {
        "object_type": "Rotation",
        "angles": [10, "-5"],
        "angles_unit": "degrees",
        "axis_order": "xyz",
    },
]
DEPTH = {"name": "DEVICE", "axes": [{"name": "Depth", "direction": "Up_to_down"}]}
#: Small records: each is attacked below its one section.
SECTIONS: dict[str, Json] = {
    "subject": {
        "subject_id": "1",
        "subject_details": {
            "species": {"name": "Mus musculus"},
            "sex": "Female",
            "genotype": "wt/wt",
            "strain": {"name": "C57BL/6J"},
            "alleles": [{"name": "Ai14"}],
            "source": {"name": "Allen Institute"},
            "rrid": {"registry_identifier": "RRID:1", "name": "rrid"},
            "housing": {"cage_id": "7"},
            "date_of_birth": "2024-01-01",
        },
    },
    "data_description": {
        "data_level": "raw",
        "funding_source": [
            {"funder": {"name": "NINDS"}, "grant_number": "U19", "fundee": [{"name": "Ann Bee"}]}
        ],
    },
    "acquisition": {
        "acquisition_start_time": "2024-03-01T10:00:00-08:00",
        "acquisition_end_time": "2024-03-01T11:00:00-08:00",
        "protocol_id": ["protocol"],
        "ethics_review_id": ["2115"],
        "notes": "calm",
        "subject_details": {
            "animal_weight_prior": "25.1",
            "animal_weight_post": 25.5,
            "weight_unit": "gram",
            "mouse_platform_name": "wheel",
            "reward_consumed_total": "0.5",
            "reward_consumed_unit": "milliliter",
        },
        "data_streams": [
            {
                "modalities": [{"abbreviation": "ecephys"}],
                "active_devices": ["Camera", "Laser"],
                "configurations": [
                    {
                        "object_type": "Ephys assembly config",
                        "device_name": "Assembly",
                        "manipulator": {"arc": 1},
                        "probes": [
                            {
                                "object_type": "Ephys probe config",
                                "device_name": "Probe A",
                                "tip": 1,
                            }
                        ],
                    },
                    {"object_type": "Laser config", "device_name": "Laser", "power": 2},
                ],
            }
        ],
        "stimulus_epochs": [
            {
                "stimulus_start_time": "2024-03-01T10:00:00-08:00",
                "stimulus_end_time": "2024-03-01 11:00:00-0800",
                "stimulus_name": "task",
                "stimulus_modalities": ["Auditory"],
                "code": {
                    "url": "https://a",
                    "name": "code",
                    "version": "1",
                    "core_dependency": {"name": "Bonsai"},
                },
                "performance_metrics": {
                    "trials_total": 100,
                    "trials_finished": 90,
                    "trials_rewarded": 80,
                    "reward_consumed_during_epoch": "0.25",
                    "reward_consumed_unit": "milliliter",
                    "output_parameters": {
                        "task_parameters": {"stage_in_use": "STAGE_1", "block": 2},
                        "rate": 0.5,
                    },
                },
                "active_devices": ["Speaker"],
                "training_protocol_name": "protocol",
                "curriculum_status": "on",
                "notes": "note",
            }
        ],
    },
    "processing": {
        "pipelines": [{"name": "pipeline", "version": "2"}],
        "data_processes": [
            {
                "process_type": "Spike sorting",
                "name": "sorting",
                "stage": "Processing",
                "start_date_time": "2024-03-02T00:00:00Z",
                "end_date_time": "2024-03-02T01:00:00Z",
                "code": {
                    "url": "https://b",
                    "name": "sorter",
                    "version": "3",
                    "commit_hash": "abc",
                    "container": {"uri": "image", "tag": "4"},
                    "parameters": {"threshold": 5},
                },
                "pipeline_name": "pipeline",
                "experimenters": ["Ann Bee", {"name": "Jane Doe"}],
                "output_path": "out",
                "notes": "note",
            }
        ],
    },
    "procedures": {
        "subject_id": "1",
        "subject_procedures": [
            {
                "object_type": "Surgery",
                "start_date": "2024-02-01",
                "end_date": "2024-02-02",
                "experimenters": ["Ann Bee", {"name": "Jane Doe"}],
                "protocol_id": "whole",
                "ethics_review_id": "2115",
                "animal_weight_prior": "20.5",
                "baseline_weight": 20,
                "animal_weight_post": "21",
                "weight_unit": "gram",
                "anaesthesia": {
                    "anaesthetic_type": "isoflurane",
                    "duration": "60",
                    "duration_unit": "minute",
                    "level": 1.5,
                },
                "notes": "whole",
                "workstation_id": "W",
                "global_coordinate_system": {
                    "name": "BREGMA",
                    "origin": "Bregma",
                    "axis_unit": "millimeter",
                    "axes": [{"name": "AP"}, {"name": "ML"}, {"name": "SI"}],
                },
                "coordinate_system": {
                    "name": "OLD",
                    "origin": {"name": "Lambda"},
                    "axis_unit": "micrometer",
                    "axes": [{"name": "ML"}, {"name": "AP"}],
                },
                "procedures": [
                    {
                        "object_type": "Brain injection",
                        "protocol_id": "part",
                        "notes": "part",
                        "recovery_time": 5,
                        "targeted_structure": {"acronym": "VTA", "name": "Ventral area"},
                        "relative_position": ["Left"],
                        "coordinates": [COORDINATES],
                        "dynamics": [
                            {
                                "volume": "50",
                                "volume_unit": "nanoliter",
                                "rate": 5,
                                "rate_unit": "nanoliter/minute",
                                "duration": "10",
                                "duration_unit": "minute",
                                "injection_current": "5",
                                "injection_current_unit": "microamp",
                            }
                        ],
                        "injection_materials": [
                            {
                                "object_type": "Virus",
                                "name": "AAV",
                                "tars_identifiers": {
                                    "virus_tars_id": "AiV1",
                                    "plasmid_tars_alias": ["AiP1"],
                                    "prep_lot_number": "VT1",
                                },
                                "addgene_id": {"registry_identifier": "1", "name": "addgene"},
                                "titer": 1000,
                                "titer_unit": "gc/mL",
                                "concentration": "2.5",
                                "concentration_unit": "mM",
                            }
                        ],
                    },
                    {
                        "object_type": "Probe implant",
                        "implanted_device": {
                            "object_type": "Fiber probe",
                            "name": "Fiber 0",
                            "model": "M",
                            "probe_model": "P",
                            "serial_number": "S",
                            "total_length": "0.5",
                            "length_unit": "millimeter",
                        },
                        "device_config": {
                            "primary_targeted_structure": {"acronym": "ACB", "name": "Accumbens"},
                            "targeted_structure": {"name": "vessel"},
                            "transform": PLACE,
                            "local_coordinate_system": DEPTH,
                            "coordinate_system": DEPTH,
                        },
                        "transform": PLACE,
                    },
                ],
            },
            {
                "object_type": "Injection",
                "start_date": "2024-02-03",
                "notes": "alone",
                "injection_materials": ["tamoxifen"],
            },
            {
                "object_type": "Injections",
                "injections": [{"object_type": "Injection", "injection_materials": ["saline"]}],
            },
        ],
        "specimen_procedures": [
            {
                "procedure_type": "Clearing",
                "specimen_id": ["1-brain", "1-liver"],
                "start_date": "2024-05-01",
                "end_date": "2024-05-02",
                "experimenters": ["Ann Bee"],
                "protocol_id": ["one", "two"],
                "notes": "note",
                "antibodies": [{"name": "anti"}],
            }
        ],
    },
}


def records() -> Iterator[dict[str, Json]]:
    """One record for each place and attack, each of a subject of its own."""
    for name, section in SECTIONS.items():
        whole = {name: section}
        for place in places(whole):
            for number, attack in enumerate(attacks(get(whole, place), place[-1])):
                record_id = f"tables-{'.'.join(map(str, place))}-{number}"
                sound: dict[str, Json] = {
                    "_id": record_id,
                    "name": record_id,
                    "_last_modified": "2025-01-02T00:00:00.000Z",
                    "subject": {"subject_id": record_id},
                    "data_description": {"data_level": "raw"},
                }
                own = {**section, "subject_id": record_id} if name == "subject" else section
                yield sound | replaced({name: own}, place, attack)
