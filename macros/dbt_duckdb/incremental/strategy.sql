{#- Incremental strategies on DuckDB. -#}

{#- Without a key there is nothing to delete, so the default also serves models that only append. -#}
{% macro duckdb__get_incremental_default_sql(arg_dict) %}
    {{- return(get_incremental_delete_insert_sql(arg_dict)) -}}
{% endmacro %}

{% macro duckdb__get_delete_insert_merge_sql(target, source, unique_key, dest_columns, incremental_predicates) -%}
    {%- set columns = get_quoted_csv(dest_columns | map(attribute='name')) -%}
    {%- set more = [] -%}
    {%- for predicate in incremental_predicates or [] -%}
        {%- do more.append(' and ' ~ predicate) -%}
    {%- endfor -%}
    {%- if unique_key and unique_key is sequence and unique_key is not string %}
            delete from {{ target }} as DBT_INCREMENTAL_TARGET
            using {{ source }}
            where (
                {% for key in unique_key -%}
                {{ source }}.{{ key }} = DBT_INCREMENTAL_TARGET.{{ key }}{{ ' and ' if not loop.last }}
                {%- endfor %}{{ more | join }}
            );
    {% elif unique_key %}
            delete from {{ target }}
            where ({{ unique_key }}) in (
                select ({{ unique_key }})
                from {{ source }}
            ){{ more | join }};
    {% endif %}
    insert into {{ target }} ({{ columns }})
    (
        select {{ columns }}
        from {{ source }}
    )
{%- endmacro %}

{#- A batch is its interval of `event_time`: deleted and inserted again. -#}
{% macro duckdb__get_incremental_microbatch_sql(arg_dict) %}
    {%- set event_time = model.config.event_time -%}
    {%- if not event_time -%}
        {%- do exceptions.raise_compiler_error("microbatch incremental strategy requires an 'event_time' model config") -%}
    {%- elif arg_dict['unique_key'] -%}
        {%- do exceptions.raise_compiler_error("microbatch incremental strategy does not support 'unique_key': a batch is deleted "
            ~ "and inserted by its 'event_time'. Remove 'unique_key' or use incremental_strategy='merge'.") -%}
    {%- elif arg_dict['incremental_predicates'] -%}
        {%- do exceptions.raise_compiler_error("microbatch incremental strategy does not support 'incremental_predicates'") -%}
    {%- elif not model.batch or not (model.batch.event_time_start and model.batch.event_time_end) -%}
        {%- do exceptions.raise_compiler_error('microbatch incremental strategy needs the start and the end of its batch') -%}
    {%- endif -%}
    {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) -%}
    {%- set inside = "where " ~ event_time ~ " >= '" ~ model.batch.event_time_start ~ "' and " ~ event_time ~ " < '"
        ~ model.batch.event_time_end ~ "'" -%}
    delete from {{ arg_dict['target_relation'] }}
    {{ inside }};
    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }}
    from {{ arg_dict['temp_relation'] }}
    {{ inside }};
{%- endmacro %}
