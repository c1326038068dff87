"""Reading published tables: which files hold them, and what DuckDB makes of these.

Imports `_storage` and `_core`. Nothing that builds or publishes may be imported here.
"""
