"""The stages in their order: extract, build, publish; and the dbt project that they run.

The only package that imports `extract`. Nothing of reading may import this, but for MEMORY.
"""
