"""A cache or a raw lake on S3, or on a server that speaks its protocol; needs the extra `s3`."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from functools import cached_property, lru_cache
from importlib import util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import botocore.exceptions
from boto3.s3.transfer import TransferConfig
from botocore import UNSIGNED
from botocore.config import Config

from biodata_cache._core import messages as _messages
from biodata_cache._core.errors import (
    AccessError,
    CacheError,
    CacheFileError,
    CacheNotFoundError,
    LockedError,
    MissingDependencyError,
    SettingsError,
    UnreachableError,
)
from biodata_cache._core.foreign import json_value
from biodata_cache._core.settings import CACHE_FOLDER, PREFIX
from biodata_cache._core.sqltext import literal
from biodata_cache._storage.base import (
    LEASE_SECONDS,
    Content,
    Listed,
    Tagged,
    identity,
    local_engine,
    separate_local_engine,
    sha256_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    import duckdb

    from biodata_cache._storage.base import DataFile
    from biodata_cache._storage.disk_cache import LocalCopies

# Files above this size go in parts of this size; by that `_etag` knows those that did not change.
PART_SIZE = 16 * 2**20
_DELETED_AT_ONCE = 1000
_LISTED_AT_ONCE = 1000
_BLOCK_SIZE = 2**20
_ROOT = f"{PREFIX}ROOT"
_ATTEMPTS = 6
_READ_ATTEMPTS = 5
_ASKED_EACH = 3
_REFUSED = {
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
}
_CONFLICTS = {"ConditionalRequestConflict", "OperationAborted", "PreconditionFailed"}
_CODES_BY_STATUS = {
    "304": "NotModified",
    "404": "NoSuchKey",
    "409": "ConditionalRequestConflict",
    "412": "PreconditionFailed",
}
# Answers that boto3 does not ask for again.
_BROKEN_OFF = (
    botocore.exceptions.IncompleteReadError,
    botocore.exceptions.ResponseStreamingError,
    botocore.exceptions.ReadTimeoutError,
)
_CONTENT_TYPES = {
    ".pqt": "application/vnd.apache.parquet",
    ".parquet": "application/vnd.apache.parquet",
    ".json": "application/json",
    ".html": "text/html; charset=utf-8",
}


def open_s3(root: str, copies: LocalCopies | None = None) -> S3Store:
    """The cache at `s3://bucket[/prefix]`, with the credentials that AWS tools would use.

    Args:
        root: Where it is.
        copies: Where to keep copies of what is read; None for nowhere.

    Raises:
        SettingsError: The root names no bucket, or the settings of AWS contradict themselves.
    """
    bucket, prefix = _split(root, "root")
    prefix = "/".join(part for part in (prefix, CACHE_FOLDER) if part)
    return _open(bucket, prefix, _ROOT, copies)


def open_lake(raw: str) -> S3Store:
    """The raw lake at `s3://bucket/prefix`, with the same credentials.

    Raises:
        SettingsError: It names no bucket or prefix, or the settings of AWS contradict themselves.
    """
    bucket, prefix = _split(raw, "raw lake")
    if not prefix:
        raise SettingsError(
            f"The raw lake {raw!r} would be a whole bucket: write s3://bucket/prefix."
        )
    return _open(bucket, prefix, f"{PREFIX}RAW")


def _split(address: str, what: str) -> tuple[str, str]:
    """Bucket and prefix of an address.

    Raises:
        SettingsError: It names no bucket.
    """
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    if not re.fullmatch(r"[A-Za-z0-9._-]{3,255}", bucket):
        raise SettingsError(
            f"The {what} {address!r} names no bucket of S3: write s3://bucket[/prefix]."
        )
    return bucket, prefix.strip("/")


def _open(bucket: str, prefix: str, setting: str, copies: LocalCopies | None = None) -> S3Store:
    # What AWS tools take from the environment decides on the client. Neither it nor DuckDB's
    # database outlives a fork.
    environment = tuple(sorted(item for item in os.environ.items() if item[0].startswith("AWS_")))
    connection = _connection(bucket, environment, os.getpid())
    return S3Store(bucket, prefix, connection, copies, setting=setting)


@lru_cache(maxsize=8)
def _connection(bucket: str, environment: object, process: int) -> _Connection:  # noqa: ARG001
    """Client of a bucket, made once: that alone takes longer than reading a table."""
    return _Connection(bucket)


class _Connection:
    """Clients of one bucket: boto3's, and a database of DuckDB's that can read it."""

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket
        self.documents: dict[str, Tagged] = {}
        self._lock = threading.Lock()
        self._engine: duckdb.DuckDBPyConnection | None = None
        self._secret = ""
        try:
            self.session = boto3.Session()
            self.credentials = self.session.get_credentials()
            # Other tools of AWS take this variable, too.
            region = self.session.region_name or os.environ.get("AWS_REGION")
            self.client: Any = self._client(region)
        except (botocore.exceptions.BotoCoreError, ValueError) as error:
            raise SettingsError(f"The settings of AWS cannot be used: {error}.") from error
        self.is_aws = ".amazonaws.com" in self.client.meta.endpoint_url

    def _client(self, region: str | None) -> Any:  # noqa: ANN401  # boto3 has no types
        config: dict[str, Any] = {
            "retries": {
                "mode": "standard",
                "max_attempts": int(os.environ.get("AWS_MAX_ATTEMPTS") or _ATTEMPTS),
            },
            "connect_timeout": 10,
            "read_timeout": 60,
            "max_pool_connections": 32,
        }
        if self.credentials is None:
            config["signature_version"] = UNSIGNED
        client = self.session.client("s3", region_name=region, config=Config(**config))
        if ".amazonaws.com" not in client.meta.endpoint_url:
            # Servers of one's own rarely have a host name for each bucket.
            config["s3"] = {"addressing_style": "path"}
            client = self.session.client("s3", region_name=region, config=Config(**config))
        return client

    @cached_property
    def region(self) -> str:
        """Region of the bucket, which need not be the one that is set."""
        try:
            answer = self.client.head_bucket(Bucket=self.bucket)
        except botocore.exceptions.ClientError as error:
            answer = error.response
        except botocore.exceptions.BotoCoreError as error:
            raise _as_cache_error(error, f"s3://{self.bucket}", self, _ROOT) from error
        headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
        return str(
            headers.get("x-amz-bucket-region") or self.client.meta.region_name or "us-east-1"
        )

    def engine(self) -> duckdb.DuckDBPyConnection:
        """A connection to the one database that has the extension and the credentials."""
        with self._lock:
            if self._engine is None:
                self._engine = _new_engine()
            secret = self._secret_statement()
            if secret != self._secret:  # credentials of a role change every few hours
                _give(self._engine, secret)
                self._secret = secret
            return self._engine.cursor()

    def separate_engine(self) -> duckdb.DuckDBPyConnection:
        """A database of its own with the extension and the credentials."""
        engine = _new_engine()
        _give(engine, self._secret_statement())
        return engine

    def _secret_statement(self) -> str:
        options = {"provider": "config", "region": self.region, "scope": f"s3://{self.bucket}"}
        if self.credentials is not None:
            frozen = self.credentials.get_frozen_credentials()
            options |= {"key_id": frozen.access_key, "secret": frozen.secret_key}
            if frozen.token:
                options["session_token"] = frozen.token
        if not self.is_aws:
            scheme, _, endpoint = self.client.meta.endpoint_url.partition("://")
            options |= {"endpoint": endpoint.rstrip("/"), "url_style": "path"}
            options["use_ssl"] = "true" if scheme == "https" else "false"
        listed = ", ".join(f"{name} {literal(value)}" for name, value in options.items())
        return f"create or replace secret biodata_cache (type s3, {listed})"


@dataclass(frozen=True)
class S3Store:
    """Objects below a prefix of a bucket; `setting` is the variable that names it."""

    bucket: str
    prefix: str
    connection: _Connection
    copies: LocalCopies | None = None
    threads: int = 16
    setting: str = _ROOT
    _client: Any = field(init=False)

    def __post_init__(self) -> None:
        """Keep the client at hand."""
        object.__setattr__(self, "_client", self.connection.client)

    def address(self, path: str = "") -> str:
        """Address as AWS and DuckDB write it."""
        return f"s3://{self.bucket}/{self.prefix}/{path}".rstrip("/")

    def engine(self, places: Sequence[str]) -> duckdb.DuckDBPyConnection:
        """A connection of DuckDB, with the credentials of this bucket where a place needs them."""
        return self.connection.engine() if any(map(_is_remote, places)) else local_engine()

    def separate_engine(self, places: Sequence[str]) -> duckdb.DuckDBPyConnection:
        """The same, of a database of its own."""
        if any(map(_is_remote, places)):
            return self.connection.separate_engine()
        return separate_local_engine()

    def tags(self, places: Sequence[str]) -> list[object]:
        """ETags: of a few objects each, of many those of the folder that has them."""
        found: dict[str, object] = {
            place: identity(place) for place in places if not _is_remote(place)
        }
        paths = [self._path(place) for place in places if _is_remote(place)]
        if len(paths) <= _ASKED_EACH:
            found |= {self.address(path): self._head(path).get("ETag") for path in paths}
        else:
            listed = self.listing(f"{os.path.commonpath(paths)}/")
            found |= {self.address(path): listed.get(path) for path in paths}
        return [found[place] for place in places]

    def places(self, files: Sequence[DataFile], *, is_whole: bool = False) -> list[str]:
        """Copies on this machine of the small ones, made if need be; addresses of the others."""
        places = [file.address for file in files]
        if self.copies is None or not self.copies.is_usable():
            return places
        found = [self._copy_of(file) for file in files]
        left = self.copies.limit - sum(
            file.size or 0 for file, copy in zip(files, found, strict=True) if copy
        )
        wanted = {}
        for number, (file, copy) in enumerate(zip(files, found, strict=True)):
            if copy is not None:
                continue
            largest = self.copies.largest(self._name(file.address), is_whole=is_whole)
            if (file.size or 0) <= min(largest, left):
                wanted[number] = largest
                left -= file.size or 0
        if wanted:
            with ThreadPoolExecutor(min(self.threads, len(wanted))) as pool:
                some = [files[number] for number in wanted]
                fetched = pool.map(self._fetched, some, wanted.values())
                for number, copy in zip(wanted, fetched, strict=True):
                    found[number] = copy
            self.copies.shrink([copy for copy in found if copy is not None])
        return [
            place if copy is None else str(copy) for place, copy in zip(places, found, strict=True)
        ]

    def _copy_of(self, file: DataFile) -> Path | None:
        """The copy of an object that the registry knows by its content."""
        if self.copies is None or file.sha256 is None:
            return None
        return self.copies.find(self._name(file.address), file.sha256)

    def _fetched(self, file: DataFile, largest: int) -> Path | None:
        """A copy of an object; None if there is none to be made, and it is read where it is."""
        copies, path = self.copies, self._path(file.address)
        if copies is None:
            return None
        if file.sha256 is None:
            head = self._head(path)
            known = copies.find(self._name(file.address, head["ETag"])) if head else None
            if known is not None or head.get("ContentLength", 0) > largest:
                return known
        found = self._content(path, largest=largest if file.size is None else file.size)
        if found is None:
            return None
        if file.sha256 is None:
            return copies.keep(self._name(file.address, found.tag), found.content)
        if hashlib.sha256(found.content).hexdigest() != file.sha256:
            return None  # a publish is at work
        return copies.keep(self._name(file.address), found.content)

    def _name(self, address: str, tag: str = "") -> str:
        """What tells an object from all others, and its content, if that has no name in it."""
        return f"{self._client.meta.endpoint_url} {address} {tag}"

    def _path(self, address: str) -> str:
        return address.removeprefix(f"{self.address()}/")

    def read(self, path: str) -> bytes | None:
        """Content of an object; what has not changed since is not transferred again."""
        found = self.tagged(path)
        return None if found is None else found.content

    def tagged(self, path: str) -> Tagged | None:
        """Content of an object and its ETag."""
        key, documents = self._key(path), self.connection.documents
        found = self._content(path, known=documents.get(key))
        if found is None:
            documents.pop(key, None)
        else:
            documents[key] = found
        return found

    def _content(
        self, path: str, *, known: Tagged | None = None, largest: int | None = None
    ) -> Tagged | None:
        """Content of an object in one answer, which is tried again if it breaks off.

        Args:
            path: Path of the object.
            known: What it was before; if it still is, nothing is transferred.
            largest: Most bytes that it may have; None for any number.

        Returns:
            Content and ETag; None if there is no object, or a larger one.
        """
        for attempt in range(_READ_ATTEMPTS):
            try:
                with self._errors(path):
                    return self._get(path, known, largest)
            except UnreachableError as error:
                is_broken = isinstance(error.__cause__, _BROKEN_OFF)
                if not is_broken or attempt == _READ_ATTEMPTS - 1:
                    raise
            time.sleep(0.1 * 2**attempt)
        raise AssertionError  # the last attempt returns or raises

    def _get(self, path: str, known: Tagged | None, largest: int | None) -> Tagged | None:
        condition = {} if known is None else {"IfNoneMatch": known.tag}
        if largest is not None:
            condition["Range"] = f"bytes=0-{largest}"  # of what is larger, a byte too much
        try:
            answer = self._client.get_object(Bucket=self.bucket, Key=self._key(path), **condition)
        except botocore.exceptions.ClientError as error:
            if _code(error) == "NotModified" and known is not None:
                return known
            if _code(error) in {"NoSuchKey", "InvalidRange"}:  # nothing is there, or in it
                return None
            raise
        found = Tagged(answer["Body"].read(), answer["ETag"])
        return None if largest is not None and len(found.content) > largest else found

    def download(self, path: str, tag: str, target: Path) -> bool:
        """Copy an object into a file, on the condition that it still is what had this ETag."""
        for attempt in range(_READ_ATTEMPTS):
            try:
                return self._download(path, tag, target)
            except _BROKEN_OFF as error:
                if attempt == _READ_ATTEMPTS - 1:
                    raise self._error(error, path) from error
            time.sleep(0.1 * 2**attempt)
        raise AssertionError  # the last attempt returns or raises

    def _download(self, path: str, tag: str, target: Path) -> bool:
        try:
            answer = self._client.get_object(Bucket=self.bucket, Key=self._key(path), IfMatch=tag)
            with target.open("wb") as file:
                for block in answer["Body"].iter_chunks(_BLOCK_SIZE):
                    file.write(block)
        except botocore.exceptions.ClientError as error:
            if _code(error) in {"NoSuchKey", "PreconditionFailed"}:
                return False
            raise self._error(error, path) from error
        except _BROKEN_OFF:
            raise
        except botocore.exceptions.BotoCoreError as error:
            raise self._error(error, path) from error
        return True

    def upload(self, path: str, source: Path) -> str:
        """Put a file in its place; the ETag that it has there."""
        self.write(path, Content(source.stat().st_size, sha256_of(source), source))
        return str(self._head(path).get("ETag", ""))

    def exists(self, path: str) -> bool:  # noqa: ARG002
        """Not asked: DuckDB finds out at once, and asking would be a request for every file."""
        return True

    def listing(self, prefix: str) -> dict[str, Listed]:
        """Every object below, a thousand for each request."""
        with self._errors(prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket,
                Prefix=self._key(prefix),
                PaginationConfig={"PageSize": _LISTED_AT_ONCE},
            )
            return {
                item["Key"][len(self.prefix) + 1 :]: Listed(item["Size"], item["ETag"])
                for page in pages
                for item in page.get("Contents", ())
            }

    def folders(self, prefix: str) -> list[str]:
        """Common prefixes right below."""
        start = self._key(prefix)
        with self._errors(prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=start, Delimiter="/"
            )
            return sorted(
                item["Prefix"][len(start) :].rstrip("/")
                for page in pages
                for item in page.get("CommonPrefixes", ())
            )

    def holds(self, path: str, listed: Listed, content: Content) -> bool:
        """By size and ETag, and by the hash in its metadata where the ETag is no MD5."""
        if listed.size != content.size:
            return False
        if not isinstance(content.source, str) and has_tag_of(listed, content):
            return True
        return self.sha256(path) == content.sha256

    def sha256(self, path: str) -> str | None:
        """The hash that was written down with the object."""
        hashed: str | None = self._head(path).get("Metadata", {}).get("sha256")
        return hashed

    def _head(self, path: str) -> dict[str, Any]:
        """What S3 says about an object; nothing if there is none."""
        with self._errors(path):
            try:
                answer: dict[str, Any] = self._client.head_object(
                    Bucket=self.bucket, Key=self._key(path)
                )
            except botocore.exceptions.ClientError as error:
                if _code(error) == "NoSuchKey":
                    return {}
                raise
        return answer

    def write(self, path: str, content: Content) -> None:
        """Put an object; a large one in parts, which become an object at the end."""
        options = _options(path) | {"Metadata": {"sha256": content.sha256}}
        source = content.source
        with self._errors(path):
            if isinstance(source, str):
                self._copy(source, path, content)
            elif isinstance(source, bytes):
                self._client.put_object(
                    Bucket=self.bucket, Key=self._key(path), Body=source, **options
                )
            elif content.size <= PART_SIZE:
                with source.open("rb") as body:
                    self._client.put_object(
                        Bucket=self.bucket, Key=self._key(path), Body=body, **options
                    )
            else:
                self._client.upload_file(
                    str(source),
                    self.bucket,
                    self._key(path),
                    ExtraArgs=options,
                    Config=TransferConfig(
                        multipart_threshold=PART_SIZE + 1,
                        multipart_chunksize=PART_SIZE,
                        max_concurrency=4,
                    ),
                )

    def replace(self, path: str, data: bytes, tag: str | None) -> bool:
        """Put an object on the condition that nobody else has."""
        return self._put_if(path, data, tag) is not None

    def keep(self, path: str, target: str) -> None:
        """Have S3 copy the object."""
        with self._errors(path):
            self._copy(path, target, None)

    def remove(self, paths: Iterable[str]) -> None:
        """Remove objects, many with each request."""
        keys = [self._key(path) for path in paths]
        for start in range(0, len(keys), _DELETED_AT_ONCE):
            some = keys[start : start + _DELETED_AT_ONCE]
            with self._errors(""):
                answer = self._client.delete_objects(
                    Bucket=self.bucket,
                    Delete={"Objects": [{"Key": key} for key in some], "Quiet": True},
                )
            for error in answer.get("Errors", ()):
                raise CacheFileError(
                    f"s3://{self.bucket}/{error['Key']} cannot be removed "
                    f"({error.get('Code')}: {error.get('Message')})."
                )

    def sweep(self, prefix: str) -> None:
        """Give up the uploads in parts that were never finished: S3 charges for them."""
        with self._errors(prefix):
            try:
                pages = self._client.get_paginator("list_multipart_uploads").paginate(
                    Bucket=self.bucket, Prefix=self._key(prefix)
                )
                unfinished = [upload for page in pages for upload in page.get("Uploads", ())]
            except botocore.exceptions.ClientError as error:
                if _code(error) in {"AccessDenied", "NotImplemented"}:
                    return  # a rule of the bucket may do it instead
                raise
            for upload in unfinished:
                self._client.abort_multipart_upload(
                    Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                )

    def lock(self, name: str, lease: float = LEASE_SECONDS) -> AbstractContextManager[_Lease]:
        """The lock of a version's publishers."""
        return self.lease(f".builds/{name}/lock.json", lease)

    @contextmanager
    def lease(self, path: str, seconds: float, stage: str = "publish") -> Iterator[_Lease]:
        """An object that names its owner, and counts only while its owner renews it."""
        held = _Lease(self, path, seconds, stage)
        held.acquire()
        try:
            yield held
        finally:
            held.release()

    def _key(self, path: str) -> str:
        return f"{self.prefix}/{path}"

    def _copy(self, path: str, target: str, content: Content | None) -> None:
        if content is None or content.size < 5 * 10**9:  # the most that S3 copies at once
            self._client.copy_object(
                Bucket=self.bucket,
                Key=self._key(target),
                CopySource={"Bucket": self.bucket, "Key": self._key(path)},
            )
            return
        self._client.copy(
            {"Bucket": self.bucket, "Key": self._key(path)},
            self.bucket,
            self._key(target),
            ExtraArgs=_options(path) | {"Metadata": {"sha256": content.sha256}},
        )

    def _put_if(self, path: str, data: bytes, tag: str | None) -> str | None:
        """ETag of what was put; None if what was there is not what it should be."""
        condition = {"IfNoneMatch": "*"} if tag is None else {"IfMatch": tag}
        with self._errors(path):
            try:
                answer = self._client.put_object(
                    Bucket=self.bucket,
                    Key=self._key(path),
                    Body=data,
                    Metadata={"sha256": hashlib.sha256(data).hexdigest()},
                    **_options(path),
                    **condition,
                )
            except botocore.exceptions.ClientError as error:
                if _code(error) in _CONFLICTS or (_code(error) == "NoSuchKey" and tag is not None):
                    return None
                raise
        return str(answer["ETag"])

    @contextmanager
    def _errors(self, path: str) -> Iterator[None]:
        try:
            yield
        except (
            botocore.exceptions.BotoCoreError,
            botocore.exceptions.ClientError,
            boto3.exceptions.Boto3Error,
        ) as error:
            raise self._error(error, path) from error

    def _error(self, error: Exception, path: str) -> CacheError:
        return _as_cache_error(error, self.address(path), self.connection, self.setting)


