{#- What is in a Snowflake database. -#}

{% macro snowflake__get_columns_in_relation(relation) -%}
    {%- set rows = run_query('describe table ' ~ relation.render()).rows -%}
    {%- if rows | length >= 10000 -%}
        {%- do exceptions.raise_compiler_error('Too many columns in relation ' ~ relation ~ '! dbt can only get information about relations'
            ~ ' with fewer than 10000 columns.') -%}
    {%- endif -%}
    {%- set found = [] -%}
    {%- for row in rows -%}
        {%- do found.append(api.Column.from_description(row['name'], row['type'])) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{% macro snowflake__show_object_metadata(relation) %}
    {{- return(run_query('show objects in ' ~ relation.include(identifier=False) ~ " starts with '" ~ relation.identifier ~ "' limit 1")) -}}
{% endmacro %}

{% macro snowflake__list_schemas(database) -%}
    {%- set found = run_query('show terse schemas in database ' ~ database ~ ' limit 10000') -%}
    {%- if found | length >= 10000 -%}
        {%- do exceptions.raise_compiler_error('Too many schemas in database ' ~ database ~ '! dbt can only get information about'
            ~ ' databases with fewer than 10000 schemas.') -%}
    {%- endif -%}
    {{ return(found) }}
{%- endmacro %}

{% macro snowflake__check_schema_exists(information_schema, schema) -%}
    {{ return(run_query('select count(*) from ' ~ information_schema ~ ".schemata where upper(schema_name) = upper('" ~ schema
        ~ "') and upper(catalog_name) = upper('" ~ information_schema.database ~ "')")) }}
{%- endmacro %}

{#- Page by page: `show objects` gives at most 10,000, the next page starts after the last name. -#}
{% macro snowflake__list_relations_without_caching(schema_relation, max_iter=10000, max_results_per_iter=10000) -%}
    {%- set flags = adapter.config.flags if adapter.config is defined else {} -%}
    {%- set size = flags.get('list_relations_per_page', max_results_per_iter) -%}
    {%- set pages = flags.get('list_relations_page_limit', max_iter) -%}
    {%- set schema = schema_relation.include(identifier=False) -%}
    {%- set state = namespace(last=none, tables=[], done=false) -%}
    {%- for n in range(pages) -%}{%- if not state.done -%}
        {%- set found = run_query(snowflake__show_objects_sql(schema_relation, size, state.last)) -%}
        {%- do state.tables.append(found) -%}
        {%- if found.rows | length < size -%}
            {%- set state.done = true -%}
        {%- else -%}
            {%- set state.last = found.columns['name'].values()[-1] -%}
        {%- endif -%}
    {%- endif -%}{%- endfor -%}
    {%- if not state.done -%}
        {%- do exceptions.warn('dbt is currently configured to list a maximum of ' ~ size * pages ~ ' objects per schema. ' ~ schema
            ~ ' exceeds this limit. If this is expected, you may configure this limit by setting list_relations_per_page'
            ~ ' and list_relations_page_limit in your project flags. It is recommended to start by increasing list_relations_page_limit.') -%}
    {%- endif -%}
    {{ return(state.tables[0] if state.tables | length == 1 else state.tables[0].merge(state.tables)) }}
{%- endmacro %}

{% macro snowflake__show_objects_sql(schema, max_results_per_iter=10000, watermark=none) %}
    show objects in {{ schema.include(identifier=False) if schema is not string else schema }}
    limit {{ max_results_per_iter }}
    {{ "from '" ~ watermark ~ "'" if watermark is not none }}
    ;
{% endmacro %}

{% macro snowflake__get_relation_last_modified(information_schema, relations) -%}
    {%- call statement('last_modified', fetch_result=True) -%}
    select table_schema as schema,
           table_name as identifier,
           last_altered as last_modified,
           {{ current_timestamp() }} as snapshotted_at
    from {{ information_schema }}.tables
    where ({% for relation in relations -%}
        (upper(table_schema) = upper('{{ relation.schema }}') and upper(table_name) = upper('{{ relation.identifier }}'))
        {{- ' or ' if not loop.last }}
    {%- endfor %})
    {%- endcall -%}
    {{ return(load_result('last_modified')) }}
{%- endmacro %}
