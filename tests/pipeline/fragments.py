"""What existing readers of the tables ask, as SQL of our own words, and what must hold of it.

The web site loads whole tables into a database in the browser and asks there; some pages read one
partition or a part of a file directly. Each fragment has the shape of one such question. Names in
braces are filled in: `{base}` is the version folder, the others are `VALUES` of the cache.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Rows = list[dict[str, Any]]

#: Columns that the search page takes by name.
SEARCHED = (
    "_id, name, subject_id, acquisition_start_time, acquisition_end_time, project_name, "
    "modalities, data_level, acquisition_type, genotype, age, experimenters, "
    "experimenters_normalized, investigators, investigators_normalized, instrument_id, "
    "instrument_id_normalized, location, code_ocean, process_date"
)
LISTS = (
    "modalities",
    "code_ocean",
    "experimenters",
    "experimenters_normalized",
    "investigators",
    "investigators_normalized",
)
STATUSES = {"Pass", "Fail", "Pending"}
PLATFORMS = ("spim", "fib", "vr", "dynamic_foraging", "slap2", "exaspim", "dynamic_routing")

#: What a site registers at its start besides `asset_basics`.
TABLES = (
    "behavior_curriculum",
    "foraging_sessions",
    "metadata_upgrade",
    "platform_exaspim",
    "platform_exaspim_intermediates",
    "platform_fib",
    "platform_smartspim",
    "platform_smartspim_fiber_ccf",
    "platform_smartspim_qc_metrics",
    "source_data",
    "time_to_qc",
    "unique_project_names",
)

#: Values that fragments name, from the cache that is queried; `nobody` where it has none.
VALUES = {
    "raw": """
        select source_data from source_data
        inner join asset_basics on source_data.source_data = asset_basics.name
        where asset_basics.data_level = 'raw'
        group by source_data order by count(*) desc, source_data limit 1
    """,
    "modality": """
        select modalities[1] from asset_basics
        inner join source_data on source_data.name = asset_basics.name
        where source_data.source_data = '{raw}' order by asset_basics.name limit 1
    """,
    "several": """
        select name from source_data group by name having count(*) > 1 order by name limit 1
    """,
    "subject": """
        select subject_id from foraging_sessions where subject_id in
        (select subject_id from asset_basics) group by subject_id
        order by count(*) desc, subject_id limit 1
    """,
    "session": """
        select session_date from foraging_sessions where subject_id = '{subject}'
        order by session_date desc limit 1
    """,
    "person": """
        select min(person)
        from (select unnest(experimenters_normalized) as person from asset_basics)
    """,
    "fiber_asset": "select min(asset_name) from platform_fib",
}


@dataclass(frozen=True)
class Fragment:
    """One question.

    Attributes:
        name: Who asks, and what for.
        sql: The question.
        types: Types of those columns of the answer that the reader depends on.
        holds: Looks at the rows of the sample, and at `VALUES`; says by an assertion what is wrong.
        reads_files: Whether it reads files itself, and not only what was loaded.
        needs_icu: Whether it needs an extension that DuckDB-WASM fetches when it is first used.
        differs: Why versions of DuckDB answer differently, if they do.
    """

    name: str
    sql: str
    types: Mapping[str, str] = field(default_factory=dict)
    holds: Callable[[Rows, Mapping[str, str]], None] = lambda rows, values: None
    reads_files: bool = False
    needs_icu: bool = False
    differs: str = ""

    def __str__(self) -> str:
        return self.name.replace(" ", "_")


def registration(name: str, source: str) -> str:
    """How a table is loaded: whole, and the times of `asset_basics` cast, whatever is in them."""
    times = ("acquisition_start_time", "acquisition_end_time")
    cast = ", ".join(f"cast({time} as timestamptz) as {time}" for time in times)
    columns = f"* replace ({cast})" if name == "asset_basics" else "*"
    return f'create or replace table "{name}" as select {columns} from {source}'


def filled(sql: str, values: Mapping[str, str]) -> str:
    """A question with its values."""
    return re.sub(r"\{(\w+)\}", lambda name: values[name[1]].replace("'", "''"), sql)


def _some(rows: Rows, values: Mapping[str, str]) -> None:
    assert rows


def _unique(*columns: str) -> Callable[[Rows, Mapping[str, str]], None]:
    def check(rows: Rows, values: Mapping[str, str]) -> None:
        keys = [tuple(row[column] for column in columns) for row in rows]
        assert keys
        assert len(keys) == len(set(keys))

    return check


def _sorted(column: str) -> Callable[[Rows, Mapping[str, str]], None]:
    def check(rows: Rows, values: Mapping[str, str]) -> None:
        found = [row[column] for row in rows]
        assert found
        assert None not in found
        assert found == sorted(found)
        assert len(found) == len(set(found))

    return check


def _counted(**columns: int | None) -> Callable[[Rows, Mapping[str, str]], None]:
    """One row: each of the columns has the number, or at least one where that is None."""

    def check(rows: Rows, values: Mapping[str, str]) -> None:
        (row,) = rows
        for column, number in columns.items():
            assert row[column] > 0 if number is None else row[column] == number, column

    return check


def _search(rows: Rows, values: Mapping[str, str]) -> None:
    assert len({row["_id"] for row in rows}) == len(rows)
    times = [row["acquisition_start_time"] for row in rows]
    known = [time for time in times if time is not None]
    assert times == sorted(known, reverse=True) + [None] * (len(times) - len(known))
    for row in rows:
        # An empty list makes a link that leads nowhere; an asset without modalities has none.
        assert row["code_ocean"] != []
        assert row["modalities"] is not None
        assert row["location"] is None or re.fullmatch(r"s3://[^/]+/.*[^/]", row["location"])
        assert row["process_date"] is None or re.fullmatch(r"\d{4}-\d\d-\d\d", row["process_date"])
        assert row["instrument_id_normalized"] is not None


def _newest(rows: Rows, values: Mapping[str, str]) -> None:
    (row,) = rows
    assert row["name"].startswith(values["raw"])


def _each_source_once(rows: Rows, values: Mapping[str, str]) -> None:
    derived = [row for row in rows if row["name"] == values["several"]]
    assert len(derived) > 1
    assert len({row["source_data"] for row in derived}) == len(derived)
    assert all(", " not in (row["source_data"] or "") for row in rows)


def _statuses(rows: Rows, values: Mapping[str, str]) -> None:
    assert rows
    assert {row["status"] for row in rows} <= {*STATUSES, None}


def _links(rows: Rows, values: Mapping[str, str]) -> None:
    assert {row["processed"] for row in rows} == {True, False}
    links = [row[name] for row in rows for name in row if name.endswith("_link")]
    assert any(links)
    assert all(link is None or link.startswith("https://") for link in links)


def _smartspim(rows: Rows, values: Mapping[str, str]) -> None:
    _links(rows, values)
    _unique("raw_name", "name", "channel", "_id", "_id_1")(rows, values)
    for row in rows:
        assert (row["channel"] is None) == (row["segmentation_link"] is None)


def _fibers(rows: Rows, values: Mapping[str, str]) -> None:
    assert rows
    for row in rows:
        assert re.fullmatch(r"Fiber[ _]\d+", row["fiber"], re.IGNORECASE)
        assert row["channel"] == "missing" or re.fullmatch(
            r"Fiber[ _]\d+[ _]\w+", row["channel"], re.IGNORECASE
        )
        assert row["targeted_structure"]
        assert row["intended_measurement"]


def _sessions(rows: Rows, values: Mapping[str, str]) -> None:
    days = [row["session_date"] for row in rows]
    assert days == sorted(days, reverse=True)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", day) for day in days)
    assert all(row["trainer"] is not None for row in rows)


def _one_session(rows: Rows, values: Mapping[str, str]) -> None:
    (row,) = rows
    assert (row["subject_id"], row["session_date"]) == (values["subject"], values["session"])
    shown = {
        "trainer", "rig", "curriculum_version", "task", "foraging_eff", "finished_trials",
        "total_trials", "finished_rate", "bias_naive", "nwb_suffix",
    }  # fmt: skip
    assert shown <= row.keys()


def _pending(rows: Rows, values: Mapping[str, str]) -> None:
    assert rows
    # An asset that is pending is recognized by the one time that all of them have.
    assert {row["is_pending_by_time"] for row in rows if row["is_pending"]} == {True}
    assert not any(row["is_pending_by_time"] for row in rows if not row["is_pending"])


def _upgrades(rows: Rows, values: Mapping[str, str]) -> None:
    assert rows
    assert {row["status"] for row in rows} <= {"success", "failed", None}
    versions = [name for row in rows[:1] for name in row if re.fullmatch(r"\d+\.\d+\.\d+", name)]
    assert versions, "one column for each version of the upgrader"
    names = [row["name"] for row in rows if row["name"] is not None]
    assert names == sorted(names)


def _of_one_platform(platform: str) -> Callable[[Rows, Mapping[str, str]], None]:
    def check(rows: Rows, values: Mapping[str, str]) -> None:
        _statuses(rows, values)
        assert {row["platform"] for row in rows} == {platform}

    return check


_TIMES = {
    "acquisition_start_time": "TIMESTAMP WITH TIME ZONE",
    "acquisition_end_time": "TIMESTAMP WITH TIME ZONE",
}
_BASICS_JOINS = """
    left join asset_basics as raw on raw.name = s.raw_name
    left join asset_basics as own on own.name = s.name
    order by raw.acquisition_start_time desc, s.name
