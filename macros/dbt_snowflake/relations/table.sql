{#- Tables on Snowflake: by language, then by what the catalog makes of a table. -#}

{% macro snowflake__create_table_as(temporary, relation, compiled_code, language='sql') -%}
    {%- set catalog = adapter.build_catalog_relation(config.model) -%}
    {%- if language == 'python' -%}
        {%- if config.get('merganser_policies') -%}
            {%- do exceptions.raise_compiler_error('a Python model cannot create ' ~ relation ~ ' with masking policies') -%}
        {%- endif -%}
        {{ py_write_table(compiled_code=compiled_code, target_relation=relation, temporary=temporary) }}
    {%- elif language != 'sql' -%}
        {%- do exceptions.raise_compiler_error("snowflake__create_table_as macro didn't get supported language, it got " ~ language) -%}
    {%- elif temporary -%}
        {{ snowflake__create_table_temporary_sql(relation, compiled_code) }}
    {%- elif catalog.catalog_type == 'INFO_SCHEMA' -%}
        {{ snowflake__create_table_info_schema_sql(relation, compiled_code) }}
    {%- elif catalog.catalog_type == 'BUILT_IN' -%}
        {{ snowflake__create_table_built_in_sql(relation, compiled_code) }}
    {%- elif catalog.catalog_type == 'ICEBERG_REST' -%}
        {{ snowflake__create_table_iceberg_rest_sql(relation, compiled_code) }}
    {%- else -%}
        {%- do exceptions.raise_compiler_error('Unexpected model config for: ' ~ relation) -%}
    {%- endif -%}
{%- endmacro %}

{#- A table of this session. Masking is for what stays. -#}
{% macro snowflake__create_table_temporary_sql(relation, compiled_code) -%}
    {{ merganser__snowflake_plain_table('temporary', relation, compiled_code) }}
{%- endmacro %}

{% macro snowflake__create_table_transient_sql(relation, compiled_code) -%}
    {{ merganser__snowflake_plain_table('transient', relation, compiled_code) }}
{%- endmacro %}

{% macro merganser__snowflake_plain_table(kind, relation, compiled_code) -%}
    {%- set contract = config.get('contract') -%}
    {{ config.get('sql_header', none) or '' }}

create or replace {{ kind }} table {{ relation }}
    {%- if contract and contract.enforced -%}
        {{ get_assert_columns_equivalent(compiled_code) }}
        {{- get_table_columns_and_constraints() }}
        {%- set compiled_code = get_select_subquery(compiled_code) -%}
    {%- endif %}
as (
    {{ compiled_code }}
    )
;
{%- endmacro %}

{#- Snowflake's own format. Rows are sorted by the clustering keys when they are written; the keys are declared afterwards. -#}
{% macro snowflake__create_table_info_schema_sql(relation, compiled_code) -%}
    {%- set catalog = adapter.build_catalog_relation(config.model) -%}
    {{ config.get('sql_header', none) or '' }}

create or replace {{ 'transient ' if catalog.is_transient }}table {{ relation }}
    {{ merganser__snowflake_table_body(relation, compiled_code, catalog, merganser__snowflake_governance()) }}
{%- endmacro %}

{#- From the column list to clustering, shared by the formats. -#}
{% macro merganser__snowflake_table_body(relation, compiled_code, catalog, clauses) -%}
    {%- set contract = config.get('contract') -%}
    {%- if contract and contract.enforced -%}
        {{ get_assert_columns_equivalent(compiled_code) }}
        {{- merganser__contract_columns() }}
        {%- set compiled_code = get_select_subquery(compiled_code) -%}
    {%- else -%}
        {{ merganser__masked_columns() }}
    {%- endif -%}
    {{ clauses }}
    as (
    {%- if catalog.cluster_by -%}
        select * from (
            {{ compiled_code }}
        )
        order by (
            {{ catalog.cluster_by }}
        )
    {%- else -%}
        {{ compiled_code }}
    {%- endif %}
    )
;
    {%- if catalog.cluster_by %}
alter {{ relation.get_ddl_prefix_for_alter() }} table {{ relation }} cluster by ({{ catalog.cluster_by }});
        {%- if catalog.automatic_clustering %}
alter {{ relation.get_ddl_prefix_for_alter() }} table {{ relation }} resume recluster;
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#- An Iceberg table that Snowflake manages. -#}
{% macro snowflake__create_table_built_in_sql(relation, compiled_code) -%}
    {%- set catalog = adapter.build_catalog_relation(config.model) -%}
    {%- set clauses -%}
    {{ optional('external_volume', catalog.external_volume, "'") }}
    catalog = 'SNOWFLAKE'
    {{ optional('base_location', catalog.base_location, "'") }}
    {{ optional('storage_serialization_policy', catalog.storage_serialization_policy, "'") }}
    {{ optional('max_data_extension_time_in_days', catalog.max_data_extension_time_in_days) }}
    {{ optional('data_retention_time_in_days', catalog.data_retention_time_in_days) }}
    {{ optional('change_tracking', catalog.change_tracking) }}
    {{ merganser__snowflake_governance() }}
    {%- endset -%}
    {{ config.get('sql_header', none) or '' }}

create or replace iceberg table {{ relation }}
    {{ merganser__snowflake_table_body(relation, compiled_code, catalog, clauses) }}
{%- endmacro %}

{#- An Iceberg table of another catalogue, which has no `create or replace`. -#}
{% macro snowflake__create_table_iceberg_rest_sql(relation, compiled_code) -%}
    {%- set catalog = adapter.build_catalog_relation(config.model) -%}
    {%- if catalog.catalog_linked_database_type is defined and catalog.catalog_linked_database_type == 'glue' -%}
        {{ return(snowflake__create_table_iceberg_rest_with_glue(relation, compiled_code, catalog)) }}
    {%- endif -%}
    {%- set keys = get_partition_by_keys(catalog) -%}
    {{ config.get('sql_header', none) or '' }}

create iceberg table {{ relation }} {{ merganser__masked_columns() }}
    {{ 'partition by (' ~ keys ~ ')' if keys }}
    {{ optional('external_volume', catalog.external_volume, "'") }}
    {{ optional('target_file_size', catalog.target_file_size, "'") }}
    {{ optional('auto_refresh', catalog.auto_refresh) }}
    {{ optional('max_data_extension_time_in_days', catalog.max_data_extension_time_in_days) }}
as (
    {{ compiled_code }}
);
{%- endmacro %}

{#- Glue cannot create a table from a query: the table is made from the query's columns, then filled. -#}
{% macro snowflake__create_table_iceberg_rest_with_glue(relation, compiled_code, catalog_relation) -%}
    {%- set keys = get_partition_by_keys(catalog_relation) -%}
    {%- set policies = config.get('merganser_policies') or {} -%}
    {%- set columns = [] -%}
    {%- set seen = [] -%}
    {%- for column in get_column_schema_from_query(compiled_code, config.get('sql_header', none)) -%}
        {%- set name = adapter.quote(column.name | lower) -%}
        {%- do columns.append(name ~ ' ' ~ column.data_type ~ (' with masking policy ' ~ policies[name] if name in policies else '')) -%}
        {%- do seen.append(name) -%}
    {%- endfor -%}
    {%- do merganser__require_masked(policies, seen) -%}
    {{ config.get('sql_header', none) or '' }}

create iceberg table {{ relation }} (
    {{ columns | join(',\n    ') }}
)
    {{ 'partition by (' ~ keys ~ ')' if keys }}
    {{ optional('external_volume', catalog_relation.external_volume, "'") }}
    {{ optional('target_file_size', catalog_relation.target_file_size, "'") }}
    {{ optional('auto_refresh', catalog_relation.auto_refresh) }}
    {{ optional('max_data_extension_time_in_days', catalog_relation.max_data_extension_time_in_days) }};

insert into {{ relation }}
    {{ compiled_code }};
{%- endmacro %}

{% macro get_partition_by_keys(catalog_relation) %}
    {%- set keys = catalog_relation.partition_by if catalog_relation.partition_by is defined else none -%}
    {{- return(keys if not keys or keys is string else keys | join(', ')) -}}
{% endmacro %}

{#- The script of a Python model: the compiled code, and a `main` that stores its data frame. -#}
{% macro py_write_table(compiled_code, target_relation, temporary=False) %}
    {%- set catalog = adapter.build_catalog_relation(config.model) -%}
    {%- set kind = 'temporary' if temporary else ('transient' if catalog.is_transient else '') -%}
{{ compiled_code }}


def materialize(session, df, target_relation):
    try:
        import pandas
    except ImportError:
        pandas = None
    if pandas is not None and isinstance(df, pandas.core.frame.DataFrame):
        session.use_database(target_relation.database)
        session.use_schema(target_relation.schema)
        df = session.createDataFrame(df)
    df.write.mode("overwrite").save_as_table('{{ target_relation }}', table_type='{{ kind }}')


def main(session):
    dbt = dbtObj(session.table)
    df = model(dbt, session)
    materialize(session, df, dbt.this)
    return "OK"
{% endmacro %}

{% macro snowflake__drop_table(relation) %}
    {%- set linked = snowflake__is_catalog_linked_database(relation=config.model) if config.model is defined else false %}
    drop table if exists {{ relation }}{{ ' cascade' if not linked }}
{% endmacro %}

{% macro snowflake__get_rename_table_sql(relation, new_name) %}
    alter table {{ relation }} rename to {{ new_name }}
{% endmacro %}

{% macro snowflake__get_replace_table_sql(relation, sql) %}
    {{ snowflake__create_table_as(False, relation, sql) }}
{% endmacro %}
