{#- A relation of any type: create, drop, rename, and replacing one by another with an intermediate and a backup. -#}

{% macro get_create_sql(relation, sql) -%}{{ adapter.dispatch('get_create_sql', 'dbt')(relation, sql) }}{%- endmacro %}

{% macro default__get_create_sql(relation, sql) -%}
    {%- set type = relation.type | string -%}
    {%- if type == 'table' -%}{{ return(get_create_table_as_sql(False, relation, sql)) }}{%- endif -%}
    {%- set make = {'view': get_create_view_as_sql, 'materialized_view': get_create_materialized_view_as_sql}.get(type) -%}
    {{ make(relation, sql) if make else merganser__no_step('get_create_sql', type) }}
{%- endmacro %}

{% macro merganser__no_step(name, type) %}
    {%- do exceptions.raise_compiler_error('`' ~ name ~ '` has not been implemented for: ' ~ type) -%}
{% endmacro %}

{% macro get_drop_sql(relation) -%}{{ adapter.dispatch('get_drop_sql', 'dbt')(relation) }}{%- endmacro %}

{% macro default__get_drop_sql(relation) -%}
    {%- set type = relation.type | string -%}
    {%- set drop = {'table': drop_table, 'view': drop_view, 'materialized_view': drop_materialized_view}.get(type) -%}
    {{ drop(relation) if drop else 'drop ' ~ type ~ ' if exists ' ~ relation.render() ~ ' cascade' }}
{%- endmacro %}

{% macro drop_relation(relation) -%}{{ return(adapter.dispatch('drop_relation', 'dbt')(relation)) }}{%- endmacro %}

{% macro default__drop_relation(relation) -%}
    {%- call statement('drop_relation', auto_begin=False) -%}
        {{ get_drop_sql(relation) }}
    {%- endcall -%}
{%- endmacro %}

{#- Through the adapter, so that its cache knows. -#}
{% macro drop_relation_if_exists(relation) %}
    {%- if relation is not none -%}
        {%- do adapter.drop_relation(relation) -%}
    {%- endif -%}
{% endmacro %}

{% macro get_rename_sql(relation, new_name) -%}{{ adapter.dispatch('get_rename_sql', 'dbt')(relation, new_name) }}{%- endmacro %}

{% macro default__get_rename_sql(relation, new_name) -%}
    {%- set type = relation.type | string -%}
    {%- set rename = {
        'table': get_rename_table_sql, 'view': get_rename_view_sql, 'materialized_view': get_rename_materialized_view_sql}.get(type) -%}
    {{ rename(relation, new_name) if rename else merganser__no_step('get_rename_sql', type) }}
{%- endmacro %}

{% macro rename_relation(from_relation, to_relation) -%}
    {{ return(adapter.dispatch('rename_relation', 'dbt')(from_relation, to_relation)) }}
{%- endmacro %}

{% macro default__rename_relation(from_relation, to_relation) -%}
    {%- call statement('rename_relation') -%}
    alter table {{ from_relation.render() }} rename to {{ adapter.quote_as_configured(to_relation.identifier, 'identifier') }}
    {%- endcall -%}
{%- endmacro %}

{% macro get_create_intermediate_sql(relation, sql) -%}
    {{ adapter.dispatch('get_create_intermediate_sql', 'dbt')(relation, sql) }}
{%- endmacro %}

{% macro default__get_create_intermediate_sql(relation, sql) -%}
    {%- set intermediate = make_intermediate_relation(relation) -%}
    {{ get_drop_sql(intermediate) }};
    {{ get_create_sql(intermediate, sql) }}
{%- endmacro %}

{% macro get_rename_intermediate_sql(relation) -%}
    {{ adapter.dispatch('get_rename_intermediate_sql', 'dbt')(relation) }}
{%- endmacro %}

{% macro default__get_rename_intermediate_sql(relation) -%}
    {{ get_rename_sql(make_intermediate_relation(relation), relation.identifier) }}
{%- endmacro %}

{% macro get_create_backup_sql(relation) -%}{{ adapter.dispatch('get_create_backup_sql', 'dbt')(relation) }}{%- endmacro %}

{% macro default__get_create_backup_sql(relation) -%}
    {%- set backup = make_backup_relation(relation, relation.type) -%}
    {{ get_drop_sql(backup) }};
    {{ get_rename_sql(relation, backup.identifier) }}
{%- endmacro %}

{% macro get_drop_backup_sql(relation) -%}{{ adapter.dispatch('get_drop_backup_sql', 'dbt')(relation) }}{%- endmacro %}

{% macro default__get_drop_backup_sql(relation) -%}
    {{ get_drop_sql(make_backup_relation(relation, relation.type)) }}
{%- endmacro %}

{% macro get_replace_sql(existing_relation, target_relation, sql) %}
    {{- adapter.dispatch('get_replace_sql', 'dbt')(existing_relation, target_relation, sql) -}}
{% endmacro %}

{#- In order of preference: one statement; old and new side by side and two renames; drop, then create. -#}
{% macro default__get_replace_sql(existing_relation, target_relation, sql) %}
    {%- set type = target_relation.type | string -%}
    {%- set at_once = {'table': get_replace_table_sql, 'view': get_replace_view_sql,
        'materialized_view': get_replace_materialized_view_sql}.get(type) -%}
    {%- if at_once and target_relation.can_be_replaced and type == existing_relation.type | string -%}
        {{- return(at_once(target_relation, sql)) -}}
    {%- endif -%}
    {%- set beside = target_relation.can_be_renamed -%}
    {%- set kept = existing_relation.can_be_renamed -%}
    {%- set steps = [get_create_intermediate_sql(target_relation, sql)] if beside else [] -%}
    {%- do steps.append(get_create_backup_sql(existing_relation) if kept else get_drop_sql(existing_relation)) -%}
    {%- do steps.append(get_rename_intermediate_sql(target_relation) if beside else get_create_sql(target_relation, sql)) -%}
    {%- if kept -%}
        {%- do steps.append(get_drop_backup_sql(existing_relation)) -%}
    {%- endif -%}
    {{- return(steps | join(';\n')) -}}
{% endmacro %}
