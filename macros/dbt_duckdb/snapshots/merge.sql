{#- Snapshots on DuckDB: an update and an insert, and an ordinary table in between. -#}

{% macro duckdb__snapshot_merge_sql(target, source, insert_cols) -%}
    {%- set columns = merganser__snapshot_columns() -%}
    {%- set sentinel = config.get('dbt_valid_to_current') -%}
    {%- set open = 'DBT_INTERNAL_TARGET.' ~ columns.dbt_valid_to -%}
    update {{ target }} as DBT_INTERNAL_TARGET
    set {{ columns.dbt_valid_to }} = DBT_INTERNAL_SOURCE.{{ columns.dbt_valid_to }}
    from {{ source }} as DBT_INTERNAL_SOURCE
    where DBT_INTERNAL_SOURCE.{{ columns.dbt_scd_id }}::text = DBT_INTERNAL_TARGET.{{ columns.dbt_scd_id }}::text
      and DBT_INTERNAL_SOURCE.dbt_change_type::text in ('update'::text, 'delete'::text)
      and {{ '(' ~ open ~ ' = ' ~ sentinel ~ ' or ' ~ open ~ ' is null)' if sentinel else open ~ ' is null' }};

    insert into {{ target }} ({{ insert_cols | join(', ') }})
    select {% for column in insert_cols -%}
        DBT_INTERNAL_SOURCE.{{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
    from {{ source }} as DBT_INTERNAL_SOURCE
    where DBT_INTERNAL_SOURCE.dbt_change_type::text = 'insert'::text;
{%- endmacro %}

{#- A view would be evaluated twice, after the first statement has changed what it reads. -#}
{% macro build_snapshot_staging_table(strategy, sql, target_relation) %}
    {%- set staging = make_temp_relation(target_relation) -%}
    {%- set query = snapshot_staging_table(strategy, sql, target_relation) -%}
    {%- call statement('build_snapshot_staging_relation') -%}
        {{ create_table_as(True, staging, query) }}
    {%- endcall -%}
    {{- return(staging) -}}
{% endmacro %}

{% macro duckdb__post_snapshot(temporary_relation) %}
    {%- do drop_relation(temporary_relation) -%}
{% endmacro %}
