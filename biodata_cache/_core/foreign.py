"""The boundary to JSON written by others: every failure becomes one error."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from biodata_cache._core.errors import CacheError

_HALF_PAIR = re.compile(r"\\u[dD][89a-fA-F]")


class NotJsonError(ValueError):
    """A text is not JSON that every reader can parse; the message says why."""


def json_value(content: bytes | str) -> Any:  # noqa: ANN401  # any JSON
    """Parse JSON.

    Raises:
        NotJsonError: If it is not JSON, is nested deeper or holds longer numbers than Python can
            parse, or holds text that cannot be encoded.

    Example:
        >>> json_value(b'{"a": [1, 2]}')
        {'a': [1, 2]}
        >>> json_value("[" * 100_000)
        Traceback (most recent call last):
        biodata_cache._core.foreign.NotJsonError: it is nested too deeply
    """
    try:
        text = content if isinstance(content, str) else content.decode("utf-8-sig")
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite)
        if _HALF_PAIR.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        raise NotJsonError("it is nested too deeply") from None
    except MemoryError:
        raise NotJsonError("it is larger than the memory") from None
    except UnicodeError as error:
        raise NotJsonError(f"it holds what is no text: {error.reason}") from None  # type: ignore[attr-defined]
    except ValueError as error:
        raise NotJsonError(str(error)) from None
    return value


def parse_json(content: bytes | str, location: str, error: type[CacheError], remedy: str) -> Any:  # noqa: ANN401
    """Parse JSON; the error names its location.

    Args:
        content: The text, or its bytes.
        location: Path or address, for the message.
        error: Class of the error to raise.
        remedy: Sentence that says what to do.

    Raises:
        CacheError: If it is not JSON that every reader can parse; of the given class.
    """
    try:
        return json_value(content)
    except NotJsonError as reason:
        raise error(f"{location} is not JSON ({reason}). {remedy}") from None


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise NotJsonError(f"{text[:20]} is larger than any number")
    return number


def _refuse(constant: str) -> NoReturn:
    raise NotJsonError(f"{constant} is no number")
