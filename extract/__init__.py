"""Copies records from their sources into the raw lake; never interprets them.

`_pipeline` and `doctor` import `pipeline`, `lake`, `objects` and `sources`. It imports
`biodata_cache._core` and `_storage`. No model and no published table is known here.
"""
