"""The same documents give the same rows, whatever they come from."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import bson
import pytest
import trustme
from bson import (
    Binary,
    Code,
    Decimal128,
    Int64,
    MaxKey,
    MinKey,
    ObjectId,
    Regex,
    Timestamp,
    json_util,
)
from bson.datetime_ms import DatetimeMS
from gateway_server import Gateway
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lakes import rows

from examples import drawn
from extract.documents.document import IDENTITY, SECTIONS
from extract.pipeline import extract
from extract.sources.base import SourceOptions
from extract.sources.open import open_source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pymongo

pytest.importorskip("aind_data_access_api", reason="aind-data-access-api is not installed")

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)
keys = st.text(st.characters(codec="utf-8", exclude_characters="\0$."), min_size=1, max_size=4)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | texts
    | st.sampled_from(["2024-01-31T08:50:58Z", "}{", '":']),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)
documents = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "name": values,
            "location": texts,
            "_last_modified": st.sampled_from(["2026-03-13T10:14:00.630Z", None, 5]),
            "subject": values,
            "quality_control": st.dictionaries(keys, values, max_size=3),
            "odd": values,
        },
    ),
    min_size=1,
    max_size=4,
).map(lambda found: [{"_id": f"r{number}"} | each for number, each in enumerate(found)])


ODD = [
    *("NaN", "-Infinity", "1e400", "-0", "-0.0", "1.0", "1E5", "9" * 19, "9" * 30, "9" * 5_000),
    *(
        r'"\ud800"',
        r'"\udfff\ud83d"',
        r'"\ud83d\ude00"',
        r'"\u0000"',
        r'"\u00e9"',
        '"\u00e9\ufeff"',
    ),
    *(r'"\/"', '"\U0001f600"', "[" * 900 + "]" * 900, "[" * 1_200 + "]" * 1_200),
    *('{"$date": "2024-03-01T18:00:00Z"}', '{"$date": {"$numberLong": "-5"}}', '{"$date": "no"}'),
    *('{"$numberDecimal": "1.50"}', '{"$numberDouble": "NaN"}', '{"$numberInt": "5"}'),
    *('{"$numberLong": "5"}', '{"$oid": "5b7e5df8e48f0636800353c6"}', '{"$minKey": 1}'),
    *('{"$binary": {"base64": "AA==", "subType": "00"}}', '{"$undefined": true}'),
    *('{"$regularExpression": {"pattern": "a", "options": "i"}}', '{"$symbol": "s"}'),
    *(
        '{"$timestamp": {"t": 1, "i": 2}}',
        '{"$code": "x"}',
        '{"$ref": "a", "$id": 1}',
        '{"$no": 1}',
    ),
]
"""Values that JSON can say, or hardly, or not, as they are written."""
written = st.recursive(
    st.sampled_from(ODD) | values.map(json.dumps),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]"),
        st.lists(
            st.tuples(st.sampled_from(["a", "b", "", r"\u0061", "$date"]), inner), max_size=3
        ).map(lambda parts: "{" + ",".join(f'"{key}": {value}' for key, value in parts) + "}"),
    ),
    max_leaves=4,
)
spelt = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from(["name", "location", "subject", "odd", "quality_control"]), written
        ),
        min_size=1,
        max_size=3,
    ),
    min_size=1,
    max_size=4,
).map(
    lambda found: [
        f'{{"_id": "r{number}", ' + ", ".join(f'"{key}": {value}' for key, value in parts) + "}"
        for number, parts in enumerate(found)
    ]
)
# The server of the tests knows binary data of no other subtypes.
of_bson = st.recursive(
    values
    | st.integers(-(2**62), 2**62).map(DatetimeMS)
    | st.integers(-(2**46), 2**47).map(DatetimeMS)
    | st.sampled_from([ObjectId(b"a" * 12), Decimal128("1.50"), Decimal128("NaN"), Int64(5)])
    | st.sampled_from([Timestamp(1, 2), MinKey(), MaxKey(), Regex("a'\\b", "im"), Code("x")])
    | st.binary(max_size=5)
    | st.binary(min_size=16, max_size=16).map(lambda content: Binary(content, 4))
    | st.text(max_size=4).filter(lambda text: "\0" in text or "\ufeff" in text),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=4,
)
documents_of_bson = st.lists(
    st.dictionaries(st.sampled_from(["name", "subject", "odd", "location"]), of_bson, max_size=3),
    min_size=1,
    max_size=4,
).map(lambda found: [{"_id": f"r{number}"} | each for number, each in enumerate(found)])


def read(raw: Path) -> dict[str, Any]:
    """The rows with the values of their JSON: how it is spaced is the source's affair."""
    kept = (*IDENTITY, *SECTIONS, "extra", "bucket")
    return {
        record_id: [
            json.loads(row[name], object_pairs_hook=list)
            if name in (*SECTIONS, "extra") and row[name] is not None
            else row[name]
            for name in kept
        ]
        for record_id, row in rows(raw).items()
    }


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Any:
    authority = trustme.CA()
    bundle = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
        server = Gateway(authority, [])
        yield server
        server.close()


