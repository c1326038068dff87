"""dbt as a subprocess: what it builds, whether there is anything to build, and what failed.

Imports `_publish`, `_core` and modules of `_pipeline` that know the lake and the project. Nothing
here extracts or publishes.
"""
