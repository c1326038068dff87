"""Which files hold a published table, and connections that read them all of one build.

The rest of `_reader` imports `catalog`, `connections` and `partitions`. It imports `_storage` and
`_core`. Nothing here selects or converts rows for users.
"""
