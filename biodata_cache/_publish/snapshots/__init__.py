"""A build in the root: its registry, objects and public files, their check, and kept builds.

Imports `_storage` and `_core`. What decides that a build is published stands above.
"""
