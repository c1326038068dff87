-- Grain: one row per asset name and funding source.

with asset as (
    select * from {{ ref('int_assets_joined') }}
    where is_current
),

funding as (
    select * from {{ ref('stg_docdb__fundings') }}
    where is_usable
),

fundee as (
    select
        record_id,
        funding_position,
        {{ list_in_order('person_name', 'position') }} as fundees
    from {{ ref('stg_docdb__fundees') }}
    where person_name is not null
    group by all
)

select
    asset.name as asset_name,
    cast(funding.position as integer) as funding_index,
    funding.funder,
    funding.grant_number,
    coalesce(fundee.fundees, []) as fundees
from asset
inner join funding on asset.record_id = funding.record_id
left join fundee
    on
        funding.record_id = fundee.record_id
        and funding.position = fundee.funding_position
