"""The REST gateway, by the client that its makers maintain.

Its responses are limited in size: they may hold fewer records than requested without saying so,
or fail. The client requests again what a short response left out; here pages shrink when that
happens, and a listed record that does not come is requested by itself.

A gateway may return other records than requested. Each page of a listing begins behind the one
before, the documents that are missing become fewer, and an answer, a listing, and a time without
anything new have limits: so every run ends.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from aind_data_access_api.document_db import MetadataDbClient

from biodata_cache._core.errors import SettingsError, SourceError
from biodata_cache._core.time_limits import result_within
from extract.documents import json_scan
from extract.documents.document import V1, UnusableDocumentError, listed_identity
from extract.retries import Limit, TransientError
from extract.sources.base import Entry, Fetched
from extract.sources.gateway_responses import (
    Session,
    UnqueryableKey,
    follows,
    identity,
    key_of,
    shown,
)
from extract.sources.hosts import is_unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from extract.sources.base import SourceOptions

_LISTED_AT_ONCE = 5_000
_CONFIRMED_AT_ONCE = 100
_FIRST_PAGE = 16
_LARGEST_PAGE = 100
_TOO_LARGE = frozenset((413, 500, 502, 503, 504))
_TRANSIENT = frozenset((408, 425, 429, 500, 502, 503, 504))
_ALONE_ATTEMPTS = 3
_LEAST_SECONDS = 1.0


class GatewaySource:
    """One collection behind the gateway.

    Args:
        address: `https://…`; only the host counts.
        options: Database, collection and limits.
    """

    def __init__(self, address: str, options: SourceOptions) -> None:
        """Reads the address; connects to nothing yet.

        Raises:
            SettingsError: If the address cannot be parsed.
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
        self.retries = options.retries
        self.workers = options.workers
        version = "v1" if options.shape is V1 else "v2"
        self.description = f"https://{host}/{version}/{options.database}/{options.collection}"
        self._names = (host, options.database, options.collection, version)
        self._shape = options.shape
        self._page = _FIRST_PAGE
        self._local = threading.local()
        self._opened: list[Session] = []
        self._moves = 0

    def list_entries(self) -> Iterator[Entry]:
        """Every document of the collection once, by pages in order of `_id`.

        Raises:
            TransientError: If the gateway could not be reached.
            SourceError: If it refuses, lists something else than requested, or has no end.
        """
        self._moved()
        wanted = {"_id": 1} | dict.fromkeys(self._shape.last_modified_keys, 1)
        query: dict[str, Any] = {}
        last: Any = None
        met: set[str] = set()
        is_past_numbers = False
        page = _LISTED_AT_ONCE
        limit = Limit(
            self.retries.listing * self.retries.ceiling, f"The listing of {self.description}"
        )
        while True:
            limit.check()
            try:
                documents = self._request(query, wanted, page)
            except _TooLargeError:
                if page == 1:
                    raise
                page = max(1, page // 4)
                continue
            entries = [self._entry(document) for document in documents]
            yield from self._unqueryable(entries, met)
            entries = [entry for entry in entries if not isinstance(entry.key, UnqueryableKey)]
            if not entries:
                # A short page is no end, and neither is that of the numbers, which come first.
                if is_past_numbers:
                    return
                is_past_numbers, last, query = True, None, {"_id": {"$gte": ""}}
                continue
            for entry in entries:
                if not follows(entry.key, last):
                    raise SourceError(
                        f"{self.description} lists {shown(entry.key)} after {shown(last)}, which "
                        "is neither the order nor the part that it was asked for, so nobody can "
                        "tell what it leaves out: report it to whoever runs it."
                    )
                last = entry.key
                is_past_numbers = is_past_numbers or isinstance(last, str)
                yield entry
            self._moved()
            query = {"_id": {"$gt": last}}

    def fetch(self, keys: list[Any]) -> Iterator[Fetched]:
        """The documents with these `_id`s that are still there.

        What is requested again is less each time: the rest, or one half and then the other.

        Raises:
            TransientError: If the gateway could not be reached.
            SourceError: If it refuses, or returns nothing that was requested.
        """
        waiting = [keys]
        while waiting:
            group = waiting.pop()
            if len(group) > self._page:
                waiting.append(group[self._page :])
                group = group[: self._page]
            missing = {identity(key): key for key in group}
            yield from self._fetch_group(missing)
            left = list(missing.values())
            if len(group) == 1:
                for key in left:
                    yield from self._fetch_alone(key)
            elif len(left) < len(group):
                waiting += [left] if left else []
            else:
                half = len(left) // 2
                waiting += [left[half:], left[:half]]

    def _unqueryable(self, entries: list[Entry], met: set[str]) -> Iterator[Entry]:
        """Documents behind which no page can begin, each once: they come with every page."""
        for entry in entries:
            if isinstance(entry.key, UnqueryableKey) and repr(entry.key) not in met:
                met.add(repr(entry.key))
                yield entry

    def _fetch_group(self, missing: dict[tuple[str, str], Any]) -> Iterator[Fetched]:
        """Those of some documents that are in one response; they leave `missing`."""
        keys = [key for key in missing.values() if not isinstance(key, UnqueryableKey)]
        for key in [key for key in missing.values() if isinstance(key, UnqueryableKey)]:
            del missing[identity(key)]
            yield Fetched(key, b"", "no filter can name its _id")
        if not keys:
            return
        try:
            documents = self._request({"_id": {"$in": keys}}, self._shape.projection, len(keys))
        except _TooLargeError:
            self._page = max(1, len(keys) // 2)
            return
        is_short = self._was_short()
        for document in documents:
            key = key_of(document)
            if missing.pop(identity(key), None) is not None:
                self._moved()
                yield Fetched(key, document)
        if missing or is_short:
            self._page = max(1, len(keys) // 2)
        else:
            self._page = min(_LARGEST_PAGE, max(self._page, 2 * len(keys)))

    def existing(self, texts: list[str]) -> set[str]:
        """Those of the `_id`s that the collection has.

        Raises:
            TransientError: If the gateway could not be reached.
            SourceError: If it refuses.
        """
        existing = self._existing(texts)
        self._moved()
        return existing

    def close(self) -> None:
        """Close all connections."""
        for session in self._opened:
            session.close()

    def _existing(self, texts: list[str]) -> set[str]:
        existing: set[str] = set()
        for start in range(0, len(texts), _CONFIRMED_AT_ONCE):
            part = texts[start : start + _CONFIRMED_AT_ONCE]
            documents = self._request({"_id": {"$in": part}}, {"_id": 1}, len(part))
            existing |= {text for document in documents if (text := self._entry(document).text)}
        return existing & set(texts)

    def _fetch_alone(self, key: Any) -> Iterator[Fetched]:  # noqa: ANN401  # whatever is in `_id`
        """A document that did not come with others, if it is there at all."""
        is_too_large = False
        for _ in range(_ALONE_ATTEMPTS):
            if not isinstance(key, str) or key not in self._existing([key]):
                return
            try:
                documents = self._request({"_id": {"$in": [key]}}, self._shape.projection, 1)
            except _TooLargeError:
                is_too_large = True
                continue
            for document in documents:
                if identity(key_of(document)) == identity(key):
                    self._moved()
                    yield Fetched(key, document)
                    return
        if is_too_large:
            self._moved()
        yield Fetched(key, b"", "the gateway lists it but does not give it: probably too large")

    def _entry(self, document: bytes) -> Entry:
        """One line of a listing."""
        try:
            text, last_modified = listed_identity(document, self._shape)
        except UnusableDocumentError as error:
            if document[:1] == b"{":  # one odd record is no reason to list none
                return Entry(key_of(document), json_scan.identity_of(document)[0], None)
            raise TransientError(
                f"{self.description}: the answer holds no records: {error}."
            ) from None
        return Entry(key_of(document), text, last_modified)

    def _request(
        self, query: dict[str, Any], projection: dict[str, int] | None, limit: int
    ) -> list[bytes]:
        """The records in the response to a query, as they are written."""
        client, session = self._client()
        session.responses = 0
        started = time.monotonic()
        try:
            with self._translated():
                documents: list[bytes] = result_within(
                    max(self.retries.ceiling, _LEAST_SECONDS),
                    lambda: client.retrieve_docdb_records(
                        filter_query=query, projection=projection, sort={"_id": 1}, limit=limit
                    ),
                    name="gateway",
                    when_late=session.close,
                )
        except TimeoutError:
            del self._local.client  # its thread may never end
            raise TransientError(
                f"{self.description} has not answered whole within {self.retries.ceiling:,.0f} s."
            ) from None
        self._check_progress(time.monotonic() - started)
        return documents

    def _moved(self) -> None:
        """Note that the gateway returned part of what was requested."""
        self._moves += 1

    def _check_progress(self, seconds: float) -> None:
        """Count the time of responses without any record, in each thread."""
        local = self._local
        if getattr(local, "moves", None) != self._moves:
            local.moves, local.fruitless = self._moves, 0.0
        local.fruitless += seconds
        if local.fruitless > self.retries.ceiling:
            raise SourceError(
                f"{self.description} has answered for {local.fruitless:,.0f} s without giving "
                "anything that it was asked for: look at the gateway, and run again later."
            )

    def _was_short(self) -> bool:
        """Whether the last response had to be completed by another."""
        return self._client()[1].responses > 1

    def _client(self) -> tuple[MetadataDbClient, Session]:
        """The client of this thread, as sessions are not thread-safe."""
        if not hasattr(self._local, "client"):
            host, database, collection, version = self._names
            session = Session()
            self._opened.append(session)
            client = MetadataDbClient(
                host=host,
                database=database,
                collection=collection,
                version=version,
                session=session,
            )
            self._local.client = (client, session)
        opened: tuple[MetadataDbClient, Session] = self._local.client
        return opened

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Translate exceptions of the client into one clear line.

        Raises:
            TransientError: If another attempt may succeed.
            SourceError: If no attempt would succeed.
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
    """The gateway failed, perhaps because a response was too large for it."""


def _inner(error: Exception) -> str:
    """What happened, without the driver's account of its own objects."""
    reason: Any = error
    while reason.args and isinstance(getattr(reason.args[0], "reason", reason.args[0]), Exception):
        reason = getattr(reason.args[0], "reason", reason.args[0])
    text = str(reason).partition("\n")[0]
    return text.rpartition(">: ")[2][:300]
