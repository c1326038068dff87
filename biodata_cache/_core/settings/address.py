"""Values of settings that may hold a password: their text is never shown."""

from __future__ import annotations

import re

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
# An account, options, or a colon without a port.
_MAY_BE_SECRET = re.compile(r"[@?#&=;%\s]|:(?!//|\d{1,5}(/|$))")


def redacted(text: str) -> str:
    """An address for messages: its scheme alone, unless it cannot hold a secret.

    A path, or a word such as `sample`, is shown as it is.

    Example:
        >>> redacted("mongodb://me:secret@host/?token=1"), redacted("s3://bucket/prefix")
        ('mongodb://…', 's3://bucket/prefix')
        >>> redacted("me:secret@host"), redacted("records/v2.jsonl")
        ('…', 'records/v2.jsonl')
    """
    match = _SCHEME.search(text)
    if match is not None:
        return f"{match[1].lower()}://…" if _MAY_BE_SECRET.search(text) else text
    return "…" if "@" in text and re.search(r":.*@|@.*:", text, re.DOTALL) else text


class Secret:
    """The address of a source: what it is, and nothing that may be a password.

    Only `reveal` gives the text, for the code that opens the source.

    Example:
        >>> source = Secret("mongodb://me:secret@host")
        >>> f"from {source}", source.kind, source.is_address
        ('from mongodb://…', 'mongodb', True)
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Takes the address as it was given."""
        self._text = text

    @property
    def kind(self) -> str:
        """The part before the first colon, in lower case: a scheme, or a word like `sample`."""
        return self._text.partition(":")[0].lower()

    @property
    def is_address(self) -> bool:
        """Whether it is an address of another machine, and no path or word."""
        return "://" in self._text

    def reveal(self) -> str:
        """The text, with its password."""
        return self._text

    def __str__(self) -> str:
        return redacted(self._text)

    def __repr__(self) -> str:
        return repr(str(self))

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __eq__(self, other: object) -> bool:
        return self._text == (other._text if isinstance(other, Secret) else other)

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("A secret is not to be written anywhere.")


class Address(str):
    """A folder, or an address on S3, where no password belongs: if one is there it is not shown.

    A folder is a path like any other, so its text is what it is.

    Example:
        >>> address = Address("https://host/?token=secret")
        >>> f"{address!r}, {address}"
        "'https://…', https://…"
    """

    __slots__ = ()

    def __str__(self) -> str:
        text = str.__str__(self)
        return redacted(text) if "://" in text else text

    def __repr__(self) -> str:
        return repr(str(self))

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)
