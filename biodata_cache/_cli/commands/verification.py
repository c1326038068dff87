"""The part of `doctor` that compares every published object and file with its hash."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from biodata_cache._core.errors import CacheError
from biodata_cache._publish.last_publish import forget_last
from biodata_cache._publish.snapshots.verify import verify
from biodata_cache._storage.open import open_storage

if TYPE_CHECKING:
    from biodata_cache._core.settings.values import Settings

State = Literal["ok", "warning", "fail"]

_SHOWN = 5


def verified(settings: Settings) -> tuple[State, str]:
    """Outcome of the comparison, and what is damaged."""
    storage = open_storage(settings)
    try:
        result = verify(storage, settings.version_folder)
    except CacheError as error:
        return "fail", str(error)
    if result.damaged:
        forget_last(settings.work.resolve(), storage.address(settings.version_folder))
        return "fail", (
            f"{_named(result.damaged)} missing, or not what the registry says: publish again, "
            "with --full, which puts them right."
        )
    if result.damaged_before:
        return "fail", (
            f"{_named(result.damaged_before)} damaged, of earlier builds or of another version: "
            "these builds cannot be read or put back. They go when those builds do."
        )
    if not result.files:
        return "ok", "not compared: an older version published them, without their hashes"
    return "ok", (
        f"{result.objects:,} objects and {result.files:,} public files are what the registry says"
    )


def _named(paths: list[str]) -> str:
    more = f" and {len(paths) - _SHOWN:,} more" if len(paths) > _SHOWN else ""
    return f"{', '.join(paths[:_SHOWN])}{more} {'is' if len(paths) == 1 else 'are'}"
