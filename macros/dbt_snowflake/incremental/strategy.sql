{#- Incremental strategies on Snowflake. A catalog-linked database has no transactions. -#}

{% macro merganser__snowflake_dml(dml) %}
    {{- return(dml if snowflake__is_catalog_linked_database(relation=config.model) else snowflake_dml_explicit_transaction(dml)) -}}
{% endmacro %}

{% macro snowflake__get_incremental_default_sql(arg_dict) %}{{ return(get_incremental_merge_sql(arg_dict)) }}{% endmacro %}

{#- Without a key it inserts: Snowflake's `merge .. on false` is slow. -#}
{% macro snowflake__get_merge_sql(target, source_sql, unique_key, dest_columns, incremental_predicates) -%}
    {%- if unique_key -%}
        {%- set dml = default__get_merge_sql(target, source_sql, unique_key, dest_columns, incremental_predicates) -%}
    {%- else -%}
        {%- set dml = (config.get('sql_header', none) or '') ~ '\n' ~ get_insert_into_sql(target, source_sql, dest_columns) -%}
    {%- endif -%}
    {{ return(merganser__snowflake_dml(dml)) }}
{%- endmacro %}

{% macro snowflake__get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) -%}
    {{ return(merganser__snowflake_dml(
        default__get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates))) }}
{%- endmacro %}

{% macro snowflake__get_incremental_append_sql(get_incremental_append_sql) -%}
    {{ return(merganser__snowflake_dml(default__get_incremental_append_sql(get_incremental_append_sql))) }}
{%- endmacro %}

{% macro snowflake__snapshot_merge_sql(target, source, insert_cols) -%}
    {{ return(merganser__snowflake_dml(default__snapshot_merge_sql(target, source, insert_cols))) }}
{%- endmacro %}

{% macro get_incremental_insert_overwrite_sql(arg_dict) -%}
    {{ return(snowflake__insert_overwrite_get_sql(
        arg_dict['target_relation'], arg_dict['temp_relation'], arg_dict['unique_key'], arg_dict['dest_columns'])) }}
{%- endmacro %}

{#- Replaces all rows of the table, not those of a partition. -#}
{% macro snowflake__insert_overwrite_get_sql(target, source, unique_key, dest_columns) -%}
    {%- set columns = config.get('overwrite_columns', []) | join(', ') -%}
    {%- set dml -%}
    {{ config.get('sql_header', none) or '' }}
    insert overwrite into {{ target.render() }} {{ '(' ~ columns ~ ')' if columns }}
        select {{ columns or '*' }}
        from {{ source.render() }}
    {%- endset -%}
    {{ return(merganser__snowflake_dml(dml)) }}
{%- endmacro %}

{#- Deletes the batch's interval, then inserts the batch. -#}
{% macro snowflake__get_incremental_microbatch_sql(arg_dict) %}
    {%- set target = arg_dict['target_relation'] -%}
    {%- set conditions = [] + (arg_dict.get('incremental_predicates') or []) -%}
    {%- for sign, key in [['>=', 'start'], ['<', 'end']] -%}
        {%- set at = model.config.get('__dbt_internal_microbatch_event_time_' ~ key) or (model.get('batch') or {}).get('event_time_' ~ key) -%}
        {%- if at -%}
            {%- do conditions.append('DBT_INTERNAL_TARGET.' ~ model.config.event_time ~ ' ' ~ sign ~ " to_timestamp_tz('" ~ at ~ "')") -%}
        {%- endif -%}
    {%- endfor -%}
    {#- Without a condition the statement is invalid, where `where true` would empty the table. -#}
    delete from {{ target }} DBT_INTERNAL_TARGET
    where (
    {{ conditions | join('\n    and ') }}
    );
    {{ get_insert_into_sql(target, arg_dict['temp_relation'], arg_dict['dest_columns']) }}
{% endmacro %}

{#- What holds the new rows until they are merged: a view where the rows are read once, else a table. -#}
{% macro dbt_snowflake_get_tmp_relation_type(strategy, unique_key, language) %}
    {%- set wanted = config.get('tmp_relation_type') -%}
    {%- set twice = strategy in ['delete+insert', 'microbatch'] and unique_key is not none -%}
    {%- if language == 'python' and wanted is not none and wanted == 'view' -%}
        {%- do exceptions.raise_compiler_error(
            'Python models currently only support `table` or `transient` for tmp_relation_type but ' ~ wanted ~ ' was specified.') -%}
    {%- elif strategy == 'delete+insert' and twice and wanted == 'view' -%}
        {%- do exceptions.raise_compiler_error(
            'In order to maintain consistent results when `unique_key` is not none,\nthe `delete+insert` strategy only supports '
            ~ '`table` or `transient` for `tmp_relation_type` but ' ~ wanted ~ ' was specified.') -%}
    {%- endif -%}
    {%- if language != 'sql' -%}{{- return(wanted or 'table') -}}{%- endif -%}
    {%- if wanted in ['table', 'view', 'transient'] -%}{{- return(wanted) -}}{%- endif -%}
    {%- if strategy in ['default', 'merge', 'append', 'insert_overwrite'] -%}{{- return('view') -}}{%- endif -%}
    {{- return('table' if twice or strategy not in ['delete+insert', 'microbatch'] else 'view') -}}
{% endmacro %}

{% macro resolve_incremental_tmp_relation(tmp_relation) %}
    {{- return(adapter.dispatch('resolve_incremental_tmp_relation', 'dbt')(tmp_relation)) -}}
{% endmacro %}

{#- For projects that keep these relations somewhere else. -#}
{% macro snowflake__resolve_incremental_tmp_relation(tmp_relation) %}{{ return(tmp_relation) }}{% endmacro %}
