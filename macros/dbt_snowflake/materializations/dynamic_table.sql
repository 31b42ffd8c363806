{#- A dynamic table: created, replaced, altered, or left alone. -#}

{% materialization dynamic_table, adapter='snowflake' %}
    {%- set tag = set_query_tag() -%}
    {%- set there = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type=this.DynamicTable) -%}
    {{ run_hooks(pre_hooks) }}
    {%- set build = dynamic_table_get_build_sql(there, target_relation) -%}
    {%- if build -%}
        {{ dynamic_table_execute_build_sql(build, there, target_relation) }}
    {%- else -%}
        {{ dynamic_table_execute_no_op(target_relation) }}
    {%- endif -%}
    {{ run_hooks(post_hooks) }}
    {%- do unset_query_tag(tag) -%}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% macro dynamic_table_get_build_sql(existing_relation, target_relation) %}
    {%- if existing_relation is none -%}
        {{- return(get_create_sql(target_relation, sql)) -}}
    {%- elif should_full_refresh() or not existing_relation.is_dynamic_table -%}
        {{- return(get_replace_sql(existing_relation, target_relation, sql)) -}}
    {%- endif -%}
    {%- set changes = snowflake__get_dynamic_table_configuration_changes(existing_relation, config) -%}
    {%- if changes is none -%}{{- return('') -}}{%- endif -%}
    {{- return(merganser__on_configuration_change(
        target_relation, snowflake__get_alter_dynamic_table_as_sql(existing_relation, changes, target_relation, sql))) -}}
{% endmacro %}

{% macro dynamic_table_execute_no_op(relation) %}
    {%- do store_raw_result(name='main', message='skip ' ~ relation, code='skip', rows_affected='-1') -%}
{% endmacro %}

{% macro dynamic_table_execute_build_sql(build_sql, existing_relation, target_relation) %}
    {%- call statement(name='main') -%}{{ build_sql }}{%- endcall -%}
    {%- do apply_grants(target_relation, config.get('grants'),
        should_revoke=should_revoke(existing_relation, full_refresh_mode=True)) -%}
    {%- do persist_docs(target_relation, model) -%}
{% endmacro %}
