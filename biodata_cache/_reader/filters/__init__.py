"""Filters of the table functions: what they mean, their SQL, and their types for each table.

`conditions` parses a filter, `sql` writes it; users get `words`, and type checkers `tables`, which
is generated from the yaml of the models. No file and no connection enter.
"""
