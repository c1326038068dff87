"""The embedded source: the same valid records every time, with every trait of real ones."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import extract
from extract.sample.faults import FAULTS
from extract.sample.generator import documents
from extract.sample.words import NO_MATERIAL

SECTIONS = (
    "subject",
    "data_description",
    "procedures",
    "instrument",
    "acquisition",
    "processing",
    "quality_control",
)
LINEAGE_FAULTS = {"source_unknown", "lineage_cycle"}
FAULT_MARK = "planted fault: "


def refuse(constant):
    raise ValueError(f"{constant} is not JSON")


def parse(document):
    return json.loads(document.decode("utf-8", "strict"), parse_constant=refuse)


@pytest.fixture(scope="module")
def sample():
    return [parse(document) for document in documents()]


def level(record):
    return record["data_description"]["data_level"]


def fault(record):
    summary = record["data_description"]["data_summary"] or ""
    return summary.removeprefix(FAULT_MARK) if summary.startswith(FAULT_MARK) else None


def sources(record):
    result = record["data_description"].get("source_data")
    return [result] if isinstance(result, str) else result or []


def modalities(record):
    result = record["data_description"]["modalities"]
    return [each.get("abbreviation") for each in result if isinstance(result, list)]


def metrics(record):
    return (record.get("quality_control") or {}).get("metrics") or []


def status(record):
    return (record.get("quality_control") or {}).get("status") or {}


def processes(record):
    return (record.get("processing") or {}).get("data_processes") or []


def operations(record, kind):
    for surgery in (record["procedures"] or {}).get("subject_procedures", []):
        for operation in surgery.get("procedures", []):
            if operation["object_type"] == kind:
                yield surgery, operation


def streams(record):
    return (record["acquisition"] or {}).get("data_streams", [])


def cords(record):
    for stream in streams(record):
        for configuration in stream["configurations"]:
            if configuration["object_type"] == "Patch cord config":
                yield configuration


def outputs(record):
    for epoch in (record["acquisition"] or {}).get("stimulus_epochs", []):
        performance = epoch["performance_metrics"]
        yield (performance or {}).get("output_parameters", {})


def shape(text):
    """The form of a time, without its numbers."""
    return re.sub(r"\d", "0", text)


def lineage(records):
    """Whatever a name descends from, itself included."""
    parents = {record["name"]: sources(record) for record in records}

    def ancestors(name, seen=()):
        if name in seen:
            return set(seen)
        result = {name}
        for parent in parents.get(name, []):
            result |= ancestors(parent, (*seen, name))
        return result

    return {name: ancestors(name) for name in parents}


# --- what is promised of every document ---------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 7, 60])
def test_exactly_as_many_documents_as_requested(count):
    assert sum(1 for _ in documents(count)) == count


@pytest.mark.parametrize("count", [None, 50])
def test_documents_are_strict_json_on_one_line(count):
    for document in documents(count):
        assert b"\n" not in document
        assert b"@chunk" not in document
        assert b"@evaluated" not in document
        record = parse(document)
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", record["_id"])
        for key in ("_created", "_last_modified"):
            assert shape(record[key]) == "0000-00-00T00:00:00.000Z"
        assert record["_created"] <= record["_last_modified"]


def digest(count):
    whole = hashlib.sha256()
    for document in documents(count):
        whole.update(document + b"\n")
    return whole.hexdigest()


@pytest.mark.parametrize("count", [None, 60])
def test_equal_calls_give_equal_bytes(count):
    assert digest(count) == digest(count)


@pytest.mark.parametrize("hash_seed", ["0", "4321"])
def test_other_processes_give_the_same_bytes(hash_seed):
    program = (
        "import hashlib; from extract.sample.generator import documents;"
        "print(hashlib.sha256(b''.join(d + b'\\n' for d in documents())).hexdigest())"
    )
    root = Path(extract.__file__).parents[1]
    environment = {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(root)}
    result = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == digest(None)


def test_generation_begins_before_it_is_complete():
    assert parse(next(documents(10**9)))["object_type"] == "Metadata"


def test_ids_are_unique(sample):
    assert len({record["_id"] for record in sample}) == len(sample)


# --- faults -------------------------------------------------------------------------------------


def test_every_fault_is_planted_once_and_marked(sample):
    planted = Counter(fault(record) for record in sample if fault(record))
    for name in LINEAGE_FAULTS:
        assert planted.pop(name) in range(1, 4)
    assert planted == {each.name: 1 for each in FAULTS}


@pytest.mark.parametrize("planted", FAULTS, ids=lambda each: each.name)
def test_the_value_of_a_fault_is_in_its_record(sample, planted):
    (location,) = (record for record in sample if fault(record) == planted.name)
    *parents, last = planted.path.split(".")
    for step in parents:
        location = location[int(step)] if isinstance(location, list) else location[step]
    if planted.is_absent:
        assert last not in location
    else:
        assert location[last] == planted.value


def test_what_is_not_planted_is_sound(sample):
    for record in sample:
        if fault(record):
            continue
        assert record["subject"]["subject_id"]
        assert isinstance(record["data_description"]["project_name"], str)
        assert None not in modalities(record)
        assert all(value in ("Pass", "Pending", "Fail") for value in status(record).values())


# --- names and lineage --------------------------------------------------------------------------


@pytest.mark.parametrize("count", [None, 50])
def test_every_source_exists_and_comes_before(count):
    seen = set()
    for record in map(parse, documents(count)):
        if fault(record) not in {*LINEAGE_FAULTS, "source_data_number"}:
            assert seen.issuperset(sources(record)), record["name"]
        seen.add(record["name"])


def test_lineage_traits(sample):
    derived = [record for record in sample if level(record) == "derived"]
    described = [record["data_description"] for record in derived]
    assert any(len(sources(record)) == 2 for record in derived)
    assert any(isinstance(each.get("source_data"), str) for each in described)
    assert any("source_data" not in each for each in described)
    assert any(each.get("source_data", "") is None for each in described)
    assert any(each.get("source_data") == [] for each in described)
    levels = {record["name"]: level(record) for record in sample}
    assert sum(levels.get(source) == "derived" for r in derived for source in sources(r)) > 10
    first, second = (record for record in sample if fault(record) == "lineage_cycle")
    assert sources(first) == [second["name"]]
    assert sources(second) == [first["name"]]
    names = {record["name"] for record in sample}
    lost = [record for record in sample if fault(record) == "source_unknown"]
    assert lost
    assert all(source not in names for record in lost for source in sources(record))


def test_names_are_taken_twice_by_other_records(sample):
    times = Counter(record["name"] for record in sample)
    assert 4 <= sum(count > 1 for count in times.values()) <= 20
    pairs = {
        name: {record["_last_modified"] for record in sample if record["name"] == name}
        for name, count in times.items()
        if count > 1
    }
    assert any(len(moments) == 1 for moments in pairs.values())
    assert any(len(moments) > 1 for moments in pairs.values())


# --- identity -----------------------------------------------------------------------------------


def test_odd_subjects(sample):
    subjects = {record["subject"].get("subject_id") for record in sample}
    assert {"0451", "451", "M2501", "test/mouse 1%"} <= subjects
    assert not any("/" in record["name"] for record in sample)
    primates = {
        record["subject"]["subject_id"]: record["subject"]["subject_details"]
        for record in sample
        if record["subject"]["subject_details"]["object_type"] == "Non human primate subject"
    }
    (primate,) = primates.values()
    assert "genotype" not in primate
    assert primate["date_of_birth"] is None
    assert primate["year_of_birth"] < 2020


def test_a_subject_can_be_on_two_platforms(sample):
    kinds = {}
    for record in sample:
        imaged = "SPIM" in modalities(record)
        kinds.setdefault(record["subject"].get("subject_id"), set()).add(imaged)
    assert any(len(kind) == 2 for kind in kinds.values())


def test_people_are_spelled_in_many_ways(sample):
    result = [record["acquisition"]["experimenters"] for record in sample if record["acquisition"]]
    kinds = Counter(type(each).__name__ for each in result)
    assert kinds["str"] >= 3
    assert [] in result
    entries = [entry for each in result if isinstance(each, list) for entry in each]
    texts = [entry for entry in entries if isinstance(entry, str)]
    assert any(isinstance(entry, dict) and entry["name"] for entry in entries)
    assert {"Jane Doe", "Jane", "jane.doe", "Zoë Müller"} <= {
        *texts,
        *(p["name"] for r in sample for p in r["data_description"]["investigators"]),
    }
    assert any(", " in text for text in texts)
    assert any(text.startswith(" ") for text in texts)
    logins = [
        (text.lower().replace(" ", ".", 1), each)
        for each in result
        if isinstance(each, list)
        for text in each
        if isinstance(text, str) and " " in text.strip()
    ]
    assert any(login in each for login, each in logins), "nobody is there twice"


def test_instrument_ids_have_every_form_of_date(sample):
    result = {
        record["acquisition"]["instrument_id"]
        for record in sample
        if record["acquisition"] and not fault(record)
    }
    for pattern in (r"_20\d{6}$", r"_20\d\d-\d\d-\d\d$", r"_2[3-6]\d{4}$", r"^[^_-]+$"):
        assert any(re.search(pattern, identifier) for identifier in result), pattern


def test_identifiers_and_locations(sample):
    others = [record["other_identifiers"] for record in sample]
    assert None in others
    assert {} in others
    held = [each["Code Ocean"] for each in others if each]
    assert {len(each) for each in held if isinstance(each, list)} == {0, 1, 2}
    assert any(isinstance(each, str) for each in held)
    places = [(record["location"], record) for record in sample]
    assert any(location is None for location, _ in places)
    assert any(location and location.endswith("/") for location, _ in places)
    derived = [location for location, r in places if level(r) == "derived" and location]
    kept_away = [location for location in derived if "codeocean" in location]
    assert 0.3 < len(kept_away) / len(derived) < 0.75
    assert any(location == f"s3://aind-open-data/{record['name']}" for location, record in places)


# --- times and missing parts --------------------------------------------------------------------


def test_all_forms_of_time_are_there(sample):
    starts = {
        shape(record["acquisition"]["acquisition_start_time"])
        for record in sample
        if record["acquisition"] and not fault(record)
    }
    assert starts == {
        "0000-00-00 00:00:00.000000-00:00",
        "0000-00-00 00:00:00-00:00",
        "0000-00-00 00:00:00.000000+00:00",
        "0000-00-00 00:00:00+00:00",
        "0000-00-00T00:00:00.000000Z",
        "0000-00-00T00:00:00Z",
        "0000-00-00T00:00:00.000000-00:00",
    }
    offsets = {r["acquisition"]["acquisition_start_time"][-6:] for r in sample if r["acquisition"]}
    assert {"-07:00", "-08:00", "+00:00"} <= offsets


def test_sections_are_missing_in_every_way(sample):
    assert any("quality_control" not in record for record in sample)
    assert any(record.get("quality_control", "") is None for record in sample)
    assert any(record.get("processing") == {} for record in sample)
    assert any(record["procedures"] is None for record in sample)
    derived = [record for record in sample if level(record) == "derived"]
    assert any(record["acquisition"] is None for record in derived)
    for section in SECTIONS:
        assert any(record.get(section) for record in sample), section


def test_processing_traits(sample):
    present = [record["processing"] for record in sample if record.get("processing")]
    lists = [each["data_processes"] for each in present]
    assert [] in lists
    assert any(p["start_date_time"] == p["end_date_time"] for each in lists for p in each)
    assert any(
        [p["start_date_time"] for p in each] != sorted(p["start_date_time"] for p in each)
        for each in lists
    )
    names = {pipeline["name"] for each in present for pipeline in each["pipelines"] or []}
    assert "" in names
    assert len(names) > 5
    assert any("output_path" not in process for each in lists for process in each)


# --- quality control ----------------------------------------------------------------------------


def test_metric_values_are_of_every_kind(sample):
    values = [metric["value"] for record in sample for metric in metrics(record)]
    kinds = {type(value).__name__ for value in values}
    assert kinds == {"dict", "list", "str", "int", "float", "bool", "NoneType"}
    for empty in ({}, [], ""):
        assert any(type(value) is type(empty) and value == empty for value in values)
    assert any(isinstance(value, dict) and "options" in value for value in values)
    beyond = [v["t_slow"][0] for v in values if isinstance(v, dict) and "t_slow" in v]
    assert any(isinstance(number, int) and number >= 2**63 for number in beyond)


def test_metric_traits(sample):
    every = [metric for record in sample for metric in metrics(record) if not fault(record)]
    assert any(metric["object_type"] == "Curation metric" for metric in every)
    assert {len(metric["status_history"]) for metric in every} == {0, 1, 2}
    assert any(isinstance(metric["modality"], str) for metric in every)
    assert any("tags" not in metric for metric in every)
    assert {type(m["tags"]) for m in every if "tags" in m} == {list, dict}
    assert any(metric.get("tags") == {} for metric in every)
    assert any("https%3A" in (metric["reference"] or "") for metric in every)
    assert any("\n\t" in (metric["description"] or "") for metric in every)
    histories = [metric["status_history"] for metric in every if metric["status_history"]]
    assert {history[-1]["status"] for history in histories} == {"Pass", "Fail", "Pending"}
    names = [[m["name"] for m in metrics(record)] for record in sample]
    assert any(len(set(each)) < len(each) for each in names)


def test_status_follows_from_the_metrics(sample):
    worst = {"Pass": 0, "Pending": 1, "Fail": 2}
    for record in sample:
        if fault(record) or not status(record):
            continue
        for key, value in status(record).items():
            of_key = [
                judged(metric, record["quality_control"]["allow_tag_failures"])
                for metric in metrics(record)
                if metric["status_history"] and key in keys(metric)
            ]
            assert value == max(of_key, key=worst.__getitem__), (record["name"], key)


def judged(metric, allowed):
    """The last status of a metric; a failure that one of its tags is allowed passes."""
    last = metric["status_history"][-1]["status"]
    return "Pass" if last == "Fail" and not set(allowed).isdisjoint(keys(metric)) else last


def test_some_failures_are_allowed(sample):
    allowed = [r["quality_control"]["allow_tag_failures"] for r in sample if status(r)]
    assert 0 < sum(map(bool, allowed)) < len(allowed) / 2


def keys(metric):
    tags = metric.get("tags", [])
    own = [f"{kind}:{value}" for kind, value in tags.items()] if isinstance(tags, dict) else tags
    kind = metric["modality"]
    return [*own, kind if isinstance(kind, str) else kind["abbreviation"], metric["stage"]]


def test_status_has_keys_of_every_kind(sample):
    result = {key for record in sample for key in status(record)}
    assert {"behavior", "fib", "SPIM", "Processing", "Raw data"} <= result
    assert any(":" in key for key in result)
    assert any({"Raw data", "Raw Data"} <= set(status(record)) for record in sample)


# --- what the tables need -----------------------------------------------------------------------


def own_or_root(records, record, field):
    """A field of the acquisition, or where there is none, of the raw asset's."""
    if field in record["data_description"]:
        return str(record["data_description"][field])
    by_name = {each["name"]: each for each in records}
    candidates = [record, *(by_name[n] for n in lineage(records)[record["name"]] if n in by_name)]
    return next((str(c["acquisition"][field]) for c in candidates if c["acquisition"]), "")


