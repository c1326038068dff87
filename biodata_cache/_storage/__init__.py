"""Where bytes are kept: a folder, S3 or memory, behind one interface.

`open` makes a storage of settings, `base` has the interface and its errors, `engine` the DuckDB
that reads its files. It imports `_core` only. No table, build or record is known here.
"""
