"""Which probes are sent to an object store, which again, and what the lake keeps of them."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from biodata_cache import LockedError, SourceError
from extract.lake.lake import Lake
from extract.lake.state import paths_of
from extract.objects import object_tables, probes
from extract.objects.stores import UnavailableObjectError, folder_store
from extract.pipeline import extract
from extract.sources.open import open_source

if TYPE_CHECKING:
    from pathlib import Path

LOCATION = "s3://aind-open-data/{}"
CONFIG = "SPIM/derivatives/neuroglancer_config.json"


def asset(name: str, modality: str = "behavior", level: str = "raw", **more: Any) -> dict[str, Any]:
    described = {"data_level": level, "modalities": [{"abbreviation": modality}]}
    record = {"_id": name, "name": name, "location": LOCATION.format(name)}
    return record | {"data_description": described} | more


class Fixture:
    """A lake of records and a folder of buckets."""

    def __init__(self, folder: Path) -> None:
        self.raw = folder / "raw"
        self.buckets = folder / "buckets"
        self.source = folder / "records.jsonl"
        self.store = folder_store(self.buckets, "test")
        (self.buckets / "aind-open-data").mkdir(parents=True)

    def put(self, key: str, content: Any = "{}", bucket: str = "aind-open-data") -> None:
        path = self.buckets / bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def records(self, *records: dict[str, Any]) -> None:
        self.source.write_text("".join(json.dumps(record) + "\n" for record in records))
        extract(open_source(str(self.source)), self.raw)

    def ask(self, store: Any = None, *, prune: bool = False, **more: Any) -> probes.Report:
        lake = paths_of(Lake(self.raw, "docdb_v2").files())
        with object_tables.locked(self.raw):
            return probes.send(store or self.store, self.raw, lake, prune=prune, **more)

    def rows(self, kind: str) -> list[tuple[Any, ...]]:
        """Name of the asset, key, content and problem, of the newest responses."""
        result = duckdb.execute(
            """
            select location[21:], key, content, problem from read_parquet(?)
            qualify asked_at = max(asked_at) over (partition by location)
            order by all
            """,
            [str(self.raw / f"objects_{kind}/*.parquet")],
        )
        return result.fetchall()


@pytest.fixture
def lake(tmp_path: Path) -> Fixture:
    return Fixture(tmp_path)


def test_each_asset_gets_the_probes_that_its_tables_need(lake: Fixture) -> None:
    lake.records(
        asset("spim", "SPIM"),
        asset("spim_Stitched_2024", "other", "derived"),
        asset("spim_fused_2024", "SPIM", "derived"),
        asset("mouse", "behavior-videos"),
        asset("private", location="s3://aind-private-data/private"),
        asset("fib", "fib"),
    )
    report = lake.ask()
    assert report.asked == dict.fromkeys(probes.KINDS, 1)
    assert report.found.total() == 0
    assert lake.rows("channels") == [("spim_Stitched_2024", None, None, None)]


def test_objects_are_copied_as_they_are(lake: Fixture) -> None:
    lake.records(asset("spim", "SPIM", location=LOCATION.format("spim/")), asset("mouse"))
    content = '{"ng_link": "x", "big": 123456789012345678901234567890, "a": 1, "A": 2, "": 0}'
    lake.put(f"spim/{CONFIG}", content)
    lake.put("spim/process_output.json")
    lake.put("spim/neuroglancer.json.bak")
    lake.put("mouse/behavior/trainer_state.json", "\ufeff{}")
    lake.put("mouse/behavior/trainer_state_2.json", "x" * 1_500_000)
    lake.put("mouse/behavior/trainer_states.csv")
    lake.put("mouse/behavior/Logs/.launcher/TrainerState_1.json", b"\xff")
    lake.ask()
    assert lake.rows("neuroglancer") == [("spim", CONFIG, content, None)]
    assert lake.rows("exaspim") == [("spim", "process_output.json", None, None)]
    result = lake.rows("trainer_states")
    assert [(key, len(text or ""), problem) for _, key, text, problem in result] == [
        ("behavior/Logs/.launcher/TrainerState_1.json", 0, "not UTF-8 text"),
        ("behavior/trainer_state.json", 2, None),
        ("behavior/trainer_state_2.json", 1_500_000, None),
    ]  # fmt: skip


def test_channels_are_folders_however_many(lake: Fixture) -> None:
    lake.records(asset("x_stitched", "SPIM", "derived"))
    names = [f"Ex_{number}" for number in range(30)] + ["\u00e9 #?&=%20", "a'b"]
    for name in names:
        lake.put(f"x_stitched/image_cell_segmentation/{name}/deep/er/x.json")
    lake.put("x_stitched/image_cell_segmentation/file.json")
    (lake.buckets / "aind-open-data/x_stitched/image_cell_segmentation/empty").mkdir()
    lake.ask()
    assert sorted(key for _, key, *_ in lake.rows("channels")) == sorted(names)


def test_folders_beside_a_fused_image_may_go_again(lake: Fixture) -> None:
    """Folders of the four names count, and are probed again: intermediate data is removed."""
    fused = "x_fused"
    lake.records(asset(fused, "SPIM", "derived"), asset("y_fused", "SPIM", "derived"))
    for key in ("fusion/fused.zarr/0/1", "fusion/other.zarr/0", "denoised/SPIM.ome.zarr/0/1/2"):
        lake.put(f"{fused}/{key}")
    lake.put(f"{fused}/flatfield_correction/SPIM.ome.zarr")  # a file is no folder
    lake.put("fused.zarr/0")
    lake.ask()
    assert lake.rows("exaspim_folders") == [
        (fused, "denoised/SPIM.ome.zarr", None, None),
        (fused, "fusion/fused.zarr", None, None),
        ("y_fused", None, None, None),
    ]
    shutil.rmtree(lake.buckets / "aind-open-data" / fused / "denoised")
    assert lake.ask().asked == {"exaspim_folders": 2}
    assert [row[:2] for row in lake.rows("exaspim_folders")] == [
        (fused, "fusion/fused.zarr"),
        ("y_fused", None),
    ]


def test_settled_probes_are_not_repeated_and_missing_objects_are_probed_again(
    lake: Fixture,
) -> None:
    names = ["found", "missing", "broken", "no link"]
    lake.records(
        *(asset(f"m {name}") for name in names),
        *(asset(f"s {name}", "SPIM") for name in names),
        asset("x_stitched", "SPIM", "derived"),
    )
    lake.put("m found/behavior/trainer_state.json")
    lake.put("m broken/behavior/trainer_state.json", '{"curriculum": ')
    lake.put(f"s found/{CONFIG}", '{"ng_link": "x"}')
    lake.put(f"s broken/{CONFIG}", "")
    lake.put(f"s no link/{CONFIG}", '{"layers": []}')
    lake.put("x_stitched/image_cell_segmentation/a/x")
    lake.ask()
    second = lake.ask()
    assert second.remembered == {"channels": 1, "neuroglancer": 1, "trainer_states": 1}
    assert second.asked == {"neuroglancer": 3, "exaspim": 4, "trainer_states": 3}
    lake.put("m missing/behavior/trainer_state.json", "{}")
    lake.put("m broken/behavior/trainer_state.json", '{"curriculum": null}')
    third = lake.ask()
    assert (third.asked["trainer_states"], third.found["trainer_states"]) == (3, 2)
    texts = {name: text for name, _, text, _ in lake.rows("trainer_states")}
    assert texts == {
        "m found": "{}", "m missing": "{}", "m broken": '{"curriculum": null}', "m no link": None,
    }  # fmt: skip


FIRST = datetime(2026, 1, 1, 2, tzinfo=timezone.utc)


def nights(lake: Fixture, age: int, *later: int) -> list[int]:
    """How many of 120 probes of assets of an age are sent so many days after the first."""
    created = (FIRST - timedelta(days=age)).isoformat()
    lake.records(*(asset(f"m{number}", _created=created) for number in range(120)))
    reports = [lake.ask(began_at=FIRST + timedelta(days=night)) for night in (0, *later)]
    assert {each.asked.total() + each.remembered.total() for each in reports} == {120}
    assert reports[0].asked.total() == 120
    return [each.asked.total() for each in reports[1:]]


def test_missing_objects_are_probed_again_every_night_in_the_first_week(lake: Fixture) -> None:
    assert nights(lake, 0, 1, 2, 7) == [120, 120, 120]


def test_missing_objects_of_older_assets_are_probed_less_often(lake: Fixture) -> None:
    first, second, all_of_them = nights(lake, 30, 1, 2, 7)
    assert 15 < first < 45, "one of four"
    assert 15 < second < 45
    assert all_of_them == 120


def test_missing_objects_of_old_assets_are_probed_once_in_60_nights(lake: Fixture) -> None:
    first, second, all_of_them = nights(lake, 5_000, 1, 2, 62)
    assert first + second < 15
    assert all_of_them == 120
    assert lake.ask(began_at=FIRST + timedelta(days=62)).asked.total() == 0
    assert lake.ask(began_at=FIRST + timedelta(days=62), full=True).asked.total() == 120


def test_a_late_object_is_found_and_probed_no_more(lake: Fixture) -> None:
    lake.records(asset("m", _created="2020-01-01T00:00:00Z"))
    lake.ask(began_at=FIRST)
    lake.put("m/behavior/trainer_state.json")
    reports = [lake.ask(began_at=FIRST + timedelta(days=days)) for days in (60, 120)]
    assert [(each.asked.total(), each.found.total()) for each in reports] == [(1, 1), (0, 0)]


def test_refused_objects_are_probed_again_every_night(lake: Fixture) -> None:
    lake.records(asset("m", _created="2020-01-01T00:00:00Z"))
    for night in range(3):
        report = lake.ask(FaultyStore(until=999), began_at=FIRST + timedelta(days=night))
        assert report.problems == {"access denied": 1}


class EveryFourth:
    """Has an object of one asset in four."""

    description = "test"

    def keys(self, _: str, prefix: str) -> list[str]:
        number = int(prefix.partition("/")[0].removeprefix("m"))
        return [] if number % 4 or "Logs" in prefix else [f"{prefix}.json"]

    def read(self, *_: object) -> bytes:
        return b"{}"


@pytest.mark.slow
def test_a_night_of_16_000_known_assets_sends_fewer_than_500_probes(lake: Fixture) -> None:
    """Assets of four years, measured at one pace; of three in four there is no object."""
    created = [FIRST - timedelta(hours=number * 2.19) for number in range(16_000)]
    lake.records(
        *(asset(f"m{number}", _created=at.isoformat()) for number, at in enumerate(created))
    )
    assert lake.ask(EveryFourth(), began_at=FIRST).asked.total() == 16_000
    report = lake.ask(EveryFourth(), began_at=FIRST + timedelta(days=1))
    assert 100 < report.asked.total() < 500
    assert report.found.total() == 0


def test_another_store_gets_all_probes_again(lake: Fixture) -> None:
    lake.records(asset("m"))
    lake.put("m/behavior/trainer_state.json")
    lake.ask()
    other = lake.ask(folder_store(lake.buckets, "other"))
    assert other.remembered.total() == 0
    assert other.found["trainer_states"] == 1


def test_what_the_sample_has_is_forgotten_for_another_source(lake: Fixture) -> None:
    lake.put("m/behavior/trainer_state.json")
    lake.put("n/behavior/trainer_state.json")
    lake.records(asset("m"))
    lake.ask(folder_store(lake.buckets, "sample:8"), is_sample=True)
    lake.records(asset("m"), asset("n"))
    lake.ask(folder_store(lake.buckets, "sampled"))
    with object_tables.locked(lake.raw):
        probes.forget_sample(lake.raw)
        probes.forget_sample(lake.raw)
    files = [str(lake.raw / "objects_trainer_states/*.parquet")]
    stores = duckdb.execute("select store, location[21:] from read_parquet(?) order by all", files)
    assert stores.fetchall() == [("sampled", "m"), ("sampled", "n")]
    assert lake.ask(folder_store(lake.buckets, "sampled")).asked.total() == 0


@pytest.mark.parametrize("how", ["no folder", "empty folder", "no bucket", "empty bucket"])
def test_known_objects_are_kept_where_the_store_refuses_unless_pruned(
    lake: Fixture, tmp_path: Path, how: str
) -> None:
    lake.records(asset("m"), asset("s", "SPIM"))
    lake.put("m/behavior/trainer_state.json")
    lake.put("s/SPIM/derivatives/neuroglancer_config.json")
    lake.put("s/neuroglancer.json")
    lake.ask()
    kinds = ("trainer_states", "neuroglancer", "exaspim")
    before = {kind: lake.rows(kind) for kind in kinds}
    location = tmp_path / "elsewhere"
    if how != "no folder":
        location.mkdir()
    if how == "empty bucket":
        (location / "aind-open-data").mkdir()
    if how == "no bucket":
        (location / "another").mkdir()
    report = lake.ask(folder_store(location, "other"))
    assert report.kept == dict.fromkeys(kinds, 1)
    assert {kind: lake.rows(kind) for kind in kinds} == before
    report = lake.ask(folder_store(location, "other"), prune=True)
    assert not report.kept
    assert all(row[1] is None for kind in kinds for row in lake.rows(kind))


def test_what_a_bucket_no_longer_has_is_gone(lake: Fixture) -> None:
    lake.records(asset("s", "SPIM"))
    lake.put("s/neuroglancer.json")
    lake.put("other/file")
    lake.ask()
    (lake.buckets / "aind-open-data" / "s" / "neuroglancer.json").unlink()
    assert not lake.ask().kept
    assert all(row[1] is None for row in lake.rows("exaspim"))


def test_an_asset_that_moved_is_probed_at_its_new_location(lake: Fixture) -> None:
    lake.put("new/behavior/trainer_state.json", '{"is": "new"}')
    lake.records(asset("m"))
    lake.ask()
    lake.records(asset("m", location=LOCATION.format("new")))
    assert lake.ask().found["trainer_states"] == 1


LOCATIONS = [
    None, "", "/data/x", "s3://", "s3:///x", "aind-open-data/x", "s3://aind-open-data",
    "s3://aind-open-data/", "s3://aind-open-data/../../x", "s3://../x", "s3://a b/x", 5, {"a": 1},
    "s3://aind-open-data//x", "s3://aind-open-data/x\u0000y", "s3://aind-open-data/'; drop table x",
]  # fmt: skip


def test_odd_locations_stop_nothing(lake: Fixture) -> None:
    lake.records(
        *(
            asset(f"{number} {modality} stitched", modality, level, location=location)
            for number, location in enumerate(LOCATIONS)
            for modality, level in (("SPIM", "raw"), ("SPIM", "derived"), ("behavior", "raw"))
        ),
        {"_id": "no description", "location": "s3://aind-open-data/a"},
        {"_id": "odd", "location": "s3://aind-open-data/b", "data_description": [1]},
        {"_id": "text", "location": "s3://aind-open-data/c", "data_description": "SPIM"},
    )
    report = lake.ask()
    assert report.asked["trainer_states"] > 0
    assert report.found.total() == 0


def test_without_probes_the_schema_is_written(lake: Fixture) -> None:
    lake.records()
    assert lake.ask().asked.total() == 0
    for kind in probes.KINDS:
        assert lake.rows(kind) == []


class FaultyStore:
    """Answers some questions, refuses others, and then cannot be reached."""

    description = "test"

    def __init__(self, until: int) -> None:
        self.until = until
        self.asked = Counter[str]()

    def keys(self, _: str, prefix: str) -> list[str]:
        self.asked[prefix] += 1
        if f"{self.until}/" in prefix:
            raise SourceError("the store cannot be reached")
        if "/behavior/trainer_state" in prefix and "1" not in prefix:
            raise UnavailableObjectError("access denied")
        return [f"{prefix}.json"] if prefix.endswith("trainer_state") else []

    def read(self, *_: object) -> bytes:
        return b"{}"


def test_responses_before_the_store_went_away_are_kept(lake: Fixture) -> None:
    lake.records(*(asset(f"a{number:03}") for number in range(300)))
    with pytest.raises(SourceError, match="cannot be reached"):
        lake.ask(FaultyStore(until=250))
    kept = len(lake.rows("trainer_states"))
    assert 100 <= kept <= 250
    again = FaultyStore(until=999)
    report = lake.ask(again)
    assert report.remembered.total() > 0
    assert report.asked.total() + report.remembered.total() == 300
    assert report.problems == {"access denied": report.asked.total() - report.found.total()}


def test_many_nights_are_compacted_without_loss(lake: Fixture) -> None:
    lake.records(asset("m"), asset("n"), asset("gone"))
    lake.put("m/behavior/trainer_state.json")
    lake.put("gone/behavior/trainer_state.json")
    lake.ask()
    before = lake.rows("trainer_states")
    lake.records(asset("m"), asset("n"))
    response = [(LOCATION.format("m"), "behavior/trainer_state.json", "{}", None)]
    with object_tables.locked(lake.raw):  # nights, which have the same response
        table = object_tables.ResponseTable(lake.raw, "trainer_states")
        for _ in range(object_tables.MOST_FILES - 6):
            table.add(response, datetime.now(timezone.utc), "test")
            table.flush()
    for _ in range(12):
        lake.ask()
    files = len(list((lake.raw / "objects_trainer_states").glob("*.parquet")))
    assert files < object_tables.MOST_FILES - 6
    assert lake.rows("trainer_states") == [row for row in before if row[0] != "gone"]
    assert lake.ask().remembered == {"trainer_states": 1}


def test_a_compaction_that_was_killed_leaves_nothing(lake: Fixture) -> None:
    lake.records(asset("m"))
    lake.put("m/behavior/trainer_state.json")
    lake.ask()
    folder = lake.raw / "objects_trainer_states"
    (first,) = (path for path in folder.glob("*.parquet") if "schema" not in path.stem)
    shutil.copy(first, folder / f"{first.stem}-compact.parquet")
    lake.ask()
    assert not (folder / f"{first.stem}-compact.parquet").exists()
    assert len(lake.rows("trainer_states")) == 1


def test_a_second_extract_is_refused(lake: Fixture) -> None:
    lake.records(asset("m"))
    with object_tables.locked(lake.raw), pytest.raises(LockedError):
        lake.ask()


def test_what_a_killed_run_left_is_removed(lake: Fixture) -> None:
    lake.records(asset("m"))
    lake.ask()
    left = lake.raw / "objects_channels/.20240101-0000.parquet.tmp"
    left.write_bytes(b"half")
    lake.ask()
    assert not left.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_a_problem(lake: Fixture) -> None:
    lake.records(asset("m"))
    lake.put("m/behavior/trainer_state.json")
    (lake.buckets / "aind-open-data/m/behavior").chmod(0)
    assert lake.ask().problems == {"access denied": 1}
