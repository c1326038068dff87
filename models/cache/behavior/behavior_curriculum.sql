-- Grain: one row per behavior asset name.

with asset as (
    select
        name,
        location
    from {{ ref('int_assets_joined') }}
    where
        is_current
        and contains(array_to_string(modalities, ' '), 'behavior')
),

trainer_state as (
    select *
    from {{ ref('stg_objects__trainer_states') }}
    qualify
        row_number() over (
            partition by location
            -- The present place before the former one; names hold the time.
            order by starts_with(key, 'behavior/trainer_state') desc, key desc
        ) = 1
),

node as (
    select
        location,
        key,
        node_name,
        min(try_cast(node_key as integer)) as node_id
    from {{ ref('stg_objects__trainer_nodes') }}
    where regexp_full_match(node_key, '-?\d+')
    group by all
),

asset_stage as (
    select
        asset.name as asset_name,
        trainer_state.curriculum_name,
        trainer_state.stage_name,
        node.node_id as stage_node_id
    from asset
    left join trainer_state on asset.location = trainer_state.location
    left join node
        on
            trainer_state.location = node.location
            and trainer_state.key = node.key
            and trainer_state.stage_name = node.node_name
)

select * from asset_stage
