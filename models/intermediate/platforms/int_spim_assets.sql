-- Grain: one row per raw SPIM asset name.

with asset as (
    select * from {{ ref('int_assets_joined') }}
),

raw_asset as (
    select
        name,
        location,
        contains(
            lower(regexp_replace(coalesce(instrument_id, ''), '[_-]', '', 'g')), 'exaspim'
        ) as is_exaspim
    from asset
    where
        is_current
        and data_level = 'raw'
        and contains(array_to_string(modalities, ' '), 'SPIM')
)

select * from raw_asset
