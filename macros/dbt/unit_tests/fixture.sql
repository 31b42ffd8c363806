{#- Rows of a unit test as a query, with columns typed as in the warehouse. -#}

{#- Data types by lower-case column name, read from the relation that the fixture stands for. -#}
{% macro get_fixture_sql(rows, column_name_to_data_types) -%}
    {%- set quoted = {} -%}
    {%- if not column_name_to_data_types -%}
        {%- set column_name_to_data_types = {} -%}
        {%- for column in adapter.get_columns_in_relation(load_relation(this) or defer_relation or this) -%}
            {%- do column_name_to_data_types.update({column.name | lower: column.data_type}) -%}
            {%- do quoted.update({column.name | lower: column.quoted}) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if not column_name_to_data_types -%}
        {{ exceptions.raise_compiler_error("Not able to get columns for unit test '" ~ model.name ~ "' from relation " ~ this
            ~ " because the relation doesn't exist") }}
    {%- endif -%}
    {%- for name in column_name_to_data_types if name not in quoted -%}
        {%- do quoted.update({name: adapter.quote(name)}) -%}
    {%- endfor -%}
    {{ validate_fixture_rows(rows, 1) }}
-- Fixture for {{ model.name }}
    {%- for row in rows -%}
        {%- set values = format_row(row, column_name_to_data_types) %}
select {% for name, type in column_name_to_data_types.items() -%}
        {{ values[name] if name in values else safe_cast('null', type) | trim }} as {{ quoted[name] }}{{ ', ' if not loop.last }}
        {%- endfor %}
        {%- if not loop.last %}
union all
        {%- endif %}
    {%- else %}
select {% for name, type in column_name_to_data_types.items() -%}
        {{ safe_cast('null', type) | trim }} as {{ quoted[name] }}{{ ', ' if not loop.last }}
        {%- endfor %}
    limit 0
    {%- endfor -%}
{%- endmacro %}

{#- Expected rows name the columns under test only. -#}
{% macro get_expected_sql(rows, column_name_to_data_types, column_name_to_quoted) -%}
    {%- if not rows -%}
    select * from dbt_internal_unit_test_actual
    limit 0
    {%- endif -%}
    {%- for row in rows -%}
        {{ '\n' if not loop.first }}select {% for name, value in format_row(row, column_name_to_data_types).items() -%}
        {{ value }} as {{ column_name_to_quoted[name] }}{{ ', ' if not loop.last }}
        {%- endfor %}
        {%- if not loop.last %}
union all
        {%- endif %}
    {%- endfor -%}
{%- endmacro %}

{#- A row as SQL by lower-case column name; text is escaped and quoted, then everything is cast. -#}
{% macro format_row(row, column_name_to_data_types) %}
    {%- set values = {} -%}
    {%- for given, value in row.items() -%}
        {%- set name = given | lower -%}
        {%- if name not in column_name_to_data_types -%}
            {%- do exceptions.raise_compiler_error(
                "Invalid column name: '" ~ given ~ "' in unit test fixture for '" ~ model.name ~ "'."
                ~ "\nAccepted columns for '" ~ model.name ~ "' are: " ~ column_name_to_data_types.keys() | list) -%}
        {%- endif -%}
        {#- A fixture's text is not cut to the column's size. -#}
        {%- set type = column_name_to_data_types[name] -%}
        {%- set type = 'character varying' if 'character varying' in type else type -%}
        {%- if value is none -%}
            {%- set value = 'null' -%}
        {%- elif value is string -%}
            {%- set value = dbt.string_literal(dbt.escape_single_quotes(value)) -%}
        {%- endif -%}
        {%- do values.update({name: safe_cast(value, type)}) -%}
    {%- endfor -%}
    {{- return(values) -}}
{% endmacro %}

{% macro validate_fixture_rows(rows, row_number) -%}
    {{ return(adapter.dispatch('validate_fixture_rows', 'dbt')(rows, row_number)) }}
{%- endmacro %}

{#- For adapters that must refuse some rows. -#}
{% macro default__validate_fixture_rows(rows, row_number) -%}
    {{ return('') }}
{%- endmacro %}