# Modality of the metrics; field and pattern the asset has to match.
PLATFORM_CONDITIONS = {
    "spim": ("SPIM", "instrument_id", ""),
    "fib": ("fib", "instrument_id", ""),
    "slap2": ("slap2", "instrument_id", ""),
    "exaspim": ("SPIM", "instrument_id", "exa-?spim"),
    "vr": ("behavior", "acquisition_type", "^AindVrForaging$"),
    "dynamic_foraging": ("behavior", "acquisition_type", "^(Uncoupled|Coupled)( Without)? Baiting"),
    "dynamic_routing": ("behavior", "project_name", "^Dynamic Routing$"),
}


@pytest.mark.parametrize("platform", PLATFORM_CONDITIONS)
def test_every_platform_has_judged_assets(sample, platform):
    modality, field, pattern = PLATFORM_CONDITIONS[platform]
    judged = [
        record
        for record in sample
        if modality in modalities(record)
        and modality in status(record)
        and re.search(pattern, own_or_root(sample, record, field), re.IGNORECASE)
    ]
    assert len(judged) >= 2


@pytest.mark.parametrize(("label", "is_exaspim"), [("stitched", False), ("fused", True)])
def test_imaging_chains(sample, label, is_exaspim):
    ancestry = lineage(sample)
    raw = {
        record["name"]
        for record in sample
        if level(record) == "raw"
        and "SPIM" in modalities(record)
        and record["acquisition"]
        and is_exaspim
        == ("exaspim" in re.sub("[_-]", "", record["acquisition"]["instrument_id"].lower()))
    }
    finished = [r for r in sample if label in r["name"] and raw & ancestry[r["name"]]]
    assert finished
    assert raw - {name for record in finished for name in ancestry[record["name"]]}
    assert any(not raw & set(sources(record)) for record in finished), "none by a detour"
    places = [record["location"] for record in finished if record["location"]]
    assert all(location.startswith("s3://aind-open-data/") for location in places)


