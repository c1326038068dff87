"""The filters that each table takes, for type checkers and editors.

Written by `scripts/write_filters.py` from the columns of the models: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

if TYPE_CHECKING:
    from biodata_cache._reader.filters.conditions import (
        FlagFilter,
        NumberFilter,
        TextFilter,
        TimeFilter,
    )


class ReadOptions(TypedDict, total=False):
    """What every table takes beside the filters on its columns."""

    limit: int | None
    lists: Literal["text"] | None
    parse_times: bool


class AcquisitionDevicesFilters(ReadOptions, total=False):
    """Filters on `acquisition_devices`."""

    asset_name: TextFilter
    stream_index: NumberFilter
    device_index: NumberFilter
    device_name: TextFilter
    device_kind: TextFilter
    modality: TextFilter
    stream_modalities: TextFilter
    details: TextFilter


class AssetBasicsFilters(ReadOptions, total=False):
    """Filters on `asset_basics`."""

    _id: TextFilter
    _last_modified: TextFilter
    name: TextFilter
    modalities: TextFilter
    project_name: TextFilter
    data_level: TextFilter
    subject_id: TextFilter
    genotype: TextFilter
    acquisition_start_time: TextFilter
    acquisition_end_time: TextFilter
    acquisition_type: TextFilter
    instrument_id: TextFilter
    code_ocean: TextFilter
    process_date: TextFilter
    age: NumberFilter
    location: TextFilter
    experimenters: TextFilter
    investigators: TextFilter
    experimenters_normalized: TextFilter
    investigators_normalized: TextFilter
    instrument_id_normalized: TextFilter
    created: TextFilter


class AssetLineageFilters(ReadOptions, total=False):
    """Filters on `asset_lineage`."""

    name: TextFilter
    source_name: TextFilter
    root_raw_name: TextFilter
    depth: NumberFilter
    pipeline_name: TextFilter
    processed_at: TimeFilter
    modalities: TextFilter
    is_latest: FlagFilter


class AssetsFilters(ReadOptions, total=False):
    """Filters on `assets`."""

    name: TextFilter
    _id: TextFilter
    location: TextFilter
    project_name: TextFilter
    subject_id: TextFilter
    genotype: TextFilter
    age: NumberFilter
    data_level: TextFilter
    is_raw: FlagFilter
    modalities: TextFilter
    platforms: TextFilter
    acquisition_type: TextFilter
    instrument_id: TextFilter
    acquisition_start_at: TimeFilter
    acquisition_end_at: TimeFilter
    acquisition_start_local: TimeFilter
    utc_offset_minutes: NumberFilter
    duration_s: NumberFilter
    code_ocean_id: TextFilter
    record_count: NumberFilter


class BehaviorCurriculumFilters(ReadOptions, total=False):
    """Filters on `behavior_curriculum`."""

    asset_name: TextFilter
    curriculum_name: TextFilter
    stage_name: TextFilter
    stage_node_id: NumberFilter


class DataQualityFilters(ReadOptions, total=False):
    """Filters on `data_quality`."""

    table_name: TextFilter
    column_name: TextFilter
    record_id: TextFilter
    name: TextFilter
    path: TextFilter
    problem: TextFilter
    value: TextFilter


class ForagingSessionsFilters(ReadOptions, total=False):
    """Filters on `foraging_sessions`."""

    subject_id: TextFilter
    session_date: TextFilter
    session: NumberFilter
    nwb_suffix: NumberFilter
    rig: TextFilter
    trainer: TextFilter
    trainer_normalized: TextFilter
    task: TextFilter
    curriculum_name: TextFilter
    curriculum_version: TextFilter
    current_stage_actual: TextFilter
    foraging_eff: NumberFilter
    foraging_eff_random_seed: NumberFilter
    finished_trials: NumberFilter
    finished_rate: NumberFilter
    total_trials: NumberFilter
    bias_naive: NumberFilter


class FundingFilters(ReadOptions, total=False):
    """Filters on `funding`."""

    asset_name: TextFilter
    funding_index: NumberFilter
    funder: TextFilter
    grant_number: TextFilter
    fundees: TextFilter


class ImplantsFilters(ReadOptions, total=False):
    """Filters on `implants`."""

    subject_id: TextFilter
    procedure_index: NumberFilter
    part_index: NumberFilter
    start_date: TimeFilter
    device_name: TextFilter
    device_type: TextFilter
    targeted_structure: TextFilter
    targeted_structure_name: TextFilter
    coordinate_ap: NumberFilter
    coordinate_ml: NumberFilter
    coordinate_si: NumberFilter
    coordinate_depth: NumberFilter
    coordinate_system: TextFilter
    coordinate_origin: TextFilter
    coordinate_unit: TextFilter
    rotation_ap: NumberFilter
    rotation_ml: NumberFilter
    rotation_si: NumberFilter
    rotation_unit: TextFilter
    transform: TextFilter
    model: TextFilter
    serial_number: TextFilter
    length: NumberFilter
    length_unit: TextFilter


class InjectionsFilters(ReadOptions, total=False):
    """Filters on `injections`."""

    subject_id: TextFilter
    procedure_index: NumberFilter
    part_index: NumberFilter
    material_index: NumberFilter
    dynamics_index: NumberFilter
    start_date: TimeFilter
    targeted_structure: TextFilter
    targeted_structure_name: TextFilter
    coordinate_ap: NumberFilter
    coordinate_ml: NumberFilter
    coordinate_si: NumberFilter
    coordinate_depth: NumberFilter
    coordinate_system: TextFilter
    coordinate_origin: TextFilter
    coordinate_unit: TextFilter
    transform: TextFilter
    relative_position: TextFilter
    material: TextFilter
    material_type: TextFilter
    virus_tars_id: TextFilter
    plasmid_tars_alias: TextFilter
    addgene_id: TextFilter
    prep_lot_number: TextFilter
    titer: NumberFilter
    titer_unit: TextFilter
    concentration: NumberFilter
    concentration_unit: TextFilter
    volume: NumberFilter
    volume_unit: TextFilter
    injection_rate: NumberFilter
    injection_rate_unit: TextFilter
    injection_duration: NumberFilter
    injection_duration_unit: TextFilter
    injection_current: NumberFilter
    injection_current_unit: TextFilter
    protocol_id: TextFilter


class MetadataCoreFilters(ReadOptions, total=False):
    """Filters on `metadata_core`."""

    _id: TextFilter
    _last_modified: TextFilter
    subject: FlagFilter
    data_description: FlagFilter
    procedures: FlagFilter
    instrument: FlagFilter
    acquisition: FlagFilter
    processing: FlagFilter
    quality_control: FlagFilter
    name: TextFilter


class MetadataUpgradeHistoryFilters(ReadOptions, total=False):
    """Filters on `metadata_upgrade_history`."""

    _id: TextFilter
    name: TextFilter
    project_name: TextFilter
    data_level: TextFilter
    upgrader_version: TextFilter
    status: TextFilter
    is_last_run: FlagFilter


class PlatformExaspimFilters(ReadOptions, total=False):
    """Filters on `platform_exaspim`."""

    name: TextFilter
    raw_name: TextFilter
    processed: FlagFilter
    raw_link: TextFilter
    fused_link: TextFilter


class PlatformExaspimIntermediatesFilters(ReadOptions, total=False):
    """Filters on `platform_exaspim_intermediates`."""

    raw_name: TextFilter
    subject_id: TextFilter
    project_name: TextFilter
    name: TextFilter
    location: TextFilter
    fused_present: FlagFilter
    fused_ccf_present: FlagFilter
    flatfield_present: FlagFilter
    denoised_present: FlagFilter
    has_intermediates: FlagFilter
    missing_required_folders: TextFilter
    checked_at: TimeFilter


class PlatformFibFilters(ReadOptions, total=False):
    """Filters on `platform_fib`."""

    asset_name: TextFilter
    fiber: TextFilter
    patch_cord: TextFilter
    channel: TextFilter
    intended_measurement: TextFilter
    targeted_structure: TextFilter
    target_coordinate_ap: NumberFilter
    target_coordinate_ml: NumberFilter
    target_coordinate_si: NumberFilter
    target_coordinate_depth: NumberFilter
    target_coordinate_system: TextFilter
    target_coordinate_origin: TextFilter
    target_coordinate_unit: TextFilter


class PlatformQcFilters(ReadOptions, total=False):
    """Filters on `platform_qc`."""

    asset_name: TextFilter
    tag: TextFilter
    status: TextFilter
    timestamp: TextFilter
    instrument_id_normalized: TextFilter
    experimenters_normalized: TextFilter


class PlatformSmartspimFilters(ReadOptions, total=False):
    """Filters on `platform_smartspim`."""

    name: TextFilter
    raw_name: TextFilter
    processed: FlagFilter
    institution: TextFilter
    processing_end_time: TextFilter
    stitched_link: TextFilter
    alignment_link: TextFilter
    alignment_ccf_link: TextFilter
    channel: TextFilter
    segmentation_link: TextFilter
    quantification_link: TextFilter
    raw_link: TextFilter


class PlatformSmartspimFiberCcfFilters(ReadOptions, total=False):
    """Filters on `platform_smartspim_fiber_ccf`."""

    subject_id: TextFilter
    name: TextFilter
    fiber: TextFilter
    targeted_structure: TextFilter
    ap: NumberFilter
    ml: NumberFilter
    dv: NumberFilter
    status: TextFilter
    evaluator: TextFilter
    status_timestamp: TextFilter
    ccf_link: TextFilter


class PlatformSmartspimQcMetricsFilters(ReadOptions, total=False):
    """Filters on `platform_smartspim_qc_metrics`."""

    subject_id: TextFilter
    name: TextFilter
    metric_name: TextFilter
    channel: TextFilter
    stage: TextFilter
    value: TextFilter
    status: TextFilter
    evaluator: TextFilter
    status_timestamp: TextFilter
    metric_index: NumberFilter
    asset_id: TextFilter


class ProceduresFilters(ReadOptions, total=False):
    """Filters on `procedures`."""

    subject_id: TextFilter
    kind: TextFilter
    procedure_index: NumberFilter
    part_index: NumberFilter
    procedure_type: TextFilter
    start_date: TimeFilter
    end_date: TimeFilter
    experimenters: TextFilter
    experimenters_normalized: TextFilter
    protocol_ids: TextFilter
    ethics_review_id: TextFilter
    specimen_id: TextFilter
    animal_weight_prior: NumberFilter
    animal_weight_post: NumberFilter
    weight_unit: TextFilter
    anaesthesia_type: TextFilter
    anaesthesia_duration: NumberFilter
    anaesthesia_duration_unit: TextFilter
    anaesthesia_level_percent: NumberFilter
    notes: TextFilter
    details: TextFilter
    surgery_details: TextFilter


class ProcessingStepsFilters(ReadOptions, total=False):
    """Filters on `processing_steps`."""

    asset_name: TextFilter
    step_index: NumberFilter
    process_type: TextFilter
    name: TextFilter
    stage: TextFilter
    start_time: TextFilter
    end_time: TextFilter
    start_at: TimeFilter
    end_at: TimeFilter
    duration_s: NumberFilter
    is_last: FlagFilter
    code_url: TextFilter
    code_name: TextFilter
    code_version: TextFilter
    commit_hash: TextFilter
    container: TextFilter
    pipeline_name: TextFilter
    pipeline_version: TextFilter
    experimenters: TextFilter
    output_path: TextFilter
    parameters: TextFilter
    notes: TextFilter


class QcStatusFilters(ReadOptions, total=False):
    """Filters on `qc_status`."""

    name: TextFilter
    status: TextFilter
    metric_count: NumberFilter
    pass_count: NumberFilter
    fail_count: NumberFilter
    pending_count: NumberFilter
    curation_count: NumberFilter
    allowed_failure_count: NumberFilter
    last_evaluated_at: TimeFilter


class QcStatusByModalityFilters(ReadOptions, total=False):
    """Filters on `qc_status_by_modality`."""

    name: TextFilter
    modality: TextFilter
    stage: TextFilter
    status: TextFilter
    metric_count: NumberFilter
    pass_count: NumberFilter
    fail_count: NumberFilter
    pending_count: NumberFilter
    curation_count: NumberFilter
    allowed_failure_count: NumberFilter
    last_evaluated_at: TimeFilter


class QcTagStatusFilters(ReadOptions, total=False):
    """Filters on `qc_tag_status`."""

    tag: TextFilter
    status: TextFilter
    asset_name: TextFilter
    timestamp: TimeFilter


class QualityControlFilters(ReadOptions, total=False):
    """Filters on `quality_control`."""

    name: TextFilter
    stage: TextFilter
    modality: TextFilter
    value: TextFilter
    value_number: NumberFilter
    status: TextFilter
    asset_name: TextFilter
    raw_asset_name: TextFilter
    timestamp: TimeFilter
    description: TextFilter
    reference: TextFilter
    tags: TextFilter
    object_type: TextFilter
    status_evaluator: TextFilter
    status_timestamp: TextFilter
    metric_index: NumberFilter
    asset_id: TextFilter


class QualityControlHistoryFilters(ReadOptions, total=False):
    """Filters on `quality_control_history`."""

    asset_name: TextFilter
    asset_id: TextFilter
    metric_index: NumberFilter
    judgement_index: NumberFilter
    name: TextFilter
    status: TextFilter
    evaluator: TextFilter
    evaluated_at: TimeFilter
    is_last: FlagFilter
    is_curation: FlagFilter


class RecordConsistencyFilters(ReadOptions, total=False):
    """Filters on `record_consistency`."""

    check: TextFilter
    record_id: TextFilter
    name: TextFilter
    detail: TextFilter


class RecordConsistencyChecksFilters(ReadOptions, total=False):
    """Filters on `record_consistency_checks`."""

    check_key: TextFilter
    check_description: TextFilter
    check_source_url: TextFilter
    check_hash: TextFilter
    source: TextFilter
    evaluated_count: NumberFilter
    failed_count: NumberFilter
    checked_at: TimeFilter


class RecordConsistencyResultsFilters(ReadOptions, total=False):
    """Filters on `record_consistency_results`."""

    check_key: TextFilter
    status: TextFilter
    record_kind: TextFilter
    record_id: TextFilter
    name: TextFilter
    location: TextFilter
    record_last_modified: TextFilter
    checked_at: TimeFilter


class RecordsFilters(ReadOptions, total=False):
    """Filters on `records`."""

    _id: TextFilter
    name: TextFilter
    location: TextFilter
    _created: TextFilter
    _last_modified: TextFilter
    schema_version: TextFilter
    subject: TextFilter
    data_description: TextFilter
    procedures: TextFilter
    instrument: TextFilter
    acquisition: TextFilter
    processing: TextFilter
    quality_control: TextFilter
    model: TextFilter
    other_identifiers: TextFilter
    extra: TextFilter


class ScientistRlFibFilters(ReadOptions, total=False):
    """Filters on `scientist_rl_fib`."""

    targeted_structure: TextFilter
    coordinates: TextFilter
    indicator: TextFilter
    mouse_ids: TextFilter
    mouse_count: NumberFilter
    session_count: NumberFilter


class SessionsFilters(ReadOptions, total=False):
    """Filters on `sessions`."""

    asset_name: TextFilter
    subject_id: TextFilter
    acquisition_type: TextFilter
    instrument_id: TextFilter
    instrument_id_normalized: TextFilter
    start_at: TimeFilter
    end_at: TimeFilter
    duration_s: NumberFilter
    experimenters_normalized: TextFilter
    modalities: TextFilter
    epoch_count: NumberFilter
    stimulus_names: TextFilter
    trials_total: NumberFilter
    trials_finished: NumberFilter
    trials_rewarded: NumberFilter
    reward_consumed_total: NumberFilter
    reward_unit: TextFilter
    animal_weight_prior: NumberFilter
    animal_weight_post: NumberFilter
    weight_unit: TextFilter
    mouse_platform: TextFilter
    protocol_ids: TextFilter
    ethics_review_ids: TextFilter
    age: NumberFilter
    notes: TextFilter


class SourceDataFilters(ReadOptions, total=False):
    """Filters on `source_data`."""

    name: TextFilter
    source_data: TextFilter
    pipeline_name: TextFilter
    processing_time: TextFilter


class StimulusEpochsFilters(ReadOptions, total=False):
    """Filters on `stimulus_epochs`."""

    asset_name: TextFilter
    subject_id: TextFilter
    epoch_index: NumberFilter
    stimulus_name: TextFilter
    stimulus_modalities: TextFilter
    start_time: TextFilter
    end_time: TextFilter
    start_at: TimeFilter
    end_at: TimeFilter
    duration_s: NumberFilter
    code_url: TextFilter
    code_name: TextFilter
    code_version: TextFilter
    software: TextFilter
    training_protocol: TextFilter
    curriculum_status: TextFilter
    trials_total: NumberFilter
    trials_finished: NumberFilter
    trials_rewarded: NumberFilter
    reward_consumed: NumberFilter
    reward_unit: TextFilter
    stage: TextFilter
    task_parameters: TextFilter
    output_parameters: TextFilter
    active_devices: TextFilter
    notes: TextFilter


class SubjectsFilters(ReadOptions, total=False):
    """Filters on `subjects`."""

    subject_id: TextFilter
    species: TextFilter
    sex: TextFilter
    date_of_birth: TimeFilter
    year_of_birth: NumberFilter
    genotype: TextFilter
    strain: TextFilter
    alleles: TextFilter
    source: TextFilter
    rrid: TextFilter
    housing: TextFilter
    project_names: TextFilter
    modalities: TextFilter
    asset_count: NumberFilter
    raw_count: NumberFilter
    first_acquisition_at: TimeFilter
    last_acquisition_at: TimeFilter
    record_count: NumberFilter


class SwdbCollectionsFilters(ReadOptions, total=False):
    """Filters on `swdb_collections`."""

    collection: TextFilter
    collection_url: TextFilter
    data_asset_id: TextFilter
    collection_asset_name: TextFilter
    name: TextFilter


class TimeToQcFilters(ReadOptions, total=False):
    """Filters on `time_to_qc`."""

    name: TextFilter
    process_end_time: TextFilter
    qc_time: TextFilter
    is_pending: FlagFilter
    qc_completed_at: TimeFilter
    days_to_qc: NumberFilter


class UniqueGenotypesFilters(ReadOptions, total=False):
    """Filters on `unique_genotypes`."""

    genotype: TextFilter


class UniqueProjectNamesFilters(ReadOptions, total=False):
    """Filters on `unique_project_names`."""

    project_name: TextFilter


class UniqueSubjectIdsFilters(ReadOptions, total=False):
    """Filters on `unique_subject_ids`."""

    subject_id: TextFilter
