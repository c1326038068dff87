"""The catalogue page beside the tables, and how each table came about.

Made from the registry and dbt's manifest alone: it never reads a table.
"""
