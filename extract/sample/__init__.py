"""The built-in source: metadata records that are generated, the same ones every time.

`sources` imports `generator`, and `objects` also `objects` and `v1`. It imports nothing of this
project but `extract.locations`. Templates are data, in `templates`; no record is written in code.
"""
