"""Copies records from their sources into the raw lake; never interprets them.

Imports `biodata_cache._core` and `_storage`. Outside, only `_pipeline` and `doctor` import this.
"""
