"""The raw lake: immutable parquet files, their list, and their state as SQL.

The rest of `extract` imports `lake`, `writer`, `state` and `rejects`; a build imports `check` and
`reading`. It imports `extract.documents`, `biodata_cache._core` and `_storage`. No source is known
here.
"""
