-- Grain: one row per implant, patch cord, channel or tip of a fiber that a table cannot hold.

with asset as (
    select * from {{ ref('int_assets_joined') }}
    where contains(lower(array_to_string(modalities, ' ')), 'fib')
),

repeated_implant as (
    select
        implant.record_id,
        'platform_fib' as table_name,
        'fiber' as column_name,
        implant.path,
        'fiber stands twice' as problem,
        concat_ws(', ', implant.device_name, implant.targeted_structure, implant.coordinates)
            as value
    from {{ ref('int_implants_placed') }} as implant
    inner join asset on implant.record_id = asset.record_id
    anti join {{ ref('int_fibers') }} as fiber
        on
            implant.record_id = fiber.record_id
            and implant.surgery_position = fiber.surgery_position
            and implant.implant_position = fiber.implant_position
    where implant.fiber is not null
),

idle_patch_cord as (
    select
        cord.record_id,
        'platform_fib' as table_name,
        'channel' as column_name,
        cord.path,
        if(connected.fiber is null, 'not connected to an implanted fiber', 'no channels')
            as problem,
        cord.patch_cord_name as value
    from {{ ref('stg_docdb__patch_cords') }} as cord
    left join {{ ref('int_fibers_connected') }} as connected
        on
            cord.record_id = connected.record_id
            and cord.stream_position = connected.stream_position
            and cord.patch_cord_name = connected.patch_cord_name
    left join {{ ref('stg_docdb__patch_cord_channels') }} as channel
        on
            cord.record_id = channel.record_id
            and cord.stream_position = channel.stream_position
            and cord.configuration_position = channel.configuration_position
            and cord.position = channel.patch_cord_position
    where
        connected.fiber is null
        or channel.record_id is null
    group by all
),

repeated_channel as (
    select
        record_id,
        'platform_fib' as table_name,
        'channel' as column_name,
        path,
        'channel stands twice' as problem,
        string_agg(
            concat_ws(', ', fiber, patch_cord, channel, intended_measurement), '; ' order by fiber
        ) as value
    from {{ ref('int_fiber_channels') }}
    where
        not is_first
        and not is_repetition
    group by all
),

-- The metric is in quality_control; platform_smartspim_fiber_ccf holds the last of a fiber.
repeated_tip as (
    select
        record_id,
        'platform_smartspim_fiber_ccf' as table_name,
        'fiber' as column_name,
        path,
        'fiber stands again later' as problem,
        concat_ws(', ', fiber, place_json) as value
    from {{ ref('int_fiber_tips') }}
    where not is_last_of_fiber
),

excluded_fiber as (
    select * from repeated_implant
    union all
    select * from idle_patch_cord
    union all
    select * from repeated_channel
    union all
    select * from repeated_tip
)

select * from excluded_fiber
