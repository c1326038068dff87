-- Grain: one row per value of another kind than the schema of the records has it.

{% set places = {
    'records': "''",
    'subjects': "'subject'",
    'data_descriptions': "'data_description'",
    'modalities': "concat('data_description.modalities[', position, ']')",
    'investigators': "concat('data_description.investigators[', position, ']')",
    'sources': "concat('data_description.source_data[', position, ']')",
    'identifier_lists': "concat('other_identifiers.', registry)",
    'identifiers': "concat('other_identifiers.', registry, '[', position, ']')",
    'acquisitions': "'acquisition'",
    'experimenters': "concat('acquisition.experimenters[', position, ']')",
    'data_processes': "concat('processing.data_processes[', position, ']')",
    'pipelines': "concat('processing.pipelines[', position, ']')",
    'qc_metrics': "concat('quality_control.metrics[', position, ']')",
    'qc_metric_evaluations':
        "concat('quality_control.metrics[', metric_position, '].status_history[', position, ']')",
    'qc_metric_tags':
        "concat('quality_control.metrics[', metric_position, '].tags[', position, ']')",
    'qc_allowed_tags': "concat('quality_control.allow_tag_failures[', position, ']')",
    'qc_statuses': "concat('quality_control.status.', tag)",
    'patch_cords':
        "concat('acquisition.data_streams[', stream_position, '].configurations[', position, ']')",
    'patch_cord_channels': "concat(
            'acquisition.data_streams[', stream_position, '].configurations[',
            patch_cord_position, '].channels[', position, ']'
        )",
    'connections':
        "concat('acquisition.data_streams[', stream_position, '].connections[', position, ']')",
    'implants': "concat(
            'procedures.subject_procedures[', surgery_position, '].procedures[', position, ']'
        )",
    'implant_coordinates': "concat(
            'procedures.subject_procedures[', surgery_position, '].procedures[', implant_position,
            '].device_config.transform[', step_position, '].translation[', position, ']'
        )",
    'injection_materials': "concat(
            'procedures.subject_procedures[', surgery_position, '].procedures[', injection_position,
            '].injection_materials[', position, ']'
        )",
    'section_types': "''",
} %}

with gathered as (
    {%- for entity, place in places.items() %}
    select
        record_id,
        '{{ entity }}' as entity,
        {{ place }} as place,
        invalid_fields,
        invalid_json
    from {{ ref('stg_docdb__' ~ entity) }}
    where invalid_fields is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

exploded as (
    select
        record_id,
        entity,
        place,
        invalid_json,
        {{ explode("split(invalid_fields, ',')", 'position', 'field') }}
    from gathered
)

select
    record_id,
    entity,
    field,
    case
        when field = 'element' then place
        when place = '' then field
        else concat(place, '.', field)
    end as path,
    case
        when field = 'element' then invalid_json
        else {{ json_at('invalid_json', 'field') }}
    end as value_json
from exploded
