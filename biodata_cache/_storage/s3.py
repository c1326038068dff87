"""A bucket of S3, or of a server that speaks its protocol, as a storage; needs the extra `s3`."""

from __future__ import annotations

import hashlib
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from biodata_cache._core import layout as _layout
from biodata_cache._core.errors import CacheFileError
from biodata_cache._storage.base import (
    LEASE_SECONDS,
    Got,
    Stat,
    checked_path,
    is_named_by_content,
    is_path,
    other_bytes,
)
from biodata_cache._storage.common import CopiesOut, Opened
from biodata_cache._storage.lease import leased
from biodata_cache._storage.s3_client import (
    CONFLICTS,
    ERRORS,
    Access,
    as_cache_error,
    code_of,
    repeated,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from typing import BinaryIO

    from biodata_cache._storage.base import Lease, Names

PART_BYTES = 16 * 2**20
"""Larger files go in parts of this size; by that `holds` knows those that did not change."""

_Result = TypeVar("_Result")
_COPIED_AT_ONCE = 5 * 10**9
_BLOCK_BYTES = 2**20
_PAGE = 1000
_CONTENT_TYPES = {
    ".pqt": _layout.PARQUET_TYPE,
    ".parquet": _layout.PARQUET_TYPE,
    ".json": "application/json",
    ".html": "text/html; charset=utf-8",
}


@dataclass(frozen=True)
class S3Storage(CopiesOut):
    """Objects below a prefix of a bucket.

    Attributes:
        bucket: Name of the bucket.
        prefix: What the keys begin with, without a slash at its end; may be empty.
        access: The client, with its credentials.
        setting: Variable that names the bucket, for messages.
        threads: How many objects are best read or written at once.
        part_bytes: Size of the parts in which larger files go.
        page: How many objects a listing gets with each request.
        is_foreign: Whether others write it, so that keys need not be paths.
    """

    bucket: str
    prefix: str
    access: Access = field(repr=False)
    setting: str = "BIODATA_CACHE_ROOT"
    threads: int = 16
    part_bytes: int = PART_BYTES
    page: int = _PAGE
    is_foreign: bool = False

    def address(self, path: str = "") -> str:
        """Address as AWS and DuckDB write it."""
        return f"s3://{self.bucket}/{self._key(path)}".rstrip("/")

    def secret(self) -> dict[str, str]:
        """Endpoint, region and credentials, as options of a secret of DuckDB's."""
        with self._errors(""):
            options = {"region": self.access.region(self.bucket), "scope": f"s3://{self.bucket}"}
            if self.access.credentials is not None:
                frozen = self.access.credentials.get_frozen_credentials()
                options |= {"key_id": frozen.access_key, "secret": frozen.secret_key}
                if frozen.token:
                    options["session_token"] = frozen.token
        if not self.access.is_aws:
            scheme, _, endpoint = self.access.endpoint.partition("://")
            options |= {"endpoint": endpoint.rstrip("/"), "url_style": "path"}
            options["use_ssl"] = "true" if scheme == "https" else "false"
        elif "." in self.bucket:  # no certificate is for such a host name
            options["url_style"] = "path"
        if self.access.pays:
            options["requester_pays"] = "true"
        return options

    def get(
        self,
        path: str,
        *,
        unless: Got | None = None,
        only: str | None = None,
        first: int | None = None,
    ) -> Got | None:
        """Read an object in one answer."""
        asked = {
            "IfNoneMatch": None if unless is None else unless.tag,
            "Range": None if first is None else f"bytes=0-{max(first, 1) - 1}",
        }

        def attempt() -> Got | None:
            try:
                with self._opened(path, only, **asked) as content:
                    if content is None:
                        return None
                    return Got(content.source.read()[:first], content.tag, content.age)
            except ClientError as error:
                if code_of(error) == "NotModified":
                    return unless
                if code_of(error) == "InvalidRange":  # of an object without a byte
                    return self.get(path, unless=unless, only=only)
                raise

        with self._errors(path):
            return repeated(attempt)

    def stat(self, path: str) -> Stat | None:
        """What S3 says about an object."""
        with self._errors(path):
            try:
                answer = self._ask("head_object", path)
            except ClientError as error:
                if code_of(error) == "NoSuchKey":
                    return None
                raise
        recorded = answer.get("Metadata", {}).get("sha256")
        return Stat(answer["ContentLength"], answer["ETag"], recorded)

    def list(self, prefix: str) -> Iterator[tuple[str, Stat]]:
        """Every object below, a thousand for each request."""
        start = len(self._key(""))
        with self._errors(prefix):
            for page in self._pages("list_objects_v2", prefix, PaginationConfig=self._paged):
                for item in page.get("Contents", ()):
                    yield item["Key"][start:], Stat(item.get("Size", 0), item.get("ETag", ""))

    def folders(self, prefix: str) -> Names:
        """Common prefixes right below."""
        folder = f"{prefix.rstrip('/')}/" if prefix else ""
        start = len(self._key(folder))
        with self._errors(prefix):
            return sorted(
                item["Prefix"][start:].rstrip("/")
                for page in self._pages("list_objects_v2", folder, Delimiter="/")
                for item in page.get("CommonPrefixes", ())
            )

    def holds(self, path: str, stat: Stat, source: bytes | Path, sha256: str) -> bool:
        """By size and ETag, and by the recorded hash where the ETag is no MD5."""
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        if stat.size != size:
            return False
        if stat.tag == self._etag(source, size):
            return True
        recorded = stat.sha256 or (self.stat(path) or stat).sha256
        return recorded == sha256

    def put(self, path: str, source: bytes | Path, sha256: str) -> str:
        """Put an object; a large one in parts, which become an object at the end."""
        checked_path(path, self.address())
        options = _options(path, sha256)
        with self._errors(path):
            if isinstance(source, bytes) or source.stat().st_size <= self.part_bytes:
                data = source if isinstance(source, bytes) else source.read_bytes()
                if hashlib.sha256(data).hexdigest() != sha256:
                    raise other_bytes(self.address(path), source)
                return str(self._ask("put_object", path, Body=data, **options)["ETag"])
            with source.open("rb") as file:
                self.access.client.upload_fileobj(
                    _Announced(file, sha256, other_bytes(self.address(path), source)),
                    self.bucket,
                    self._key(path),
                    ExtraArgs=options,
                    Config=TransferConfig(
                        multipart_threshold=self.part_bytes,
                        multipart_chunksize=self.part_bytes,
                        max_concurrency=4,
                    ),
                )
            return str(self._ask("head_object", path)["ETag"])

    def put_if(self, path: str, data: bytes, tag: str | None) -> str | None:
        """Put an object on the condition that nobody else has."""
        checked_path(path, self.address())
        condition = {"IfNoneMatch": "*"} if tag is None else {"IfMatch": tag}
        options = _options(path, hashlib.sha256(data).hexdigest())
        with self._errors(path):
            try:
                answer = self._ask("put_object", path, Body=data, **options, **condition)
            except ClientError as error:
                if code_of(error) not in CONFLICTS | {"NoSuchKey"}:
                    raise
            else:
                return str(answer["ETag"])
        found = self.get(path)
        return found.tag if found is not None and found.content == data else None

    def copy(self, path: str, target: str) -> None:
        """Have S3 copy the object, with what browsers and caches are told of the new path."""
        checked_path(target, self.address())
        with self._errors(path):
            # The name of an object that is named by its content says all, and it is never large.
            is_known = is_named_by_content(path)
            stat = Stat(0, "", Path(path).stem) if is_known else self.stat(path)
            if stat is None:
                raise CacheFileError(f"{self.address(path)} cannot be copied (no such object).")
            source = {"Bucket": self.bucket, "Key": self._key(path)}
            options = _options(target, stat.sha256) | {"MetadataDirective": "REPLACE"}
            if stat.size < _COPIED_AT_ONCE:
                self._ask("copy_object", target, CopySource=source, **options)
            else:
                self.access.client.copy(source, self.bucket, self._key(target), ExtraArgs=options)

    def delete(self, paths: Iterable[str]) -> None:
        """Remove objects, a thousand with each request."""
        keys = iter([{"Key": self._key(path)} for path in paths])
        while some := list(islice(keys, _PAGE)):
            with self._errors(""):
                answer = self.access.client.delete_objects(
                    Bucket=self.bucket, Delete={"Objects": some, "Quiet": True}
                )
            for error in answer.get("Errors", ()):
                raise CacheFileError(
                    f"s3://{self.bucket}/{error['Key']} cannot be removed "
                    f"({error.get('Code')}: {error.get('Message')})."
                )

    def delete_if(self, path: str, tag: str) -> bool:
        """Remove an object on the condition that nobody else has written it."""
        with self._errors(path):
            try:
                self._ask("delete_object", path, IfMatch=tag)
            except ClientError as error:
                if code_of(error) not in CONFLICTS | {"NoSuchKey"}:
                    raise
                return self.stat(path) is None
        return True

    def sweep(self, prefix: str) -> None:
        """Give up the uploads in parts that were never finished: S3 charges for them."""
        with self._errors(prefix):
            try:
                pages = self._pages("list_multipart_uploads", prefix)
                unfinished = [upload for page in pages for upload in page.get("Uploads", ())]
            except ClientError as error:
                if code_of(error) in {"AccessDenied", "NotImplemented"}:
                    return  # a rule of the bucket may do it instead
                raise
            for upload in unfinished:
                self.access.client.abort_multipart_upload(
                    Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                )

    def lease(
        self, path: str, seconds: float = LEASE_SECONDS, stage: str = "publish"
    ) -> AbstractContextManager[Lease]:
        """The lease that every storage without locks has."""
        return leased(self, path, seconds, stage)

    @property
    def _paged(self) -> dict[str, int]:
        return {"PageSize": self.page}

    def _key(self, path: str) -> str:
        return f"{self.prefix}/{path}" if self.prefix else path

    def _ask(self, operation: str, path: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401  # boto3 has no types
        # Of others' keys, too, servers refuse some, each in its own words.
        if not (is_path(path) or (self.is_foreign and is_path(re.sub(r"[/\\]+", "/", path)))):
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, operation)
        ask = getattr(self.access.client, operation)
        answer: dict[str, Any] = ask(Bucket=self.bucket, Key=self._key(path), **options)
        return answer

    def _pages(self, operation: str, prefix: str, **options: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
        pages = self.access.client.get_paginator(operation)
        yield from pages.paginate(Bucket=self.bucket, Prefix=self._key(prefix), **options)

    def _etag(self, source: bytes | Path, size: int) -> str:
        """ETag that S3 gives to this content, unless it encrypts it with a key of the owner's."""
        if isinstance(source, bytes):
            return f'"{_md5(source).hexdigest()}"'
        parts: list[bytes] = []
        with source.open("rb") as file:
            while block := file.read(self.part_bytes):
                parts.append(_md5(block).digest())
        if size <= self.part_bytes:
            return f'"{(parts[0] if parts else _md5(b"").digest()).hex()}"'
        return f'"{_md5(b"".join(parts)).hexdigest()}-{len(parts)}"'

    @contextmanager
    def _opened(
        self, path: str, only: str | None = None, **asked: str | None
    ) -> Iterator[Opened | None]:
        conditions = {name: value for name, value in asked.items() if value is not None}
        try:
            answer = self._ask(
                "get_object", path, **conditions, **({} if only is None else {"IfMatch": only})
            )
        except ClientError as error:
            if code_of(error) not in {"NoSuchKey", *(CONFLICTS if only is not None else ())}:
                raise
            yield None
            return
        recorded = answer.get("Metadata", {}).get("sha256")
        yield Opened(answer["Body"], answer.get("ETag", ""), _age(answer), recorded)

    def _repeated(self, attempt: Callable[[], _Result]) -> _Result:
        return repeated(attempt)

    @contextmanager
    def _errors(self, path: str, what: str = "read") -> Iterator[None]:  # noqa: ARG002
        try:
            yield
        except ERRORS as error:
            raise as_cache_error(
                error,
                self.access,
                bucket=self.bucket,
                address=self.address(path),
                setting=self.setting,
            ) from error


class _Announced:
    """A file that fails at its end if it does not have the bytes that were announced.

    So the upload of its parts is given up before they become an object.
    """

    def __init__(self, file: BinaryIO, sha256: str, error: CacheFileError) -> None:
        self._file = file
        self._sha256 = sha256
        self._error = error
        self._digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        """Read on."""
        block = self._file.read(size)
        self._digest.update(block)
        if len(block) < size and self._digest.hexdigest() != self._sha256:
            raise self._error
        return block


def _options(path: str, sha256: str | None) -> dict[str, Any]:
    """What is recorded with an object: for browsers and caches, and its hash."""
    is_final = is_named_by_content(path)
    return {
        "ContentType": _CONTENT_TYPES.get(Path(path).suffix, "application/octet-stream"),
        "CacheControl": "public, max-age=31536000, immutable" if is_final else "no-cache",
        "Metadata": {} if sha256 is None else {"sha256": sha256},
    }


def _age(answer: dict[str, Any]) -> float:
    """Seconds since an object was written, by the server's clock; none if it does not tell."""
    try:
        now = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
        return max(0.0, float((now - answer["LastModified"]).total_seconds()))
    except (KeyError, TypeError, ValueError):
        return 0.0


def _md5(data: bytes) -> Any:  # noqa: ANN401  # hashlib's type has no public name
    return hashlib.md5(data, usedforsecurity=False)
