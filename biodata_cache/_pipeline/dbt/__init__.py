"""dbt as a subprocess: what it builds, whether there is anything to build, and what failed.

`_pipeline` imports `build`, `shards` and `failed_nodes` from it. It imports `_publish`, `_core` and
the modules of `_pipeline` for lake and project. Nothing here extracts or publishes.
"""
