"""BSON documents as the JSON text that the gateway would give for them.

Values that JSON lacks become text: dates as `2024-01-31T08:50:58.123Z`, ObjectId and Decimal128 as
their digits, binary as base64, UUIDs in their usual form, what is rarer as the driver writes it.
Integers of 64 bits are numbers. NaN and infinity stay what they are, which is no JSON: whoever
reads a document repairs that.
"""

from __future__ import annotations

import re
from math import isfinite, isnan
from typing import Any

import bson
import msgspec
from bson.binary import Binary, UuidRepresentation
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.datetime_ms import DatetimeMS
from bson.dbref import DBRef
from bson.errors import InvalidBSON
from bson.int64 import Int64
from bson.raw_bson import RawBSONDocument

from extract.documents.document import text_of_id
from extract.documents.extended_json import date_text
from extract.sources.base import Fetched

# Dates stay numbers: some are outside of what Python's dates can say.
OPTIONS: CodecOptions[dict[str, Any]] = CodecOptions(
    tz_aware=False,
    uuid_representation=UuidRepresentation.STANDARD,
    datetime_conversion=DatetimeConversion.DATETIME_MS,
)
_RAW: CodecOptions[RawBSONDocument] = OPTIONS.with_options(document_class=RawBSONDocument)
_UNREADABLE = (InvalidBSON, UnicodeDecodeError, RecursionError, OverflowError, TypeError)
# Type, key and value of a double that is not a number: all bits of its exponent are set. The short
# pattern is much quicker, and matches little else than negative integers.
_MAYBE_NOT_A_NUMBER = re.compile(rb"[\xf0-\xff][\x7f\xff]")
_NOT_A_NUMBER = re.compile(rb"\x01[^\x00]*\x00.{6}[\xf0-\xff][\x7f\xff]", re.DOTALL)


def convert(document: bytes) -> Fetched:
    """One BSON document as JSON text, or why it cannot be."""
    try:
        values = bson.decode(document, OPTIONS)
        if _MAYBE_NOT_A_NUMBER.search(document) and _NOT_A_NUMBER.search(document):
            content = json_text(_marked(values))
        else:
            content = json_text(values)
    except _UNREADABLE as error:
        return Fetched(_member(document, "_id"), document, f"not BSON that can be read: {error}")
    return Fetched(values.get("_id"), content)


def _marked(value: Any) -> Any:  # noqa: ANN401  # any BSON value
    """A value with NaN and infinity kept: the encoder would write null."""
    if isinstance(value, dict):
        return {key: _marked(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_marked(inner) for inner in value]
    if isinstance(value, float) and not isfinite(value):
        return msgspec.Raw(b"NaN" if isnan(value) else b"Infinity" if value > 0 else b"-Infinity")
    return value


def identity(document: bytes) -> tuple[str | None, str | None]:
    """`_id` and name of a document of which something else cannot be read."""
    name = _member(document, "name")
    return text_of(_member(document, "_id")), name if isinstance(name, str) else None


def _member(document: bytes, key: str) -> Any:  # noqa: ANN401  # whatever is there
    """A value at the top of a document of which something else cannot be read."""
    try:
        return RawBSONDocument(document, _RAW)[key]
    except (*_UNREADABLE, KeyError):
        return None


def text_of(value: Any) -> str | None:  # noqa: ANN401  # any BSON value
    """Text of an `_id`; None if it cannot be the `_id` of a record."""
    if isinstance(value, str) and value:
        return value
    return text_of_id(json_text(value))


def last_modified_text(value: Any) -> str | None:  # noqa: ANN401  # any BSON value
    """Text of a `_last_modified`; None if it is not one that becomes a text."""
    if value is None or isinstance(value, str):
        return value
    decoded = msgspec.json.decode(json_text(value))
    return decoded if isinstance(decoded, str) else None


def _other(value: Any) -> Any:  # noqa: ANN401  # any BSON value
    """A value that the encoder does not know, as one that it knows."""
    if isinstance(value, DatetimeMS):
        return date_text(int(value))
    if isinstance(value, Int64):
        return int(value)
    if isinstance(value, Binary):
        return bytes(value)
    if isinstance(value, DBRef):
        return dict(value.as_doc())
    return str(value)


json_text = msgspec.json.Encoder(enc_hook=_other).encode
