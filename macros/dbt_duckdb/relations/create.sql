{#- Creating tables and views on DuckDB. -#}

{% macro create_table_as(temporary, relation, compiled_code, language='sql', partitioned_by=none, sorted_by=none) -%}
    {%- set create = adapter.dispatch('create_table_as', 'dbt') -%}
    {{ create(temporary, relation, compiled_code, language, partitioned_by=partitioned_by, sorted_by=sorted_by) }}
{%- endmacro %}

{#- With a contract the table is made first and filled second: DuckDB's `create table as` takes no constraints. -#}
{% macro duckdb__create_table_as(temporary, relation, compiled_code, language='sql', partitioned_by=none, sorted_by=none) -%}
    {%- if language == 'python' -%}
        {{ py_write_table(temporary, relation, compiled_code, partitioned_by=partitioned_by, sorted_by=sorted_by) }}
    {%- elif language != 'sql' -%}
        {%- do exceptions.raise_compiler_error("duckdb__create_table_as macro didn't get supported language, it got " ~ language) -%}
    {%- else -%}
    {%- set contract = config.get('contract') %}
    {%- if contract and contract.enforced %}{% do get_assert_columns_equivalent(compiled_code) %}{% endif -%}
    {{ config.get('sql_header', none) or '' }}

    create {{ 'temporary' if temporary }} table
      {{ relation.include(database=not temporary, schema=not temporary) }}
        {%- if contract and contract.enforced and not temporary -%}
            {{ get_table_columns_and_constraints() }};
    {{ duckdb__alter_table_set_partitioned_by(relation, partitioned_by) if partitioned_by }}
    {{ duckdb__alter_table_set_sorted_by(relation, sorted_by) if sorted_by }}
    insert into {{ relation }} {{ get_column_names() }} (
      {{ get_select_subquery(compiled_code) }}
    );
        {%- elif partitioned_by or sorted_by %}
    as (
      select * from (
        {{ compiled_code }}
      ) as model_subq
      limit 0
    );
    {{ duckdb__alter_table_set_partitioned_by(relation, partitioned_by) if partitioned_by }}
    {{ duckdb__alter_table_set_sorted_by(relation, sorted_by) if sorted_by }}
    insert into {{ relation.include(database=not temporary, schema=not temporary) }}
      select * from (
        {{ compiled_code }}
      ) as model_subq;
        {%- else %}
    as (
      {{ compiled_code }}
    );
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#- The columns of an enforced contract in parentheses, for `insert into`. -#}
{% macro get_column_names() %}
    {%- set names = [] -%}
    {%- for column in model['columns'].values() -%}
        {%- do names.append(adapter.quote(column['name']) if column.get('quote') else column['name']) -%}
    {%- endfor -%}
    ({{ names | join(', ') }})
{%- endmacro %}

{% macro duckdb__create_view_as(relation, sql) -%}
    {{ config.get('sql_header', none) or '' }}
  create view {{ relation }}
    {%- set contract = config.get('contract') -%}
    {%- if contract and contract.enforced -%}
        {{ get_assert_columns_equivalent(sql) }}
    {%- endif %} as (
    {{ sql }}
  );
{%- endmacro %}
