"""The stages in their order: extract, build, publish; and the dbt project that they run.

Beside `doctor`, the only package that imports `extract`. Nothing of reading may import this, but
for MEMORY.
"""
