"""Locations of assets in an object store."""

from __future__ import annotations


def split_location(location: str) -> tuple[str, str]:
    """Bucket and key prefix of a location; the prefix ends with a slash, or is empty.

    Example:
        >>> split_location("s3://aind-open-data/behavior_1")
        ('aind-open-data', 'behavior_1/')
    """
    bucket, _, path = location.removeprefix("s3://").partition("/")
    path = path.rstrip("/")
    return bucket, f"{path}/" if path else ""
