"""Which files hold a published table: by registry, list of public files, or folder.

Imports `_storage` and `_core`. Nothing here reads rows for users.
"""
