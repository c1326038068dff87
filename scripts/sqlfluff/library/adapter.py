"""What models call of dbt's `adapter`, for sqlfluff."""


def quote(name: str) -> str:
    """A name as an identifier."""
    return f'"{name}"'
