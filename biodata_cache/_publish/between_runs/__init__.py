"""What is remembered from one run to the next, so that a night costs what has changed.

Imports `build` and `_core`. Nothing here decides what is published: without it, all is read again.
"""
