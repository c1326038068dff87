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
    Stat,
    StoredContent,
    check_path,
    content_mismatch,
    is_named_by_content,
    is_valid_path,
)
from biodata_cache._storage.common import OpenContent, StreamedReads
from biodata_cache._storage.lease import leased
from biodata_cache._storage.s3_client import (
    CONFLICTS,
    ERRORS,
    Access,
    InvalidResponseError,
    as_cache_error,
    code_of,
    field_of,
    response_errors,
)
from biodata_cache._storage.s3_time_limits import limited

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from typing import BinaryIO

    from biodata_cache._storage.base import Lease, Names

PART_BYTES = 16 * 2**20
"""Larger files are uploaded in parts of this size, from which `holds` computes their ETag."""

_Result = TypeVar("_Result")
_MAX_SINGLE_COPY_BYTES = 5 * 10**9
_BLOCK_BYTES = 2**20
_PAGE = 1000
_CONTENT_TYPES = {
    ".pqt": _layout.PARQUET_TYPE,
    ".parquet": _layout.PARQUET_TYPE,
    ".json": "application/json",
    ".html": "text/html; charset=utf-8",
}


@dataclass(frozen=True)
class S3Storage(StreamedReads):
    """Objects below a prefix of a bucket.

    Attributes:
        prefix: Common prefix of the keys, without a slash at its end; may be empty.
        access: The client, with its credentials.
        setting: Environment variable that names the bucket, for messages.
        threads: Number of objects to read or write in parallel.
        part_bytes: Size of the parts of an upload; smaller files are uploaded in one request.
        page: Number of objects that each request of a listing returns.
        is_foreign: Whether others manage the bucket, so that keys need not be valid paths.
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
        """`s3://bucket/key`."""
        return f"s3://{self.bucket}/{self._key(path)}".rstrip("/")

    def secret(self) -> dict[str, str]:
        """Endpoint, region and credentials, as options of a DuckDB secret."""
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
        elif "." in self.bucket:  # certificates do not cover a host name with more dots
            options["url_style"] = "path"
        if self.access.requests.requester_pays:
            options["requester_pays"] = "true"
        return options

    def get(
        self,
        path: str,
        *,
        unless: StoredContent | None = None,
        only: str | None = None,
        first: int | None = None,
    ) -> StoredContent | None:
        """Read an object with one request."""
        headers = {
            "IfNoneMatch": None if unless is None else unless.tag,
            "Range": None if first is None else f"bytes=0-{max(first, 1) - 1}",
        }

        def attempt() -> StoredContent | None:
            try:
                with self._open_content(path, only, **headers) as content:
                    if content is None:
                        return None
                    return StoredContent(content.source.read()[:first], content.tag, content.age)
            except ClientError as error:
                if code_of(error) == "NotModified":
                    return unless
                if code_of(error) == "InvalidRange":  # the object is empty
                    return self.get(path, unless=unless, only=only)
                raise

        with self._errors(path):
            return self.access.retried(attempt)

    def stat(self, path: str) -> Stat | None:
        """Size, ETag and recorded hash of an object."""
        with self._errors(path):
            try:
                response = self._call("head_object", path)
            except ClientError as error:
                if code_of(error) == "NoSuchKey":
                    return None
                raise
            recorded = response.get("Metadata", {}).get("sha256")
            return Stat(field_of(response, "ContentLength"), field_of(response, "ETag"), recorded)

    def list(self, prefix: str) -> Iterator[tuple[str, Stat]]:
        """Every object whose key begins with the prefix."""
        start = len(self._key(""))
        with self._errors(prefix):
            for page in self._pages("list_objects_v2", prefix, PaginationConfig=self._page_config):
                for item in page.get("Contents", ()):
                    key = field_of(item, "Key")
                    if not key.startswith(self._key(prefix)):
                        raise InvalidResponseError(problem=f"it lists {key!r} below {prefix!r}")
                    yield key[start:], Stat(item.get("Size", 0), item.get("ETag", ""))

    def folders(self, prefix: str) -> Names:
        """Common prefixes right below."""
        folder = f"{prefix.rstrip('/')}/" if prefix else ""
        start = len(self._key(folder))
        with self._errors(prefix):
            return sorted(
                field_of(item, "Prefix")[start:].rstrip("/")
                for page in self._pages("list_objects_v2", folder, Delimiter="/")
                for item in page.get("CommonPrefixes", ())
            )

    def holds(self, path: str, stat: Stat, source: bytes | Path, sha256: str) -> bool:
        """Compare size and ETag, or the recorded hash where the ETag is not an MD5."""
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        if stat.size != size:
            return False
        if stat.tag == self._etag(source, size):
            return True
        recorded = stat.sha256 or (self.stat(path) or stat).sha256
        return recorded == sha256

    def put(self, path: str, source: bytes | Path, sha256: str) -> str:
        """Put an object; a large one as a multipart upload."""
        check_path(path, self.address())
        options = _options(path, sha256)
        with self._errors(path):
            if isinstance(source, bytes) or source.stat().st_size <= self.part_bytes:
                data = source if isinstance(source, bytes) else source.read_bytes()
                if hashlib.sha256(data).hexdigest() != sha256:
                    raise content_mismatch(self.address(path), source)
                return str(field_of(self._call("put_object", path, Body=data, **options), "ETag"))
            with source.open("rb") as file:
                self.access.client.upload_fileobj(
                    _VerifiedFile(file, sha256, content_mismatch(self.address(path), source)),
                    self.bucket,
                    self._key(path),
                    ExtraArgs=options,
                    Config=TransferConfig(
                        multipart_threshold=self.part_bytes,
                        multipart_chunksize=self.part_bytes,
                        max_concurrency=4,
                    ),
                )
            return str(field_of(self._call("head_object", path), "ETag"))

    def put_if(self, path: str, data: bytes, tag: str | None) -> str | None:
        """Put an object with `If-Match` or `If-None-Match`."""
        check_path(path, self.address())
        condition = {"IfNoneMatch": "*"} if tag is None else {"IfMatch": tag}
        options = _options(path, hashlib.sha256(data).hexdigest())
        with self._errors(path):
            try:
                response = self._call("put_object", path, Body=data, **options, **condition)
            except ClientError as error:
                if code_of(error) not in CONFLICTS | {"NoSuchKey"}:
                    raise
            else:
                return str(field_of(response, "ETag"))
        current = self.get(path)
        return current.tag if current is not None and current.content == data else None

    def copy(self, path: str, target: str) -> str:
        """Copy the object on the server, with the headers of the new path."""
        check_path(target, self.address())
        with self._errors(path):
            # An object named by its content has its hash in its name, and is never large.
            is_known = is_named_by_content(path)
            stat = Stat(0, "", Path(path).stem) if is_known else self.stat(path)
            if stat is None:
                raise CacheFileError(f"{self.address(path)} cannot be copied (no such object).")
            source = {"Bucket": self.bucket, "Key": self._key(path)}
            options = _options(target, stat.sha256) | {"MetadataDirective": "REPLACE"}
            if stat.size < _MAX_SINGLE_COPY_BYTES:
                response = self._call("copy_object", target, CopySource=source, **options)
                return str(field_of(response.get("CopyObjectResult", {}), "ETag"))
            self.access.client.copy(source, self.bucket, self._key(target), ExtraArgs=options)
            return str(field_of(self._call("head_object", target), "ETag"))

    def delete(self, paths: Iterable[str]) -> None:
        """Delete objects, a thousand with each request."""
        keys = iter([{"Key": self._key(path)} for path in paths])
        while some := list(islice(keys, _PAGE)):
            with self._errors(""):
                response = self.access.client.delete_objects(
                    Bucket=self.bucket, Delete={"Objects": some, "Quiet": True}
                )
            for error in response.get("Errors", ()):
                raise CacheFileError(
                    f"s3://{self.bucket}/{error['Key']} cannot be removed "
                    f"({error.get('Code')}: {error.get('Message')})."
                )

    def delete_if(self, path: str, tag: str) -> bool:
        """Delete an object with `If-Match`."""
        with self._errors(path):
            try:
                self._call("delete_object", path, IfMatch=tag)
            except ClientError as error:
                if code_of(error) not in CONFLICTS | {"NoSuchKey"}:
                    raise
                return self.stat(path) is None
        return True

    def sweep(self, prefix: str) -> None:
        """Abort unfinished multipart uploads, for which S3 charges."""
        with self._errors(prefix):
            try:
                pages = self._pages("list_multipart_uploads", prefix)
                unfinished = [upload for page in pages for upload in page.get("Uploads", ())]
            except ClientError as error:
                if code_of(error) in {"AccessDenied", "NotImplemented"}:
                    return  # a lifecycle rule of the bucket may do it instead
                raise
            for upload in unfinished:
                names = {name: field_of(upload, name) for name in ("Key", "UploadId")}
                self.access.client.abort_multipart_upload(Bucket=self.bucket, **names)

    def lease(
        self, path: str, seconds: float = LEASE_SECONDS, stage: str = "publish"
    ) -> AbstractContextManager[Lease]:
        """A lease as a document, renewed while it is held."""
        return leased(self, path, seconds, stage)

    @property
    def _page_config(self) -> dict[str, int]:
        return {"PageSize": self.page}

    def _key(self, path: str) -> str:
        return f"{self.prefix}/{path}" if self.prefix else path

    def _call(self, operation: str, path: str, **options: Any) -> dict[str, Any]:  # noqa: ANN401  # boto3 has no types
        # Some keys are refused by servers, each with another error; here they do not exist.
        if not (
            is_valid_path(path) or (self.is_foreign and is_valid_path(re.sub(r"[/\\]+", "/", path)))
        ):
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, operation)
        call = getattr(self.access.client, operation)
        response: dict[str, Any] = call(Bucket=self.bucket, Key=self._key(path), **options)
        return response

    def _pages(self, operation: str, prefix: str, **options: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
        paginator = self.access.client.get_paginator(operation)
        pages = paginator.paginate(Bucket=self.bucket, Prefix=self._key(prefix), **options)
        return limited(pages, self.address(prefix), self.access.requests.patience)

    def _etag(self, source: bytes | Path, size: int) -> str:
        """ETag that S3 computes for this content; another with SSE-KMS or SSE-C encryption."""
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
    def _open_content(
        self, path: str, only: str | None = None, **headers: str | None
    ) -> Iterator[OpenContent | None]:
        conditions = {name: value for name, value in headers.items() if value is not None}
        try:
            response = self._call(
                "get_object", path, **conditions, **({} if only is None else {"IfMatch": only})
            )
        except ClientError as error:
            if code_of(error) not in {"NoSuchKey", *(CONFLICTS if only is not None else ())}:
                raise
            yield None
            return
        recorded = response.get("Metadata", {}).get("sha256")
        yield OpenContent(response["Body"], response.get("ETag", ""), _age(response), recorded)

    def _retried(self, attempt: Callable[[], _Result]) -> _Result:
        return self.access.retried(attempt)

    @contextmanager
    def _errors(self, path: str, what: str = "read") -> Iterator[None]:  # noqa: ARG002
        try:
            with response_errors():
                yield
        except ERRORS as error:
            raise as_cache_error(
                error,
                self.access,
                bucket=self.bucket,
                address=self.address(path),
                setting=self.setting,
            ) from error


class _VerifiedFile:
    """A file whose last read fails if its content does not have the expected hash.

    The failure aborts the multipart upload before it becomes an object.
    """

    def __init__(self, file: BinaryIO, sha256: str, error: CacheFileError) -> None:
        self._file = file
        self._sha256 = sha256
        self._error = error
        self._digest = hashlib.sha256()

    def read(self, size: int) -> bytes:
        """Read the next block and hash it."""
        block = self._file.read(size)
        self._digest.update(block)
        if len(block) < size and self._digest.hexdigest() != self._sha256:
            raise self._error
        return block


def _options(path: str, sha256: str | None) -> dict[str, Any]:
    """Headers and metadata of an object: content type, cache control and hash."""
    is_final = is_named_by_content(path)
    return {
        "ContentType": _CONTENT_TYPES.get(Path(path).suffix, "application/octet-stream"),
        "CacheControl": "public, max-age=31536000, immutable" if is_final else "no-cache",
        "Metadata": {} if sha256 is None else {"sha256": sha256},
    }


def _age(response: dict[str, Any]) -> float:
    """Seconds since an object was written, by the clock of the server; 0 if it sends no dates."""
    try:
        now = parsedate_to_datetime(response["ResponseMetadata"]["HTTPHeaders"]["date"])
        return max(0.0, float((now - response["LastModified"]).total_seconds()))
    except (KeyError, TypeError, ValueError):
        return 0.0


def _md5(data: bytes) -> Any:  # noqa: ANN401  # hashlib's type has no public name
    return hashlib.md5(data, usedforsecurity=False)
