"""The REST gateway, by the client that its makers maintain.

Its answers are capped in size: they may hold fewer records than were asked for without saying so,
or fail. The client asks again for what a short answer left out; here pages shrink when that
happens, and whatever is listed and does not come is asked for by itself.
"""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec
import requests
from aind_data_access_api.document_db import MetadataDbClient

from biodata_cache._core.errors import SettingsError, SourceError
from extract.lake.documents import V2, Shape, UnusableDocumentError, text_of_id
from extract.retries import Retries, TransientError
from extract.sources.base import Entry, Fetched, repairs_of
from extract.sources.hosts import is_unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["GatewaySource"]

TIMEOUTS = (10.0, 120.0)
"""Seconds to connect, and between two parts of an answer."""
_LISTED_AT_ONCE = 5_000
_CONFIRMED_AT_ONCE = 100
_FIRST_PAGE = 16
_LARGEST_PAGE = 100
_TOO_LARGE = frozenset((413, 500, 502, 503, 504))
_TRANSIENT = frozenset((408, 425, 429, 500, 502, 503, 504))
_ALONE_ATTEMPTS = 3


class GatewaySource:
    """One collection behind the gateway.

    Args:
        address: `https://…`; only the host counts.
        database: Name of the database.
        collection: Name of the collection.
        version: Version of the records, `v2` or `v1`.
        shape: What documents are like.
        retries: How long to try.
        workers: How many requests may be under way at once.
    """

    def __init__(
        self,
        address: str,
        database: str = "metadata_index",
        collection: str = "data_assets",
        *,
        version: str = "v2",
        shape: Shape = V2,
        retries: Retries | None = None,
        workers: int = 4,
    ) -> None:
        """Reads the address; connects to nothing yet.

        Raises:
            SettingsError: The address cannot be read.
        """
        try:
            parts = urlsplit(address)
            host = parts.netloc.rpartition("@")[2]
            is_usable = bool(parts.hostname) and "@" not in parts.netloc
            is_usable = is_usable and (parts.port is None or parts.port > 0)
        except ValueError:
            is_usable = False
        if not is_usable:
            raise SettingsError(
                "The address of the gateway cannot be used: give https://host, without a password."
            )
        self.size: int | None = None
        self.retries = retries or Retries()
        self.workers = workers
        self.description = f"https://{host}/{version}/{database}/{collection}"
        self._names = (host, database, collection, version)
        self._shape = shape
        self._page = _FIRST_PAGE
        self._local = threading.local()
        self._sessions: list[_Session] = []

    def list_entries(self) -> Iterator[Entry]:
        """Every document of the collection once, by pages in order of `_id`.

        Raises:
            TransientError: The gateway could not be asked.
            SourceError: It refuses.
        """
        wanted = {"_id": 1} | dict.fromkeys(self._shape.stamp_keys, 1)
        query: dict[str, Any] = {}
        last: Any = None
        page = _LISTED_AT_ONCE
        while True:
            try:
                documents = self._ask(query, wanted, page)
            except _TooLargeError:
                if page == 1:
                    raise
                page = max(1, page // 4)
                continue
            if not documents:
                # A short page is no end, and neither is that of the numbers, which come first.
                if last is None or isinstance(last, str):
                    return
                last, query = "", {"_id": {"$gte": ""}}
                continue
            for document in documents:
                stamps = (document[key] for key in self._shape.stamp_keys if key in document)
                last = document.get("_id")
                yield Entry(last, _text_of(last), _stamp_of(next(stamps, None)))
            query = {"_id": {"$gt": last}}

    def fetch(self, keys: list[Any]) -> Iterator[Fetched]:
        """The documents with these `_id`s that are still there.

        Raises:
            TransientError: The gateway could not be asked.
            SourceError: It refuses.
        """
        waiting = list(keys)
        while waiting:
            asked, waiting = waiting[: self._page], waiting[self._page :]
            try:
                documents = self._ask({"_id": {"$in": asked}}, self._shape.projection, len(asked))
            except _TooLargeError:
                if len(asked) == 1:
                    yield from self._fetch_alone(asked[0])
                else:
                    self._page = max(1, len(asked) // 2)
                    waiting = asked + waiting
                continue
            missing = {str(key): key for key in asked}
            for document in documents:
                missing.pop(str(document.get("_id")), None)
                yield _fetched(document)
            if self._was_short():
                self._page = max(1, len(asked) // 2)
            else:
                self._page = min(_LARGEST_PAGE, max(self._page, 2 * len(asked)))
            if len(asked) > 1:
                waiting = [*waiting, *missing.values()]
                self._page = max(1, self._page // 2) if missing else self._page
            else:
                for key in missing.values():
                    yield from self._fetch_alone(key)

    def existing(self, texts: list[str]) -> set[str]:
        """Those of the `_id`s that the collection has.

        Raises:
            TransientError: The gateway could not be asked.
            SourceError: It refuses.
        """
        found: set[str] = set()
        for start in range(0, len(texts), _CONFIRMED_AT_ONCE):
            asked = texts[start : start + _CONFIRMED_AT_ONCE]
            documents = self._ask({"_id": {"$in": asked}}, {"_id": 1}, len(asked))
            found |= {text for document in documents if (text := _text_of(document.get("_id")))}
        return found

    def close(self) -> None:
        """Let go of all connections."""
        for session in self._sessions:
            session.close()

    def _fetch_alone(self, key: Any) -> Iterator[Fetched]:  # noqa: ANN401  # whatever is in `_id`
        """A document that did not come with others, if it is there at all."""
        text = _text_of(key)
        for _ in range(_ALONE_ATTEMPTS):
            if text is None or text not in self.existing([text]):
                return
            try:
                documents = self._ask({"_id": {"$in": [key]}}, self._shape.projection, 1)
            except _TooLargeError:
                continue
            if documents:
                yield _fetched(documents[0])
                return
        yield Fetched(key, b"", "the gateway lists it but does not give it: probably too large")

    def _ask(
        self, query: dict[str, Any], projection: dict[str, int] | None, limit: int
    ) -> list[dict[str, Any]]:
        client, session = self._client()
        session.answers = 0
        with self._translated():
            documents: list[dict[str, Any]] = client.retrieve_docdb_records(
                filter_query=query, projection=projection, sort={"_id": 1}, limit=limit
            )
        if not all(isinstance(document, dict) for document in documents):
            raise TransientError(f"{self.description}: the answer holds no records.")
        return documents

    def _was_short(self) -> bool:
        """Whether the last answer had to be completed by another."""
        return self._client()[1].answers > 1

    def _client(self) -> tuple[MetadataDbClient, _Session]:
        """The client of this thread: sessions must not be shared."""
        if not hasattr(self._local, "client"):
            host, database, collection, version = self._names
            session = _Session()
            self._sessions.append(session)
            self._local.client = (
                MetadataDbClient(
                    host=host,
                    database=database,
                    collection=collection,
                    version=version,
                    session=session,
                ),
                session,
            )
        client: tuple[MetadataDbClient, _Session] = self._local.client
        return client

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn what the client raises into one clear line.

        Raises:
            TransientError: Another attempt may succeed.
            SourceError: None would.
        """
        try:
            yield
        except requests.HTTPError as error:
            raise self._refused(error.response) from None
        except requests.exceptions.SSLError as error:
            raise SourceError(
                f"{self.description}: no TLS connection ({_inner(error)}); check the address and "
                "REQUESTS_CA_BUNDLE."
            ) from None
        except requests.ConnectionError as error:
            if is_unknown(error):
                raise SourceError(
                    f"{self.description}: there is no such host; check the address."
                ) from None
            raise TransientError(
                f"{self.description} cannot be reached: {_inner(error)}."
            ) from None
        except (requests.RequestException, ValueError) as error:
            raise TransientError(f"{self.description}: {_inner(error)}.") from None

    def _refused(self, response: requests.Response | None) -> SourceError:
        if response is None:
            return TransientError(f"{self.description} gave no answer.")
        status = f"{response.status_code} {response.reason}".strip()
        if response.status_code in _TOO_LARGE:
            return _TooLargeError(f"{self.description} answered {status}.")
        if response.status_code in _TRANSIENT:
            return TransientError(f"{self.description} answered {status}.")
        if response.status_code == requests.codes.not_found:
            return SourceError(
                f"{self.description}: there is no such collection ({status}); "
                "check --database and --collection."
            )
        return SourceError(f"{self.description} refuses: {status}; check the address and rights.")


class _TooLargeError(TransientError):
    """The gateway failed, maybe as an answer was too large for it."""


class _Session(requests.Session):
    """A session that never waits for ever, and counts its answers."""

    answers = 0

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401
        kwargs.setdefault("timeout", TIMEOUTS)
        response = super().request(*args, **kwargs)
        self.answers += 1
        return response


def _fetched(document: dict[str, Any]) -> Fetched:
    """One document that the client decoded, as JSON text again."""
    try:
        content = msgspec.json.encode(document)
    except OverflowError:  # integers beyond 64 bits
        content = json.dumps(document, ensure_ascii=False).encode()
    return Fetched(document.get("_id"), content, "", repairs_of(document))


def _text_of(value: Any) -> str | None:  # noqa: ANN401  # whatever is in `_id`
    try:
        return text_of_id(msgspec.json.encode(value))
    except UnusableDocumentError:
        return None


def _stamp_of(value: Any) -> str | None:  # noqa: ANN401  # whatever is there
    return value if isinstance(value, str) else None


def _inner(error: Exception) -> str:
    """What happened, without the driver's account of its own objects."""
    reason: Any = error
    while reason.args and isinstance(getattr(reason.args[0], "reason", reason.args[0]), Exception):
        reason = getattr(reason.args[0], "reason", reason.args[0])
    text = str(reason).partition("\n")[0]
    return text.rpartition(">: ")[2][:300]