def test_fibers_are_tied_to_cords_in_every_topology(sample):
    topologies = set()
    for record in sample:
        fibers = {op["implanted_device"]["name"] for _, op in operations(record, "Probe implant")}
        fibers = {name.replace("_", " ") for name in fibers}
        for stream in streams(record):
            for link in stream["connections"]:
                ends = (link["source_device"], link["target_device"])
                plain = [end.replace("_", " ") in fibers for end in ends]
                kind = (ends[0][:10], link["send_and_receive"]) if any(plain) else ends[0]
                topologies.add((*plain, kind))
    assert (False, True, ("Patch Cord", False)) in topologies
    assert any(source and both for source, _, (*_, both) in topologies if source)
    assert (False, True, ("Patch Cord", True)) in topologies
    assert (False, False, "470nm LED") in topologies


def test_fiber_traits(sample):
    fibrous = [record for record in sample if "fib" in modalities(record)]
    implants = [op for record in fibrous for op in operations(record, "Probe implant")]
    names = {op["implanted_device"]["name"] for _, op in implants}
    assert {"Fiber 0", "Fiber_0"} <= names
    per_record = {len(list(operations(record, "Probe implant"))) for record in fibrous}
    assert per_record >= {1, 4}
    channels = [cord["channels"] for record in fibrous for cord in cords(record)]
    assert None in channels
    assert {len(each) for each in channels if each} >= {1, 2, 3}
    measured = {c["intended_measurement"] for each in channels if each for c in each}
    assert {None, "control", "dopamine", "Dopamine"} <= measured
    assert any(c["channel_name"] == "disconnected" for each in channels if each for c in each)
    counts = [(len(list(cords(r))), len(list(operations(r, "Probe implant")))) for r in fibrous]
    assert any(0 < connected < implanted for connected, implanted in counts)
    acronyms = {op["device_config"]["primary_targeted_structure"]["acronym"] for _, op in implants}
    assert {"root", "ACB"} <= acronyms


