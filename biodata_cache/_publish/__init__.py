"""From a finished build to a published one: audit, publication, kept builds, catalogue page.

`_pipeline` and `_cli` import `publish`, `rollback` and `publication.Report` from it. It imports
`_storage` and `_core`. Nothing here changes data, reads for users, or starts dbt.
"""