class _Lease:
    """A lock object of S3, renewed from a thread while it is held.

    Only the server's clock counts: how old the object is by the date of the answer that has it.
    """

    def __init__(self, store: S3Store, path: str, lease: float, stage: str = "publish") -> None:
        self._store = store
        self._path = path
        self._lease = lease
        self._stage = stage
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(8)}"
        self._tag: str | None = None
        self._renewed = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew_until_released, daemon=True)

    def acquire(self) -> None:
        """Take the lock if nobody has it, or nobody any more.

        Raises:
            LockedError: Somebody has.
        """
        asked = time.monotonic()
        found = self._look()
        if found is not None and not self._is_ours(found):
            age, tag, held = found
            left = float(held.get("seconds", self._lease)) - age
            if left > 0:
                raise LockedError(
                    f"Another {self._stage} to {self._store.address()} is at work, of "
                    f"{held.get('owner', 'somebody unknown')}: wait until it has ended. If it was "
                    f"killed, its lock ends in {left:.0f} s."
                )
            self._tag = tag
        if not self._put(self._tag):
            raise LockedError(
                f"Another {self._stage} to {self._store.address()} has just begun: wait until it "
                "ends."
            )
        self._renewed = asked
        self._thread.start()

    def check(self) -> None:
        """Make sure that the lock is still held.

        Raises:
            LockedError: It could not be renewed in time, so that somebody else may hold it.
        """
        if time.monotonic() - self._renewed > self._lease * 0.9:
            raise LockedError(
                f"The lock of {self._store.address()} could not be renewed for "
                f"{self._lease:.0f} s, so another {self._stage} may be at work: "
                f"{self._stage} again."
            )

    def release(self) -> None:
        """Give the lock back; if that fails it ends by itself."""
        self._ended.set()
        self._thread.join()
        try:
            with self._store._errors(self._path):  # noqa: SLF001  # a part of the store
                self._store._client.delete_object(  # noqa: SLF001
                    Bucket=self._store.bucket,
                    Key=self._store._key(self._path),  # noqa: SLF001
                    IfMatch=self._tag,
                )
        except CacheError:
            return

    def _renew_until_released(self) -> None:
        while not self._ended.wait(self._lease / 3):
            asked = time.monotonic()
            try:
                if self._put(self._tag):
                    self._renewed = asked
                else:
                    return  # taken over: `check` will say so
            except CacheError:
                continue  # the next time may succeed, and `check` knows how long it has been

    def _put(self, tag: str | None) -> bool:
        """Write the lock in place of what has this tag; true if it is ours then."""
        now = datetime.now(timezone.utc)
        document = {
            "owner": self._owner,
            "seconds": self._lease,
            "expires_at": (now + timedelta(seconds=self._lease)).isoformat(timespec="seconds"),
            "renewal": secrets.token_hex(4),  # or the ETag would be the same
        }
        new = self._store._put_if(  # noqa: SLF001
            self._path, (json.dumps(document) + "\n").encode(), tag
        )
        if new is None:
            # A request that is repeated after its answer was lost fails on its own success.
            found = self._look()
            if found is None or not self._is_ours(found):
                return False
            new = found[1]
        self._tag = new
        return True

    def _look(self) -> tuple[float, str, dict[str, Any]] | None:
        """Age, ETag and content of the lock object; None if there is none."""
        store = self._store
        with store._errors(self._path):  # noqa: SLF001
            try:
                answer = store._client.get_object(  # noqa: SLF001
                    Bucket=store.bucket,
                    Key=store._key(self._path),  # noqa: SLF001
                )
                content = answer["Body"].read()
            except botocore.exceptions.ClientError as error:
                if _code(error) == "NoSuchKey":
                    return None
                raise
        headers = answer["ResponseMetadata"]["HTTPHeaders"]
        age = parsedate_to_datetime(headers["date"]) - answer["LastModified"]
        try:
            held = json_value(content)
        except ValueError:
            held = None
        return age.total_seconds(), answer["ETag"], held if isinstance(held, dict) else {}

    def _is_ours(self, found: tuple[float, str, dict[str, Any]]) -> bool:
        return found[2].get("owner") == self._owner