"""

FRAGMENTS: Sequence[Fragment] = [
    # asset_basics
    Fragment(
        "search: all assets, the newest first",
        f"select {SEARCHED} from asset_basics order by acquisition_start_time desc nulls last",
        types=_TIMES | dict.fromkeys(LISTS, "VARCHAR[]") | {"age": "INTEGER"},
        holds=_search,
    ),
    Fragment(
        "search: numbers at the top",
        "select count(*) as assets, count(distinct subject_id) as subjects from asset_basics",
        holds=_counted(assets=None, subjects=None),
    ),
    Fragment(
        "search: number of investigators",
        "select count(distinct person) as people from "
        "(select unnest(investigators_normalized) as person from asset_basics)",
        holds=_counted(people=None),
    ),
    Fragment(
        "histogram: raw assets by modality and week",
        "select date_trunc('week', acquisition_start_time) as week, modality, count(*) as assets "
        "from (select acquisition_start_time, data_level, unnest(modalities) as modality "
        "from asset_basics) where data_level is null or data_level != 'derived' "
        "group by all order by all",
        holds=_some,
        needs_icu=True,
    ),
    *(
        Fragment(
            f"platform overview: assets with {modality}",
            "select count(*) as assets from asset_basics "
            f"where list_contains(modalities, '{modality}')",
            holds=_counted(assets=None),
        )
        for modality in ("fib", "SPIM", "behavior", "slap2", "ecephys", "pophys")
    ),
    *(
        Fragment(
            f"filter: any of some in {column}",
            f"select name from asset_basics where list_has_any({column}, ['{{person}}', 'fib'])",
        )
        for column in LISTS
        if column != "code_ocean"
    ),
    Fragment(
        "fibre page: lists as one text, one row per name",
        "select name, "
        + ", ".join(f"array_to_string({column}, ', ') as {column}" for column in LISTS)
        + " from asset_basics "
        "qualify row_number() over (partition by name order by _last_modified desc) = 1",
        types=dict.fromkeys(LISTS, "VARCHAR"),
        holds=_unique("name"),
        differs="an empty list becomes an empty text from DuckDB 1.5 on, and NULL before",
    ),
    *(
        Fragment(
            f"platform condition: {condition.split(' ')[0].split('(')[-1]} {number}",
            f"select count(*) as assets from asset_basics where {condition}",
            holds=_counted(assets=None),
        )
        for number, condition in enumerate(
            [
                "acquisition_type = 'AindVrForaging'",
                "regexp_matches(acquisition_type, '(Uncoupled|Coupled)( Without)? Baiting')",
                "instrument_id ilike '%smart%'",
                "instrument_id ilike '%exa%'",
                "project_name = 'Dynamic Routing'",
                "project_name != '' and project_name is not null",
            ]
        )
    ),
    *(
        Fragment(
            f"time filter: since {since}",
            f"select name from asset_basics where acquisition_start_time >= {since}",
            holds=_some,
        )
        for since in ("'2023-01-01'", "'2023-01-01T08:00:00.000Z'")
    ),
    Fragment(
        "time filter: the last hundred years",
        "select name from asset_basics "
        "where acquisition_start_time >= current_date - interval 36500 day",
        holds=_some,
        needs_icu=True,
    ),
    Fragment(
        "sessions: hours by data level",
        "select data_level, sum(datediff('second', acquisition_start_time, "
        "acquisition_end_time)) / 3600.0 as hours from asset_basics "
        "where list_contains(modalities, 'behavior') group by data_level",
        types={"hours": "DOUBLE"},
        holds=_some,
        needs_icu=True,
    ),
    Fragment(
        "selector: subjects",
        "select distinct subject_id::varchar as subject_id from asset_basics "
        "where subject_id is not null order by 1",
        types={"subject_id": "VARCHAR"},
        holds=_sorted("subject_id"),
    ),
    Fragment(
        "selector: projects",
        "select distinct project_name from asset_basics where project_name is not null order by 1",
        holds=_sorted("project_name"),
    ),
    Fragment(
        "subject page: one subject, and no other that is written alike",
        "select distinct subject_id from asset_basics where subject_id = '0451'",
        types={"subject_id": "VARCHAR"},
        holds=lambda rows, values: _only(rows, "0451"),
    ),
    Fragment(
        "subject page: some subjects",
        "select distinct subject_id from asset_basics where subject_id in ('451') order by 1",
        holds=lambda rows, values: _only(rows, "451"),
    ),
    Fragment(
        "image viewer: the derived asset, guessed by its name",
        "select name from asset_basics where name like '{raw}_processed_%' "
        "or name like '{raw}_sorted_%' order by name desc limit 1",
        holds=_newest,
    ),
    Fragment(
        "size page: an asset by bucket and prefix",
        "with place as (select regexp_extract(location, 's3://([^/]+)/', 1) as bucket, "
        "regexp_extract(location, 's3://[^/]+/(.*)', 1) as prefix from asset_basics "
        "where location like 's3://%') "
        "select count(*) as assets from place inner join asset_basics as ab "
        "on ab.location = 's3://' || place.bucket || '/' || place.prefix",
        holds=_counted(assets=None),
    ),
    Fragment(
        "sessions: instruments",
        "select distinct instrument_id_normalized from asset_basics "
        "where instrument_id_normalized in "
        "(select instrument_id_normalized from asset_basics) order by 1",
        holds=_sorted("instrument_id_normalized"),
    ),
    Fragment(
        "timeline: whether there is a column `created`",
        "select count(*) as columns from information_schema.columns "
        "where table_name = 'asset_basics' and column_name = 'created'",
        holds=_counted(columns=1),
    ),
    Fragment(
        "filtered reads: a page of assets and the total",
        "select *, count(*) over () as total from read_parquet('{base}/asset_basics.pqt') "
        "where subject_id = '{subject}' and contains(lower(cast(modalities as varchar)), 'behav') "
        "and try_cast(acquisition_start_time as timestamptz) >= timestamptz '2020-01-01T00:00:00Z' "
        "limit 20 offset 0",
        types={"acquisition_start_time": "VARCHAR", "modalities": "VARCHAR[]"},
        holds=_some,
        reads_files=True,
    ),
    # source_data
    Fragment(
        "assets table: sources beside each asset",
        "select a.name, sd.source_data from asset_basics as a left join source_data as sd "
        "on sd.name = a.name and sd.source_data is not null and sd.source_data != ''",
        types={"source_data": "VARCHAR"},
        holds=_each_source_once,
    ),
    Fragment(
        "raw to derived: the newest with a modality",
        "select ab.name, sd.processing_time from source_data as sd "
        "inner join asset_basics as ab on ab.name = sd.name "
        "where ('; ' || replace(sd.source_data, ', ', '; ') || ';') like '%; {raw};%' "
        "and ab.data_level = 'derived' and list_contains(ab.modalities, '{modality}') "
        "order by sd.processing_time desc limit 1",
        types={"processing_time": "VARCHAR"},
        holds=_newest,
    ),
    Fragment(
        "fibre playback: what was made of a raw asset",
        "select name from source_data where source_data = '{raw}' order by name",
        holds=_sorted("name"),
    ),
    Fragment(
        "video player: the raw asset beside each derived one",
        "select sd.name, ab.location from source_data as sd "
        "inner join asset_basics as ab on ab.name = sd.source_data",
        holds=_some,
    ),
    Fragment(
        "timeline: sources as a list in a text, and the time of processing",
        "select source, arg_max(name, coalesce(processed_at, timestamptz '1970-01-01T00:00:00Z')) "
        "as name, max(processed_at) as processed_at from (select name, "
        "unnest(string_split(source_data, ', ')) as source, "
        "try_cast(processing_time as timestamptz) as processed_at from source_data) "
        "where source != '' group by source",
        # The page means to read `2026-01-26_22-15-12` as a time, which it never can: it then asks
        # DocDB. The text is what other readers sort and split; `asset_lineage` has the instant.
        holds=lambda rows, values: _all_missing(rows, "processed_at"),
    ),
    # lists of values
    Fragment(
        "explorer: projects",
        "select project_name from unique_project_names order by project_name",
        types={"project_name": "VARCHAR"},
        holds=_sorted("project_name"),
    ),
    Fragment(
        "search: number of projects",
        "select count(*) as projects, count(project_name) as named from unique_project_names",
        holds=lambda rows, values: _same(rows, "projects", "named"),
    ),
    # quality_control and platform_qc
    Fragment(
        "tables page: one partition of quality control",
        "select * from read_parquet('{base}/qc/subject_id={subject}/data.pqt', "
        "hive_partitioning = true)",
        types={"status": "VARCHAR", "timestamp": "TIMESTAMP WITH TIME ZONE"},
        holds=_statuses,
        reads_files=True,
    ),
    Fragment(
        "tables page: a subject whose id DuckDB takes for a number",
        "select asset_name from read_parquet('{base}/qc/subject_id={subject}/data.pqt', "
        "hive_partitioning = true) where subject_id in ('{subject}')",
        holds=_some,
        reads_files=True,
    ),
    Fragment(
        "quality control of a subject as its text",
        "select distinct subject_id "
        "from read_parquet('{base}/qc/subject_id={subject}/data.pqt', hive_partitioning = false)",
        types={"subject_id": "VARCHAR"},
        holds=lambda rows, values: _only(rows, values["subject"]),
        reads_files=True,
    ),
    *(
        Fragment(
            f"{platform} page: status by instrument and month",
            "select asset_name, tag, status, timestamp, instrument_id_normalized, platform "
            f"from read_parquet('{{base}}/platform_qc/platform={platform}/data.pqt') "
            "where timestamp >= '2020-01-01'",
            types={
                "tag": "VARCHAR",
                "timestamp": "VARCHAR",
                "instrument_id_normalized": "VARCHAR",
            },
            holds=_of_one_platform(platform),
            reads_files=True,
        )
        for platform in PLATFORMS
    ),
    Fragment(
        "platform page: status by experimenter",
        "select person, split_part(tag, ':', 2) as tag, status, "
        "count(distinct asset_name) as assets from (select unnest(experimenters_normalized) "
        "as person, tag, status, asset_name "
        "from read_parquet('{base}/platform_qc/platform=dynamic_foraging/data.pqt')) "
        "where person is not null and person != '' group by all",
        types={"person": "VARCHAR"},
        holds=_statuses,
        reads_files=True,
    ),
    # imaging
    Fragment(
        "SmartSPIM page: channels with the asset's columns",
        "select s.name, s.raw_name, s.channel, s.segmentation_link, s.quantification_link, "
        "s.processing_end_time, s.stitched_link, s.raw_link, s.alignment_link, "
        "s.alignment_ccf_link, s.processed, s.institution, raw.subject_id, raw.genotype, "
        "raw.acquisition_start_time, raw._id, own.process_date, own._id as _id_1 "
        f"from platform_smartspim as s {_BASICS_JOINS}",
        types={"processed": "BOOLEAN", "processing_end_time": "VARCHAR", "channel": "VARCHAR"},
        holds=_smartspim,
    ),
    Fragment(
        "SmartSPIM page: number of assets",
        "select count(distinct name) as assets from platform_smartspim",
        holds=_counted(assets=None),
    ),
    Fragment(
        "ExaSPIM page: raw and fused images",
        "select s.name, s.raw_name, s.processed, s.raw_link, s.fused_link, raw.subject_id, "
        f"own.process_date from platform_exaspim as s {_BASICS_JOINS}",
        types={"processed": "BOOLEAN", "raw_link": "VARCHAR", "fused_link": "VARCHAR"},
        holds=_links,
    ),
    Fragment(
        "ExaSPIM page: one row per raw asset",
        "select raw_name from platform_exaspim",
        holds=_unique("raw_name"),
    ),
    Fragment(
        "ExaSPIM page: intermediate folders of an image",
        "select raw_name, name, location, cast(checked_at as varchar) as checked_at, "
        "flatfield_present, denoised_present from platform_exaspim_intermediates "
        "order by raw_name, name nulls last",
        types={"flatfield_present": "BOOLEAN", "denoised_present": "BOOLEAN"},
        holds=_unique("raw_name"),
    ),
    Fragment(
        "SmartSPIM page: standard metrics of an image",
        "select subject_id, name, metric_name, channel, stage, value, status, evaluator, "
        "status_timestamp from platform_smartspim_qc_metrics order by name, metric_name, channel",
        types={"channel": "VARCHAR", "value": "VARCHAR", "status_timestamp": "VARCHAR"},
        holds=_statuses,
    ),
    Fragment(
        "SmartSPIM page: tips of fibers",
        "select subject_id, name, fiber, targeted_structure, ap, ml, dv, status, ccf_link "
        "from platform_smartspim_fiber_ccf order by name, fiber",
        types={"ap": "DOUBLE", "ml": "DOUBLE", "dv": "DOUBLE", "ccf_link": "VARCHAR"},
        holds=_unique("name", "fiber"),
    ),
    # fibers
    Fragment(
        "fibre page: fibers and channels",
        "select f.asset_name, f.fiber, f.channel, f.targeted_structure, f.intended_measurement, "
        "ab.subject_id from platform_fib as f inner join (select * from asset_basics "
        "qualify row_number() over (partition by name order by _last_modified desc) = 1) as ab "
        "on f.asset_name = ab.name",
        holds=lambda rows, values: (
            _fibers(rows, values),
            _unique("asset_name", "fiber", "channel")(rows, values),
        )[-1],
    ),
    Fragment(
        "fibre playback: fibers of a raw asset and of all that begins like it",
        "select * from read_parquet('{base}/platform_fib.pqt') "
        "where asset_name like '{fiber_asset}%'",
        holds=_fibers,
        reads_files=True,
    ),
    # upgrades
    Fragment(
        "upgrade page: everything, by name",
        "select * from metadata_upgrade order by name",
        types={"status": "VARCHAR", "upgrader_version": "VARCHAR", "upgrade_datetime": "VARCHAR"},
        holds=_upgrades,
    ),
    Fragment(
        "version 2 page: assets that no upgrade made",
        "select ab.name from asset_basics as ab left join metadata_upgrade as mu "
        "on mu.name = ab.name where mu.name is null or mu._id is null",
        holds=_some,
    ),
    # foraging
    Fragment(
        "foraging page: sessions with the node of their stage",
        "select f.subject_id, f.session_date, f.nwb_suffix, f.trainer_normalized as trainer, "
        "f.curriculum_name, f.current_stage_actual, c.stage_node_id "
        "from foraging_sessions as f left join (select distinct curriculum_name, stage_name, "
        "stage_node_id from behavior_curriculum) as c on c.curriculum_name = f.curriculum_name "
        "and c.stage_name = f.current_stage_actual "
        "where f.session_date >= '2020-01-01' order by f.session_date desc, f.subject_id",
        types={"subject_id": "VARCHAR", "session_date": "VARCHAR", "trainer": "VARCHAR"},
        holds=_sessions,
    ),
    Fragment(
        "foraging page: one session",
        "select * from foraging_sessions where subject_id = '{subject}' "
        "and session_date = '{session}' limit 1",
        types={"session_date": "VARCHAR", "nwb_suffix": "INTEGER"},
        holds=_one_session,
    ),
    Fragment(
        "project page: stages of the curriculum",
        "select a.project_name, c.curriculum_name, c.stage_name, c.stage_node_id "
        "from asset_basics as a inner join behavior_curriculum as c on a.name = c.asset_name "
        "where c.curriculum_name is not null",
        types={"stage_node_id": "INTEGER"},
        holds=_some,
    ),
    # time to quality control
    Fragment(
        "time to QC: days, and what is pending",
        "with by_name as (select name, max(qc_time) as qc_time, max(process_end_time) as ended, "
        "bool_or(is_pending) as is_pending from time_to_qc group by name), "
        "cast_once as (select name, is_pending, cast(qc_time as timestamp) as qc_time, "
        "cast(ended as timestamp) as ended from by_name) "
        "select name, is_pending, datediff('second', ended, qc_time) / 86400.0 as days, "
        "datediff('second', qc_time, (select max(qc_time) from cast_once)) <= 900 "
        "as is_pending_by_time from cast_once where qc_time is not null",
        types={"days": "DOUBLE"},
        holds=_pending,
        differs="casting a text to a time without zone drops its offset, but not in DuckDB 0.9",
    ),
    Fragment(
        "time to QC: derived assets of a kind",
        "select t.name, t.qc_time, ab.project_name from time_to_qc as t "
        "inner join asset_basics as ab on ab.name = t.name where ab.data_level = 'derived'",
        holds=_some,
    ),
]


def _only(rows: Rows, value: str) -> None:
    assert rows == [{"subject_id": value}]


def _all_missing(rows: Rows, column: str) -> None:
    assert rows
    assert {row[column] for row in rows} == {None}


def _same(rows: Rows, one: str, other: str) -> None:
    assert rows[0][one] == rows[0][other] > 0
