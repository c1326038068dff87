"""A check of `doctor`, and its check of the raw lake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from biodata_cache._cli.output import count
from biodata_cache._core.display import ago
from biodata_cache._core.errors import CacheError
from biodata_cache._pipeline import lake as _lake
from biodata_cache._pipeline.project import import_extract
from biodata_cache._storage.open import open_lake

if TYPE_CHECKING:
    from pathlib import Path

    from biodata_cache._core.settings.values import Settings

State = Literal["ok", "warning", "fail"]


@dataclass(frozen=True)
class Check:
    """Result of one check.

    Attributes:
        name: What was checked.
        text: The result, and what to do if it is not ok.
    """

    name: str
    state: State
    text: str


def not_installed(name: str, *packages: str) -> Check:
    """The failed check of packages that the extra `sync` installs."""
    text = f"{', '.join(packages)} is not installed: pip install 'biodata-cache[sync]'."
    return Check(name, "fail", text)


def raw_lake(settings: Settings) -> Check:
    """Whether the raw lake can be reached and, if it is a folder, read from end to end."""
    try:
        if _lake.is_remote(settings):
            lake = open_lake(settings.raw, settings.requests)
            location, is_filled = lake.address(), _lake.RECORDS in lake.folders("")
            content = "" if is_filled else ", which holds no records yet"
        else:
            folder = _lake.local_folder(settings).absolute()
            location, content = str(folder), _in_folder(folder)
    except CacheError as error:
        return Check("raw lake", "fail", str(error))
    except ImportError as error:
        return not_installed("raw lake", str(error.name))
    except OSError as error:
        text = f"{settings.raw} cannot be read ({error.strerror or error})."
        return Check("raw lake", "fail", text)
    return Check("raw lake", "ok", location + content)


def _in_folder(folder: Path) -> str:
    """Contents of a folder of lakes; every file is compared with its hash first."""
    import_extract()
    from extract.lake.check import check_lakes  # noqa: PLC0415  # it is importable from here on
    from extract.lake.lake import Lake  # noqa: PLC0415

    check_lakes(folder)
    lake = Lake(folder, _lake.RECORDS)
    if not lake.files():
        return ", which holds no records yet"
    with lake.state() as state:
        newest = state.newest_extract
        extracted = f", the newest extracted {ago(newest.isoformat())}" if newest else ""
        return f", {count(state.live)} records{extracted}"
