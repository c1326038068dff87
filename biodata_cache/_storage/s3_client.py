"""The S3 client that the AWS settings configure, and the translation of its exceptions.

`Access.retried` repeats what boto3 does not: a response whose body breaks off. boto3 repeats
everything else, `AWS_MAX_ATTEMPTS` times.
"""

from __future__ import annotations

import os
import re
import time
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
import botocore.exceptions
from botocore import UNSIGNED
from botocore.config import Config

from biodata_cache._core import messages as _messages
from biodata_cache._core.errors import (
    AccessError,
    CacheError,
    CacheFileError,
    CacheNotFoundError,
    SettingsError,
    UnreachableError,
)
from biodata_cache._core.settings.values import Requests
from biodata_cache._storage.s3_time_limits import EndlessError, TimeLimitedSession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_Result = TypeVar("_Result")

ERRORS = (
    botocore.exceptions.BotoCoreError,
    botocore.exceptions.ClientError,
    boto3.exceptions.Boto3Error,
)
"""Base classes of the exceptions of boto3."""

_LEAST_PATIENCE = 1.0


class InvalidResponseError(botocore.exceptions.BotoCoreError):  # type: ignore[misc]  # botocore has no types
    """A response that no server of S3 sends."""

    fmt = "invalid response: {problem}"


CONFLICTS = {"ConditionalRequestConflict", "OperationAborted", "PreconditionFailed"}
_ATTEMPTS = 7
_READ_ATTEMPTS = 5
_SERVER_FAILED = 500
_REFUSED_CREDENTIALS = {
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
}
_CODES_BY_STATUS = {
    "304": "NotModified",
    "404": "NoSuchKey",
    "409": "ConditionalRequestConflict",
    "412": "PreconditionFailed",
}
_INTERRUPTED_READS = (
    botocore.exceptions.IncompleteReadError,
    botocore.exceptions.ResponseStreamingError,
    botocore.exceptions.ReadTimeoutError,
)


@dataclass(frozen=True)
class Access:
    """An S3 client and its credentials.

    Attributes:
        client: Client of boto3; safe to share between threads.
        credentials: Credentials to sign with; None to send unsigned requests.
        regions: Known regions by bucket.
    """

    client: Any
    credentials: Any
    requests: Requests
    regions: dict[str, str] = field(default_factory=dict, compare=False)

    @property
    def endpoint(self) -> str:
        """URL of the server; may contain a password."""
        return str(self.client.meta.endpoint_url)

    @property
    def is_aws(self) -> bool:
        """Whether the server is Amazon's."""
        return ".amazonaws.com" in self.endpoint

    def region(self, bucket: str) -> str:
        """Region of a bucket, which may differ from the configured one."""
        if bucket not in self.regions:
            try:
                response = self.client.head_bucket(Bucket=bucket)
            except botocore.exceptions.ClientError as error:
                response = error.response
            headers = response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
            known = headers.get("x-amz-bucket-region") or self.client.meta.region_name
            self.regions[bucket] = str(known or "us-east-1")
        return self.regions[bucket]

    def retried(self, attempt: Callable[[], _Result]) -> _Result:
        """The result of an attempt, which is repeated if the response is interrupted."""
        end = time.monotonic() + self.requests.patience
        for number in range(1, _READ_ATTEMPTS + 1):
            try:
                return attempt()
            except _INTERRUPTED_READS:
                if number == _READ_ATTEMPTS or time.monotonic() > end:
                    raise
            time.sleep(0.05 * 2**number)
        raise AssertionError  # the last attempt returns or raises


def split_address(address: str, what: str) -> tuple[str, str]:
    """Bucket and prefix of an address.

    Args:
        address: Address such as `s3://bucket/prefix`.
        what: Name of the setting in the message, such as "raw lake".

    Raises:
        SettingsError: If the address names no bucket.
    """
    bucket, _, prefix = address.removeprefix("s3://").partition("/")
    if not re.fullmatch(r"[A-Za-z0-9._-]{3,255}", bucket):
        raise SettingsError(
            f"The {what} {address!r} names no bucket of S3: write s3://bucket[/prefix]."
        )
    return bucket, prefix.strip("/")


def access(requests: Requests = Requests()) -> Access:  # noqa: B008  # it cannot be changed
    """The client that the AWS environment configures.

    Raises:
        SettingsError: If the AWS settings contradict each other.
    """
    # A client depends on the AWS variables of the environment, and does not survive a fork.
    environment = tuple(sorted(item for item in os.environ.items() if item[0].startswith("AWS_")))
    requests = requests._replace(patience=max(requests.patience, _LEAST_PATIENCE))
    return _access(environment, os.getpid(), requests)


@lru_cache(maxsize=8)
def _access(
    environment: object,  # noqa: ARG001
    process: int,  # noqa: ARG001
    requests: Requests,
) -> Access:
    """A cached client: making one takes longer than reading a table."""
    try:
        session = boto3.Session()
        credentials = None if requests.is_anonymous else session.get_credentials()
        # boto3 does not read this variable, other AWS tools do.
        region = session.region_name or os.environ.get("AWS_REGION")
        client = _client(session, region, requests.patience, is_signed=credentials is not None)
    except (botocore.exceptions.BotoCoreError, ValueError) as error:
        raise SettingsError(f"The settings of AWS cannot be used: {error}.") from error
    if requests.requester_pays:
        client.meta.events.register("before-sign.s3", _pay)
    return Access(client, credentials, requests)


