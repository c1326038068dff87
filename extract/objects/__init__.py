"""Queries on the object store, and the files of others that are copied into the lake.

`_pipeline` imports a function for each kind of object. It imports `extract.lake`,
`biodata_cache._core` and `_storage`. No record of DocDB is read here, but by the SQL of probes.
"""
