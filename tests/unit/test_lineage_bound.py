"""Lineage visits each pair of names once, however records name each other."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

MODEL = Path(__file__).parents[2] / "models/intermediate/lineage/int_lineage_resolved.sql"
ALL = [f"a{number:02}" for number in range(60)]
SHAPES = {
    "each names all": [(one, other) for one in ALL for other in ALL],
    "layers of two": [
        (ALL[upper], ALL[lower])
        for upper in range(2, 60)
        for lower in (upper - upper % 2 - 2, upper - upper % 2 - 1)
    ],
    "a ring": list(zip(ALL, [*ALL[1:], ALL[0]], strict=True)),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_records_that_name_each_other_are_resolved_in_bounded_work(shape: str) -> None:
    """Paths are as many as factorials here; pairs are 3,600, and nothing goes to the disk."""
    edges = SHAPES[shape]
    query = re.sub(r"\{\{ ref\('(\w+)'\) \}\}", r"\1", MODEL.read_text())
    with duckdb.connect() as duck:
        duck.execute("set memory_limit = '300MB'")
        duck.execute("set max_temp_directory_size = '0B'")
        duck.execute(
            "create table int_derivations as "
            "select unnest($one) as name, unnest($other) as source_name",
            {"one": [one for one, _ in edges], "other": [other for _, other in edges]},
        )
        duck.execute(
            "create table int_assets_joined as select unnest($names) as name, true as is_current, "
            "case when name = 'a00' then 'raw' else 'derived' end as data_level",
            {"names": ALL},
        )
        rows = duck.sql(query).fetchall()
    assert 0 < len(rows) <= len({*edges})