@pytest.mark.nightly
@pytest.mark.parametrize("examples", [4, pytest.param(drawn(12), marks=pytest.mark.slow)])
def test_every_source_gives_the_same_rows(
    examples: int,
    collection: pymongo.collection.Collection[Any],
    mongodb_uri: str,
    gateway: Gateway,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    tried = 0

    @settings(
        max_examples=examples,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(records=documents)
    def check(records: list[dict[str, Any]]) -> None:
        nonlocal tried
        tried += 1
        folder = tmp_path_factory.mktemp("rows")
        lines = [json.dumps(record) for record in records]
        extended = [
            [json_util.dumps(record, json_options=options) for record in records]
            for options in (json_util.CANONICAL_JSON_OPTIONS, json_util.RELAXED_JSON_OPTIONS)
        ]
        files = {
            "a.jsonl": "\n".join(lines).encode(),
            "a.json": f"[{','.join(lines)}]".encode("utf-16"),
            "a.ndjson.gz": gzip.compress("".join(lines).encode("utf-8-sig")),
            "canonical.json": "\n".join(extended[0]).encode(),
            "relaxed.json.gz": gzip.compress(f"[{','.join(extended[1])}]".encode()),
            "a.bson": b"".join(map(bson.encode, records)),
        }
        sources = {name: str(folder / name) for name in files}
        for name, content in files.items():
            (folder / name).write_bytes(content)
        collection.delete_many({})
        collection.insert_many([dict(record) for record in records])
        gateway.documents = {record["_id"]: record for record in records}
        sources |= {"mongodb": mongodb_uri, "gateway": gateway.address}
        result = extracted(sources, folder, read, collection.database.name)
        for name, each in result.items():
            assert each == result["a.jsonl"], name

    check()
    assert tried >= examples


def as_written(raw: Path) -> dict[str, Any]:
    """The rows, byte for byte."""
    kept = (*IDENTITY, *SECTIONS, "extra", "bucket")
    return {record_id: {name: row[name] for name in kept} for record_id, row in rows(raw).items()}


def extracted(
    sources: dict[str, str],
    folder: Path,
    read: Callable[[Path], Any],
    database: str = "metadata_index",
) -> Any:
    """The rows of each source, and how many were repaired and rejected."""
    result = {}
    for name, address in sources.items():
        options = SourceOptions(database=database if name == "mongodb" else "metadata_index")
        raw = folder / f"{name}.raw"
        report = extract(open_source(address, options), raw)
        result[name] = read(raw), report.repaired, report.rejected
    return result


@pytest.mark.nightly
def test_however_json_spells_a_document_every_source_gives_the_same_bytes(
    gateway: Gateway, tmp_path_factory: pytest.TempPathFactory
) -> None:
    @settings(
        max_examples=drawn(6),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(records=spelt)
    def check(records: list[str]) -> None:
        folder = tmp_path_factory.mktemp("spelt")
        records = ['{"_id": "sound"}', *records]
        files = {
            "a.jsonl": "\n".join(records).encode(),
            "a.json": f"[{','.join(records)}]".encode("utf-16"),
            "lines.json.gz": gzip.compress(("\ufeff" + "\r\n".join(records)).encode("utf-16-be")),
            "a.ndjson.gz": gzip.compress("".join(records).encode("utf-8-sig")),
            "pretty.json": "\n".join(records).replace('{"_id"', '{\n"_id"\n').encode(),
        }
        for name, content in files.items():
            (folder / name).write_bytes(content)
        ids = ["sound", *(f"r{number}" for number in range(len(records) - 1))]
        gateway.documents = {record_id: {"_id": record_id} for record_id in ids}
        gateway.spelt = dict(zip(ids, (record.encode() for record in records), strict=True))
        sources = {name: str(folder / name) for name in files} | {"gateway": gateway.address}
        result = extracted(sources, folder, as_written)
        for name, each in result.items():
            assert each == result["a.jsonl"], name

    try:
        check()
    finally:
        gateway.spelt = {}


@pytest.mark.nightly
def test_every_kind_of_bson_is_the_same_from_a_database_a_dump_and_extended_json(
    collection: pymongo.collection.Collection[Any],
    mongodb_uri: str,
    gateway: Gateway,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    @settings(
        max_examples=drawn(4),
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(records=documents_of_bson)
    def check(records: list[dict[str, Any]]) -> None:
        folder = tmp_path_factory.mktemp("bson")
        canonical, relaxed = (
            [json_util.dumps(record, json_options=options) for record in records]
            for options in (json_util.CANONICAL_JSON_OPTIONS, json_util.RELAXED_JSON_OPTIONS)
        )
        (folder / "a.bson").write_bytes(b"".join(map(bson.encode, records)))
        (folder / "canonical.jsonl").write_text("\n".join(canonical))
        (folder / "relaxed.json").write_text(f"[{','.join(relaxed)}]")
        collection.delete_many({})
        collection.insert_many([dict(record) for record in records])
        gateway.documents = {record["_id"]: {"_id": record["_id"]} for record in records}
        gateway.spelt = {
            record["_id"]: text.encode() for record, text in zip(records, relaxed, strict=True)
        }
        sources = {
            name: str(folder / name) for name in ("a.bson", "canonical.jsonl", "relaxed.json")
        } | {"mongodb": mongodb_uri, "gateway": gateway.address}
        result = extracted(sources, folder, read, collection.database.name)
        for name, each in result.items():
            assert each == result["a.bson"], name

    try:
        check()
    finally:
        gateway.spelt = {}
