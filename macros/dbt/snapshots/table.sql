{#- The statements of a snapshot. A version is open while its `dbt_valid_to` is null, or is the configured value. -#}

{% macro create_columns(relation, columns) %}{{ adapter.dispatch('create_columns', 'dbt')(relation, columns) }}{% endmacro %}

{% macro default__create_columns(relation, columns) %}
    {%- for column in columns -%}
        {%- call statement() %}
      alter table {{ relation.render() }} add column {{ adapter.quote(column.name) }} {{ column.data_type }};
        {% endcall -%}
    {%- endfor -%}
{% endmacro %}

{#- After the merge: for adapters whose staging table must be dropped. -#}
{% macro post_snapshot(staging_relation) %}{{ adapter.dispatch('post_snapshot', 'dbt')(staging_relation) }}{% endmacro %}

{% macro default__post_snapshot(staging_relation) %}{% endmacro %}

{% macro get_true_sql() %}{{ adapter.dispatch('get_true_sql', 'dbt')() }}{% endmacro %}

{% macro default__get_true_sql() %}{{ return('TRUE') }}{% endmacro %}

{% macro merganser__is_open(relation) %}
    {%- set column = relation ~ '.' ~ merganser__snapshot_columns().dbt_valid_to if relation else merganser__snapshot_columns().dbt_valid_to -%}
    {%- set sentinel = config.get('dbt_valid_to_current') -%}
    {{- return('((' ~ column ~ ' = ' ~ sentinel ~ ') or ' ~ column ~ ' is null)' if sentinel else column ~ ' is null') -}}
{% endmacro %}

{% macro snapshot_staging_table(strategy, source_sql, target_relation) -%}
    {{ adapter.dispatch('snapshot_staging_table', 'dbt')(strategy, source_sql, target_relation) }}
{%- endmacro %}

{#- The changes to merge, marked insert, update or delete. With `new_record` a deletion is a version too. -#}
{% macro default__snapshot_staging_table(strategy, source_sql, target_relation) -%}
    {%- set columns = merganser__snapshot_columns() -%}
    {%- set key = strategy.unique_key -%}
    {%- set at = strategy.updated_at -%}
    {%- set records = strategy.hard_deletes == 'new_record' -%}
    {%- set deletes = records or strategy.hard_deletes == 'invalidate' -%}
    {%- set was_deleted = 'snapshotted_data.' ~ columns.dbt_is_deleted ~ " = 'True'" -%}
    {%- set changed = strategy.row_changed ~ (' or ' ~ was_deleted if records else '') -%}
    with snapshot_query as (
        {{ source_sql }}
    ),
    snapshotted_data as (
        select *, {{ unique_key_fields(key) }}
        from {{ target_relation }}
        where {{ merganser__is_open(none) }}
    ),
    insertions_source_data as (
        select *, {{ unique_key_fields(key) }},
            {{ at }} as {{ columns.dbt_updated_at }},
            {{ at }} as {{ columns.dbt_valid_from }},
            {{ get_dbt_valid_to_current(strategy, columns) }},
            {{ strategy.scd_id }} as {{ columns.dbt_scd_id }}
        from snapshot_query
    ),
    updates_source_data as (
        select *, {{ unique_key_fields(key) }},
            {{ at }} as {{ columns.dbt_updated_at }},
            {{ at }} as {{ columns.dbt_valid_from }},
            {{ at }} as {{ columns.dbt_valid_to }}
        from snapshot_query
    ),
    {%- if deletes %}
    deletes_source_data as (
        select *, {{ unique_key_fields(key) }}
        from snapshot_query
    ),
    {%- endif %}
    insertions as (
        select
            'insert' as dbt_change_type,
            source_data.*{{ ", 'False' as " ~ columns.dbt_is_deleted if records }}
        from insertions_source_data as source_data
        left outer join snapshotted_data
            on {{ unique_key_join_on(key, 'snapshotted_data', 'source_data') }}
        where {{ unique_key_is_null(key, 'snapshotted_data') }}
            or ({{ unique_key_is_not_null(key, 'snapshotted_data') }} and ({{ changed }}))
    ),
    updates as (
        select
            'update' as dbt_change_type,
            source_data.*,
            snapshotted_data.{{ columns.dbt_scd_id }}{{ ', snapshotted_data.' ~ columns.dbt_is_deleted if records }}
        from updates_source_data as source_data
        join snapshotted_data
            on {{ unique_key_join_on(key, 'snapshotted_data', 'source_data') }}
        where ({{ changed }})
    )
    {%- if deletes %},
    deletes as (
        select
            'delete' as dbt_change_type,
            source_data.*,
            {{ snapshot_get_time() }} as {{ columns.dbt_valid_from }},
            {{ snapshot_get_time() }} as {{ columns.dbt_updated_at }},
            {{ snapshot_get_time() }} as {{ columns.dbt_valid_to }},
            snapshotted_data.{{ columns.dbt_scd_id }}{{ ', snapshotted_data.' ~ columns.dbt_is_deleted if records }}
        {{ merganser__gone(key) }}
        {{ merganser__not_deleted_before(columns) if records }}
    )
    {%- endif %}
    {%- if records %},
    deletion_records as (
        select
            'insert' as dbt_change_type,
            {{ merganser__last_values(source_sql, target_relation) }}
            {% if key is string -%}
            snapshotted_data.dbt_unique_key as dbt_unique_key,
            {%- else -%}
            {% for name in key -%}
            snapshotted_data.{{ name }} as dbt_unique_key_{{ loop.index }},
            {% endfor -%}
            {%- endif %}
            {{ snapshot_get_time() }} as {{ columns.dbt_valid_from }},
            {{ snapshot_get_time() }} as {{ columns.dbt_updated_at }},
            snapshotted_data.{{ columns.dbt_valid_to }} as {{ columns.dbt_valid_to }},
            {{ snapshot_hash_arguments([columns.dbt_scd_id, snapshot_get_time()]) }} as {{ columns.dbt_scd_id }},
            'True' as {{ columns.dbt_is_deleted }}
        {{ merganser__gone(key) }}
        {{ merganser__not_deleted_before(columns) }}
    )
    {%- endif %}
    select * from insertions
    union all
    select * from updates
    {%- if deletes %}
    union all
    select * from deletes
    {%- endif %}
    {%- if records %}
    union all
    select * from deletion_records
    {%- endif %}
{%- endmacro %}

{#- Open versions whose row the query no longer has. -#}
{% macro merganser__gone(unique_key) -%}
    from snapshotted_data
        left join deletes_source_data as source_data
            on {{ unique_key_join_on(unique_key, 'snapshotted_data', 'source_data') }}
        where {{ unique_key_is_null(unique_key, 'source_data') }}
{%- endmacro %}

{% macro merganser__not_deleted_before(columns) -%}
    {%- set open = 'snapshotted_data.' ~ columns.dbt_valid_to -%}
    {%- set sentinel = config.get('dbt_valid_to_current') -%}
    and not (
            snapshotted_data.{{ columns.dbt_is_deleted }} = 'True'
            and {{ open ~ ' = ' ~ sentinel if sentinel else open ~ ' is null' }}
        )
{%- endmacro %}

{#- A deleted row keeps the values of its last version; a column the snapshot does not have yet is null. -#}
{% macro merganser__last_values(source_sql, target_relation) -%}
    {%- set known = get_list_of_column_names(get_columns_in_relation(target_relation)) -%}
    {%- for name in get_columns_in_query(source_sql) -%}
        {{ 'snapshotted_data' if name in known else 'source_data' }}.{{ adapter.quote(name) }},
    {% endfor -%}
{%- endmacro %}

{% macro build_snapshot_table(strategy, sql) -%}{{ adapter.dispatch('build_snapshot_table', 'dbt')(strategy, sql) }}{%- endmacro %}

{#- The first run: every row is an open version. -#}
{% macro default__build_snapshot_table(strategy, sql) %}
    {%- set columns = merganser__snapshot_columns() %}
    select *,
        {{ strategy.scd_id }} as {{ columns.dbt_scd_id }},
        {{ strategy.updated_at }} as {{ columns.dbt_updated_at }},
        {{ strategy.updated_at }} as {{ columns.dbt_valid_from }},
        {{ get_dbt_valid_to_current(strategy, columns) }}
        {{- ", 'False' as " ~ columns.dbt_is_deleted if strategy.hard_deletes == 'new_record' }}
    from (
        {{ sql }}
    ) sbq
{% endmacro %}

{% macro build_snapshot_staging_table(strategy, sql, target_relation) %}
    {%- set staging = make_temp_relation(target_relation) -%}
    {%- set query = snapshot_staging_table(strategy, sql, target_relation) -%}
    {%- call statement('build_snapshot_staging_relation') -%}
        {{ create_table_as(True, staging, query) }}
    {%- endcall -%}
    {{- return(staging) -}}
{% endmacro %}

{% macro snapshot_merge_sql(target, source, insert_cols) -%}
    {{ adapter.dispatch('snapshot_merge_sql', 'dbt')(target, source, insert_cols) }}
{%- endmacro %}

{#- Closes the versions that changed or went, opens the new ones. -#}
{% macro default__snapshot_merge_sql(target, source, insert_cols) -%}
    {%- set columns = merganser__snapshot_columns() -%}
    {%- set names = insert_cols | join(', ') -%}
    merge into {{ target.render() }} as DBT_INTERNAL_DEST
    using {{ source }} as DBT_INTERNAL_SOURCE
    on DBT_INTERNAL_SOURCE.{{ columns.dbt_scd_id }} = DBT_INTERNAL_DEST.{{ columns.dbt_scd_id }}

    when matched
        and {{ merganser__is_open('DBT_INTERNAL_DEST') }}
        and DBT_INTERNAL_SOURCE.dbt_change_type in ('update', 'delete')
        then update
        set {{ columns.dbt_valid_to }} = DBT_INTERNAL_SOURCE.{{ columns.dbt_valid_to }}

    when not matched
        and DBT_INTERNAL_SOURCE.dbt_change_type = 'insert'
        then insert ({{ names }})
        values ({{ names }})
{% endmacro %}

{#- The data type of `updated_at` in the snapshot's query, or none. -#}
{% macro get_updated_at_column_data_type(snapshot_sql) %}
    {%- for column in get_column_schema_from_query(snapshot_sql) if column.column | lower == config.get('updated_at') | lower -%}
        {{- return(column.dtype) -}}
    {%- endfor -%}
    {{- return(none) -}}
{% endmacro %}

{#- Warns when versions would mix times of two types. -#}
{% macro check_time_data_types(sql) %}
    {%- set own = get_updated_at_column_data_type(sql) -%}
    {%- set warehouse = get_snapshot_get_time_data_type() -%}
    {%- if own is not none and warehouse is not none and own != warehouse -%}
        {%- do exceptions.warn_snapshot_timestamp_data_types(warehouse, own) -%}
    {%- endif -%}
{% endmacro %}

{#- `nullif(x, x)` is a null of the type of x. -#}
{% macro get_dbt_valid_to_current(strategy, columns) -%}
    coalesce(nullif({{ strategy.updated_at }}, {{ strategy.updated_at }}), {{ config.get('dbt_valid_to_current') or 'null' }})
    as {{ columns.dbt_valid_to }}
{%- endmacro %}
