"""Reading published tables: selections, scans, SQL, changes, lineage and custom tables.

`_session` and the functions of tables import it. It imports `_storage` and `_core`. Nothing that
builds or publishes may be imported here, and no setting is read.
"""
