{#- Dynamic tables. -#}

{% macro snowflake__get_create_dynamic_table_as_sql(relation, sql) %}
    {{- merganser__dynamic_table_sql('create', relation, sql) -}}
{% endmacro %}

{% macro snowflake__get_replace_dynamic_table_sql(relation, sql) -%}
    {{- merganser__dynamic_table_sql('create or replace', relation, sql) -}}
{%- endmacro %}

{% macro merganser__dynamic_table_sql(verb, relation, sql) %}
    {%- set wanted = relation.from_config(config.model) -%}
    {%- set catalog = adapter.build_catalog_relation(config.model) -%}
    {%- if catalog.catalog_type == 'BUILT_IN' -%}
        {{ snowflake__create_dynamic_table_built_in_sql(wanted, relation, sql) if verb == 'create'
            else snowflake__replace_dynamic_table_built_in_sql(wanted, relation, sql) }}
    {%- elif catalog.catalog_type == 'INFO_SCHEMA' -%}
        {{ snowflake__create_dynamic_table_info_schema_sql(wanted, relation, sql) if verb == 'create'
            else snowflake__replace_dynamic_table_info_schema_sql(wanted, relation, sql) }}
    {%- else -%}
        {%- do exceptions.raise_compiler_error('Unexpected model config for: ' ~ relation) -%}
    {%- endif -%}
{% endmacro %}

{% macro snowflake__create_dynamic_table_info_schema_sql(dynamic_table, relation, sql) -%}
    {%- set kind = 'transient dynamic table' if dynamic_table.transient is defined and dynamic_table.transient else 'dynamic table' -%}
    {{ merganser__dynamic_table_statement('create ' ~ kind, dynamic_table, relation, sql, '') }}
{%- endmacro %}

{% macro snowflake__replace_dynamic_table_info_schema_sql(dynamic_table, relation, sql) -%}
    {%- set kind = 'transient dynamic table' if dynamic_table.transient is defined and dynamic_table.transient else 'dynamic table' -%}
    {{ merganser__dynamic_table_statement('create or replace ' ~ kind, dynamic_table, relation, sql, '') }}
{%- endmacro %}

{% macro snowflake__create_dynamic_table_built_in_sql(dynamic_table, relation, sql) -%}
    {{ merganser__dynamic_table_statement('create dynamic iceberg table', dynamic_table, relation, sql, merganser__iceberg_place()) }}
{%- endmacro %}

{% macro snowflake__replace_dynamic_table_built_in_sql(dynamic_table, relation, sql) -%}
    {{ merganser__dynamic_table_statement('create or replace dynamic iceberg table', dynamic_table, relation, sql, merganser__iceberg_place()) }}
{%- endmacro %}

{% macro merganser__iceberg_place() -%}
    {%- set catalog = adapter.build_catalog_relation(config.model) -%}
    {{ optional('external_volume', catalog.external_volume, "'") }}
    catalog = 'SNOWFLAKE'
    {{ optional('base_location', catalog.base_location, "'") }}
{%- endmacro %}

{% macro merganser__dynamic_table_statement(verb, wanted, relation, sql, place) -%}
    {%- set keys = wanted.cluster_by if wanted.cluster_by is defined else none -%}
    {%- set immutable = wanted.immutable_where if wanted.immutable_where is defined else none -%}
    {%- set starter = wanted.snowflake_initialization_warehouse if wanted.snowflake_initialization_warehouse is defined else none %}
{{ verb }} {{ relation }} {{ merganser__masked_columns() }}
    {{ optional('target_lag', wanted.target_lag, "'") }}
    warehouse = {{ wanted.snowflake_warehouse }}
    {{ optional('initialization_warehouse', starter) }}
    {{ optional('refresh_mode', wanted.refresh_mode) }}
    {{ optional('initialize', wanted.initialize) }}
    {{ place }}
    {{ 'cluster by (' ~ keys ~ ')' if keys }}
    {{ 'immutable where (' ~ immutable ~ ')' if immutable }}
    {%- set policy = wanted.row_access_policy -%}
    {%- set tag = wanted.table_tag %}
    {{ 'with row access policy ' ~ policy if policy }}
    {{ 'with tag (' ~ tag ~ ')' if tag }}
    as (
        {{ sql }}
    )
{%- endmacro %}

{% macro snowflake__get_alter_dynamic_table_as_sql(existing_relation, configuration_changes, target_relation, sql) -%}
    {%- if configuration_changes.requires_full_refresh -%}
        {{ get_replace_sql(existing_relation, target_relation, sql) }}
    {%- else -%}
        {%- set settings = [] -%}
        {%- for key, change in [['target_lag', configuration_changes.target_lag], ['warehouse', configuration_changes.snowflake_warehouse]] -%}
            {%- if change -%}
                {%- set value = change.context -%}
                {%- do settings.append(key ~ " = '" ~ value ~ "'" if key == 'target_lag' else key ~ ' = ' ~ value) -%}
            {%- endif -%}
        {%- endfor -%}
        alter dynamic table {{ existing_relation }} set {{ settings | join(' ') }}
    {%- endif -%}
{%- endmacro %}

{% macro snowflake__get_dynamic_table_configuration_changes(existing_relation, new_config) -%}
    {{ return(existing_relation.dynamic_table_config_changeset(snowflake__describe_dynamic_table(existing_relation), new_config.model)) }}
{%- endmacro %}

{% macro snowflake__describe_dynamic_table(relation) %}{{ return(adapter.describe_dynamic_table(relation)) }}{% endmacro %}

{% macro snowflake__get_drop_dynamic_table_sql(relation) %}
    drop dynamic table if exists {{ relation }}
{% endmacro %}

{% macro snowflake__refresh_dynamic_table(relation) -%}
    alter dynamic table {{ relation }} refresh
{%- endmacro %}

{% macro snowflake__get_rename_materialized_view_sql(relation, new_name) %}
    alter dynamic table {{ relation }} rename to {{ new_name }}
{% endmacro %}
