{#- Seeds: a table from a file, filled in batches with bound values. -#}

{% macro create_csv_table(model, agate_table) -%}
    {{ adapter.dispatch('create_csv_table', 'dbt')(model, agate_table) }}
{%- endmacro %}

{#- The types of `column_types`, and for the rest what the values look like. -#}
{% macro default__create_csv_table(model, agate_table) %}
    {%- set given = model['config'].get('column_types', {}) or {} -%}
    {%- set quoting = model['config'].get('quote_columns', none) -%}
    {%- set columns = [] -%}
    {%- for name in agate_table.column_names -%}
        {%- set type = given.get(name, adapter.convert_type(agate_table, loop.index0)) -%}
        {%- do columns.append(adapter.quote_seed_column(name | string, quoting) ~ ' ' ~ type) -%}
    {%- endfor -%}
    {%- set text = 'create table ' ~ this.render() ~ ' (' ~ columns | join(',') ~ ')' -%}
    {%- call statement('_') -%}{{ text }}{%- endcall -%}
    {{- return(text) -}}
{% endmacro %}

{% macro reset_csv_table(model, full_refresh, old_relation, agate_table) -%}
    {{ adapter.dispatch('reset_csv_table', 'dbt')(model, full_refresh, old_relation, agate_table) }}
{%- endmacro %}

{% macro default__reset_csv_table(model, full_refresh, old_relation, agate_table) %}
    {%- if full_refresh -%}
        {%- do adapter.drop_relation(old_relation) -%}
        {{- return(create_csv_table(model, agate_table)) -}}
    {%- endif -%}
    {%- do adapter.truncate_relation(old_relation) -%}
    {{- return('truncate table ' ~ old_relation.render()) -}}
{% endmacro %}

{% macro get_csv_sql(create_or_truncate_sql, insert_sql) %}
    {{- adapter.dispatch('get_csv_sql', 'dbt')(create_or_truncate_sql, insert_sql) -}}
{% endmacro %}

{% macro default__get_csv_sql(create_or_truncate_sql, insert_sql) %}
    {{ create_or_truncate_sql }};
    -- dbt seed --
    {{ insert_sql }}
{% endmacro %}

{% macro get_binding_char() -%}{{ adapter.dispatch('get_binding_char', 'dbt')() }}{%- endmacro %}

{% macro default__get_binding_char() %}{{ return('%s') }}{% endmacro %}

{% macro get_batch_size() -%}{{ return(adapter.dispatch('get_batch_size', 'dbt')()) }}{%- endmacro %}

{% macro default__get_batch_size() %}{{ return(10000) }}{% endmacro %}

{% macro get_seed_column_quoted_csv(model, column_names) %}
    {%- set quoting = model['config'].get('quote_columns', none) -%}
    {%- set found = [] -%}
    {%- for name in column_names -%}
        {%- do found.append(adapter.quote_seed_column(name, quoting)) -%}
    {%- endfor -%}
    {{- return(found | join(', ')) -}}
{% endmacro %}

{% macro load_csv_rows(model, agate_table) -%}
    {{ adapter.dispatch('load_csv_rows', 'dbt')(model, agate_table) }}
{%- endmacro %}

{#- Returns the first batch's statement, which is what a log shows. -#}
{% macro default__load_csv_rows(model, agate_table) %}
    {%- set statements = [] -%}
    {%- for rows in agate_table.rows | batch(get_batch_size()) -%}
        {%- set text, values = merganser__insert_rows(model, agate_table, rows) -%}
        {%- do adapter.add_query(text, bindings=values, abridge_sql_log=True) -%}
        {%- do statements.append(text) -%}
    {%- endfor -%}
    {{- return(statements[0] if statements else '') -}}
{% endmacro %}

{#- An insert statement with placeholders, and the values for them. -#}
{% macro merganser__insert_rows(model, agate_table, rows) %}
    {%- set marks = [] -%}
    {%- for name in agate_table.column_names -%}
        {%- do marks.append(get_binding_char()) -%}
    {%- endfor -%}
    {%- set tuples = [] -%}
    {%- set values = [] -%}
    {%- for row in rows -%}
        {%- do tuples.append('(' ~ marks | join(',') ~ ')') -%}
        {%- do values.extend(row) -%}
    {%- endfor -%}
    {%- set columns = get_seed_column_quoted_csv(model, agate_table.column_names) -%}
    {{- return(['insert into ' ~ this.render() ~ ' (' ~ columns ~ ') values ' ~ tuples | join(','), values]) -}}
{% endmacro %}
