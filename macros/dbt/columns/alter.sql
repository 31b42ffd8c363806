{#- Changing the columns of a table. -#}

{% macro alter_column_type(relation, column_name, new_column_type) -%}
    {{ return(adapter.dispatch('alter_column_type', 'dbt')(relation, column_name, new_column_type)) }}
{%- endmacro %}

{#- Through a second column, for warehouses that cannot change a type in place. -#}
{% macro default__alter_column_type(relation, column_name, new_column_type) -%}
    {%- set old = adapter.quote(column_name) -%}
    {%- set new = adapter.quote(column_name ~ '__dbt_alter') -%}
    {%- set table = relation.render() -%}
    {% call statement('alter_column_type') %}
    alter table {{ table }} add column {{ new }} {{ new_column_type }};
    update {{ table }} set {{ new }} = {{ old }};
    alter table {{ table }} drop column {{ old }} cascade;
    alter table {{ table }} rename column {{ new }} to {{ old }}
    {% endcall %}
{%- endmacro %}

{% macro alter_relation_add_remove_columns(relation, add_columns = none, remove_columns = none) -%}
    {{ return(adapter.dispatch('alter_relation_add_remove_columns', 'dbt')(relation, add_columns, remove_columns)) }}
{%- endmacro %}

{% macro default__alter_relation_add_remove_columns(relation, add_columns, remove_columns) %}
    {%- set changes = [] -%}
    {%- for column in add_columns or [] -%}
        {%- do changes.append('add column ' ~ column.quoted ~ ' ' ~ column.data_type) -%}
    {%- endfor -%}
    {%- for column in remove_columns or [] -%}
        {%- do changes.append('drop column ' ~ column.quoted) -%}
    {%- endfor -%}
    {%- do run_query('alter ' ~ relation.type ~ ' ' ~ relation.render() ~ ' ' ~ changes | join(', ')) -%}
{% endmacro %}

{% macro get_table_columns_and_constraints() -%}
    {{ adapter.dispatch('get_table_columns_and_constraints', 'dbt')() }}
{%- endmacro %}

{% macro default__get_table_columns_and_constraints() -%}
    {{ return(table_columns_and_constraints()) }}
{%- endmacro %}

{#- What stands between the parentheses of `create table`: columns, then the constraints of the whole table. -#}
{% macro table_columns_and_constraints() %}
    {%- set parts = adapter.render_raw_columns_constraints(raw_columns=model['columns'])
        + (adapter.render_raw_model_constraints(raw_constraints=model['constraints']) or []) %}
  (
    {% for part in parts -%}
    {{ part }}{{ ',' if not loop.last }}
    {% endfor -%}
  )
{% endmacro %}

{% macro get_assert_columns_equivalent(sql) -%}
    {{ adapter.dispatch('get_assert_columns_equivalent', 'dbt')(sql) }}
{%- endmacro %}

{% macro default__get_assert_columns_equivalent(sql) -%}
    {{ return(assert_columns_equivalent(sql)) }}
{%- endmacro %}

{#- Fails when the query's columns are not the contract's: compared by name and type, in any order. -#}
{% macro assert_columns_equivalent(sql) -%}
    {%- set declared = model['columns'] -%}
    {%- if not declared -%}
        {%- do exceptions.raise_contract_error([], []) -%}
    {%- endif -%}
    {%- set wanted = format_columns(get_column_schema_from_query(get_empty_schema_sql(declared))) -%}
    {%- set given = format_columns(get_column_schema_from_query(sql, config.get('sql_header', none))) -%}
    {%- set known = [] -%}
    {%- for column in wanted -%}
        {%- do known.append([column.name, column.formatted]) -%}
    {%- endfor -%}
    {%- for column in given if [column.name, column.formatted] not in known -%}
        {%- do exceptions.raise_contract_error(wanted, given) -%}
    {%- endfor -%}
    {%- if given | length != wanted | length -%}
        {%- do exceptions.raise_contract_error(wanted, given) -%}
    {%- endif -%}
{%- endmacro %}

{% macro format_columns(columns) %}
    {%- set found = [] -%}
    {%- for column in columns -%}
        {%- do found.append(adapter.dispatch('format_column', 'dbt')(column)) -%}
    {%- endfor -%}
    {{- return(found) -}}
{% endmacro %}

{% macro default__format_column(column) -%}
    {{ return({'name': column.name, 'data_type': column.dtype, 'formatted': column.column.lower() ~ ' ' ~ column.dtype}) }}
{%- endmacro %}
