"""One source document to one row of the raw lake, every value as it was written.

A document is split into its sections without decoding them: the text of a section in the lake is
the text in the document, so integers of any size, key order, keys that differ in case only and
empty keys survive. Nothing is interpreted, renamed or given a default.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec

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

_COLUMNS = frozenset((*IDENTITY, *SECTIONS, "_id"))
_split_document = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode = msgspec.json.Decoder().decode


class UnusableDocumentError(ValueError):
    """A document cannot become a row; the text says why. It is kept with the rejects."""


@dataclass(frozen=True, slots=True)
class Row:
    """One version of one document.

    Attributes:
        record_id: `_id` as text.
        identity: The values of `IDENTITY`; None where the document has no text there.
        sections: JSON text of `SECTIONS`; None where the document lacks the key.
        extra: JSON object text of all else the document holds; None if there is nothing.
        content_hash: Hash of the document's bytes, hexadecimal.
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


def read_document(document: bytes) -> Row:
    """Split one JSON document into a row.

    Args:
        document: UTF-8 text of one JSON object.

    Raises:
        UnusableDocumentError: Not UTF-8, not JSON, not an object, or without a usable `_id`.

    Example:
        >>> row = read_document(b'{"_id": "a", "name": "x", "subject": {"age": 1.50}, "odd": 1}')
        >>> row.record_id, row.sections[0], row.extra
        ('a', b'{"age": 1.50}', b'{"odd":1}')
    """
    try:
        document.decode()  # the splitter skips over texts without looking at their bytes
    except UnicodeDecodeError as error:
        raise UnusableDocumentError(f"not UTF-8 text: byte {error.start} {error.reason}") from None
    try:
        values = _split_document(document)
    except RecursionError:
        raise UnusableDocumentError("nested too deeply to be read") from None
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise UnusableDocumentError(_reason(error)) from None
    record_id = _record_id(values.get("_id"))
    identity, odd = [], {}
    for key in IDENTITY:
        text, value = None, values.get(key)
        if value is not None:
            content = bytes(value)
            if content[:1] == b'"':
                text = _decode(content)
            elif content != b"null":
                odd[key] = content
        identity.append(text)
    extra = odd | {key: bytes(values[key]) for key in values if key not in _COLUMNS}
    return Row(
        record_id=record_id,
        identity=tuple(identity),
        sections=tuple(
            None if (value := values.get(key)) is None else bytes(value) for key in SECTIONS
        ),
        extra=_object(extra) if extra else None,
        content_hash=content_hash(document),
        bucket=bucket_of(record_id),
        size=len(document),
    )


def content_hash(document: bytes) -> str:
    """Hash by which two runs tell whether a document changed."""
    return hashlib.blake2b(document, digest_size=16).hexdigest()


def bucket_of(record_id: str) -> int:
    """Hash bucket of a record: the same for the same `_id`, on every machine."""
    digest = hashlib.blake2b(record_id.encode(), digest_size=1).digest()
    return digest[0] % BUCKETS


def _record_id(value: msgspec.Raw | None) -> str:
    """Text of `_id`: a text, a number, or MongoDB's `{"$oid": "…"}`.

    Raises:
        UnusableDocumentError: There is none, or it is of another kind.
    """
    if value is None:
        raise UnusableDocumentError("no _id")
    content = bytes(value)
    if content[:1] == b'"':
        text = _decode(content)
    elif content[:1] in b"-0123456789":
        text = content.decode()
    elif content[:1] == b"{":
        parts = _decode(content)
        text = parts.get("$oid") if len(parts) == 1 else None
    else:
        text = None
    if not isinstance(text, str) or not text:
        raise UnusableDocumentError(f"_id is {content[:80].decode(errors='replace')}, not a text")
    return text


def _object(parts: dict[str, bytes]) -> bytes:
    """JSON object text of values that are JSON text already."""
    members = (msgspec.json.encode(key) + b":" + text for key, text in parts.items())
    return b"{" + b",".join(members) + b"}"


def _reason(error: msgspec.MsgspecError) -> str:
    """The splitter's complaint in a reader's words."""
    if isinstance(error, msgspec.ValidationError):
        return "not a JSON object"
    return f"not JSON: {str(error).removeprefix('JSON is malformed: ')}"
