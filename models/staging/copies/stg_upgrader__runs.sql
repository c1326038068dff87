-- Grain: one row per row of the upgrader's table: the last run of a v1 record.

{%- set fields = {
    'record_id': 'text',
    'v2_id': 'text',
    'upgrader_version': 'text',
    'last_modified': 'text',
    'status': 'text',
    'upgrade_datetime': 'time',
} %}

with runs as (
    select
        cast(v1_id as string) as record_id,
        cast(v2_id as string) as v2_id,
        cast(upgrader_version as string) as upgrader_version,
        cast(last_modified as string) as last_modified,
        cast(status as string) as status,
        cast(upgrade_datetime as string) as upgrade_datetime
    from {{ source('copies', 'upgrade_status') }}
)

select
    {{ read_column(fields, 'record_id') }} as record_id,
    {{ read_column(fields, 'v2_id') }} as v2_id,
    {{ read_column(fields, 'upgrader_version') }} as upgrader_version,
    {{ read_column(fields, 'last_modified') }} as last_modified,
    {{ read_column(fields, 'status') }} as status,
    {{ read_column(fields, 'upgrade_datetime') }} as upgrade_datetime,
    {{ invalid_columns(fields) }} as invalid_fields
from runs
