"""From a finished build to a published one: audit, publication, kept builds, catalogue page.

Imports `_storage` and `_core`. Nothing here changes data, reads for users, or starts dbt.
"""
