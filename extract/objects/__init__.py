"""Queries on the object store, and the files of others that are copied into the lake.

Imports `extract.lake`, `biodata_cache._core` and `_storage`. Nothing here reads records of DocDB.
"""
