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
    {{- '\n-- Fixture for ' ~ model.name ~ '\n' -}}
    {{- validate_fixture_rows(rows, 1) -}}
    {%- for row in rows -%}
        {%- set values = format_row(row, column_name_to_data_types) -%}
        {{- '\nunion all\n' if not loop.first -}}
        select
        {%- for name, type in column_name_to_data_types.items() -%}
            {{- ' ' ~ (values[name] if name in values else safe_cast('null', type) | trim) ~ ' as ' ~ quoted[name] -}}
            {{- ',' if not loop.last -}}
        {%- endfor -%}
    {%- else -%}
        select
        {%- for name, type in column_name_to_data_types.items() -%}
            {{- ' ' ~ (safe_cast('null', type) | trim) ~ ' as ' ~ quoted[name] ~ (',' if not loop.last else '\n    limit 0') -}}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}

{#- Expected rows name the columns under test only. -#}
{% macro get_expected_sql(rows, column_name_to_data_types, column_name_to_quoted) -%}
    {%- for row in rows -%}
        {{- '\nunion all\n' if not loop.first -}}
        select
        {%- for name, value in format_row(row, column_name_to_data_types).items() -%}
            {{- ' ' ~ value ~ ' as ' ~ column_name_to_quoted[name] ~ (',' if not loop.last else '') -}}
        {%- endfor -%}
    {%- else -%}
    select * from dbt_internal_unit_test_actual
    limit 0
    {%- endfor -%}
{%- endmacro %}

{#- A row as SQL by lower-case column name; text is escaped and quoted, then everything is cast. -#}
{% macro format_row(row, column_name_to_data_types) %}
    {%- set values = {} -%}
    {%- for given, value in row.items() -%}
        {%- set name = given | lower -%}
        {%- if name not in column_name_to_data_types -%}
            {%- set place = 'expected output' if model.resource_type == 'unit_test' else "'" ~ model.name ~ "'" -%}
            {%- do exceptions.raise_compiler_error(
                "Invalid column name: '" ~ name ~ "' in unit test fixture for " ~ place ~ "."
                ~ "\nAccepted columns for " ~ place ~ " are: " ~ column_name_to_data_types.keys() | list) -%}
        {%- endif -%}
        {%- set type = column_name_to_data_types[name] -%}
        {%- if value is none -%}
            {%- set value = 'null' -%}
        {%- elif value is string -%}
            {#- A fixture's text is not cut to the column's size. -#}
            {%- set type = type.split('(')[0] if 'varying' in type else type -%}
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
