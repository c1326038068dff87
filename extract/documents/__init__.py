"""One source document to one row of the lake: every value as it was written, or repaired and noted.

`lake` and `sources` import `document` from it. It imports `biodata_cache._core` only. No file, no
database and no lake enter.
"""
