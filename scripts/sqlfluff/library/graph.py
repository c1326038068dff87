"""What a model reads of dbt's `graph`, for sqlfluff: the nodes, of which there is one."""

nodes = {
    "model.biodata_cache.table": {
        "resource_type": "model",
        "name": "table",
        "fqn": ["biodata_cache", "cache", "table"],
        "columns": {"column": {"name": "column"}},
    }
}
