{#- Comments on DuckDB, between delimiters that a text is unlikely to hold. -#}

{% macro duckdb_escape_comment(comment) -%}
    {%- if comment is not string -%}
        {%- do exceptions.raise_compiler_error('cannot escape a non-string: ' ~ comment) -%}
    {%- endif -%}
    {%- set mark = '$dbt_comment_literal_block$' -%}
    {%- if mark in comment -%}
        {%- do exceptions.raise_compiler_error('The string ' ~ mark ~ ' is not allowed in comments.') -%}
    {%- endif -%}
    {{ mark }}{{ comment }}{{ mark }}
{%- endmacro %}

{% macro duckdb__alter_relation_comment(relation, comment) %}
    comment on {{ relation.type }} {{ relation }} is {{ duckdb_escape_comment(comment) }};
{% endmacro %}

{% macro duckdb__alter_column_comment(relation, column_dict) %}
    {%- set present = adapter.get_columns_in_relation(relation) | map(attribute='name') | map('lower') | list -%}
    {%- for name, column in column_dict.items() if name | lower in present %}
    comment on column {{ relation }}.{{ adapter.quote(name) if column.get('quote') else name }} is {{ duckdb_escape_comment(column['description']) }};
    {%- endfor -%}
{% endmacro %}
