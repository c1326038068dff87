"""Where documents come from: files, MongoDB, the REST gateway; and their comparison with the lake.

`pipeline` and `doctor` import `open`, `base` and `sync_…`. It may import `extract.documents`,
`extract.lake` and `biodata_cache._core`. No other module knows a driver or a file format.
"""
