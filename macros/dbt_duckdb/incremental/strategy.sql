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
    {%- set event_time = config.get('event_time') -%}
    {%- set batch = model.get('batch') or {} -%}
    {%- if not event_time -%}
        {%- do exceptions.raise_compiler_error("microbatch incremental strategy requires an 'event_time' model config") -%}
    {%- elif config.get('unique_key') -%}
        {%- do exceptions.raise_compiler_error("microbatch incremental strategy does not support 'unique_key': a batch is deleted "
            ~ "and inserted by its 'event_time'. Remove 'unique_key' or use incremental_strategy='merge'.") -%}
    {%- elif not (batch.get('event_time_start') and batch.get('event_time_end')) -%}
        {%- do exceptions.raise_compiler_error('microbatch incremental strategy needs the start and the end of its batch') -%}
    {%- endif -%}
    {%- set columns = get_quoted_csv(arg_dict['dest_columns'] | map(attribute='name')) -%}
    {%- set inside = event_time ~ " >= '" ~ batch.event_time_start ~ "'\n    and " ~ event_time ~ " < '" ~ batch.event_time_end ~ "'" -%}
    delete from {{ arg_dict['target_relation'] }}
    where {{ inside }}
    {%- for predicate in normalize_incremental_predicates(arg_dict.get('incremental_predicates')) %}
    and ({{ predicate }})
    {%- endfor %};
    insert into {{ arg_dict['target_relation'] }} ({{ columns }})
    select {{ columns }}
    from {{ arg_dict['temp_relation'] }}
    where {{ inside }};
{%- endmacro %}
