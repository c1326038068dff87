"""Opens the storage that the settings name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from biodata_cache._core.errors import MissingDependencyError, SettingsError
from biodata_cache._core.settings import CACHE_FOLDER
from biodata_cache._storage.base import LocalStore

if TYPE_CHECKING:
    from types import ModuleType

    from biodata_cache._core.settings import Settings
    from biodata_cache._storage.base import Store


def open_store(settings: Settings) -> Store:
    """The place that the settings name; whether it is there shows when it is used.

    Raises:
        MissingDependencyError: Its extra is not installed.
        SettingsError: There is none.
    """
    if settings.backend == "S3":
        s3 = import_s3(settings.root)
        from biodata_cache._storage.disk_cache import copies_in  # noqa: PLC0415  # for S3 only

        folder = settings.local_cache
        copies = None if folder is None else copies_in(folder, settings.local_cache_size)
        store: Store = s3.open_s3(settings.root, copies)
        return store
    if settings.backend == "MEMORY":
        raise SettingsError(
            "There is no place to publish to: give --root, or set BIODATA_CACHE_ROOT to a folder "
            "or to s3://bucket[/prefix]."
        )
    return LocalStore(Path(settings.root).absolute() / CACHE_FOLDER)


def import_s3(address: str) -> ModuleType:
    """The module that knows S3, for what is at this address.

    Raises:
        MissingDependencyError: Its extra is not installed.
    """
    try:
        from biodata_cache._storage import s3 as _s3  # noqa: PLC0415  # needs the extra `s3`
    except ImportError as error:
        raise MissingDependencyError(
            f"{error.name} is not installed: {address} needs pip install 'biodata-cache[s3]'."
        ) from error
    return _s3
