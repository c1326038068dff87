"""A build in the root: its registry, objects and public files, their check, and kept builds.

`_publish` and the commands that show builds import it. It imports `_storage` and `_core`. What
decides that a build is published stands above.
"""
