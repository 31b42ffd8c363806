{#- DuckDB runs a header by itself before it asks for columns. -#}

{% macro duckdb__get_empty_subquery_sql(select_sql, select_sql_header=none) %}
    {%- if select_sql_header is not none -%}
        {%- call statement('empty_subquery_header', auto_begin=False) %}
    {{ select_sql_header }}
  {% endcall -%}
    {%- endif -%}
    select * from (
        {{ select_sql }}
    ) as __dbt_sbq
    where false
    limit 0
{% endmacro %}
