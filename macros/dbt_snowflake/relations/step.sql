{#- A relation of any type on Snowflake, where names in `rename` are fully qualified. -#}

{% macro snowflake__get_create_sql(relation, sql) %}
    {{- snowflake__get_create_dynamic_table_as_sql(relation, sql) if relation.is_dynamic_table
        else default__get_create_sql(relation, sql) -}}
{% endmacro %}

{% macro snowflake__get_drop_sql(relation) %}
    {{- snowflake__get_drop_dynamic_table_sql(relation) if relation.is_dynamic_table else default__get_drop_sql(relation) -}}
{% endmacro %}

{% macro snowflake__get_create_backup_sql(relation) %}
    {%- set backup = make_backup_relation(relation, relation.type) -%}
    {{ get_drop_sql(backup) }};
    {{ get_rename_sql(relation, backup.render()) }}
{% endmacro %}

{% macro snowflake__get_rename_intermediate_sql(relation) %}
    {{ get_rename_sql(make_intermediate_relation(relation), relation.render()) }}
{% endmacro %}

{% macro snowflake__rename_relation(from_relation, to_relation) -%}
    {%- call statement('rename_relation') -%}
    alter table {{ from_relation }} rename to {{ to_relation }}
    {%- endcall -%}
{%- endmacro %}

{% macro snowflake__get_rename_sql(relation, new_name) %}
    {{- snowflake__get_rename_materialized_view_sql(relation, new_name) if relation.is_dynamic_table
        else default__get_rename_sql(relation, new_name) -}}
{% endmacro %}

{% macro snowflake__get_replace_sql(existing_relation, target_relation, sql) %}
    {%- if existing_relation.is_dynamic_table and target_relation.is_dynamic_table -%}
        {{ snowflake__get_replace_dynamic_table_sql(target_relation, sql) }}
    {%- else -%}
        {{ default__get_replace_sql(existing_relation, target_relation, sql) }}
    {%- endif -%}
{% endmacro %}

{% macro snowflake__truncate_relation(relation) -%}
    {%- call statement('truncate_relation') -%}
        {{ snowflake_dml_explicit_transaction('truncate table ' ~ relation) }}
    {%- endcall -%}
{%- endmacro %}

{% macro snowflake__can_clone_table() %}{{ return(True) }}{% endmacro %}

{% macro snowflake__create_or_replace_clone(this_relation, defer_relation) %}
    create or replace
      {{ 'transient' if config.get('transient', true) }}
      table {{ this_relation }}
      clone {{ defer_relation }}
{% endmacro %}

{#- Off unless configured: grants are then granted again. -#}
{% macro snowflake__copy_grants() %}{{ return(config.get('copy_grants', False)) }}{% endmacro %}

{% macro snowflake__support_multiple_grantees_per_dcl_statement() %}{{ return(False) }}{% endmacro %}
