{#- Snowflake's information schema as the catalogue shows it. -#}

{% macro snowflake__get_catalog(information_schema, schemas) -%}
    {{ return(merganser__snowflake_catalog(information_schema, snowflake__get_catalog_schemas_where_clause_sql(schemas))) }}
{%- endmacro %}

{% macro snowflake__get_catalog_relations(information_schema, relations) -%}
    {{ return(merganser__snowflake_catalog(information_schema, snowflake__get_catalog_relations_where_clause_sql(relations))) }}
{%- endmacro %}

{% macro merganser__snowflake_catalog(information_schema, condition) %}
    {%- set query %}
    with tables as (
        {{ snowflake__get_catalog_tables_sql(information_schema) }}
        {{ condition }}
    ),
    columns as (
        {{ snowflake__get_catalog_columns_sql(information_schema) }}
        {{ condition }}
    )
    {{ snowflake__get_catalog_results_sql() }}
    {%- endset -%}
    {{- return(run_query(query)) -}}
{% endmacro %}

{#- A statistic is four columns: label, value, description, and whether it is shown. -#}
{% macro snowflake__get_catalog_tables_sql(information_schema) -%}
    {%- set statistics = [
        ['clustering_key', 'Clustering Key', 'clustering_key', 'The key used to cluster this table', 'clustering_key is not null'],
        ['row_count', 'Row Count', 'row_count', 'An approximate count of rows in this table', 'row_count is not null'],
        ['bytes', 'Approximate Size', 'bytes', 'Approximate size of the table as reported by Snowflake', 'bytes is not null'],
        ['last_modified', 'Last Modified',
            "to_varchar(convert_timezone('UTC', last_altered), 'yyyy-mm-dd HH24:MI'||'UTC')",
            'The timestamp for last update/change', "last_altered is not null and table_type='BASE TABLE'"],
    ] -%}
    select
        table_catalog as "table_database",
        table_schema as "table_schema",
        table_name as "table_name",
        case
            when is_dynamic = 'YES' and table_type = 'BASE TABLE' THEN 'DYNAMIC TABLE'
            else table_type
        end as "table_type",
        comment as "table_comment",
        table_owner as "table_owner",
        {% for name, label, value, description, shown in statistics -%}
        '{{ label }}' as "stats:{{ name }}:label",
        {{ value }} as "stats:{{ name }}:value",
        '{{ description }}' as "stats:{{ name }}:description",
        ({{ shown }}) as "stats:{{ name }}:include"{{ ',' if not loop.last }}
        {% endfor -%}
    from {{ information_schema }}.tables
{%- endmacro %}

{% macro snowflake__get_catalog_columns_sql(information_schema) -%}
    {%- set names = {
        'table_catalog': 'table_database', 'table_schema': 'table_schema', 'table_name': 'table_name', 'column_name': 'column_name',
        'ordinal_position': 'column_index', 'data_type': 'column_type', 'comment': 'column_comment'} -%}
    select {% for column, name in names.items() -%}
        {{ column }} as "{{ name }}"{{ ', ' if not loop.last }}
    {%- endfor %}
    from {{ information_schema }}.columns
{%- endmacro %}

{% macro snowflake__get_catalog_results_sql() -%}
    select *
    from tables
    join columns using ("table_database", "table_schema", "table_name")
    order by "column_index"
{%- endmacro %}

{#- `ilike` lets Snowflake prune, `upper` makes it exact. -#}
{% macro snowflake__catalog_equals(field, value) %}
    "{{ field }}" ilike '{{ value }}' and upper("{{ field }}") = upper('{{ value }}')
{% endmacro %}

{% macro snowflake__get_catalog_schemas_where_clause_sql(schemas) -%}
    where (
    {%- for schema in schemas -%}
        ({{ snowflake__catalog_equals('table_schema', schema) }}){{ ' or ' if not loop.last }}
    {%- endfor -%})
{%- endmacro %}

{% macro snowflake__get_catalog_relations_where_clause_sql(relations) -%}
    where (
    {%- for relation in relations -%}
        {%- if not relation.schema -%}
            {%- do exceptions.raise_compiler_error(
                '`get_catalog_relations` requires a list of relations, each with a schema') -%}
        {%- endif -%}
        ({{ snowflake__catalog_equals('table_schema', relation.schema) }}
        {%- if relation.identifier %} and {{ snowflake__catalog_equals('table_name', relation.identifier) }}{% endif %})
        {{- ' or ' if not loop.last }}
    {%- endfor -%})
{%- endmacro %}
