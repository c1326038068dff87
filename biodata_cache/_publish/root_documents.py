"""The two documents of the root: the index of released versions, and the status."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from biodata_cache._core import layout as _layout
from biodata_cache._core.errors import CacheFileError, RegistryError
from biodata_cache._core.foreign import NotJsonError, json_value
from biodata_cache._core.registry.document import as_json
from biodata_cache._core.settings import values as _settings
from biodata_cache._core.typed import checked, typed_json

if TYPE_CHECKING:
    from datetime import datetime

    from biodata_cache._publish.publication import Report
    from biodata_cache._storage.base import Storage, StoredContent

_ATTEMPTS = 20


def sweep(storage: Storage, version_folder: str) -> None:
    """Remove unfinished writes of a killed publisher; the caller holds the lease."""
    for top in (
        version_folder,
        _layout.OBJECTS,
        _layout.BUILDS,
        _layout.VERSIONS_FILE,
        _layout.STATUS_FILE,
    ):
        storage.sweep(top)


def released(storage: Storage) -> tuple[list[str], StoredContent | None]:
    """The released versions, and the stored index (None if there is none).

    Raises:
        RegistryError: If the index cannot be read.
    """
    got = storage.get(_layout.VERSIONS_FILE)
    try:
        names = typed_json(got.content, list[str]) if got else []
        return _settings.ascending(names), got
    except ValueError as error:
        raise RegistryError(
            f"The version index {storage.address(_layout.VERSIONS_FILE)} cannot be read ({error}): "
            "it must be a JSON list of version folders. Mend it and publish again."
        ) from None


def release(storage: Storage, version_folder: str) -> None:
    """Add the version to the index, which releases it to every reader.

    Publishers of other versions write the same index, so it is replaced conditionally.

    Raises:
        RegistryError: If the index cannot be read.
        CacheFileError: If other publishers replaced the index at every attempt.
    """
    for _ in range(_ATTEMPTS):
        names, got = released(storage)
        content = as_json(_settings.ascending({*names, version_folder}))
        if got is not None and got.content == content:
            return
        if storage.put_if(_layout.VERSIONS_FILE, content, got.tag if got else None):
            return
    raise CacheFileError(
        f"{storage.address(_layout.VERSIONS_FILE)} changed at each of {_ATTEMPTS} attempts to "
        "write it: publish again; the tables are in their place."
    )


@dataclass(frozen=True)
class KnownStatus:
    """What of the status of a version is read again, times as ISO 8601; None for what is not known.

    Attributes:
        checked_at: When a publish was last complete, whether or not anything was new.
        audited_at: When everything was last read again.
        newest_extract: How new the tables are.
    """

    checked_at: str | None = None
    audited_at: str | None = None
    newest_extract: str | None = None


def read_status(storage: Storage, version_folder: str) -> KnownStatus:
    """Status of the last complete publish of a version; nothing is known if there is none."""
    try:
        return checked(_statuses(storage).get(version_folder), KnownStatus)
    except NotJsonError:
        return KnownStatus()


def status_of(
    report: Report, newest_extract: str | None, now: datetime, audited_at: object
) -> dict[str, Any]:
    """The status of a version after a complete publish.

    Args:
        report: What the publish did.
        newest_extract: How new the tables are, ISO 8601; None if unknown.
        now: The present time.
        audited_at: When everything was last read again.
    """
    return {
        "checked_at": now.isoformat(timespec="seconds"),
        "audited_at": audited_at,
        "build": report.build,
        "newest_extract": newest_extract,
        "found": {
            "is_new_build": report.build != report.build_before,
            "files_added": len(report.added),
            "files_replaced": len(report.replaced),
            "files_removed": len(report.gone),
            "files_unchanged": report.unchanged,
            "objects_written": report.objects,
        },
    }


def write_status(storage: Storage, version_folder: str, status: dict[str, Any]) -> None:
    """Write the status of a version; those of other versions stay."""
    versions = _statuses(storage) | {version_folder: status}
    content = as_json({"versions": dict(sorted(versions.items()))})
    storage.put(_layout.STATUS_FILE, content, hashlib.sha256(content).hexdigest())


def _statuses(storage: Storage) -> dict[str, Any]:
    """Status by version; empty if the document cannot be read."""
    got = storage.get(_layout.STATUS_FILE)
    try:
        versions = json_value(got.content)["versions"] if got else {}
    except (ValueError, KeyError, TypeError):
        return {}
    return dict(versions) if isinstance(versions, dict) else {}
