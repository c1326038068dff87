"""What a finished build is: its dbt artifacts, contract, audited files and registry entries.

Imports `snapshots` and `_core`. Nothing here writes to the root.
"""
