"""What models read of dbt's `target`, for sqlfluff."""

type = "duckdb"  # noqa: A001  # the name that dbt gives it
