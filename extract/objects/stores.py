"""Object stores: S3, or a folder of buckets that stands in for it.

One small interface with three queries: which folders are below a prefix, which keys begin with a
prefix, and what an object holds. Each bucket is a storage, so that both stores behave alike and
all that uses it can be built and tested without a network.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from biodata_cache._core.errors import (
    AccessError,
    CacheFileError,
    CacheNotFoundError,
    SourceError,
    UnreachableError,
)
from biodata_cache._core.settings.values import Requests
from biodata_cache._storage.local import LocalStorage
from biodata_cache._storage.open import open_bucket

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from biodata_cache._storage.base import Storage

Result = TypeVar("Result")

# As S3 names buckets, old ones included. What is no such name is no bucket, in a folder neither.
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{2,254}")


class UnavailableObjectError(LookupError):
    """An object that cannot be read, with the reason; a retry would not help."""


@dataclass(frozen=True)
class ObjectStore:
    """An object store with the files of data assets.

    Attributes:
        description: The store as text for a reader; a column of the lake.
        storages: The storages of a bucket; where access to one is denied the next is used. None
            if there is no such bucket.
    """

    description: str
    storages: Callable[[str], Sequence[Storage]]

    def folders(self, bucket: str, prefix: str) -> list[str]:
        """Names of the folders directly below a prefix, sorted; one without any file is none.

        Raises:
            SourceError: If the store cannot be reached.
            UnavailableObjectError: If there is no such bucket, or it may not be listed.
        """
        return self._first_allowed(bucket, lambda storage: storage.folders(prefix))

    def keys(self, bucket: str, prefix: str) -> list[str]:
        """All keys that begin with a prefix, sorted.

        Raises:
            SourceError: If the store cannot be reached.
            UnavailableObjectError: If there is no such bucket, or it may not be listed.
        """
        return self._first_allowed(bucket, lambda storage: [key for key, _ in storage.list(prefix)])

    def read(self, bucket: str, key: str, limit: int | None = None) -> bytes:
        """Read the content of an object of at most `limit` bytes.

        Raises:
            SourceError: If the store cannot be reached.
            UnavailableObjectError: If there is no such object, it may not be read, or is too large.
        """
        first = None if limit is None else limit + 1
        got = self._first_allowed(bucket, lambda storage: storage.get(key, first=first))
        if got is None:
            raise UnavailableObjectError("no such object")
        if limit is not None and len(got.content) > limit:
            raise UnavailableObjectError(f"larger than {limit} bytes")
        return got.content

    def _first_allowed(self, bucket: str, request: Callable[[Storage], Result]) -> Result:
        """The result from the first storage of a bucket that does not deny access."""
        storages = self.storages(bucket) if _BUCKET.fullmatch(bucket) else ()
        if not storages:
            raise UnavailableObjectError("no such bucket")
        for storage in storages:
            try:
                return request(storage)
            except AccessError:  # noqa: PERF203  # of two storages at most
                continue
            except CacheNotFoundError:
                raise UnavailableObjectError("no such bucket") from None
            except UnreachableError as error:
                raise SourceError(
                    f"{error} What was read until now is kept: run again when the store can be "
                    "reached."
                ) from None
            except CacheFileError as error:
                raise _refusal(error) from None
        raise UnavailableObjectError("access denied")


def folder_store(folder: Path, description: str | None = None) -> ObjectStore:
    """A folder whose folders are buckets, and their files objects.

    Args:
        folder: Where the buckets are; links in them are followed.
        description: By default the folder's path.
    """

    def storages(bucket: str) -> list[LocalStorage]:
        is_there = (folder / bucket).is_dir()
        return [LocalStorage(folder, bucket, is_foreign=True)] if is_there else []

    return ObjectStore(description or f"folder:{folder}", storages)


def s3_store(requests: Requests = Requests()) -> ObjectStore:  # noqa: B008  # it cannot be changed
    """Amazon S3, or a server with its protocol.

    Credentials, region, profile and `AWS_ENDPOINT_URL` are found as AWS tools find them. Without
    credentials, and where they are refused, requests are anonymous: public buckets
    need none.

    Raises:
        MissingDependencyError: If boto3 is not installed.
        SettingsError: If the configuration of AWS cannot be used.
    """
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    unsigned = requests._replace(is_anonymous=True, requester_pays=False)
    open_bucket("any", unsigned)  # fails now rather than at the first request

    @lru_cache(maxsize=256)
    def storages(bucket: str) -> list[Storage]:
        signed, anonymous = open_bucket(bucket, requests), open_bucket(bucket, unsigned)
        return [anonymous] if signed.access.credentials is None else [signed, anonymous]

    return ObjectStore("s3" if endpoint is None else f"s3:{endpoint.rpartition('@')[2]}", storages)


def _refusal(error: CacheFileError) -> Exception:
    """The error for a failure that is neither a denial nor an unreachable server."""
    response = getattr(error.__cause__, "response", None)
    if not isinstance(response, dict):
        return SourceError(str(error))
    code = response.get("Error", {}).get("Code")
    return UnavailableObjectError(
        "no such bucket" if code == "InvalidBucketName" else f"refused: {code}"
    )
