"""The same documents give the same rows, whatever they come from."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import bson
import pytest
import trustme
from bson import json_util
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
        deadline=None,
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
        result = {}
        for name, address in sources.items():
            database = collection.database.name if name == "mongodb" else "metadata_index"
            options = SourceOptions(database=database)
            report = extract(open_source(address, options), folder / f"{name}.raw")
            result[name] = read(folder / f"{name}.raw"), report.repaired, report.rejected
        for name, each in result.items():
            assert each == result["a.jsonl"], name

    check()
    assert tried >= examples
