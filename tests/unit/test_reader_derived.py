"""From raw assets to derived ones."""

from __future__ import annotations

import numpy as np
import pytest

import biodata_cache
from biodata_cache import ArgumentError, NotFoundWarning, raw_to_derived

RAW = "behavior_0451_2024-01-01_10-00-00"
OTHER = "fib_451_2024-01-01_10-00-00"
BARE = "SPIM_7_2024-01-01_10-00-00"
GONE = "behavior_9_2023-01-01_10-00-00"  # a source that no record has

# name, source, pipeline, processing time
SOURCE_COLUMNS = "name, source_data, pipeline_name, processing_time"
SOURCES = [
    ("new_spikes", RAW, "spikes", "2024-03-01_00-00-00"),
    ("old_spikes", RAW, "spikes", "2024-02-01_00-00-00"),
    ("old_spikes", RAW, "spikes", "2024-02-01_00-00-00"),
    ("a_video", RAW, "video", "2024-02-15_00-00-00"),
    ("z_unnamed", RAW, "", ""),
    ("both", RAW, "merge", "2024-04-01_00-00-00"),
    ("both", OTHER, "merge", "2024-04-01_00-00-00"),
    ("of_gone", GONE, None, None),
    ("of_nothing", "", "", ""),
]
# _id, name, modalities, _last_modified
BASIC_COLUMNS = "_id, name, modalities, _last_modified"
BASICS = [
    ("1", RAW, ["behavior"], "2024-01-01T00:00:00Z"),
    ("2", OTHER, ["fib"], "2024-01-01T00:00:00Z"),
    ("3", BARE, None, "2024-01-01T00:00:00Z"),
    ("4", "new_spikes", ["behavior", "ecephys"], "2024-03-01T00:00:00Z"),
    ("5", "old_spikes", ["ecephys"], "2024-02-01T00:00:00Z"),
    ("6", "a_video", ["behavior-videos"], "2024-02-01T00:00:00Z"),
    # Equally new: the first by id speaks for the name.
    ("60", "a_video", ["pophys"], "2024-02-01T02:00:00+02:00"),
    # The second is newer although its text sorts first; the third has no time that can be read.
    ("7", "z_unnamed", ["ecephys"], "2024-02-02T00:00:00+10:00"),
    ("8", "z_unnamed", ["fib"], "2024-02-01T23:00:00Z"),
    ("9", "z_unnamed", ["ecephys"], "zzz"),
    ("10", "both", ["behavior", "fib", "SPIM"], "2024-04-01T00:00:00Z"),
]
ALL = ["z_unnamed", "old_spikes", "a_video", "new_spikes", "both"]


def rows(values: list[tuple], names: str) -> str:
    def shown(value) -> str:
        if isinstance(value, list):
            return "[" + ", ".join(map(shown, value)) + "]"
        return "null" if value is None else f"'{value}'"

    tuples = ", ".join("(" + ", ".join(map(shown, value)) + ")" for value in values)
    return f"select * from (values {tuples}) as published({names})"


@pytest.fixture(autouse=True)
def lineage(cache):
    cache.plain("source_data", rows(SOURCES, SOURCE_COLUMNS))
    cache.plain("asset_basics", rows(BASICS, BASIC_COLUMNS))
    return cache


def test_one_name_gives_a_list_by_processing_time_and_name():
    assert raw_to_derived(RAW) == ALL


def test_several_names_give_a_dict_in_their_order():
    derived = raw_to_derived([OTHER, BARE, RAW])
    assert list(derived) == [OTHER, BARE, RAW]
    assert derived == {OTHER: ["both"], BARE: [], RAW: ALL}


def test_a_list_of_one_gives_a_dict():
    assert raw_to_derived([RAW]) == {RAW: ALL}


@pytest.mark.parametrize("names", [(OTHER, OTHER), np.array([OTHER, OTHER]), iter([OTHER, OTHER])])
def test_a_name_given_twice_counts_once(names):
    assert raw_to_derived(names) == {OTHER: ["both"]}


def test_no_names_give_an_empty_dict():
    assert raw_to_derived([]) == {}


def test_latest_keeps_the_newest_of_each_pipeline():
    assert raw_to_derived(RAW, latest=True) == ["z_unnamed", "a_video", "new_spikes", "both"]
    assert raw_to_derived(RAW, True) == raw_to_derived(RAW, latest=True)  # noqa: FBT003


