"""A document becomes a row without a byte of its sections changing."""

from __future__ import annotations

import json
import random

import duckdb
import pytest

from extract.documents.document import (
    BUCKETS,
    SECTIONS,
    UnusableDocumentError,
    bucket_of,
    read_document,
)


def section(document: bytes, name: str = "subject") -> bytes | None:
    return read_document(document).sections[SECTIONS.index(name)]


@pytest.mark.parametrize(
    "text",
    [
        b'{"n": 123456789012345678901234567890}',
        b'{"n": -9223372036854775809, "f": 1.50, "e": 1E-5, "big": 1e999}',
        b'{"b": 1, "a": 2}',
        b'{"Raw data": "Pass", "Raw Data": "Fail", "": 1, "a.b": {"$other": "5"}}',
        '{"name": "Zoë Müller 研究", "tab": "a\\tb", "quote": "\\"", "nul": "\\u0000"}'.encode(),
        b'{ "spaced" : [ 1 , 2 ] }',
        b"[]",
        b'"text"',
        b"null",
    ],
)
def test_section_text_is_kept_to_the_byte(text: bytes) -> None:
    assert section(b'{"_id": "a", "subject": ' + text + b"}") == text


def test_absent_section_and_json_null_stay_two_things() -> None:
    row = read_document(b'{"_id": "a", "subject": null}')
    assert row.sections[SECTIONS.index("subject")] == b"null"
    assert row.sections[SECTIONS.index("acquisition")] is None


def test_identity_is_decoded_text_and_null_is_none() -> None:
    row = read_document(b'{"_id": "a", "name": "M\\u00e1rton \\"x\\"", "location": null}')
    assert row.identity[:2] == ('Márton "x"', None)
    assert row.extra is None


def test_what_has_no_column_is_kept_in_extra_and_so_is_identity_that_is_no_text() -> None:
    row = read_document(b'{"_id": "a", "name": 5, "describedBy": "x", "odd": [1.0]}')
    assert row.identity[0] is None
    assert row.extra == b'{"name":5,"describedBy":"x","odd":[1.0]}'


@pytest.mark.parametrize(
    ("document", "record_id"),
    [
        (b'{"_id": "5f0c"}', "5f0c"),
        (b'{"_id": 17}', "17"),
        (b'{"_id": {"$oid": "64b7f0"}}', "64b7f0"),
    ],
)
def test_id_is_text_number_or_object_id(document: bytes, record_id: str) -> None:
    assert read_document(document).record_id == record_id


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b'{"name": "x"}', "no _id"),
        (b'{"_id": null}', "_id is null"),
        (b'{"_id": ""}', '_id is ""'),
        (b'{"_id": {"a": 1}}', '_id is {"a": 1}'),
        (b'{"_id": ["a"]}', "_id is"),
        (b"5", "not a JSON object"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b'{"_id": "a"', "not JSON"),
        (b'{"_id": "a", "subject": [1,]}', "not JSON"),
        (b'{"_id": "a"} {"_id": "b"}', "not JSON"),
        (b'{"_id": "a", "subject": "\xff"}', "not UTF-8"),
        (b'{"_id": "a", "subject": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested deeper"),
    ],
)
def test_unusable_document_says_why(document: bytes, reason: str) -> None:
    with pytest.raises(UnusableDocumentError, match="^" + reason.replace("[", r"\[")):
        read_document(document)


def test_accepted_sections_are_json_to_the_engine_that_parses_them() -> None:
    """Mutated documents: whatever is let into the lake, DuckDB must be able to parse."""
    random_source = random.Random(7)
    sound = json.dumps(
        {"_id": "a", "subject": {"k": ["é", 1.5, None, True, {"n": -3e5}], "t": 'q"\\\n'}}
    ).encode()
    accepted = []
    for _ in range(4000):
        document = bytearray(sound)
        for _ in range(random_source.randint(1, 3)):
            at = random_source.randrange(len(document))
            document[at] = random_source.choice(b'{}[]",:\\0123456789.eE-+tfnu \x00\x1f\xc3\xa9')
        try:
            row = read_document(bytes(document))
        except UnusableDocumentError:
            continue
        accepted += [text.decode() for text in (*row.sections, row.extra) if text is not None]
    assert len(accepted) > 200
    connection = duckdb.connect()
    connection.execute("create table texts as select unnest(?::varchar[]) as text", [accepted])
    broken = connection.execute("select text from texts where not json_valid(text)").fetchall()
    assert broken == []


def test_bucket_is_stable_and_in_range() -> None:
    assert [bucket_of(record_id) for record_id in ("a", "b", "é")] == [0, 9, 6]
    assert {bucket_of(str(number)) for number in range(500)} == set(range(BUCKETS))


def test_content_hash_distinguishes_documents() -> None:
    one, other = (read_document(b'{"_id": "a", "n": %d}' % number) for number in (1, 2))
    assert one.content_hash != other.content_hash
    assert one.content_hash == read_document(b'{"_id": "a", "n": 1}').content_hash