def _is_remote(place: str) -> bool:
    return place.startswith("s3://")


def _new_engine() -> duckdb.DuckDBPyConnection:
    """A database that can read from S3, but has no credentials yet."""
    import duckdb  # noqa: PLC0415  # publishing needs none

    engine = duckdb.connect(config={"allow_persistent_secrets": "false"})
    _load_httpfs(engine)
    # It would grow with all that is ever read.
    engine.execute("set enable_external_file_cache = false")
    engine.execute("set http_retries = 5")
    if bundle := os.environ.get("AWS_CA_BUNDLE"):  # botocore reads it too
        engine.execute(f"set global ca_cert_file = {literal(bundle)}")
    engine.execute("set threads = 16")  # they wait for answers more than they work
    with suppress(duckdb.CatalogException):  # DuckDB 1.4 has no such setting
        engine.execute("set httpfs_connection_caching = true")
    return engine


def _give(engine: duckdb.DuckDBPyConnection, secret: str) -> None:
    """Give credentials to a database.

    Raises:
        AccessError: It does not take them.
    """
    import duckdb  # noqa: PLC0415  # publishing needs none

    try:
        engine.execute(secret)
    except duckdb.Error:
        raise AccessError(
            "DuckDB does not accept the credentials of AWS."
        ) from None  # its message has them in it


