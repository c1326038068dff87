"""Bounds of a lake: sizes of files and row groups, and when rewriting is worth it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Bounds of a lake.

    Attributes:
        group_rows: Most records of a row group.
        group_bytes: Bytes of JSON after which a row group ends before that.
        file_bytes: Bytes of JSON after which a file ends.
        checkpoint_seconds: A run that can be continued finishes a file at least so often.
        dead_part: A file of which this part of the rows is out of date is rewritten.
        small_bytes: Compressed bytes below which a file counts as small.
        many_small: So many small files are joined.
        output_bytes: Compressed bytes of a rewritten file, about.
        memory: Memory of the database that compares; beyond it, it writes to the disk.
        batch_rows: Most documents that are compared at once.
        batch_bytes: Bytes of JSON that may wait to be compared.
    """

    group_rows: int = 1_000
    group_bytes: int = 64 * 2**20
    file_bytes: int = 512 * 2**20
    checkpoint_seconds: float = 30.0
    dead_part: float = 0.25
    small_bytes: int = 16 * 2**20
    many_small: int = 16
    output_bytes: int = 128 * 2**20
    memory: str = "512MB"
    batch_rows: int = 5_000
    batch_bytes: int = 32 * 2**20
