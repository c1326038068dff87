"""Names of the functions that read one published table each."""

from __future__ import annotations

TABLE_FUNCTIONS = (
    "asset_basics",
    "asset_lineage",
    "assets",
    "assets_smartspim",
    "behavior_curriculum",
    "data_quality",
    "foraging_sessions",
    "metadata_core",
    "metadata_upgrade",
    "platform_exaspim",
    "platform_fib",
    "platform_qc",
    "platform_smartspim",
    "procedures",
    "qc",
    "qc_status",
    "qc_status_by_modality",
    "qc_tag_status",
    "quality_control",
    "raw_to_derived",
    "record_consistency",
    "scientist_rl_fib",
    "source_data",
    "subjects",
    "time_to_qc",
    "unique_genotypes",
    "unique_project_names",
    "unique_subject_ids",
)
