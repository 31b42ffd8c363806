{#- User-defined functions on DuckDB: a macro, whose body is one expression or one query. Arguments keep the types they are given
    with: a file of the engine has no place for others. -#}

{% macro duckdb__scalar_function_sql(target_relation) %}
    {%- set defaults = [] -%}
    {%- for argument in model.arguments -%}
        {%- set default = argument.get('default_value') -%}
        {%- do defaults.append(argument.name ~ (' := ' ~ default if default is not none else '')) -%}
    {%- endfor -%}
    create or replace macro {{ target_relation.render() }}({{ defaults | join(', ') }}) as cast((
{{ model.compiled_code }}
    ) as {{ model.returns.data_type }})
{% endmacro %}
