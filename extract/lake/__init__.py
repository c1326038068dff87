"""The raw lake: immutable parquet files, their list, and their state as SQL.

Imports `biodata_cache._core` and `_storage`. Nothing here knows any source.
"""
