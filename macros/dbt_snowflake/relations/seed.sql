{#- Seeds on Snowflake: all batches in one transaction. -#}

{% macro snowflake__load_csv_rows(model, agate_table) %}
    {%- set statements = [] -%}
    {%- do adapter.add_query('BEGIN', auto_begin=False) -%}
    {%- for rows in agate_table.rows | batch(get_batch_size()) -%}
        {%- set text, values = merganser__insert_rows(model, agate_table, rows) -%}
        {%- do adapter.add_query(text, bindings=values, abridge_sql_log=True) -%}
        {%- do statements.append(text) -%}
    {%- endfor -%}
    {%- do adapter.add_query('COMMIT', auto_begin=False) -%}
    {{- return(statements[0] if statements else '') -}}
{% endmacro %}