def test_latest_is_chosen_for_each_asset_of_a_list():
    derived = raw_to_derived([RAW, OTHER], latest=True)
    assert derived == {RAW: ["z_unnamed", "a_video", "new_spikes", "both"], OTHER: ["both"]}


def test_of_equally_new_ones_the_last_by_name_is_the_latest(lineage):
    values = [(name, RAW, "p", "2024-01-01_00-00-00") for name in ["b", "c", "a"]]
    lineage.plain("source_data", rows(values, SOURCE_COLUMNS))
    assert raw_to_derived(RAW, latest=True) == ["c"]
    assert raw_to_derived(RAW) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("modality", "expected"),
    [
        ("ecephys", ["old_spikes", "new_spikes"]),
        ("ECE", ["old_spikes", "new_spikes"]),
        ("Behavior", ["a_video", "new_spikes", "both"]),
        ("behavior-videos", ["a_video"]),
        ("fib", ["z_unnamed", "both"]),
        ("spim", ["both"]),
        ("pophys", []),
        ("%", []),
        ("' or true --", []),
    ],
)
def test_a_modality_is_part_of_an_abbreviation_in_any_case(modality, expected):
    assert raw_to_derived(RAW, modality=modality) == expected
    assert raw_to_derived([RAW], modality=modality) == {RAW: expected}


def test_latest_is_the_newest_of_those_with_the_modality(lineage):
    # The newest of the pipeline has another modality.
    values = [("old", RAW, "p", "2024-01-01_00-00-00"), ("new", RAW, "p", "2024-02-01_00-00-00")]
    lineage.plain("source_data", rows(values, SOURCE_COLUMNS))
    basics = [("1", "old", ["fib"], None), ("2", "new", ["SPIM"], None)]
    lineage.plain("asset_basics", rows(basics, BASIC_COLUMNS))
    assert raw_to_derived(RAW, latest=True, modality="fib") == ["old"]


def test_a_source_that_no_record_has_is_known():
    assert raw_to_derived(GONE) == ["of_gone"]


def test_a_derived_asset_without_a_record_has_no_modality():
    assert raw_to_derived(GONE, modality="behavior") == []


def test_an_asset_without_derived_ones_has_an_empty_list():
    assert raw_to_derived(BARE) == []
    assert raw_to_derived("both") == []


def test_an_unknown_name_has_none_and_the_nearest_is_offered():
    with pytest.warns(NotFoundWarning) as reported:
        assert raw_to_derived("behavior_0451_2024-01-01_10-00-01") == []
    message = str(reported[0].message)
    assert "'behavior_0451_2024-01-01_10-00-01'" in message
    assert f"Nearest to the first: '{RAW}'" in message
    assert reported[0].filename == __file__


def test_unknown_names_in_a_list_do_not_fail_the_rest():
    unknown = ["nobody", *[f"unknown {number}" for number in range(9)]]
    with pytest.warns(NotFoundWarning) as reported:
        result = raw_to_derived([RAW, *unknown, "nobody"])
    assert result[RAW] == raw_to_derived(RAW)
    assert [result[name] for name in unknown] == [[]] * len(unknown)
    message = str(reported[0].message)
    assert "'nobody', 'unknown 0'" in message
    assert "and 5 more" in message
    assert RAW not in message


@pytest.mark.parametrize("name", ["", "x' or '1' = '1", "\0", "é"])
def test_a_strange_name_is_unknown(name):
    with pytest.warns(NotFoundWarning):
        assert raw_to_derived(name) == []


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((451,), "asset_name"),
        ((None,), "asset_name"),
        (([RAW, 451],), "asset_name"),
        ((RAW, "behavior"), "latest"),
        ((RAW, False, 5), "modality"),
    ],
)
def test_arguments_of_the_wrong_kind_are_refused(arguments, named):
    with pytest.raises(ArgumentError, match=named):
        raw_to_derived(*arguments)


def test_empty_tables_know_no_asset(lineage):
    empty = "select '' as _id, '' as name, '' as source_data, '' as pipeline_name, "
    empty += "'' as processing_time, [''] as modalities, '' as _last_modified where false"
    lineage.plain("source_data", empty)
    lineage.plain("asset_basics", empty)
    with pytest.warns(NotFoundWarning):
        assert raw_to_derived(RAW) == []


def test_a_damaged_table_is_named(lineage):
    (lineage.folder / "source_data.pqt").write_bytes(b"damaged")
    with pytest.raises(biodata_cache.CacheFileError, match=r"source_data\.pqt"):
        raw_to_derived(RAW)