def _load_httpfs(engine: duckdb.DuckDBPyConnection) -> None:
    """Give DuckDB what it needs to read from S3: from the wheel, else as DuckDB gets it.

    Raises:
        MissingDependencyError: It can be had in neither way.
    """
    import duckdb  # noqa: PLC0415

    spec = util.find_spec("duckdb_extension_httpfs")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        file = Path(folder) / f"extensions/v{duckdb.__version__}/httpfs.duckdb_extension"
        if file.is_file():
            engine.execute(f"load {literal(str(file))}")
            return
    try:
        engine.execute("load httpfs")
    except duckdb.Error:
        try:
            engine.execute("install httpfs")
            engine.execute("load httpfs")
        except duckdb.Error as error:
            reason = str(error).partition("\n")[0]
            raise MissingDependencyError(
                f"DuckDB {duckdb.__version__} has no extension httpfs, and could not install it "
                f"({reason}): pip install 'biodata-cache[s3]' brings both in versions that fit."
            ) from error


def _options(path: str) -> dict[str, Any]:
    """What browsers and caches are told about an object: everything here is replaced in place."""
    return {
        "ContentType": _CONTENT_TYPES.get(Path(path).suffix, "application/octet-stream"),
        "CacheControl": "no-cache",
    }


def has_tag_of(listed: Listed, content: Content) -> bool:
    """Whether an object has the ETag of this content; that it has not may mean nothing."""
    return _etag(content) == listed.tag


