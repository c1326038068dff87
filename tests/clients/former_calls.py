"""Every call that programs could make of 0.33.2, 0.34.3 and 0.42.26, as the packages name them.

A line is: what is called, the versions that had it (33, 34, 42), and whether it works with us. What
does not must have a line in docs/migration.md; what does is called by `test_former_calls.py`.
"""

from __future__ import annotations

OLD, ALL, NEW = (33, 34), (33, 34, 42), (42,)

#: Functions of tables of which every form of a call is tried.
PLAIN = {
    "asset_basics": ALL,
    "assets_smartspim": ALL,
    "behavior_curriculum": ALL,
    "foraging_sessions": OLD,
    "metadata_core": NEW,
    "metadata_upgrade": ALL,
    "platform_dynamic_foraging_sessions": NEW,
    "platform_exaspim": ALL,
    "platform_exaspim_intermediates": NEW,
    "platform_fib": ALL,
    "platform_smartspim_fiber_ccf": NEW,
    "platform_smartspim_qc_metrics": NEW,
    "qc_status": NEW,
    "scientist_rl_fib": (34,),
    "source_data": ALL,
    "time_to_qc": ALL,
}
LISTS = {"unique_genotypes": ALL, "unique_project_names": ALL, "unique_subject_ids": ALL}
#: Forms of a call of each of them, as arguments of Python.
FORMS = ("", "force_update=False", "False", "force_update=True")

#: Other calls that work, by the expression; `subject`, `asset`, `raw` are of the sample.
WORKING = {
    "qc(subject)": OLD,
    "qc(int(subject))": OLD,
    "qc(subject, asset)": OLD,
    "qc(subject, [asset])": OLD,
    "qc(subject, asset_names=asset)": OLD,
    "qc(subject, None, False)": OLD,
    "qc(subject, None, False, False)": OLD,
    "qc(subject, force_update=False, lazy=False)": OLD,
    "qc(subject, lazy=True)": OLD,
    "qc('nobody')": OLD,
    "qc(raw_asset_name=raw)": NEW,
    "qc_columns()": ALL,
    "platform_dynamic_foraging_trials(subject)": NEW,
    "platform_dynamic_foraging_trials(subject_id=subject)": NEW,
    "platform_dynamic_foraging_events(subject)": NEW,
    "platform_dynamic_foraging_events(subject_id=subject)": NEW,
    "platform_qc('fib')": ALL,
    "platform_qc('fib', False)": ALL,
    "platform_qc(platform='fib', force_update=False)": ALL,
    "raw_to_derived(raw)": ALL,
    "raw_to_derived(raw, True)": ALL,
    "raw_to_derived(raw, latest=True, modality='behavior')": ALL,
    "raw_to_derived(raw, False, None, False)": ALL,
    "raw_to_derived(raw, force_update=True)": ALL,
    "raw_to_derived('nobody')": ALL,
    "custom('mine', frame)": ALL,
    "custom('mine')": ALL,
    "custom('mine', df=frame)": ALL,
    "get_cache_registry()": ALL,
    "get_cache_registry().tables[0].name": ALL,
    "get_cache_registry().tables[0].type.value": ALL,
    "get_cache_registry().tables[0].columns[0].description": ALL,
    "get_cache_registry().model_dump()": ALL,
    "get_cache_registry().model_dump_json(indent=2)": ALL,
    "get_cache_versions()": (34, 42),
    "asset_basics(subject_id=subject)": NEW,
    "asset_basics(project_name='none of this name')": NEW,
    "asset_basics(data_level='raw', limit=5)": NEW,
    "asset_basics(name=asset, columns=['name'])": NEW,
    "sync.publish_cache_registry()": OLD,
    "__version__": ALL,
}

#: What raises, by the expression: the error, and what docs/migration.md names.
REFUSED = {
    "qc('nobody', asset_names=7)": ("ArgumentError", OLD),
    "platform_qc('none')": ("ValueError", ALL),
    "custom('no such table')": ("ValueError", ALL),
    "asset_basics(modality='fib')": ("ArgumentError", NEW),
    "asset_basics(name_contains='fib')": ("ArgumentError", NEW),
    "asset_basics(acquisition_start_after='2024-01-01')": ("ArgumentError", NEW),
    "asset_basics(acquisition_start_before='2024-01-01')": ("ArgumentError", NEW),
    "asset_basics(offset=10)": ("ArgumentError", NEW),
    "asset_basics(include_total=True)": ("ArgumentError", NEW),
}

#: Modules of the package, which no client needs.
MODULES = (
    "backend",
    "cache_table_helpers",
    "codeocean",
    "models",
    "registry",
    "table_specs",
    "utils",
)

#: Functions of 0.42 whose tables we may not build: importable, and read where the root has them.
ELSEWHERE = (
    "cell_genes",
    "cell_index",
    "cell_properties",
    "platform_df_operations",
    "platform_ecephys_spikes",
    "platform_ecephys_units",
    "platform_fib_operations",
    "platform_fib_traces",
    "platform_mouselight",
    "platform_pophys",
    "platform_video_frame_times",
    "platform_visual_coding_ophys",
    "platform_visual_learning_cell_gene",
    "platform_visual_learning_coreg",
    "storage_lens",
    "swdb_2025_bci",
    "swdb_2025_v1dd",
    "swdb_2026_bci",
    "swdb_2026_dynamic_routing",
    "swdb_2026_neuropixels_opto",
    "swdb_2026_v1dd",
    "swdb_2026_visual_coding_neuropixels",
    "swdb_2026_visual_coding_ophys",
    "swdb_2026_visual_learning",
)
