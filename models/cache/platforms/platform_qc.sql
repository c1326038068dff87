-- Grain: one row per platform, asset name and key of its quality_control.status.

with member as (
    select * from {{ ref('int_platform_members') }}
),

platform_modality as (
    select
        platform,
        qc_modality
    from {{ ref('platforms') }}
),

status as (
    select * from {{ ref('stg_docdb__qc_statuses') }}
),

key_modality as (
    select * from {{ ref('int_qc_keys_by_modality') }}
),

-- A key speaks for the modalities of its metrics, and for the one that it names itself.
spoken_for as (
    select
        record_id,
        tag,
        modality
    from key_modality
    union all
    select
        record_id,
        tag,
        tag as modality
    from status
),

member_key as (
    select distinct
        member.platform,
        member.record_id,
        member.name,
        member.acquisition_record_id,
        member.instrument_id,
        member.acquisition_start_time,
        spoken_for.tag
    from member
    inner join spoken_for on member.record_id = spoken_for.record_id
    inner join platform_modality
        on
            member.platform = platform_modality.platform
            and spoken_for.modality = platform_modality.qc_modality
),

people as (
    select
        record_id,
        experimenters_normalized
    from {{ ref('int_people_aggregated') }}
),

member_status as (
    select
        member_key.name as asset_name,
        member_key.tag,
        status.status,
        member_key.acquisition_start_time as timestamp,
        {{ instrument_name('member_key.instrument_id') }} as instrument_id_normalized,
        coalesce(people.experimenters_normalized, []) as experimenters_normalized,
        member_key.platform
    from member_key
    inner join status
        on
            member_key.record_id = status.record_id
            and member_key.tag = status.tag
    left join people on member_key.acquisition_record_id = people.record_id
)

select * from member_status
