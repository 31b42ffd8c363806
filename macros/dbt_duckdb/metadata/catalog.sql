{#- DuckDB's catalogue. -#}

{% macro duckdb__list_schemas(database) -%}
    {{ return(run_query("select schema_name from system.information_schema.schemata where lower(catalog_name) = '"
        ~ database | lower | replace('"', '') ~ "'" if database
        else "select schema_name from system.information_schema.schemata")) }}
{%- endmacro %}

{% macro duckdb__check_schema_exists(information_schema, schema) -%}
    {{ return(run_query("select count(*) from system.information_schema.schemata where lower(schema_name) = '"
        ~ schema | lower ~ "' and lower(catalog_name) = '" ~ information_schema.database | lower ~ "'")) }}
{%- endmacro %}

{% macro duckdb__get_columns_in_relation(relation) -%}
    {%- call statement('get_columns_in_relation', fetch_result=True) -%}
    select
      column_name,
      column_type as data_type,
      cast(null as bigint) as character_maximum_length,
      cast(null as bigint) as numeric_precision,
      cast(null as bigint) as numeric_scale
    from (describe {{ relation }})
    {%- endcall -%}
    {{ return(sql_convert_columns_in_relation(load_result('get_columns_in_relation').table)) }}
{%- endmacro %}

{% macro duckdb__list_relations_without_caching(schema_relation) %}
    {%- call statement('list_relations_without_caching', fetch_result=True) -%}
    select
      '{{ schema_relation.database }}' as database,
      table_name as name,
      table_schema as schema,
      CASE table_type
        WHEN 'BASE TABLE' THEN 'table'
        WHEN 'VIEW' THEN 'view'
        WHEN 'LOCAL TEMPORARY' THEN 'table'
      END as type
    from system.information_schema.tables
    where lower(table_schema) = '{{ schema_relation.schema | lower }}'
    and lower(table_catalog) = '{{ schema_relation.database | lower }}'
    {%- endcall -%}
    {{- return(load_result('list_relations_without_caching').table) -}}
{% endmacro %}

{% macro duckdb__get_catalog(information_schema, schemas) -%}
    {{ return(merganser__duckdb_catalog(information_schema, duckdb__get_catalog_schemas_where_clause_sql(schemas))) }}
{%- endmacro %}

{% macro duckdb__get_catalog_relations(information_schema, relations) -%}
    {{ return(merganser__duckdb_catalog(information_schema, duckdb__get_catalog_relations_where_clause_sql(relations))) }}
{%- endmacro %}

{% macro merganser__duckdb_catalog(information_schema, condition) %}
    {%- set query %}
    with tables as (
      {{ duckdb__get_catalog_tables_sql(information_schema) }}
      {{ condition }}
    ),
    columns as (
      {{ duckdb__get_catalog_columns_sql(information_schema) }}
      {{ condition }}
    )
    {{ duckdb__get_catalog_results_sql() }}
    {%- endset -%}
    {{- return(run_query(query)) -}}
{% endmacro %}

{% macro duckdb__get_catalog_tables_sql(information_schema) -%}
    select *
    from (
    {%- for kind, type in [['table', 'BASE TABLE'], ['view', 'VIEW']] -%}
        {{ ' union all ' if not loop.first }}
        {%- set x = kind[0] %}
        select {{ merganser__renamed(x, {'table_database': 'database_name', 'table_schema': 'schema_name', 'table_name': kind ~ '_name'}) }},
            '{{ type }}' as table_type,
            {{ x }}.comment as table_comment
        from duckdb_{{ kind }}s() {{ x }}
        where upper({{ x }}.database_name) = upper('{{ information_schema.database }}')
    {%- endfor %}
    ) catalog_tables
{%- endmacro %}

{#- `FROM.COLUMN as NAME` for each name. -#}
{% macro merganser__renamed(from, columns) -%}
    {%- for name, column in columns.items() -%}
        {{ from ~ '.' ~ column }} as {{ name }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro duckdb__get_catalog_columns_sql(information_schema) -%}
    select *
    from (
        select {{ merganser__renamed('c', {
            'table_database': 'database_name', 'table_schema': 'schema_name', 'table_name': 'table_name', 'column_name': 'column_name',
            'column_index': 'column_index', 'column_type': 'data_type', 'column_comment': 'comment'}) }}
        from duckdb_columns() c
        where upper(c.database_name) = upper('{{ information_schema.database }}')
    ) catalog_columns
{%- endmacro %}

{% macro duckdb__get_catalog_results_sql() -%}
    {%- set shared = ['table_database', 'table_schema', 'table_name'] -%}
    select
        {% for name in shared + ['table_type', 'table_comment'] %}tables.{{ name }}, {% endfor %}
        {% for name in ['name', 'index', 'type', 'comment'] %}columns.column_{{ name }}, {% endfor %}
        null as table_owner
    from tables
    join columns using ({{ shared | join(', ') }})
    order by table_schema, table_name, column_index
{%- endmacro %}

{% macro duckdb__get_catalog_schemas_where_clause_sql(schemas) -%}
    where (
    {%- for schema in schemas -%}
        upper(table_schema) = upper('{{ schema }}'){{ ' or ' if not loop.last }}
    {%- endfor -%})
{%- endmacro %}

{% macro duckdb__get_catalog_relations_where_clause_sql(relations) -%}
    where (
    {%- for relation in relations -%}
        {%- if not relation.schema -%}
            {%- do exceptions.raise_compiler_error(
                '`get_catalog_relations` requires a list of relations, each with a schema') -%}
        {%- endif -%}
        (upper(table_schema) = upper('{{ relation.schema }}')
        {%- if relation.identifier %} and upper(table_name) = upper('{{ relation.identifier }}'){% endif %})
        {{- ' or ' if not loop.last }}
    {%- endfor -%})
{%- endmacro %}
