-- Grain: one row per mouse that reached a final stage under fiber photometry, and its procedures.

with session as (
    select distinct
        asset.record_id,
        coalesce(nullif(asset.subject_id, ''), 'missing') as mouse_id,
        asset.last_modified_at
    from {{ ref('int_assets_joined') }} as asset
    inner join {{ ref('stg_docdb__training_stages') }} as training
        on asset.record_id = training.record_id
    where
        asset.data_level = 'derived'
        and list_has_all(asset.modalities, ['behavior', 'fib'])
        and training.stage_in_use in ('STAGE_FINAL', 'GRADUATED')
),

counted_session as (
    select
        record_id,
        mouse_id,
        last_modified_at,
        count(*) over (partition by mouse_id) as session_count
    from session
),

procedure as (
    select record_id from {{ ref('stg_docdb__implants') }}
    where object_type = 'Probe implant'
    union
    select record_id from {{ ref('stg_docdb__injections') }}
    where object_type = 'Brain injection'
),

mouse as (
    select
        session.mouse_id,
        session.record_id,
        session.session_count
    from counted_session as session
    semi join procedure on session.record_id = procedure.record_id
    -- Each record repeats the procedures of its subject: the newest with any is the most complete.
    qualify row_number() over (
        partition by session.mouse_id
        order by session.last_modified_at desc nulls last, session.record_id asc
    ) = 1
)

select * from mouse
