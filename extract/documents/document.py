"""One source document to one row of the raw lake, every value as it was written.

A document is split into its sections without decoding them: the text of a section in the lake is
the text in the document, so integers of any size, key order, keys that differ in case only and
empty keys survive. Nothing is interpreted, renamed or given a default. What JSON cannot say or says
twice is repaired first, which is reported (`extract.documents.repairs`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec

from extract.documents import json_scan
from extract.documents.repairs import MAX_DEPTH, Repair, allow_depth, is_plain, repaired

IDENTITY = ("name", "location", "_created", "_last_modified", "schema_version")
SECTIONS = (
    "subject",
    "data_description",
    "procedures",
    "instrument",
    "acquisition",
    "processing",
    "quality_control",
    "model",
    "other_identifiers",
)
BUCKETS = 16

LAST_MODIFIED = IDENTITY.index("_last_modified")
_TOO_DEEP = f"nested deeper than {MAX_DEPTH:,} levels"
_split_document = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True)
class Shape:
    """What the documents of a collection are like.

    Attributes:
        keys: For each column of `IDENTITY`, the keys it is read from: the first that is there.
        kept: Top-level keys that the lake keeps, with the keys kept below them (None: all);
            None keeps whole documents.
    """

    keys: tuple[tuple[str, ...], ...]
    kept: dict[str, tuple[str, ...] | None] | None = None

    @property
    def last_modified_keys(self) -> tuple[str, ...]:
        """Keys that tell when a document was last modified."""
        return self.keys[LAST_MODIFIED]

    @property
    def projection(self) -> dict[str, int] | None:
        """What to ask a database for; None for whole documents."""
        if self.kept is None:
            return None
        paths = (
            [key] if below is None else [f"{key}.{name}" for name in below]
            for key, below in self.kept.items()
        )
        return {path: 1 for group in paths for path in group}


V2 = Shape(tuple((key,) for key in IDENTITY))
# Records of version 1 are only compared with those of version 2: most of them is left where it is.
V1 = Shape(
    (
        ("name",),
        ("location",),
        ("created", "_created"),
        ("last_modified", "_last_modified"),
        ("schema_version",),
    ),
    {
        "_id": None,
        "name": None,
        "location": None,
        "created": None,
        "last_modified": None,
        "_created": None,
        "_last_modified": None,
        "schema_version": None,
        "external_links": None,
        "subject": ("subject_id",),
        "data_description": (
            "name",
            "subject_id",
            "project_name",
            "data_level",
            "modality",
            "platform",
            "creation_time",
        ),
    },
)


class UnusableDocumentError(ValueError):
    """A document cannot become a row; the text is the reason. It is kept with the rejects."""


@dataclass(frozen=True, slots=True)
class Row:
    """One version of one document.

    Attributes:
        identity: The values of `IDENTITY`; None where the document has no text there.
        sections: JSON text of `SECTIONS`; None where the document lacks the key.
        extra: JSON object text of all else the document holds; None if there is nothing.
        content_hash: Hash of the document's bytes as they came, hexadecimal.
        bucket: Hash bucket of `_id`, 0 to `BUCKETS` - 1.
        size: Bytes of the document.
    """

    record_id: str
    identity: tuple[str | None, ...]
    sections: tuple[bytes | None, ...]
    extra: bytes | None
    content_hash: str
    bucket: int
    size: int
    repairs: tuple[Repair, ...] = ()


def read_document(document: bytes, shape: Shape = V2, *, is_skimmed: bool = False) -> Row:
    """Split one JSON document into a row.

    Args:
        document: UTF-8 text of one JSON object, maybe in MongoDB's extended form.
        shape: What documents of its collection are like.
        is_skimmed: Do not search a document that parses for what must be repaired in it, which
            takes longer than all else: enough to know whether the lake has it.

    Raises:
        UnusableDocumentError: If it is not UTF-8, not JSON, nested too deeply, not an object, or
            has no usable `_id`.

    Example:
        >>> row = read_document(b'{"_id": "a", "name": "x", "subject": {"age": 1.50}, "odd": 1}')
        >>> row.record_id, row.sections[0], row.extra
        ('a', b'{"age": 1.50}', b'{"odd":1}')
    """
    came = document
    document, values, repairs, is_checked = _repaired(document)
    if shape.kept is not None:
        document, values = _trimmed(values, shape.kept)
        came = document
    content_hash = hash_of(came)
    record_id = _record_id(values)
    if not is_checked and (record_id is None or not is_skimmed) and not is_plain(document):
        document, repairs = _repair(document)
        values = _split_document(document)
        record_id = _record_id(values)
    if not is_skimmed and json_scan.depth(document, MAX_DEPTH) > MAX_DEPTH:
        raise UnusableDocumentError(_TOO_DEEP)
    if record_id is None:
        raise UnusableDocumentError(_no_id(values))
    identity, invalid, used = [], {}, {"_id", *SECTIONS}
    for keys in shape.keys:
        key = next((key for key in keys if key in values), keys[0])
        used.add(key)
        text, value = None, values.get(key)
        if value is not None:
            content = bytes(value)
            if content[:1] == b'"':
                text = _decode(content)
            elif content != b"null":
                invalid[key] = content
        identity.append(text)
    extra = invalid | {key: bytes(values[key]) for key in values if key not in used}
    return Row(
        record_id=record_id,
        identity=tuple(identity),
        sections=tuple(
            None if (value := values.get(key)) is None else bytes(value) for key in SECTIONS
        ),
        extra=_object(extra) if extra else None,
        content_hash=content_hash,
        bucket=bucket_of(record_id),
        size=len(document),
        repairs=repairs,
    )


def listed_identity(document: bytes, shape: Shape) -> tuple[str | None, str | None]:
    """`_id` and `_last_modified` of a document, as its row has them; None where there is no text.

    Args:
        document: UTF-8 text of one JSON object.
        shape: What documents of its collection are like.

    Raises:
        UnusableDocumentError: If it is no JSON object.
    """
    document, values, _, is_checked = _repaired(document)
    if not is_checked and not is_plain(document):
        values = _split_document(_repair(document)[0])
    last_modified = next(
        (bytes(values[key]) for key in shape.last_modified_keys if key in values), b""
    )
    return _record_id(values), _decode(last_modified) if last_modified[:1] == b'"' else None


def _repaired(
    document: bytes,
) -> tuple[bytes, dict[str, msgspec.Raw], tuple[Repair, ...], bool]:
    """A document that parses, its values by key, its repairs, and whether all were looked for."""
    try:
        document.decode()  # the splitter skips over texts without looking at their bytes
    except UnicodeDecodeError as error:
        raise UnusableDocumentError(f"not UTF-8 text: byte {error.start} {error.reason}") from None
    try:
        return document, _split_document(document), (), False
    except RecursionError:
        _check_depth(document)
        return document, _split_document(document), (), False
    except msgspec.ValidationError:
        raise UnusableDocumentError("not a JSON object") from None
    except msgspec.DecodeError as error:
        reason = str(error).removeprefix("JSON is malformed: ")
    try:
        document, repairs = _repair(document)
    except UnusableDocumentError as error:
        raise UnusableDocumentError(
            _TOO_DEEP if str(error) == _TOO_DEEP else f"not JSON: {reason}"
        ) from None
    return document, _split_document(document), repairs, True


def _repair(document: bytes) -> tuple[bytes, tuple[Repair, ...]]:
    """A document without what no reader takes."""
    for _ in range(2):
        try:
            return repaired(document)
        except RecursionError:  # noqa: PERF203  # rare
            _check_depth(document)
        except ValueError as error:
            raise UnusableDocumentError(str(error)) from None
    raise UnusableDocumentError(_TOO_DEEP)


def _check_depth(document: bytes) -> None:
    """Make room for a document that nests deeper than the stack is high, if it may."""
    if json_scan.depth(document, MAX_DEPTH) > MAX_DEPTH:
        raise UnusableDocumentError(_TOO_DEEP)
    allow_depth()


def _trimmed(
    values: dict[str, msgspec.Raw], kept: dict[str, tuple[str, ...] | None]
) -> tuple[bytes, dict[str, msgspec.Raw]]:
    """The part of a document that is kept, as text and by key."""
    parts: dict[str, bytes] = {}
    for key, below in kept.items():
        if key in values:
            content = bytes(values[key])
            if below is not None and content[:1] == b"{":
                inner = _split_document(content)
                content = _object({name: bytes(inner[name]) for name in below if name in inner})
            parts[key] = content
    return _object(parts), {key: msgspec.Raw(content) for key, content in parts.items()}


def hash_of(document: bytes) -> str:
    """Hash by which two runs tell whether a document changed."""
    return hashlib.blake2b(document, digest_size=16).hexdigest()


def bucket_of(record_id: str) -> int:
    """Hash bucket of a record: the first hexadecimal digit of the md5 of its `_id`.

    Python, DuckDB and Spark have this function alike.

    Example:
        >>> bucket_of("a")
        0
    """
    return hashlib.md5(record_id.encode(), usedforsecurity=False).digest()[0] >> 4


def text_of_id(content: bytes) -> str | None:
    """Text of `_id` from its JSON: a text, a number, or MongoDB's `{"$oid": "…"}`; else None."""
    text: object = None
    if content[:1] == b'"':
        text = _decode(content)
    elif content[:1] in b"-0123456789":
        text = content.decode()
    elif content[:1] == b"{":
        parts = {key: bytes(value) for key, value in _split_document(content).items()}
        is_oid = parts.keys() == {"$oid"} and parts["$oid"][:1] == b'"'
        text = _decode(parts["$oid"]) if is_oid else None
    return text if isinstance(text, str) and text else None


def _record_id(values: dict[str, msgspec.Raw]) -> str | None:
    value = values.get("_id")
    return None if value is None else text_of_id(bytes(value))


def _no_id(values: dict[str, msgspec.Raw]) -> str:
    """Why a document has no usable `_id`."""
    value = values.get("_id")
    if value is None:
        return "no _id"
    return f"_id is {bytes(value)[:80].decode(errors='replace')}, not a text"


def _object(parts: dict[str, bytes]) -> bytes:
    """JSON object text of values that are JSON text already."""
    members = (msgspec.json.encode(key) + b":" + text for key, text in parts.items())
    return b"{" + b",".join(members) + b"}"
