"""Filters of the table functions: what they mean, their SQL, and their types for each table.

`tables` is generated from the yaml of the models; what a filter means stands in `conditions`.
"""