def test_coordinates_come_in_every_shape(sample):
    implants = [op for record in sample for op in operations(record, "Probe implant")]
    systems = {
        s["coordinate_system"] and tuple(a["name"] for a in s["coordinate_system"]["axes"])
        for s, _ in implants
    }
    assert systems == {None, ("AP", "ML", "SI"), ("AP", "ML", "SI", "Depth")}
    transforms = [op["device_config"]["transform"] for _, op in implants]
    assert None in transforms
    moves = [t["translation"] for each in transforms for t in each or [] if "translation" in t]
    assert None in moves
    assert {len(each) for each in moves if each} == {3, 4}
    kinds = {type(number).__name__ for each in moves if each for number in each}
    assert kinds == {"int", "float", "str", "NoneType"}
    assert any(each[0]["object_type"] == "Rotation" for each in transforms if each)


def test_injections(sample):
    injections = [op for record in sample for _, op in operations(record, "Brain injection")]
    assert any(op["targeted_structure"] is None for op in injections)
    materials = [material for op in injections for material in op["injection_materials"]]
    names = {material["name"] for material in materials}
    assert {NO_MATERIAL, "", None, "AAV-hSyn-dLight1.3b"} <= names
    nameless = [material for material in materials if not material["name"]]
    assert all(material["tars_identifiers"]["virus_tars_id"] for material in nameless)


