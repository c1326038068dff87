"""The language of `--where`."""

from __future__ import annotations

import pytest

from biodata_cache import ArgumentError
from biodata_cache._cli.conditions import parse

TYPES = {
    "name": "VARCHAR",
    "age": "INTEGER",
    "duration_s": "DOUBLE",
    "is_raw": "BOOLEAN",
    "modalities": "VARCHAR[]",
    "started_at": "TIMESTAMP WITH TIME ZONE",
    "of the user's own": "VARCHAR",
}


@pytest.mark.parametrize(
    ("texts", "filters"),
    [
        ([], {}),
        (["name=a"], {"name": "a"}),
        (["name = a b "], {"name": "a b"}),
        (["name="], {"name": ""}),
        (["name=null"], {"name": "null"}),
        (["name=a=b>=c"], {"name": "a=b>=c"}),
        (["name=this is null", "age is not null"], {"name": "this is null", "age": (None, None)}),
        (["name='; drop table x --"], {"name": "'; drop table x --"}),
        (["name=0451", "name=451"], {"name": ["0451", "451"]}),
        (["name=a", "name is null"], {"name": ["a", None]}),
        (["name IS NULL"], {"name": None}),
        (["name is not null"], {"name": (None, None)}),
        (["modalities=fib"], {"modalities": "fib"}),
        (["age=100"], {"age": 100}),
        (["age>=-1"], {"age": (-1, None)}),
        (["age >= 1", "age <= 9"], {"age": (1, 9)}),
        (["age is not null", "age<=9"], {"age": (None, 9)}),
        (["duration_s<=0.5"], {"duration_s": (None, 0.5)}),
        (["is_raw=True"], {"is_raw": True}),
        (["started_at>=2024-01-31"], {"started_at": ("2024-01-31", None)}),
        (["of the user's own=a"], {"of the user's own": "a"}),
        (["name=a", "age=1"], {"name": "a", "age": 1}),
    ],
)
def test_conditions_become_filters(texts: list[str], filters: dict[str, object]) -> None:
    assert parse(texts, TYPES) == filters


@pytest.mark.parametrize(
    ("texts", "part"),
    [
        (["name"], "'name' is no condition"),
        (["=a"], "'=a' is no condition"),
        (["nam=a"], "no column 'nam'. Nearest: 'name'"),
        (["1=1 or name=a"], "no column '1'"),
        (["age>100"], "'>' is no comparison"),
        (["age!=100"], "'!='"),
        (["name~a"], "'~'"),
        (["age=old"], "'old' is not a number"),
        (["age=1.5"], "'1.5' is not a number"),
        (["is_raw=1"], "neither true nor false"),
        (["age>=1", "age>=2"], "this end already"),
        (["age=1", "age>=2"], "biodata-cache sql"),
    ],
)
def test_what_is_no_condition_is_named(texts: list[str], part: str) -> None:
    with pytest.raises(ArgumentError) as error:
        parse(texts, TYPES)
    assert part in str(error.value)
