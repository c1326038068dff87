"""What a build sees of all lakes, as one hash: the same content gives the same tables."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import duckdb

from extract.lake.folder import LIST, Folder
from extract.lake.state import database_errors, paths_of

if TYPE_CHECKING:
    from pathlib import Path

_RESPONSES = "objects_"
"""Beginning of the names of the lakes of responses of an object store."""


def content_hash(raw: Path) -> str:
    """Hash of the lists of files of all lakes, and of the newest responses of the object store.

    What was not there is probed again in each run, and the response appended though it is the same:
    of responses the content counts, and not in which files it is.

    Raises:
        LakeError: If a list or a response cannot be read.
    """
    digest = hashlib.sha256()
    for path in sorted(raw.glob(f"*/{LIST}")):
        folder = Folder(path.parent)
        digest.update(f"{folder.path.name}\n".encode())
        if folder.path.name.startswith(_RESPONSES):
            digest.update(f"{_newest_responses(folder)}\n".encode())
        else:
            for file in folder.listed():
                digest.update(f"{file.name} {file.sha256}\n".encode())
    return digest.hexdigest()


def _newest_responses(folder: Folder) -> str | None:
    files = paths_of(folder.path / file.name for file in folder.listed())
    if not files:
        return None
    with duckdb.connect() as connection, database_errors(folder.path):
        connection.execute("set TimeZone = 'UTC'")
        row = connection.execute(_HASH, {"files": files}).fetchone()
    return None if row is None else row[0]


# Grain: one row; `stg_objects__responses` reads these columns of these rows.
_HASH = """
with response as (
    select * from read_parquet($files, hive_partitioning = false)
),

newest as (
    select
        location,
        max(asked_at) as asked_at
    from response
    group by all
),

hashed as (
    select
        sha256(
            to_json([response.location, response.key, response.content, response.problem])
        ) as hash
    from response
    inner join newest
        on
            response.location = newest.location
            and response.asked_at = newest.asked_at
)

select sha256(string_agg(hash, '' order by hash))
from hashed
"""
