"""A finished build: its dbt artifacts, contract, audited files, their manifest, registry entries.

`_publish` imports all of it; `_pipeline` imports `artifacts` and `build_manifest`. It imports
`snapshots` and `_core`. Nothing here writes to the root.
"""