def test_trained_mice_with_fiber_and_virus_in_one_structure(sample):
    rows = set()
    for record in sample:
        stages = {each.get("task_parameters", {}).get("stage_in_use") for each in outputs(record)}
        if level(record) != "derived" or not {"behavior", "fib"} <= set(modalities(record)):
            continue
        if not stages & {"STAGE_FINAL", "GRADUATED"}:
            continue
        for _, implant in operations(record, "Probe implant"):
            at = implant["device_config"]["primary_targeted_structure"]["acronym"]
            for _, injection in operations(record, "Brain injection"):
                if (injection["targeted_structure"] or {}).get("acronym") == at:
                    rows |= {(at, each["name"]) for each in injection["injection_materials"]}
    usable = {(at, name) for at, name in rows if name and name != NO_MATERIAL}
    assert len(usable) >= 4
    assert len({at for at, _ in usable}) >= 2


# --- what breaks readers of JSON ----------------------------------------------------------------


def test_keys_and_texts_that_break_readers(sample):
    keys_seen = set()
    case_twins = False

    def walk(value):
        nonlocal case_twins
        if isinstance(value, dict):
            keys_seen.update(value)
            case_twins = case_twins or len({key.lower() for key in value}) < len(value)
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    for record in sample:
        walk(record)
    assert "" in keys_seen
    assert case_twins
    assert any("." in key for key in keys_seen)
    assert any(" " in key for key in keys_seen)
    assert any(not key.isascii() for key in keys_seen)
    registries = {
        type(component["manufacturer"]["registry"]).__name__
        for record in sample
        for component in (record.get("instrument") or {}).get("components", [])
    }
    assert registries == {"str", "dict"}
