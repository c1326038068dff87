"""MongoDB and DocumentDB by pymongo, with nothing but plain `find`."""

from __future__ import annotations

import re
import socket
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote_plus

import pymongo
from bson.errors import BSONError, InvalidId
from bson.objectid import ObjectId
from bson.raw_bson import RawBSONDocument
from pymongo import errors
from pymongo.uri_parser import parse_uri

from biodata_cache._core import messages as _messages
from biodata_cache._core.errors import SettingsError, SourceError
from biodata_cache._core.time_limits import result_within
from extract.retries import Limit, TransientError
from extract.sources.base import Entry, Fetched
from extract.sources.bson_text import OPTIONS, convert, last_modified_text, text_of
from extract.sources.hosts import is_unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bson.codec_options import CodecOptions
    from pymongo.collection import Collection
    from pymongo.cursor import Cursor

    from extract.sources.base import SourceOptions

_Document = TypeVar("_Document", bound="Mapping[str, Any]")

_RAW: CodecOptions[RawBSONDocument] = OPTIONS.with_options(document_class=RawBSONDocument)
_DEFAULTS = {
    "appname": "biodata-cache",
    "serverselectiontimeoutms": 5_000,
    "connecttimeoutms": 10_000,
    "sockettimeoutms": 60_000,
}
REPLY_BYTES = 4 * 2**20
"""What one response should hold: servers give up to 16 MB, for each of several cursors at once."""
_FIRST_REPLY = 4
_LISTED_AT_ONCE = 10_000
_PERMANENT = {13: "the user may not read there", 18: "user name or password is wrong"}
_TRANSIENT_CODES = frozenset(
    (6, 7, 43, 50, 89, 91, 134, 136, 175, 189, 237, 262, 9001, 10058, 10107, 11600, 11602, 13435)
)
_TRANSIENT_CODES |= {13436, 13388, 16500}


