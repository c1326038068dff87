"""The sample's objects: the same every time, and with everything that real ones show."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import extract
from extract.objects.foraging import BUCKET, KEY
from extract.objects.safe_pickle import read_frame
from extract.sample.generator import objects


@pytest.fixture(scope="module")
def sample() -> dict[tuple[str, str], bytes]:
    return {(bucket, key): content for bucket, key, content in objects()}


def readable(content: bytes) -> object:
    try:
        return json.loads(content)
    except ValueError:
        return None


def test_no_object_stands_twice(sample: dict[tuple[str, str], bytes]) -> None:
    assert len(sample) == sum(1 for _ in objects())


def test_the_same_objects_in_another_process(sample: dict[tuple[str, str], bytes]) -> None:
    script = (
        "import hashlib; from extract.sample.generator import objects;"
        "print(hashlib.sha256(repr(list(objects())).encode()).hexdigest())"
    )
    root = Path(extract.__file__).parents[1]
    other = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True
    )
    here = [(bucket, key, content) for (bucket, key), content in sample.items()]
    assert other.stdout.strip() == hashlib.sha256(repr(here).encode()).hexdigest()


def test_every_kind_of_trainer_state(sample: dict[tuple[str, str], bytes]) -> None:
    states = {key: content for (_, key), content in sample.items() if "behavior/" in key}
    result = [readable(content) for key, content in states.items() if key.endswith(".json")]
    named = [state for state in result if state and state["stage"]]
    nodes = [
        {node["name"]: key for key, node in state["curriculum"]["graph"]["nodes"].items()}
        for state in named
    ]
    assert None in result, "one breaks off"
    assert any(state and state["stage"] is None for state in result), "one says nothing"
    lost = [state["stage"]["name"] not in each for state, each in zip(named, nodes, strict=True)]
    assert 0 < sum(lost) < len(lost)
    assert any(not key.isdigit() for each in nodes for key in each.values())
    assert max(map(len, states.values())) > 1_000_000
    folders = [key.partition("/behavior/")[0] for key in states if key.endswith(".json")]
    assert len(folders) > len(set(folders)), "one has several"
    assert any("Logs/.launcher/TrainerState_" in key for key in states)


def test_links_of_both_locations(sample: dict[tuple[str, str], bytes]) -> None:
    links = [
        (readable(content) or {}).get("ng_link")
        for (_, key), content in sample.items()
        if key.endswith("SPIM/derivatives/neuroglancer_config.json")
    ]
    present = [link for link in links if link]
    assert len(present) < len(links)
    moved = ["/SPIM/derivatives/" not in link for link in present]
    assert 0 < sum(moved) < len(moved)
    assert all("/derivatives/" in link for link in present)


def test_sessions_are_a_frame(sample: dict[tuple[str, str], bytes]) -> None:
    columns = read_frame(sample[BUCKET, KEY])
    assert list(columns)[:4] == ["subject_id", "session_date", "session", "nwb_suffix"]
    assert "0451" in columns["subject_id"]
    assert {"None", None} <= set(columns["auto_train/curriculum_name"])


def test_a_benchmark_has_objects_of_its_first_records_only() -> None:
    keys = {key for _, key, _ in objects(30)}
    assert 0 < len(keys) < 200
