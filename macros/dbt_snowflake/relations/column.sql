{#- Changing columns on Snowflake: in place, all additions in one statement. -#}

{% macro snowflake__alter_column_type(relation, column_name, new_column_type) -%}
    {%- call statement('alter_column_type') %}
    alter {{ relation.get_ddl_prefix_for_alter() }} table {{ relation }} alter {{ adapter.quote(column_name) }} set data type {{ new_column_type }};
    {% endcall -%}
{%- endmacro %}

{#- A collation must be repeated, or it is lost. -#}
{% macro snowflake__get_column_data_type_for_alter(relation, column) -%}
    {%- set collation = column.collation if column.collation is defined else none -%}
    {{ column.data_type }}{{ " collate '" ~ collation ~ "'" if collation and not relation.is_iceberg_format }}
{%- endmacro %}

{% macro snowflake__alter_relation_add_remove_columns(relation, add_columns, remove_columns) %}
    {%- set kind = 'dynamic table' if relation.is_dynamic_table else relation.type -%}
    {%- set start = 'alter ' ~ relation.get_ddl_prefix_for_alter() ~ ' ' ~ kind ~ ' ' ~ relation.render() -%}
    {%- if add_columns -%}
        {%- set parts = [] -%}
        {%- for column in add_columns -%}
            {%- do parts.append(column.quoted ~ ' ' ~ snowflake__get_column_data_type_for_alter(relation, column)) -%}
        {%- endfor -%}
        {%- do run_query(start ~ ' add column ' ~ parts | join(', ')) -%}
    {%- endif -%}
    {%- if remove_columns -%}
        {%- do run_query(start ~ ' drop column ' ~ remove_columns | map(attribute='quoted') | join(', ')) -%}
    {%- endif -%}
{% endmacro %}

{% macro snowflake__diff_column_data_types(source_columns, target_columns) %}
    {{- return(default__diff_column_data_types(source_columns, target_columns)) -}}
{% endmacro %}