class MongoSource:
    """One collection of a MongoDB-compatible server.

    Args:
        uri: `mongodb://…` or `mongodb+srv://…`; may hold a password, which is shown nowhere.
        options: Database, collection and limits.
    """

    def __init__(self, uri: str, options: SourceOptions) -> None:
        """Reads the address; connects to nothing yet.

        Raises:
            SettingsError: If the address cannot be parsed.
            SourceError: If the host name is unknown.
        """
        self.retries = options.retries
        self.workers = options.workers
        self._uri = uri
        self._secrets = _secrets(uri)
        self._shape = options.shape
        self._database = options.database
        self._name = options.collection
        self._hosts: list[tuple[str, int | None]] = []
        try:
            parsed = parse_uri(uri, validate=True, warn=False)
            self._hosts = list(parsed["nodelist"])
            # A socket without a limit would be waited for without an end.
            given = {
                key.lower()
                for key, value in parsed["options"].items()
                if value or key.lower() != "sockettimeoutms"
            }
        except (errors.PyMongoError, ValueError, OSError) as error:
            raise self._unreadable_address(error) from None
        hosts = ",".join(
            host if port in (None, 27017) or host.startswith("/") else f"{host}:{port}"
            for host, port in self._hosts
        )
        self.description = f"mongodb://{hosts}/{self._database}.{self._name}"
        self._size_hint = 0.0
        self._reply_bytes = REPLY_BYTES
        self._client = self._connect(given)

    def list_entries(self) -> Iterator[Entry]:
        """Every document of the collection once: `_id` and `_last_modified`, in order of `_id`.

        Raises:
            TransientError: If the server could not be reached.
            SourceError: If the collection cannot be read, or does not exist.
        """
        if unknown := self._unknown_hosts():  # the driver would keep resolving them
            raise self._no_host(unknown)
        wanted = {"_id": 1} | dict.fromkeys(self._shape.last_modified_keys, 1)
        is_empty = True
        with (
            self._translated(),
            self._collection(OPTIONS).find(
                {}, wanted, sort=[("_id", 1)], batch_size=_LISTED_AT_ONCE
            ) as cursor,
        ):
            for document in self._documents(cursor, self._limit("The listing of")):
                is_empty = False
                last_modified = next(
                    (document[key] for key in self._shape.last_modified_keys if key in document),
                    None,
                )
                key = document.get("_id")
                yield Entry(key, text_of(key), last_modified_text(last_modified))
            if is_empty:
                self._check_exists()

    def fetch(self, keys: list[Any]) -> Iterator[Fetched]:
        """The documents with these `_id`s that are still there.

        Raises:
            TransientError: If the server could not be reached, or the response was interrupted.
            SourceError: If the collection cannot be read.
        """
        with (
            self._translated(),
            self._collection(_RAW).find(
                {"_id": {"$in": keys}}, self._shape.projection, batch_size=self._reply_size()
            ) as cursor,
        ):
            for document in self._documents(cursor, self._limit("An answer of"), len(keys)):
                raw = document.raw
                self._size_hint += (len(raw) - self._size_hint) * 0.05
                yield convert(raw)

    def existing(self, texts: list[str]) -> set[str]:
        """Those of the `_id`s that the collection has.

        Raises:
            TransientError: If the server could not be reached.
            SourceError: If the collection cannot be read.
        """
        candidates = [value for text in texts for value in _values_of(text)]
        with (
            self._translated(),
            self._collection(OPTIONS).find({"_id": {"$in": candidates}}, {"_id": 1}) as cursor,
        ):
            documents = self._documents(cursor, self._limit("An answer of"), len(candidates))
            existing = {text_of(document.get("_id")) for document in documents}
        return existing & set(texts)  # type: ignore[return-value]

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def _connect(self, given: set[str]) -> pymongo.MongoClient[dict[str, Any]]:
        options: dict[str, Any] = {
            name: value for name, value in _DEFAULTS.items() if name not in given
        }
        if "readpreference" not in given:
            options["readpreference"] = "secondaryPreferred"
        try:
            return pymongo.MongoClient(self._uri, retryWrites=False, connect=False, **options)
        except (errors.PyMongoError, ValueError, OSError) as error:
            raise self._unreadable_address(error) from None

    def _collection(self, options: CodecOptions[Any]) -> Collection[Any]:
        database = self._client.get_database(self._database, codec_options=options)
        return database.get_collection(self._name, codec_options=options)

    def _limit(self, what: str) -> Limit:
        """Seconds that a response with all its batches may take, however many documents it has."""
        return Limit(self.retries.listing * self.retries.ceiling, f"{what} {self.description}")

    def _documents(
        self, cursor: Cursor[_Document], limit: Limit, most: int | None = None
    ) -> Iterator[_Document]:
        """All documents of a response; a batch without any is not its end.

        Args:
            cursor: The response.
            limit: What it may take.
            most: How many documents it may have; None if unknown.
        """
        number = 0
        while cursor.alive:
            limit.check()
            for document in cursor:
                limit.check()
                number += 1
                if most is not None and number > most:  # others would have no end
                    raise SourceError(
                        f"{self.description} gives more documents than it was asked for, so it is "
                        "no server that can be used: check the address."
                    )
                yield document

    def _check_exists(self) -> None:
        """Check that an empty collection exists."""
        try:  # the driver would read a list without an end to its end
            names = result_within(
                self.retries.ceiling,
                self._client[self._database].list_collection_names,
                name="mongodb",
            )
        except TimeoutError:
            raise TransientError(
                f"{self.description}: the server has not named its collections within "
                f"{self.retries.ceiling:,.0f} s."
            ) from None
        if self._name not in names:
            there = ", ".join(sorted(names)[:10])
            raise SourceError(
                f"{self.description}: there is no such collection "
                f"({'the database has ' + there if there else 'the database has none'}); "
                "check --database and --collection."
            )

    def _reply_size(self) -> int:
        """How many documents to ask for at once, by the size of those that came before."""
        if not self._size_hint:
            return _FIRST_REPLY
        return max(1, min(1_000, int(self._reply_bytes / self._size_hint)))

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Translate exceptions of the driver into one clear line.

        Raises:
            TransientError: If another attempt may succeed.
            SourceError: If no attempt would succeed.
        """
        try:
            yield
        except SourceError:
            raise
        except errors.ConfigurationError as error:
            raise self._unreadable_address(error) from None
        except errors.OperationFailure as error:
            raise self._refused(error) from None
        except errors.ConnectionFailure as error:
            raise self._unreachable(error) from None
        except (errors.PyMongoError, BSONError, OSError) as error:
            raise TransientError(f"{self.description}: {self._text(error)}.") from None

    def _refused(self, error: errors.OperationFailure) -> SourceError:
        if error.code in _PERMANENT:
            return SourceError(
                f"{self.description}: {_PERMANENT[error.code]}; check the address in "
                "BIODATA_CACHE_SOURCE or the secret file, and the rights of the user."
            )
        message = f"{self.description}: the server says: {self._text(error)}"
        is_transient = error.code in _TRANSIENT_CODES or error.has_error_label("RetryableReadError")
        if is_transient:
            return TransientError(f"{message}.")
        return SourceError(f"{message} (code {error.code}); check database, collection and rights.")

    def _unreachable(self, error: errors.ConnectionFailure) -> SourceError:
        text = self._text(error)
        unknown = self._unknown_hosts()
        if unknown:
            return self._no_host(unknown)
        lowered = text.lower()
        if "ssl" in lowered or "certificate" in lowered or "tlsv1" in lowered:
            return SourceError(
                f"{self.description}: no TLS connection ({text}); check tls and tlsCAFile in the "
                "address, and that the certificate is for this host."
            )
        return TransientError(f"{self.description} cannot be reached: {text}.")

    def _no_host(self, names: list[str]) -> SourceError:
        return SourceError(
            f"{self.description}: there is no host {', '.join(names)}; check the address."
        )

    def _unknown_hosts(self) -> list[str]:
        """The hosts, if no name server knows any of them."""
        unknown = []
        for host, port in self._hosts:
            if host.startswith("/"):
                return []
            try:
                socket.getaddrinfo(host, port)
            except socket.gaierror as error:
                if not is_unknown(error):
                    return []  # the name server did not answer: that may pass
                unknown.append(host)
            else:
                return []
        return unknown

    def _unreadable_address(self, error: Exception) -> SettingsError | SourceError:
        # Only these messages are safe: others quote the address as they misread it.
        is_safe = isinstance(error, (errors.ConfigurationError, OSError))
        message = redacted(self._text(error), _values(self._uri))
        text = f" ({message})" if is_safe else ""
        if isinstance(error, errors.ConfigurationError) and "wire version" in text:
            return SourceError(
                f"{self.description}: the server is too old for this pymongo{text}: "
                "install an older one, for example pip install 'pymongo<4.12'."
            )
        return SettingsError(
            f"The MongoDB address cannot be used{text}: give "
            "mongodb://user:password@host:port/?options, with user and password percent-encoded."
        )

    def _text(self, error: Exception) -> str:
        """The first line of the driver's message, without secrets and without its inner state."""
        text = str(error).partition("\n")[0]
        text = re.split(r",? (?:full error: |Timeout: |\(configured timeouts|Topology Desc)", text)[
            0
        ]
        return redacted(text, self._secrets).strip().rstrip(".,")[:400]


def redacted(text: str, secrets: list[str]) -> str:
    """The text with `***` for each secret, and for the part before `@` in any address."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return _messages.redacted(text)


def _secrets(uri: str) -> list[str]:
    """The secret parts of an address, in every spelling."""
    before, at, _ = uri.rpartition("@")
    if not at:
        return []
    account = before.partition("://")[2]
    password = account.partition(":")[2]
    parts = {account, password, unquote_plus(password)}
    return [part for part in parts if part]


def _values(uri: str) -> list[str]:
    """All parts of an address that may be a password where it is misread; names of options not."""
    parts = re.split(r"[:@/?&,;\s]|[^?&]*=", unquote_plus(uri) + "/" + uri)
    return [part for part in parts if len(part) > 2 and not part.startswith("mongodb")]  # noqa: PLR2004


def _values_of(text: str) -> list[Any]:
    """What an `_id` may be in the database whose text is this."""
    values: list[Any] = [text]
    with suppress(InvalidId):
        values.append(ObjectId(text))
    if re.fullmatch(r"-?\d{1,18}", text):
        values.append(int(text))
    return values
