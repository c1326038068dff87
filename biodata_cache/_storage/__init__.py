"""Where bytes are kept: a folder, S3 or memory, behind one interface.

Imports `_core` only. Nothing here knows what a table, a build or a record is.
"""
