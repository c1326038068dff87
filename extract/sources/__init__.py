"""Where documents come from: files, MongoDB, the REST gateway.

May import `extract.documents.document` and `biodata_cache._core`. Nothing here writes the lake.
"""
