{#- Views: create, drop, rename, replace. -#}

{% macro get_create_view_as_sql(relation, sql) -%}
    {{ adapter.dispatch('get_create_view_as_sql', 'dbt')(relation, sql) }}
{%- endmacro %}

{% macro default__get_create_view_as_sql(relation, sql) -%}
    {{ return(create_view_as(relation, sql)) }}
{%- endmacro %}

{% macro create_view_as(relation, sql) -%}{{ adapter.dispatch('create_view_as', 'dbt')(relation, sql) }}{%- endmacro %}

{#- A contract of a view is checked, it has no constraints to declare. -#}
{% macro default__create_view_as(relation, sql) -%}
    {{ config.get('sql_header', none) or '' }}
  create view {{ relation }}
    {%- set contract = config.get('contract') -%}
    {%- if contract and contract.enforced -%}
        {{ get_assert_columns_equivalent(sql) }}
    {%- endif %}
  as (
    {{ sql }}
  );
{%- endmacro %}

{% macro drop_view(relation) -%}{{ return(adapter.dispatch('drop_view', 'dbt')(relation)) }}{%- endmacro %}

{% macro default__drop_view(relation) -%}
    drop view if exists {{ relation.render() }} cascade
{%- endmacro %}

{% macro get_rename_view_sql(relation, new_name) %}
    {{- adapter.dispatch('get_rename_view_sql', 'dbt')(relation, new_name) -}}
{% endmacro %}

{% macro default__get_rename_view_sql(relation, new_name) %}
    {{ exceptions.raise_compiler_error('`get_rename_view_sql` has not been implemented for this adapter.') }}
{% endmacro %}

{% macro get_replace_view_sql(relation, sql) %}
    {{- adapter.dispatch('get_replace_view_sql', 'dbt')(relation, sql) -}}
{% endmacro %}

{% macro default__get_replace_view_sql(relation, sql) %}
    {{ exceptions.raise_compiler_error('`get_replace_view_sql` has not been implemented for this adapter.') }}
{% endmacro %}

{#- A whole materialization for adapters whose views are replaced in one statement. -#}
{% macro create_or_replace_view() %}
    {%- set present = adapter.get_relation(database=database, schema=schema, identifier=model['alias']) -%}
    {%- set wanted = api.Relation.create(database=database, schema=schema, identifier=model['alias'], type='view') -%}
    {%- do run_hooks(pre_hooks) -%}
    {%- if present is not none and not present.is_view -%}
        {%- do handle_existing_table(should_full_refresh(), present) -%}
    {%- endif -%}
    {%- call statement('main') -%}
        {{ get_create_view_as_sql(wanted, sql) }}
    {%- endcall -%}
    {%- do apply_grants(wanted, config.get('grants'),
        should_revoke=should_revoke(present is not none and present.is_view, full_refresh_mode=True)) -%}
    {%- do run_hooks(post_hooks) -%}
    {{- return({'relations': [wanted]}) -}}
{% endmacro %}

{% macro handle_existing_table(full_refresh, old_relation) %}
    {{- adapter.dispatch('handle_existing_table', 'dbt')(full_refresh, old_relation) -}}
{% endmacro %}

{% macro default__handle_existing_table(full_refresh, old_relation) %}
    {%- do log('Dropping relation ' ~ old_relation.render() ~ ' because it is of type ' ~ old_relation.type) -%}
    {%- do adapter.drop_relation(old_relation) -%}
{% endmacro %}
