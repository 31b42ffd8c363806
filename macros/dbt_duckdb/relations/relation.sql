{#- Relations on DuckDB. -#}

{#- An attached database that is not DuckDB's own format may not be able to have schemas. -#}
{% macro duckdb__create_schema(relation) -%}
    {%- set kind = run_query("select type from duckdb_databases() where lower(database_name)='"
        ~ relation.database | lower ~ "' and type != 'duckdb'") -%}
    {%- if kind is none or kind.rows | length == 0 or kind.rows[0][0] != 'sqlite' -%}
        {%- call statement('create_schema') -%}
    create schema if not exists {{ relation.without_identifier() }}
        {%- endcall -%}
    {%- elif relation.schema != 'main' -%}
        {%- do exceptions.raise_compiler_error("Schema must be 'main' when writing to sqlite, not " ~ relation.schema) -%}
    {%- endif -%}
{%- endmacro %}

{% macro duckdb__drop_schema(relation) -%}
    {%- call statement('drop_schema') -%}
    drop schema if exists {{ relation.without_identifier() }} cascade
    {%- endcall -%}
{%- endmacro %}

{% macro duckdb__drop_relation(relation) -%}
    {%- call statement('drop_relation', auto_begin=False) -%}
    drop {{ relation.type }} if exists {{ relation }} cascade
    {%- endcall -%}
{%- endmacro %}

{% macro duckdb__rename_relation(from_relation, to_relation) -%}
    {%- call statement('rename_relation') -%}
    alter {{ to_relation.type }} {{ from_relation }} rename to {{ adapter.quote_as_configured(to_relation.identifier, 'identifier') }}
    {%- endcall -%}
{%- endmacro %}

{#- Unique by the time it was asked for: sessions share a temporary schema. -#}
{% macro duckdb__make_temp_relation(base_relation, suffix) %}
    {{- return(base_relation.incorporate(path={
        'identifier': base_relation.identifier ~ suffix ~ py_current_timestring(), 'schema': none, 'database': none})) -}}
{% endmacro %}

{#- A temporary table, or on a warehouse that has none an ordinary one in a schema of its own. -#}
{% macro duckdb__dispatch_temporary_relation(target_relation, batch_id='') %}
    {%- if not adapter.is_motherduck() -%}
        {{- return({'relation': make_temp_relation(target_relation), 'temporary': True}) -}}
    {%- endif -%}
    {%- set place = adapter.get_temp_relation_path(model, batch_id) -%}
    {{- return({'relation': api.Relation.create(
        database=target_relation.database, schema=place.schema, identifier=place.identifier, type='table'), 'temporary': False}) -}}
{% endmacro %}

{% macro duckdb__apply_grants(relation, grant_config, should_revoke=True) %}
    {%- if grant_config -%}
        {%- do adapter.warn_once('Grants for relations are not supported by DuckDB') -%}
    {%- endif -%}
{% endmacro %}

{#- The index's name holds the time: the table it replaces still has one on the same columns. -#}
{% macro duckdb__get_create_index_sql(relation, index_dict) -%}
    {%- set index = adapter.parse_index(index_dict) -%}
    create {{ 'unique ' if index.unique }}index
    "{{ index.render(relation) }}"
    on {{ relation }}
    ({{ index.columns | join(', ') }});
{%- endmacro %}

{% macro duckdb__alter_relation_add_remove_columns(relation, add_columns, remove_columns) %}
    {%- for column in add_columns or [] -%}
        {%- do run_query('alter ' ~ relation.type ~ ' ' ~ relation.render() ~ ' add column ' ~ column.quoted ~ ' ' ~ column.data_type) -%}
    {%- endfor -%}
    {%- for column in remove_columns or [] -%}
        {%- do run_query('alter ' ~ relation.type ~ ' ' ~ relation.render() ~ ' drop column ' ~ column.quoted) -%}
    {%- endfor -%}
{% endmacro %}
