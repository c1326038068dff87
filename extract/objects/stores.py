"""Object stores: S3, or a folder of buckets that stands in for it.

One small interface, and three questions: which folders are below a prefix, which keys begin with a
prefix, and what an object holds. Both stores answer them alike, so that everything that asks can
be built and tested without a network.
"""

from __future__ import annotations

import os
import random
import re
import time
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from biodata_cache._core.errors import MissingDependencyError, SettingsError, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Answer = TypeVar("Answer")

ATTEMPTS = 5
_FIRST_WAIT = 0.2
_LONGEST_WAIT = 5.0
# As S3 names buckets, old ones included. What is no such name is no bucket, in a folder neither.
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")


class UnavailableObjectError(LookupError):
    """The store answered, and the answer is no: the text says why. Asking again would not help."""


class ObjectStore(Protocol):
    """Where the files of data assets are.

    Attributes:
        description: The store as text for a reader; stands in each row of the lake.
    """

    description: str

    def folders(self, bucket: str, prefix: str) -> list[str]:
        """Names of the folders directly below a prefix, sorted.

        Args:
            bucket: Name of the bucket.
            prefix: Ends with a slash, or is empty.

        Raises:
            UnavailableObjectError: There is no such bucket, or it may not be listed.
            SourceError: The store cannot be reached.
        """
        ...

    def keys(self, bucket: str, prefix: str) -> list[str]:
        """All keys that begin with a prefix, sorted.

        Raises:
            UnavailableObjectError: There is no such bucket, or it may not be listed.
            SourceError: The store cannot be reached.
        """
        ...

    def read(self, bucket: str, key: str, limit: int | None = None) -> bytes:
        """What an object holds.

        Args:
            bucket: Name of the bucket.
            key: Name of the object.
            limit: Refuse an object of more bytes.

        Raises:
            UnavailableObjectError: There is no such object, it may not be read, or is too large.
            SourceError: The store cannot be reached.
        """
        ...


class FolderStore:
    """A folder whose folders are buckets, and their files objects."""

    def __init__(self, folder: Path, description: str | None = None) -> None:
        """Takes the folder of buckets; looks at nothing yet.

        Args:
            folder: Where the buckets are.
            description: By default the folder's path.
        """
        self._folder = folder
        self.description = description or f"folder:{folder}"

    def folders(self, bucket: str, prefix: str) -> list[str]:
        """Names of the folders directly below a prefix; one without any file is none."""
        place = self._place(bucket, prefix.rstrip("/"))
        if place is None:
            return []
        return sorted(
            child.name for child in _children(place) if next(_files(child), None) is not None
        )

    def keys(self, bucket: str, prefix: str) -> list[str]:
        """All keys that begin with a prefix."""
        parent, _, beginning = prefix.rpartition("/")
        place = self._place(bucket, parent)
        if place is None:
            return []
        found = (
            path
            for child in _children(place)
            if child.name.startswith(beginning)
            for path in ([child] if child.is_file() else _files(child))
        )
        return sorted(_key(path, self._folder / bucket) for path in found)

    def read(self, bucket: str, key: str, limit: int | None = None) -> bytes:
        """What an object holds."""
        place = self._place(bucket, key)
        if place is None:
            raise UnavailableObjectError("no such object")
        try:
            size = place.stat().st_size
            if limit is not None and size > limit:
                raise UnavailableObjectError(f"larger than {limit} bytes")
            return place.read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            raise UnavailableObjectError("no such object") from None
        except PermissionError:
            raise UnavailableObjectError("access denied") from None
        except OSError as error:
            raise SourceError(f"{place} cannot be read: {error}") from None

    def _place(self, bucket: str, path: str) -> Path | None:
        """Where a key or prefix is; None where a folder can hold nothing of that name.

        Raises:
            UnavailableObjectError: There is no such bucket.
        """
        root = self._folder / bucket
        if not _BUCKET.fullmatch(bucket) or not root.is_dir():
            raise UnavailableObjectError("no such bucket")
        parts = path.split("/") if path else []
        if "\0" in path or any(part in {"", ".", ".."} for part in parts):
            return None
        return root.joinpath(*parts)


