"""Verifies every file of the lakes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata_cache._core.errors import LakeError
from extract.lake.folder import LIST, Folder

if TYPE_CHECKING:
    from pathlib import Path


def check_lakes(raw: Path) -> None:
    """Compare each listed file of all lakes with its hash.

    Args:
        raw: Folder of the lakes.

    Raises:
        LakeError: If a file is damaged or missing.
    """
    for path in sorted(raw.glob(f"*/{LIST}")):
        store = Folder(path.parent)
        for name, problem in store.damage(store.listed()).items():
            raise LakeError(
                f"File {store.path / name} of the lake is damaged ({problem}): run "
                "'biodata-cache extract', which fetches again what it held."
            )
