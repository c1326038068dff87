"""Where documents come from: files, MongoDB, the REST gateway.

May import `extract.lake.documents` and `biodata_cache._core`. Nothing here writes the lake.
"""
