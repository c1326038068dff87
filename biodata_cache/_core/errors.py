"""The errors of this package.

    CacheError
    ├── SettingsError             a setting is missing or has a value that cannot be used
    ├── CacheNotFoundError        no published cache at this root, or not in this version
    ├── TableNotFoundError        the published cache has no table of this name
    ├── PartitionNotFoundError    the table has no such partition (for example, no such platform)
    ├── AssetNotFoundError        no asset of this name
    ├── RegistryError             the published registry cannot be read
    ├── CacheFileError            a published data file is missing or damaged
    ├── AccessError               no right to read or write a location
    ├── UnreachableError          a server does not answer
    ├── CustomNotFoundError       no custom table of this name
    ├── ArgumentError             an argument is of a kind that cannot be used
    ├── SourceError               a source of records cannot be read
    ├── LakeError                 the raw lake cannot be read or written
    ├── BuildError                dbt failed, or a data test did
    ├── AuditError                built files disagree with their contract
    ├── LockedError               another process holds the lock of a lake, work folder or root
    └── MissingDependencyError    an optional dependency is not installed

Each also is the builtin error that it refines, so that both of these work:

    >>> from biodata_cache import CacheError
    >>> issubclass(CacheError, Exception)
    True

There are two warnings, both of them `UserWarning`:

    VersionWarning               the installed package is newer than what is published
    NotFoundWarning              a requested name or value is not in the cache

Messages say what is wrong, with the offending value, and what to do about it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


class CacheError(Exception):
    """Base of every error of this package.

    Examples:
        >>> import biodata_cache
        >>> try:
        ...     basics = biodata_cache.asset_basics()
        ... except biodata_cache.CacheError as error:
        ...     reason = str(error)
    """


class SettingsError(CacheError, ValueError):
    """A setting is missing or has a value that cannot be used."""


class CacheNotFoundError(CacheError, FileNotFoundError):
    """There is no published cache at this root, or not in this version."""


class TableNotFoundError(CacheError, LookupError):
    """The published cache has no table of this name."""


class PartitionNotFoundError(CacheError, LookupError, ValueError):
    """The table has no such partition; a `ValueError` too, as existing code expects."""


class AssetNotFoundError(CacheError, LookupError):
    """The published cache knows no asset of this name."""


class RegistryError(CacheError, ValueError):
    """The published registry cannot be read."""


class CacheFileError(CacheError, OSError):
    """A published data file is missing or damaged."""


class AccessError(CacheError, PermissionError):
    """The rights or credentials do not allow to read or write a location."""


class UnreachableError(CacheError, ConnectionError):
    """A server does not answer, or stopped answering."""


class CustomNotFoundError(TableNotFoundError, ValueError):
    """There is no custom table of this name; a `ValueError` too, as existing code expects."""


class ArgumentError(CacheError, TypeError, ValueError):
    """An argument is of a kind that cannot be used, for example a number where a text belongs."""


class SourceError(CacheError, OSError):
    """A source of records cannot be read."""


class LakeError(CacheError, OSError):
    """The raw lake cannot be read or written."""


class BuildError(CacheError, RuntimeError):
    """A dbt run failed, or one of its data tests did.

    Attributes:
        failed: The models and tests that failed, if they are known.
    """

    failed: Sequence[Any] = ()


class AuditError(CacheError, RuntimeError):
    """Built files disagree with their contract; nothing was published."""


class LockedError(CacheError, RuntimeError):
    """Another process holds the lock of a lake, a work folder or a root."""


class MissingDependencyError(CacheError, ImportError):
    """An optional dependency is not installed."""


class VersionWarning(UserWarning):
    """The installed package is newer than every version published at the root."""


class NotFoundWarning(UserWarning):
    """A requested name or value is not in the cache, so the result is empty."""
