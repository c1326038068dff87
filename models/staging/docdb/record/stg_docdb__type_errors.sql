-- Grain: one row per value of another shape than staging expects, and row that reads it.

{%- set entities = [
    'docdb_v1__identities',
    'identities',
    'subjects', 'alleles',
    'data_descriptions', 'modalities', 'investigators', 'sources', 'fundings', 'fundees',
    'other_identifiers', 'code_ocean_ids',
    'acquisitions', 'acquisition_details', 'experimenters', 'protocols', 'ethics_reviews',
    'stimulus_epochs', 'epoch_codes', 'epoch_modalities', 'epoch_devices', 'epoch_performances',
    'training_stages',
    'data_streams', 'stream_devices', 'stream_modalities', 'connections', 'configurations',
    'assembly_probes', 'patch_cords', 'patch_cord_channels',
    'processings', 'data_processes', 'process_codes', 'process_experimenters', 'pipelines',
    'quality_controls', 'qc_statuses', 'qc_allowed_tags',
    'qc_metrics', 'qc_metric_evaluations', 'qc_metric_tags', 'qc_spim_values', 'qc_fiber_tips',
    'procedures', 'surgeries', 'surgery_procedures', 'subject_procedures',
    'specimen_procedures', 'procedure_experimenters', 'specimens', 'specimen_protocols',
    'coordinate_systems', 'coordinate_axes',
    'implants', 'implant_local_axes', 'implant_transforms', 'implant_coordinates',
    'implant_angles', 'implanted_devices',
    'injections', 'injection_sites', 'injection_transforms', 'injection_coordinates',
    'injection_relative_positions', 'injection_dynamics',
    'injection_materials', 'injection_plasmids',
] %}

with errors as (
    {%- for entity in entities %}
    select
        record_id,
        '{{ entity }}' as entity,
        {{ explode('invalid_fields', 'position', 'error') }}
    from {{ ref(('stg_' if '__' in entity else 'stg_docdb__') ~ entity) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select
    record_id,
    entity,
    error.field,
    error.path,
    error.problem,
    error.value
from errors
