"""What comes out of DuckDB is the same with pyarrow and without."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import biodata_cache
from biodata_cache import MissingDependencyError, scan

COLUMNS = {
    "text": "'é'",
    "texts": "['fib', null, 'x']",
    "no_texts": "[]::varchar[]",
    "tiny": "1::tinyint",
    "whole": "3::integer",
    "large": "9007199254740993::bigint",
    "positive": "7::uinteger",
    "huge": "170141183460469231731687303715884105727::hugeint",
    "real": "1.5::double",
    "single": "0.1::float",
    "exact": "1.50::decimal(9, 2)",
    "flag": "true",
    "instant": "timestamptz '2024-01-31 08:50:58.123456-08:00'",
    "local": "timestamp '2024-01-31 08:50:58.123456'",
    "day": "date '2024-01-31'",
    "numbers": "[1, null]",
    "days": "[date '2024-01-31']",
    "pairs": "map {'fib': 'Pass'}",
    "parts": "{'a': 1, 'b': ['x']}",
    "binary": "'\\x00a'::blob",
}
DESCRIBE = """
import json, sys
if sys.argv[1] == "without":
    sys.modules["pyarrow"] = None
import biodata_cache as b
described = {}
for name in ("assets", "asset_basics", "qc_status", "metadata_core"):
    for how, frame in (("read", getattr(b, name)()), ("sql", b.sql(f"from {name}"))):
        described[f"{name} {how}"] = {
            "index": repr(frame.index),
            "columns": frame.columns.tolist(),
            "dtypes": [str(dtype) for dtype in frame.dtypes],
            "values": [
                [type(each).__name__, str(getattr(each, "dtype", "")), repr(each)]
                for _, column in frame.items()
                for each in column
            ],
        }
print(json.dumps(described))
"""


@pytest.fixture(params=[pytest.param(None, marks=pytest.mark.slow), "build"])
def every_kind(cache: Any, request: pytest.FixtureRequest) -> Any:
    """The same columns without missing values, with some, with nothing else, and without rows.

    Of a publisher who names a build, and of an older one, whose files are read in another way.
    """
    filled = ", ".join(f'{value} as "{name}"' for name, value in COLUMNS.items())
    cache.plain("assets", f"select {filled} from range(2)")
    missing = ", ".join(
        f'case when i = 0 then {value} end as "{name}"' for name, value in COLUMNS.items()
    )
    cache.plain("asset_basics", f"select {missing} from range(2) t(i)")
    cache.plain("qc_status", f"select {missing} from range(1, 3) t(i)")
    cache.plain("metadata_core", f"select {missing} from range(1, 3) t(i) where false")
    for entry in cache.entries:
        entry["build_id"] = request.param
    cache.write_registry()
    return cache


def described(how: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", DESCRIBE, how],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(biodata_cache.__file__).parents[1],
        env=os.environ,
    )
    return json.loads(done.stdout)


def test_frames_are_the_same_without_arrow(every_kind: Any) -> None:
    with_arrow, without = described("with"), described("without")
    assert with_arrow == without
    for name in ("assets", "asset_basics", "qc_status", "metadata_core"):
        assert with_arrow[f"{name} read"] == with_arrow[f"{name} sql"]


def test_dtypes_do_not_depend_on_the_values(every_kind: Any) -> None:
    filled = biodata_cache.asset_basics().dtypes.to_dict()
    assert biodata_cache.qc_status().dtypes.to_dict() == filled


def test_arrow_and_polars_have_the_types_of_the_table(every_kind: Any) -> None:
    columns = ["text", "texts", "whole", "instant", "flag", "day", "pairs"]
    for name in ("assets", "asset_basics", "qc_status", "metadata_core"):
        rows = scan(name, columns=columns)
        table = rows.arrow()
        assert table.schema.types == [
            pa.string(),
            pa.list_(pa.string()),
            pa.int32(),
            pa.timestamp("us", tz="UTC"),
            pa.bool_(),
            pa.date32(),
            pa.map_(pa.string(), pa.string()),
        ]
        frame = rows.pl()
        assert frame.columns == columns
        assert [str(kind) for kind in frame.dtypes][:4] == [
            "String",
            "List(String)",
            "Int32",
            "Datetime(time_unit='us', time_zone='UTC')",
        ]
        assert frame.height == table.num_rows == len(rows.df())
    assert scan("assets", columns=["texts"]).pl()["texts"].to_list() == [["fib", None, "x"]] * 2


@pytest.mark.parametrize(
    ("package", "read"), [("pyarrow", "arrow"), ("polars", "pl"), ("pyarrow", "pl")]
)
def test_what_is_not_installed_is_named(
    every_kind: Any, monkeypatch: pytest.MonkeyPatch, package: str, read: str
) -> None:
    rows = scan("assets")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingDependencyError, match=rf"{package} is not installed: .*pip install"):
        getattr(rows, read)()


@pytest.mark.parametrize("count", [2, 50, 20_000])
def test_rows_keep_their_order(cache: Any, count: int) -> None:
    """However many values are looked for."""
    cache.partitioned(
        "quality_control",
        "qc",
        "subject_id",
        {
            str(part): f"select range as n, '{part}' as subject_id "
            f"from range({part * 150_000}, {(part + 1) * 150_000})"
            for part in range(2)
        },
    )
    many = list(range(0, 300_000, 7))[-count:]
    assert biodata_cache.quality_control(n=many[::-1])["n"].tolist() == many
    assert biodata_cache.quality_control(n=[*many, 0.0])["n"].tolist() == [0, *many]


def test_many_values_or_none(cache: Any) -> None:
    cache.plain("assets", "select unnest(['a', null, 'b']) as name")
    many = [None, "b", *map(str, range(100))]
    names = biodata_cache.assets(name=many)["name"]
    assert names.fillna("none").tolist() == ["none", "b"]
