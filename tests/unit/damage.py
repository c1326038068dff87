"""Damaged bytes, drawn: cut, flipped, emptied, of another format, and JSON with odd values."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import bson
import duckdb
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_DEEP = "[" * 900 + "]" * 900
OTHERS = [
    b"",
    b"\x00",
    b"<html>503</html>",
    b"PAR1" + bytes(90) + b"PAR1",
    b"\xff\xfe{\x00",
    b"\xed\xa0\x80",
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"\x80\x04N.",
    gzip.compress(b'{"_id": "a"}'),
    bson.encode({"_id": "a"}),
    *(text.encode() for text in ("null", "5", "[]", "{}", '"text"', "[5]", "NaN", "1e400", _DEEP)),
]
"""What lies there instead: other formats, pages of a proxy, and JSON of another shape."""
VALUES = [
    *("null", "true", "5", "-1", "0.5", "1e400", "NaN", "[]", "{}", "[1]", "[null]", '{"a": 1}'),
    *('""', '"text"', '"\\u0000"', '"../../x"', '"2026-01-01"', '"\\ud800"', '"9999-12-31T23:59Z"'),
    *("9" * 30, "9" * 400, "9" * 5_000, _DEEP, "[" * 9_000 + "]" * 9_000, '"' + "x" * 300 + '"'),
]
"""Odd values, as JSON."""
KEYS = ["", "x" * 300, "\0", "../../x", "/x", "a'b\"c"]
"""Odd keys."""
_HERE = "\x01here\x01"


def damaged(sound: bytes) -> st.SearchStrategy[bytes]:
    """These bytes after something happened to them."""
    places = st.integers(0, max(len(sound) - 1, 0))

    def flip(bits: list[tuple[int, int]]) -> bytes:
        content = bytearray(sound)
        for place, mask in bits:
            content[place] ^= mask
        return bytes(content)

    return st.one_of(
        places.map(lambda place: sound[:place]),
        st.lists(st.tuples(places, st.integers(1, 255)), min_size=1, max_size=3).map(flip),
        st.sampled_from(OTHERS),
        st.binary(min_size=1, max_size=9).map(lambda more: sound + more),
        st.tuples(places, places).map(lambda cut: sound[: min(cut)] + sound[max(cut) :]),
    )


def damaged_json(sound: bytes) -> st.SearchStrategy[bytes]:
    """A JSON document after something happened to it, or with an odd value somewhere."""
    odd = st.sampled_from(list(_paths(json.loads(sound)))).flatmap(
        lambda path: st.sampled_from([None, *VALUES]).map(lambda text: _with(sound, path, text))
    )
    renamed = [st.sampled_from(documents) for documents in [list(renamed_json(sound))] if documents]
    return st.one_of(odd, odd, *renamed, damaged(sound))


def odd_json(sound: bytes, values: Iterable[str]) -> Iterator[bytes]:
    """A JSON document without each of its values, and with each of these in its place."""
    for path in _paths(json.loads(sound)):
        for text in (None, *values):
            yield _with(sound, path, text)


def renamed_json(sound: bytes) -> Iterator[bytes]:
    """A JSON document with odd keys instead of each of its keys, and in addition to it."""
    for path in _paths(json.loads(sound)):
        if path and isinstance(path[-1], str):
            for key in KEYS:
                for is_beside in (False, True):
                    yield _renamed(sound, path, key, is_beside=is_beside)


def _renamed(sound: bytes, path: tuple[Any, ...], key: str, *, is_beside: bool) -> bytes:
    document = json.loads(sound)
    inner = document
    for each in path[:-1]:
        inner = inner[each]
    inner[key] = inner[path[-1]]
    if not is_beside:
        del inner[path[-1]]
    return json.dumps(document).encode()


def _with(sound: bytes, path: tuple[Any, ...], text: str | None) -> bytes:
    document = {"top": json.loads(sound)}
    inner: Any = document
    for key in ("top", *path)[:-1]:
        inner = inner[key]
    last = ("top", *path)[-1]
    if text is None:
        del inner[last]
    else:
        inner[last] = _HERE
    return json.dumps(document.get("top")).replace(json.dumps(_HERE), text or "").encode()


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items: Any = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else items
    for key, inner in items:
        yield from _paths(inner, (*path, key))


def parquet(query: str, path: Path) -> bytes:
    """The rows of a query as a parquet file."""
    duckdb.execute(f"copy ({query}) to '{path}' (format parquet)")
    return path.read_bytes()
