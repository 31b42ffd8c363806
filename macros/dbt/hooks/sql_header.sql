{#- SQL to put before the statement that builds a node. -#}

{% macro set_sql_header(config) -%}
    {{ config.set('sql_header', caller()) }}
{%- endmacro %}