def _client(session: Any, region: str | None, patience: float, *, is_signed: bool) -> Any:  # noqa: ANN401  # boto3 has no types
    config: dict[str, Any] = {
        "retries": {
            "mode": "standard",
            "total_max_attempts": int(os.environ.get("AWS_MAX_ATTEMPTS") or _ATTEMPTS),
        },
        "connect_timeout": max(1.0, patience / 30),
        "read_timeout": patience / 5,
        "max_pool_connections": 32,
        # By default botocore describes the machine in each request: slower than signing.
        "user_agent": "biodata-cache",
    }
    if not is_signed:
        config["signature_version"] = UNSIGNED
    client = session.client("s3", region_name=region, config=Config(**config))
    if ".amazonaws.com" not in client.meta.endpoint_url:
        # Self-hosted servers rarely have a host name for each bucket.
        config["s3"] = {"addressing_style": "path"}
        client = session.client("s3", region_name=region, config=Config(**config))
    endpoint = client._endpoint  # noqa: SLF001  # botocore has no public way to it
    endpoint.http_session = TimeLimitedSession(endpoint.http_session, patience)
    return client


def _pay(request: Any, **_: object) -> None:  # noqa: ANN401  # boto3 has no types
    request.headers["x-amz-request-payer"] = "requester"


def code_of(error: BaseException | None) -> str:
    """Error code of S3, derived from the HTTP status if the response has no body."""
    if not isinstance(error, botocore.exceptions.ClientError):
        return ""
    code = str(error.response.get("Error", {}).get("Code", ""))
    return _CODES_BY_STATUS.get(code, code)


def field_of(response: dict[str, Any], name: str) -> Any:  # noqa: ANN401  # boto3 has no types
    """A field that a response must have.

    Raises:
        InvalidResponseError: If it lacks the field.
    """
    if name not in response:
        raise InvalidResponseError(problem=f"it has no {name}")
    return response[name]


@contextmanager
def response_errors() -> Iterator[None]:
    """Translate what botocore raises for a response that it cannot parse, of whatever class.

    An error that did not pass botocore is a fault of ours, and stays what it is.

    Raises:
        InvalidResponseError: If it cannot parse one.
    """
    try:
        yield
    except (*ERRORS, CacheError, MemoryError):
        raise
    except Exception as error:  # of any class, RuntimeError too
        frames = traceback.walk_tb(error.__traceback__)
        if not any(
            str(frame.f_globals.get("__name__")).startswith("botocore.") for frame, _ in frames
        ):
            raise
        raise InvalidResponseError(problem=f"{type(error).__name__}: {error}") from error


def as_cache_error(
    error: Exception, access: Access, *, bucket: str, address: str, setting: str
) -> CacheError:
    """Translate an exception of boto3."""
    endpoint = _messages.redacted(access.endpoint)
    cause = error.__cause__ or error.__context__  # a transfer wraps the exception of the request
    for each in (error, cause):
        if isinstance(each, botocore.exceptions.ClientError):
            return _response_error(each, access, bucket, address, setting)
    if isinstance(
        error,
        (
            botocore.exceptions.HTTPClientError,
            botocore.exceptions.ConnectionError,
            botocore.exceptions.IncompleteReadError,
            EndlessError,
            InvalidResponseError,
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
        return AccessError(f"{address}: no AWS credentials could be obtained ({error}).")
    return CacheFileError(f"{address}: {_messages.redacted(str(error))}")


def _response_error(
    error: botocore.exceptions.ClientError, access: Access, bucket: str, address: str, setting: str
) -> CacheError:
    """Translate an error response of the server."""
    code, endpoint = code_of(error), _messages.redacted(access.endpoint)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    if code == "NoSuchBucket":
        return CacheNotFoundError(
            f"There is no bucket {bucket!r} at {endpoint}: set "
            f"{setting} to s3://bucket[/prefix], and AWS_ENDPOINT_URL if it is not on AWS."
        )
    if code in _REFUSED_CREDENTIALS:
        return AccessError(
            f"{address}: {endpoint} refuses the credentials ({code}). Renew them, choose others "
            "with AWS_PROFILE, or unset them to read a public bucket without any."
        )
    if status in {401, 403}:
        whose = "without credentials" if access.credentials is None else "with these rights"
        return AccessError(
            f"{address}: {endpoint} denies {error.operation_name} {whose} ({code}). Choose "
            "credentials that may, for example with AWS_PROFILE."
        )
    kind = UnreachableError if (status or 0) >= _SERVER_FAILED else CacheFileError
    return kind(
        f"{address}: {endpoint} failed at {error.operation_name} "
        f"({code}: {error.response.get('Error', {}).get('Message', '')})."
    )