class S3Store:
    """Amazon S3, or a server that speaks its language.

    Credentials, region, profile and `AWS_ENDPOINT_URL` are found as boto3 finds them. Without
    credentials, and where they are refused, objects are asked for as anybody may: public buckets
    need none.
    """

    def __init__(self, connections: int = 32) -> None:
        """Makes the client.

        Args:
            connections: How many requests are under way at once.

        Raises:
            MissingDependencyError: boto3 is not installed.
            SettingsError: The configuration of AWS cannot be used.
        """
        try:
            boto3 = import_module("boto3")
        except ImportError:
            raise MissingDependencyError(
                "boto3 is not installed: reading objects from S3 needs "
                "pip install 'biodata-cache[s3]'. Or set BIODATA_CACHE_OBJECTS to a folder of "
                "buckets, or to 'none' to leave objects alone."
            ) from None
        botocore = import_module("botocore")
        config = import_module("botocore.config").Config
        self._errors = import_module("botocore.exceptions")
        # What a body raises that breaks off: botocore lets it pass.
        self._broken = import_module("urllib3.exceptions").HTTPError
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        self.description = "s3" if endpoint is None else f"s3:{endpoint.rpartition('@')[2]}"
        common: dict[str, Any] = {
            "max_pool_connections": connections,
            "connect_timeout": 10,
            "read_timeout": 60,
            "retries": {"total_max_attempts": 1},  # `retried` counts, in one place for all
            # botocore describes the machine anew in each request, which takes longer than signing.
            "user_agent": "biodata-cache",
            # Servers of one's own seldom have a name for each bucket.
            "s3": {"addressing_style": "path" if endpoint else "auto"},
        }
        try:
            session = boto3.Session()
            unsigned = config(signature_version=botocore.UNSIGNED, **common)
            self._anonymous = session.client("s3", config=unsigned)
            self._known: Any = None
            if session.get_credentials() is not None:
                self._known = session.client("s3", config=config(**common))
        except (self._errors.BotoCoreError, ValueError) as error:
            raise SettingsError(f"The configuration of AWS cannot be used: {error}") from None

    def folders(self, bucket: str, prefix: str) -> list[str]:
        """Names of the folders directly below a prefix."""
        found = self._list(bucket, prefix, "/", "CommonPrefixes", "Prefix")
        return sorted(name[len(prefix) :].rstrip("/") for name in found)

    def keys(self, bucket: str, prefix: str) -> list[str]:
        """All keys that begin with a prefix."""
        return sorted(self._list(bucket, prefix, "", "Contents", "Key"))

    def read(self, bucket: str, key: str, limit: int | None = None) -> bytes:
        """What an object holds."""

        def attempt(client: Any) -> bytes:  # noqa: ANN401  # boto3 makes its classes as it runs
            response = client.get_object(Bucket=bucket, Key=key)
            with response["Body"] as body:
                if limit is not None and response["ContentLength"] > limit:
                    raise UnavailableObjectError(f"larger than {limit} bytes")
                content: bytes = body.read()
            return content

        return self._ask(attempt, f"s3://{bucket}/{key}")

    def _list(self, bucket: str, prefix: str, delimiter: str, group: str, name: str) -> list[str]:
        """The names in all pages of a listing."""
        found: list[str] = []
        more: dict[str, str] = {}
        while True:

            def attempt(client: Any, more: dict[str, str] = more) -> dict[str, Any]:  # noqa: ANN401
                page: dict[str, Any] = client.list_objects_v2(
                    Bucket=bucket, Prefix=prefix, Delimiter=delimiter, **more
                )
                return page

            page = self._ask(attempt, f"s3://{bucket}/{prefix}")
            found += [entry[name] for entry in page.get(group, ())]
            if not page.get("IsTruncated"):
                return found
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def _ask(self, attempt: Callable[[Any], Answer], what: str) -> Answer:
        """Ask with credentials, and as anybody where these are refused."""
        if self._known is not None:
            known = self._known
            try:
                return retried(lambda: self._once(attempt, known), what)
            except UnavailableObjectError as error:
                if str(error) != "access denied":
                    raise
        return retried(lambda: self._once(attempt, self._anonymous), what)

    def _once(self, attempt: Callable[[Any], Answer], client: Any) -> Answer:  # noqa: ANN401
        """One request; what is worth another attempt becomes an `OSError`."""
        try:
            return attempt(client)
        except self._errors.ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            if code in _TRANSIENT or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise OSError(f"{code or status}") from None
            raise UnavailableObjectError(_reason(code, status)) from None
        except self._errors.ParamValidationError:
            raise UnavailableObjectError("no such bucket") from None
        except (self._errors.BotoCoreError, self._broken) as error:
            raise OSError(str(error)) from None


_TRANSIENT = frozenset(
    {
        "InternalError",
        "RequestLimitExceeded",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequests",
    }
)
_REFUSED = frozenset(
    {"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"}
)


def _reason(code: str, status: int) -> str:
    """Why there is no object, in the words that both stores use."""
    if code in {"NoSuchBucket", "InvalidBucketName"}:
        return "no such bucket"
    if status == HTTPStatus.NOT_FOUND:
        return "no such object"
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN} or code in _REFUSED:
        return "access denied"
    return f"refused: {code or status}"


def retried(attempt: Callable[[], Answer], what: str) -> Answer:
    """Try again what failed in a way that may pass, with longer and longer waits.

    Args:
        attempt: Raises `OSError` where another attempt is worth it.
        what: What is asked for; for the message.

    Raises:
        SourceError: The last attempt failed, too.
    """
    wait = _FIRST_WAIT
    for number in range(1, ATTEMPTS + 1):
        try:
            return attempt()
        except OSError as error:  # noqa: PERF203  # the loop is there for the error
            if isinstance(error, SourceError):
                raise
            if number == ATTEMPTS:
                raise SourceError(
                    f"{what} cannot be read, after {ATTEMPTS} attempts: {error}. What was read "
                    "until now is kept: run again when the store can be reached."
                ) from None
            # Not for secrets: 32 threads should not come back at the same moment.
            time.sleep(min(wait, _LONGEST_WAIT) * (0.5 + random.random()))  # noqa: S311
            wait *= 2
    raise AssertionError("unreachable")


def _children(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except PermissionError:
        raise UnavailableObjectError("access denied") from None
    except OSError as error:  # for example a name that is too long for a file
        raise UnavailableObjectError(f"no such object: {error.strerror}") from None


def _files(folder: Path) -> Iterator[Path]:
    """Every file below a folder."""
    for parent, _, names in os.walk(folder):
        for name in names:
            yield Path(parent, name)


def _key(path: Path, root: Path) -> str:
    """Key of a file; bytes of its name that are no text become question marks."""
    return os.fsencode(path.relative_to(root).as_posix()).decode("utf-8", "replace")
