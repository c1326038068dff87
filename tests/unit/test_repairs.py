"""What JSON cannot say or says twice is repaired and reported; all else stays byte for byte."""

from __future__ import annotations

import json
from typing import Any

import bson
import pytest
from bson import json_util
from bson.codec_options import CodecOptions
from hypothesis import given, settings
from hypothesis import strategies as st

from extract.documents.document import SECTIONS, Row, UnusableDocumentError, read_document
from extract.documents.repairs import MAX_DEPTH, is_plain, repaired
from extract.sources.bson_text import OPTIONS, convert

texts = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(
    ['":', "\\", '"', "a\\u0022:", "$oid", "}{", "\U0001f600"]
)
numbers = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | numbers | texts
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=12,
)
documents = st.dictionaries(texts, values, max_size=4).map(
    lambda found: {"_id": "a", "subject": found}
)
few = settings(max_examples=60)


def subject(row: Row) -> Any:
    return json.loads(row.sections[SECTIONS.index("subject")] or b"null")


def twice(value: Any, picked: list[int]) -> str:
    """JSON text in which some keys stand twice, first with a value that does not count."""
    if isinstance(value, dict):
        members = []
        for key, inner in value.items():
            if picked and picked.pop():
                members.append(f'{json.dumps(key)}: {{"lost": [{json.dumps(key)}]}}')
            members.append(f"{json.dumps(key)}:{twice(inner, picked)}")
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(twice(inner, picked) for inner in value) + "]"
    return json.dumps(value)


@few
@given(document=documents, is_ascii=st.booleans(), separators=st.sampled_from([",:", ", : "]))
def test_sound_documents_stay_byte_for_byte(
    document: dict[str, Any],
    is_ascii: bool,  # noqa: FBT001
    separators: str,
) -> None:
    half = len(separators) // 2
    text = json.dumps(
        document, ensure_ascii=is_ascii, separators=(separators[:half], separators[half:])
    ).encode()
    row = read_document(text)
    if b'"$' not in text:
        assert repaired(text) == (text, ())
    assert row.repairs == ()
    assert row.record_id == "a"


@few
@given(document=documents, picked=st.lists(st.integers(0, 1), min_size=1, max_size=30))
def test_of_a_key_that_stands_twice_the_last_counts_and_each_is_reported(
    document: dict[str, Any], picked: list[int]
) -> None:
    keys = list(picked)
    text = twice(document, keys)
    row = read_document(text.encode())
    doubled = sum(picked[len(keys) :])
    assert len(row.repairs) == doubled
    if doubled:
        assert not is_plain(text.encode())
    if doubled and '"$' not in text:
        assert subject(row) == json.loads(text)["subject"]
    assert row.record_id == "a"


@pytest.mark.parametrize(
    ("text", "value", "path", "problem"),
    [
        ('{"x": NaN}', {"x": None}, "subject.x", "NaN is no number"),
        ('{"x": [1, -Infinity]}', {"x": [1, None]}, "subject.x[1]", "-Infinity is no number"),
        ('{"x": "wt\\ud800"}', {"x": "wt\ufffd"}, "subject.x", "half of a surrogate pair"),
        ('{"x": "\\udc00\\ud800"}', {"x": "\ufffd\ufffd"}, "subject.x", "half of a surrogate"),
        ('{"\\ud800": 1}', {"\ufffd": 1}, "subject.\ufffd", "half of a surrogate pair in a key"),
        ('{"a": 1, "b": 0, "a": 2}', {"a": 2, "b": 0}, "subject.a", "this key stands twice"),
        ('{"x": {"$numberDouble": "NaN"}}', {"x": None}, "subject.x", "NaN is no number"),
    ],
)
def test_each_repair_is_reported_with_its_path(
    text: str, value: Any, path: str, problem: str
) -> None:
    row = read_document(f'{{"_id": "a", "subject": {text}}}'.encode())
    assert subject(row) == value
    ((reported_path, reported_problem),) = row.repairs
    assert reported_path == path
    assert reported_problem.startswith(problem)


@pytest.mark.parametrize("number", ["9" * 5_000, "-0.10", "1e400", "1E+5", "2.50"])
@pytest.mark.parametrize("other", ["", ', "y": NaN'])
def test_numbers_stay_as_they_are_written(number: str, other: str) -> None:
    row = read_document(f'{{"_id": "a", "subject": {{"x":{number}{other}}}}}'.encode())
    assert f'"x":{number}'.encode() in (row.sections[SECTIONS.index("subject")] or b"")


@pytest.mark.parametrize("inner", ["", "NaN", '{"$oid": "5b7e5df8e48f0636800353c6"}'])
def test_depth_has_one_limit(inner: str) -> None:
    """Whatever else a document holds, and however deep the stack is that reads it."""
    opening = '{"_id": "a", "subject": '
    allowed = MAX_DEPTH - 1 - inner.count("{")
    deep = opening + "[" * allowed + inner + "]" * allowed + "}"
    assert read_document(deep.encode()).record_id == "a"
    for depth in (MAX_DEPTH + 1, 2_000, 100_000):
        deeper = opening + "[" * depth + inner + "]" * depth + "}"
        with pytest.raises(UnusableDocumentError, match="nested deeper than 1,000 levels"):
            read_document(deeper.encode())


rare = st.sampled_from(
    [
        bson.Timestamp(5, 6),
        bson.MinKey(),
        bson.MaxKey(),
        bson.Code("f()"),
        bson.Regex("a'b", "i"),
        bson.DBRef("c", bson.ObjectId("5b7e5df8e48f0636800353c6")),
        *map(bson.Decimal128, ["1.50", "-1E+400", "NaN", "Infinity"]),
    ]
)
dates = st.datetimes(timezones=st.just(bson.tz_util.utc)).map(
    lambda date: date.replace(microsecond=date.microsecond // 1000 * 1000)
)
bson_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | texts.filter(lambda text: "\0" not in text)
    | dates
    | st.binary(min_size=12, max_size=12).map(bson.ObjectId)
    | st.binary(max_size=20)
    | st.uuids()
    | rare,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "", "c.d"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@few
@given(value=bson_values, mode=st.sampled_from(["CANONICAL", "RELAXED"]))
def test_extended_json_is_the_row_that_bson_is(value: Any, mode: str) -> None:
    """Canonical and relaxed, as MongoDB's own tools write them."""
    document = {"_id": bson.ObjectId("5b7e5df8e48f0636800353c6"), "subject": {"x": value}}
    encoded = bson.encode(document, codec_options=OPTIONS)
    options = getattr(json_util, f"{mode}_JSON_OPTIONS").with_options(
        uuid_representation=OPTIONS.uuid_representation
    )
    decoded = bson.decode(
        encoded, CodecOptions(uuid_representation=4, tz_aware=True, datetime_conversion=1)
    )
    text = json_util.dumps(decoded, json_options=options)
    from_bson, from_json = read_document(convert(encoded).content), read_document(text.encode())
    assert subject(from_json) == subject(from_bson)
    assert from_json.record_id == from_bson.record_id
    assert from_json.repairs == from_bson.repairs