def _etag(content: Content) -> str:
    """ETag that S3 gives to this content if it does not encrypt it with a key of the owner's."""
    if isinstance(content.source, bytes):
        return f'"{_md5(content.source).hexdigest()}"'
    parts: list[bytes] = []
    with Path(content.source).open("rb") as file:
        while block := file.read(PART_SIZE):
            parts.append(_md5(block).digest())
    if content.size <= PART_SIZE:
        return f'"{(parts[0] if parts else _md5(b"").digest()).hex()}"'
    return f'"{_md5(b"".join(parts)).hexdigest()}-{len(parts)}"'


def _md5(data: bytes) -> Any:  # noqa: ANN401  # hashlib's type has no public name
    return hashlib.md5(data, usedforsecurity=False)


def _code(error: botocore.exceptions.ClientError) -> str:
    """What went wrong; by the status, where the answer has no body or broke off."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    return _CODES_BY_STATUS.get(code, code)


def _as_cache_error(
    error: Exception, address: str, connection: _Connection, setting: str
) -> CacheError:
    """Our error for one of boto3's."""
    endpoint = _messages.redacted(connection.client.meta.endpoint_url)
    if isinstance(error, botocore.exceptions.ClientError):
        return _answered(error, address, connection, setting)
    if isinstance(
        error,
        (
            botocore.exceptions.HTTPClientError,
            botocore.exceptions.ConnectionError,
            botocore.exceptions.IncompleteReadError,
        ),
    ):
        return UnreachableError(
            f"{address}: {endpoint} does not answer, or its answers break off "
            f"({_messages.redacted(str(error))}). Look at the network, and at AWS_ENDPOINT_URL if "
            "it is set."
        )
    if isinstance(
        error,
        (
            botocore.exceptions.NoCredentialsError,
            botocore.exceptions.PartialCredentialsError,
            botocore.exceptions.CredentialRetrievalError,
        ),
    ):
        return AccessError(f"{address}: the credentials of AWS cannot be had ({error}).")
    cause = error.__cause__ or error.__context__
    if isinstance(cause, botocore.exceptions.ClientError):  # what the transfer of a file wraps
        return _answered(cause, address, connection, setting)
    return CacheFileError(f"{address}: {_messages.redacted(str(error))}")


def _answered(
    error: botocore.exceptions.ClientError, address: str, connection: _Connection, setting: str
) -> CacheError:
    """Our error for an answer of the server."""
    code, endpoint = _code(error), _messages.redacted(connection.client.meta.endpoint_url)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if code == "NoSuchBucket":
        return CacheNotFoundError(
            f"There is no bucket {connection.bucket!r} at {endpoint}: set "
            f"{setting} to s3://bucket[/prefix], and AWS_ENDPOINT_URL if it is not on AWS."
        )
    if code in _REFUSED:
        return AccessError(
            f"{address}: {endpoint} refuses the credentials ({code}). Renew them, choose others "
            "with AWS_PROFILE, or unset them to read a public bucket without any."
        )
    if status in {401, 403}:
        whose = "without credentials" if connection.credentials is None else "with these rights"
        return AccessError(
            f"{address}: {endpoint} denies {error.operation_name} {whose} ({code}). Choose "
            "credentials that may, for example with AWS_PROFILE."
        )
    return CacheFileError(
        f"{address}: {endpoint} failed at {error.operation_name} "
        f"({code}: {error.response.get('Error', {}).get('Message', '')})."
    )
