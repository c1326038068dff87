"""Everything about one subject, in one object."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
        "select * from (values ('late', timestamptz '2024-05-02 00:00:00+00', '0451'),"
        " ('early', timestamptz '2024-05-01 00:00:00+00', '0451'),"
        " ('other', timestamptz '2024-05-01 00:00:00+00', '451'))"
        " as t (name, acquisition_start_at, subject_id),"
        " (select ['fib'] as modalities, 'P' as project_name)",
    )
    cache.plain(
        "qc_status",
        "select name, 'Pass' as status, 1 as metric_count, 0 as fail_count, 0 as pending_count"
        " from (values ('early'), ('other')) as t (name)",
    )
    return biodata_cache.subject("0451")


def test_parts_are_those_of_the_subject_in_the_order_of_time(mouse: biodata_cache.Subject) -> None:
    assert mouse.facts["subject_id"].tolist() == ["0451"]
    assert mouse.procedures["procedure_index"].tolist() == [0, 0, 1, 2]
    assert mouse.assets["name"].tolist() == ["early", "late"]
    assert mouse.quality["name"].tolist() == ["early"]
    assert len(mouse.injections) == len(mouse.implants) == 0


def test_each_weight_is_said_once(mouse: biodata_cache.Subject) -> None:
    assert mouse.weights["animal_weight_prior"].tolist() == [21.0, 22.5]


def test_it_shows_itself(mouse: biodata_cache.Subject) -> None:
    assert repr(mouse).splitlines() == [
        "Subject 0451, Mus musculus, Female, <wt>, born 2024-01-31",
        "  procedures: 4",
        "  injections: 0",
        "  implants: 0",
        "  assets: 2",
        "  quality: 1",
        "  acquired: 2024-05-01 to 2024-05-02",
    ]
    page = mouse._repr_html_()
    assert "&lt;wt&gt;" in page
    assert "<wt>" not in page
    assert "Headframe" in page


def test_a_subject_without_facts_shows_its_id(mouse: biodata_cache.Subject) -> None:
    other = biodata_cache.subject("451")
    assert repr(other).splitlines()[0] == "Subject 451"
    assert other.assets["name"].tolist() == ["other"]


@pytest.mark.parametrize("unknown", ["9", ""])
def test_a_subject_that_no_record_names(mouse: biodata_cache.Subject, unknown: str) -> None:
    with pytest.raises(ArgumentError, match="unique_subject_ids"):
        biodata_cache.subject(unknown)


def test_an_id_is_a_text(mouse: biodata_cache.Subject) -> None:
    with pytest.raises(ArgumentError, match="451"):
        biodata_cache.subject(451)  # type: ignore[arg-type]
