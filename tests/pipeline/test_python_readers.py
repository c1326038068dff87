"""What existing programs in Python and pages do with the tables, beside asking them in SQL."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from urllib.request import urlopen

import pandas as pd
import pytest
from web import served

import biodata_cache

if TYPE_CHECKING:
    from collections.abc import Iterator

    from web import Bucket
    from whole_runs import Pipeline

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _read_the_sample(sample: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIODATA_CACHE_ROOT", sample.settings.root)


@pytest.fixture
def basics() -> pd.DataFrame:
    return biodata_cache.asset_basics()


# The portal of quality control: times are texts, compared and parsed as such.


def test_portal_compares_times_as_texts(basics: pd.DataFrame) -> None:
    times = basics["acquisition_start_time"]
    first = datetime(2023, 6, 1, tzinfo=timezone.utc).isoformat()
    kept = basics[times >= first]
    assert 0 < len(kept) < len(basics)
    assert set(kept["acquisition_start_time"].str[:4]) >= {"2023", "2025"}


def test_portal_shows_the_first_and_the_last_day(basics: pd.DataFrame) -> None:
    known = basics["acquisition_start_time"].dropna()
    # `Z` is a zone to `fromisoformat` from Python 3.11 on only: texts are as the records have them.
    first, last = (text.replace("Z", "+00:00") for text in (known.min(), known.max()))
    assert datetime.fromisoformat(first) < datetime.fromisoformat(last)


def test_every_time_can_be_parsed(basics: pd.DataFrame) -> None:
    for column in ("acquisition_start_time", "acquisition_end_time", "created"):
        texts = basics[column].dropna()
        assert len(texts) > 0
        parsed = pd.to_datetime(texts, utc=True, errors="coerce", format="ISO8601")
        assert not parsed.isna().any()
        assert (texts.str[10] == "T").all(), "readers slice the text"


def test_programs_that_take_modalities_for_a_text_find_nothing(basics: pd.DataFrame) -> None:
    """A list since June: what they look for is in it, but not as a part of a text."""
    modalities = basics["modalities"]
    assert modalities.str.contains("fib").isna().all()
    is_fib = modalities.apply(lambda some: "fib" in some)
    assert is_fib.any()
    as_text = modalities.apply(", ".join)
    assert (as_text.str.split(", ").apply(lambda some: "fib" in some) == is_fib).all()


# biodata-query: conditions on columns, ranges of time, the first rows.


def test_query_filters_and_takes_the_first_rows(basics: pd.DataFrame) -> None:
    assert basics[basics["acquisition_start_time"].str.contains("^2023-0", na=False)].shape[0] > 0
    assert basics[basics["subject_id"] == "0451"].shape[0] > 0
    assert basics["name"].head(20).tolist() == sorted(basics["name"].head(20))
    since = pd.Timestamp("2023-06-01", tz="UTC")
    times = pd.to_datetime(
        basics["acquisition_start_time"], utc=True, errors="coerce", format="ISO8601"
    )
    assert (times >= since).any()
    assert all(
        isinstance(abbreviation, str) for some in basics["modalities"] for abbreviation in some
    )


def test_query_lists_the_values_to_choose_from() -> None:
    for values in (
        biodata_cache.unique_project_names(),
        biodata_cache.unique_subject_ids(),
        biodata_cache.unique_genotypes(),
    ):
        assert values
        assert values == sorted(str(value) for value in values if pd.notna(value))


def test_query_of_the_quality_control_of_some_assets(basics: pd.DataFrame) -> None:
    status = biodata_cache.qc_status()
    name = status.loc[status["status"] == "Fail", "name"].iloc[0]
    subject = basics.loc[basics["name"] == name, "subject_id"].iloc[0]
    found = biodata_cache.qc(subject, asset_names=[name])
    assert set(found["asset_name"]) == {name}
    assert {"name", "modality", "stage", "value", "status", "timestamp"} <= set(found.columns)
    assert set(found["status"].dropna()) <= {"Pass", "Fail", "Pending"}
    assert "Fail" in set(found["status"])


# The tools of language models: pages of records as JSON.


def test_pages_of_records_become_json(basics: pd.DataFrame) -> None:
    page = basics.sort_values("name").iloc[:100]
    records = json.loads(page.to_json(orient="records"))
    assert len(records) == 100
    assert isinstance(records[0]["modalities"], list)
    kept = basics[
        (basics["project_name"] == "Patch Foraging")
        & (basics["data_level"] == "raw")
        & basics["name"].str.contains("behavior", case=False)
    ]
    assert len(kept) > 0


def test_imaging_is_joined_with_one_record_of_each_name(basics: pd.DataFrame) -> None:
    imaging = biodata_cache.assets_smartspim()
    once = basics.drop_duplicates(subset=["name"])
    joined = imaging.merge(once, on="name", how="left", suffixes=("", "_asset"))
    assert len(joined) == len(imaging)
    assert joined["subject_id"].notna().all()
    processed = joined[joined["processed"] & joined["channel"].str.contains("639", na=False)]
    assert len(processed) > 0
    assert not joined["raw_name"].str.contains("exaspim", case=False).all()


def test_status_of_a_platform_by_tag() -> None:
    platform = biodata_cache.platform_qc("dynamic_foraging")
    assert len(platform[platform["status"] == "Pass"]) > 0
    assert platform["tag"].str.contains(":", na=False).any()
    assert platform["timestamp"].dropna().str.match(r"\d{4}-\d\d-\d\dT").all()


def test_waiting_for_quality_control_is_a_difference_of_times() -> None:
    waited = biodata_cache.time_to_qc()
    done = pd.to_datetime(waited["qc_time"], utc=True, format="ISO8601")
    ended = pd.to_datetime(waited["process_end_time"], utc=True, format="ISO8601")
    days = (done - ended).dt.total_seconds() / 86400
    completed = ~waited["is_pending"] & days.notna()
    assert completed.any()
    assert (days[completed] - waited.loc[completed, "days_to_qc"]).abs().max() < 1e-6


# Lineage in Python.


def test_the_newest_derived_asset_of_each_pipeline() -> None:
    sources = biodata_cache.source_data()
    raw = sources.loc[sources["source_data"] != "", "source_data"].mode()[0]
    of_raw = sources[sources["source_data"] == raw]
    newest = of_raw.sort_values("processing_time").groupby("pipeline_name").last()["name"]
    assert set(biodata_cache.raw_to_derived(raw, latest=True)) == set(newest)
    assert set(biodata_cache.raw_to_derived(raw)) == set(of_raw["name"])
    assert of_raw["processing_time"].str.fullmatch(r"(\d{4}(-\d\d){2}_\d\d(-\d\d){2})?").all()


# The metadata validator and the upgrader keep tables of their own, and compare texts.


def test_tables_of_their_own_are_compared_with_the_records(
    basics: pd.DataFrame, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIODATA_CACHE_ROOT", str(tmp_path))
    seen = basics[["_id", "location", "_last_modified"]].assign(status=1)
    biodata_cache.custom("metadata_status_test", seen)
    again = biodata_cache.custom("metadata_status_test")
    assert len(again) == len(seen)
    merged = basics[
        ["_id", "name", "location", "modalities", "data_level", "_last_modified"]
    ].merge(again, on="_id", suffixes=("", "_seen"))
    assert (merged["_last_modified"] == merged["_last_modified_seen"]).all()
    assert len(merged) == len(basics)


# The start of the web site: index, registry in both forms, listings. The address of a table is
# checked where one is published to S3.


@pytest.fixture
def bucket(sample: Pipeline) -> Iterator[Bucket]:
    with served(sample.published.parents[1]) as bucket:
        yield bucket


def fetch(address: str) -> bytes:
    with urlopen(address) as answer:
        found: bytes = answer.read()
        return found


def test_the_index_names_the_newest_version_last(bucket: Bucket, sample: Pipeline) -> None:
    names = json.loads(fetch(f"{bucket.address}/data-asset-cache/cache_versions.json"))
    assert names
    assert all(re.fullmatch(r"bdc-v\d+(\.\d+)*", name) for name in names)
    newest = max(names, key=lambda name: [int(part) for part in name[5:].split(".")])
    assert newest == names[-1] == sample.published.name


def test_the_registry_has_what_starts_the_site(bucket: Bucket, sample: Pipeline) -> None:
    base = f"{bucket.address}/data-asset-cache/{sample.published.name}"
    entries = json.loads(fetch(f"{base}/cache_registry.json"))["tables"]
    listed = keys(bucket, f"data-asset-cache/{sample.published.name}/cache_registry/")
    fragments = [json.loads(fetch(f"{bucket.address}/{quote(key)}")) for key in listed]
    for found in (entries, fragments):
        for entry in found:
            assert all(isinstance(entry[key], str) for key in ("name", "location", "description"))
            assert entry["type"] in {"metadata", "asset", "event", "realtime", "platform"}
            assert isinstance(entry["partitioned"], bool)
            assert (entry["partition_key"] is not None) == entry["partitioned"]
            assert all(set(column) >= {"name", "description"} for column in entry["columns"])
            assert entry["location"].endswith(".pqt") != entry["partitioned"]
    by_name = {entry["name"]: entry for entry in entries}
    assert by_name == {entry["name"]: entry for entry in fragments}
    assert by_name["asset_basics"]["type"] == "metadata"
    assert by_name["quality_control"]["location"].endswith("/qc")


def keys(bucket: Bucket, prefix: str, delimiter: str = "", most: int = 1000) -> list[str]:
    """Keys, or folders, as a page takes them from a listing with a pattern."""
    tag, found, token = ("Prefix" if delimiter else "Key"), [], ""
    while True:
        options = f"?list-type=2&prefix={quote(prefix)}&delimiter={delimiter}&max-keys={most}"
        answer = fetch(f"{bucket.address}/{options}&continuation-token={quote(token)}").decode()
        found += re.findall(f"<{tag}>([^<]*)</{tag}>", answer)
        more = re.search("<NextContinuationToken>(.*)</NextContinuationToken>", answer)
        if more is None:
            return found
        token = more[1]


@pytest.mark.parametrize("most", [1000, 7])
def test_partitions_can_be_listed(bucket: Bucket, sample: Pipeline, most: int) -> None:
    partitions = sample.partitions("quality_control")
    prefix = f"data-asset-cache/{sample.published.name}/qc/"
    folders = keys(bucket, prefix, delimiter="/", most=most)
    values = [folder.removeprefix(f"{prefix}subject_id=").rstrip("/") for folder in folders]
    assert len(values) == len(partitions)
    assert {value for value in partitions if value.isalnum()} <= set(values)
