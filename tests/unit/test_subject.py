"""Everything about one subject, in one object."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import pytest

import biodata_cache
from biodata_cache import ArgumentError

if TYPE_CHECKING:
    from published_cache import Published

EMPTY = {
    "injections": "null::date as start_date, '' as targeted_structure, '' as material,"
    " 1.0 as volume, '' as volume_unit",
    "implants": "null::date as start_date, '' as device_name, '' as targeted_structure",
}


@pytest.fixture
def mouse(cache: Published) -> biodata_cache.Subject:
    cache.plain(
        "subjects",
        "select * from (values ('0451', 'Mus musculus', 'Female', '<wt>', date '2024-01-31'),"
        " ('451', null, null, null, null))"
        " as t (subject_id, species, sex, genotype, date_of_birth)",
    )
    cache.plain("unique_subject_ids", "select unnest(['0451', '451']) as subject_id")
    cache.plain(
        "procedures",
        "select '0451' as subject_id, 'subject' as kind, procedure_index, part_index,"
        " 'Headframe' as procedure_type, start_date, ['Jane'] as experimenters_normalized,"
        " weight as animal_weight_prior, null::double as animal_weight_post,"
        " 'gram' as weight_unit from (values (1, 0, date '2024-03-01', 22.5),"
        " (0, 0, date '2024-02-01', 21.0), (0, 1, date '2024-02-01', 21.0),"
        " (2, 0, date '2024-04-01', null))"
        " as t (procedure_index, part_index, start_date, weight)",
    )
    for name, columns in EMPTY.items():
        cache.plain(name, f"select '0451' as subject_id, {columns} where false")
    cache.plain(
        "assets",
        "select *, cast(acquisition_start_at - interval 8 hour as timestamp)"
        " as acquisition_start_local"
        " from (values ('late', timestamptz '2024-05-03 00:00:00+00', '0451'),"
        " ('early', timestamptz '2024-05-01 00:00:00+00', '0451'),"
        " ('other', timestamptz '2024-05-01 00:00:00+00', '451'))"
        " as t (name, acquisition_start_at, subject_id),"
        " (select ['fib'] as modalities, 'P' as project_name)",
    )
    cache.plain(
        "sessions",
        "select *, ['fib', '<b>'] as modalities, 350 as trials_finished, 200 as trials_rewarded,"
        " null::double as animal_weight_prior, 'gram' as weight_unit"
        " from (values ('late', timestamptz '2024-05-03 00:00:00+00', '0451', 23.5),"
        " ('early', timestamptz '2024-05-01 00:00:00+00', '0451', null),"
        " ('undated', null, '0451', null),"
        " ('other', timestamptz '2024-05-01 00:00:00+00', '451', 30.0))"
        " as t (asset_name, start_at, subject_id, animal_weight_post)",
    )
    cache.plain(
        "qc_status",
        "select name, 'Pass' as status, 1 as metric_count, 0 as fail_count, 0 as pending_count"
        " from (values ('early'), ('other')) as t (name)",
    )
    judgements = (
        "select '0451' as subject_id, *, 0 as metric_index, 'drift' as name, 'Pass' as status,"
        " 'Jane' as evaluator from (values ('late', 0, timestamptz '2024-06-02 00:00:00+00'),"
        " ('early', 1, timestamptz '2024-06-03 00:00:00+00'),"
        " ('early', 0, timestamptz '2024-06-01 00:00:00+00'))"
        " as t (asset_name, judgement_index, evaluated_at)"
    )
    history = "quality_control_history"
    cache.partitioned(history, history, "subject_id", {"0451": judgements})
    return biodata_cache.subject("0451")


def test_parts_are_those_of_the_subject_in_the_order_of_time(mouse: biodata_cache.Subject) -> None:
    assert mouse.facts["subject_id"].tolist() == ["0451"]
    assert mouse.procedures["procedure_index"].tolist() == [0, 0, 1, 2]
    assert mouse.assets["name"].tolist() == ["early", "late"]
    assert mouse.quality["name"].tolist() == ["early"]
    assert len(mouse.injections) == len(mouse.implants) == 0


def test_sessions_and_judgements_are_in_the_order_of_time(mouse: biodata_cache.Subject) -> None:
    assert mouse.sessions["asset_name"].tolist() == ["early", "late", "undated"]
    judged = mouse.quality_control_history
    assert judged["asset_name"].tolist() == ["early", "late", "early"]


def test_weights_are_those_of_procedures_and_sessions_each_once(
    mouse: biodata_cache.Subject,
) -> None:
    assert mouse.weights["animal_weight_prior"].dropna().tolist() == [21.0, 22.5]
    assert mouse.weights["animal_weight_post"].dropna().tolist() == [23.5]
    assert mouse.weights["event"].tolist() == ["procedure", "procedure", "session"]
    assert mouse.weights["date"].astype(str).tolist()[-1] == "2024-05-02 16:00:00"


def test_time_line_is_in_local_time(mouse: biodata_cache.Subject) -> None:
    assert mouse.timeline.astype(object).map(str).to_numpy().tolist() == [
        ["2024-02-01 00:00:00", "1", "procedure", "Headframe", "None"],
        ["2024-03-01 00:00:00", "30", "procedure", "Headframe", "None"],
        ["2024-04-01 00:00:00", "61", "procedure", "Headframe", "None"],
        ["2024-04-30 16:00:00", "90", "session", "fib, <b>", "early"],
        ["2024-05-02 16:00:00", "92", "session", "fib, <b>", "late"],
    ]


def test_it_shows_itself(mouse: biodata_cache.Subject) -> None:
    assert repr(mouse).splitlines() == [
        "Subject 0451, Mus musculus, Female, <wt>, born 2024-01-31",
        "  procedures: 4",
        "  injections: 0",
        "  implants: 0",
        "  sessions: 3",
        "  assets: 2",
        "  quality: 1",
        "  quality_control_history: 3",
        "  2024-02: Headframe",
        "  2024-03: Headframe",
        "  2024-04: Headframe, 1 session",
        "  2024-05: 1 session",
    ]


def test_it_shows_itself_in_a_notebook(mouse: biodata_cache.Subject) -> None:
    page = mouse._repr_html_()
    assert "&lt;wt&gt;" in page
    assert "<wt>" not in page
    assert "<b>" not in page
    assert "Headframe" in page
    assert page.count("<circle") == 5
    assert "<title>2024-04-30 fib, &lt;b&gt;</title>" in page


def test_of_many_months_the_first_are_shown(cache: Published, mouse: biodata_cache.Subject) -> None:
    many = mouse.procedures.loc[[0] * 14].reset_index(drop=True)
    many["start_date"] = pd.date_range("2024-01-01", periods=14, freq="MS")
    lines = repr(replace(mouse, procedures=many, sessions=mouse.sessions[:0])).splitlines()
    assert lines[-2:] == ["  2024-12: Headframe", "  … 2 more months"]


def test_a_subject_without_facts_shows_its_id(mouse: biodata_cache.Subject) -> None:
    other = biodata_cache.subject("451")
    assert repr(other).splitlines()[0] == "Subject 451"
    assert other.assets["name"].tolist() == ["other"]
    assert other.timeline["age"].isna().tolist() == [True]
    assert other.quality_control_history.empty


def test_a_subject_without_dates_has_no_time_line(mouse: biodata_cache.Subject) -> None:
    bare = replace(mouse, procedures=mouse.procedures[:0], sessions=mouse.sessions[:0])
    assert bare.timeline.empty
    assert repr(bare).splitlines()[-1] == "  quality_control_history: 3"
    assert "<svg" not in bare._repr_html_()
    assert bare.weights.empty


@pytest.mark.parametrize("unknown", ["9", ""])
def test_a_subject_that_no_record_names(mouse: biodata_cache.Subject, unknown: str) -> None:
    with pytest.raises(ArgumentError, match="unique_subject_ids"):
        biodata_cache.subject(unknown)


def test_an_id_is_a_text(mouse: biodata_cache.Subject) -> None:
    with pytest.raises(ArgumentError, match="451"):
        biodata_cache.subject(451)  # type: ignore[arg-type]
