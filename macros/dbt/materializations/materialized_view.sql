{#- A materialized view: created, replaced, altered or refreshed, by what changed. -#}

{% materialization materialized_view, default %}
    {%- set there = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type=this.MaterializedView) -%}
    {%- set intermediate = make_intermediate_relation(target_relation) -%}
    {%- set backup = make_backup_relation(target_relation, target_relation.MaterializedView if there is none else there.type) -%}
    {{ materialized_view_setup(backup, intermediate, pre_hooks) }}
    {%- set build = materialized_view_get_build_sql(there, target_relation, backup, intermediate) -%}
    {%- if build -%}
        {{ materialized_view_execute_build_sql(build, there, target_relation, post_hooks) }}
    {%- else -%}
        {{ materialized_view_execute_no_op(target_relation) }}
    {%- endif -%}
    {{ materialized_view_teardown(backup, intermediate, post_hooks) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% macro materialized_view_setup(backup_relation, intermediate_relation, pre_hooks) %}
    {{ drop_relation_if_exists(load_cached_relation(intermediate_relation)) }}
    {{ drop_relation_if_exists(load_cached_relation(backup_relation)) }}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
{% endmacro %}

{% macro materialized_view_teardown(backup_relation, intermediate_relation, post_hooks) %}
    {{ drop_relation_if_exists(load_cached_relation(backup_relation)) }}
    {{ drop_relation_if_exists(load_cached_relation(intermediate_relation)) }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
{% endmacro %}

{% macro materialized_view_get_build_sql(existing_relation, target_relation, backup_relation, intermediate_relation) %}
    {%- if existing_relation is none -%}
        {{- return(get_create_materialized_view_as_sql(target_relation, sql)) -}}
    {%- elif should_full_refresh() or not existing_relation.is_materialized_view -%}
        {{- return(get_replace_sql(existing_relation, target_relation, sql)) -}}
    {%- endif -%}
    {%- set changes = get_materialized_view_configuration_changes(existing_relation, config) -%}
    {%- if changes is none -%}
        {{- return(refresh_materialized_view(target_relation)) -}}
    {%- endif -%}
    {{- return(merganser__on_configuration_change(target_relation, get_alter_materialized_view_as_sql(
        target_relation, changes, sql, existing_relation, backup_relation, intermediate_relation))) -}}
{% endmacro %}

{#- `apply`: the statement; `continue`: a warning and nothing; `fail`: an error. -#}
{% macro merganser__on_configuration_change(relation, alter) %}
    {%- set policy = config.get('on_configuration_change') or 'apply' -%}
    {%- if policy == 'apply' -%}
        {{- return(alter) -}}
    {%- elif policy == 'continue' -%}
        {%- do exceptions.warn('Configuration changes were identified and `on_configuration_change` was set to `continue` for `'
            ~ relation.render() ~ '`') -%}
        {{- return('') -}}
    {%- elif policy == 'fail' -%}
        {%- do exceptions.raise_fail_fast_error('Configuration changes were identified and `on_configuration_change` was set to `fail` for `'
            ~ relation.render() ~ '`') -%}
    {%- endif -%}
    {%- do exceptions.raise_compiler_error('Unexpected configuration scenario: on_configuration_change is ' ~ policy) -%}
{% endmacro %}

{% macro materialized_view_execute_no_op(target_relation) %}
    {%- do store_raw_result(name='main', message='skip ' ~ target_relation, code='skip', rows_affected='-1') -%}
{% endmacro %}

{% macro materialized_view_execute_build_sql(build_sql, existing_relation, target_relation, post_hooks) %}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- call statement(name='main') -%}{{ build_sql }}{%- endcall -%}
    {%- do apply_grants(target_relation, config.get('grants'),
        should_revoke=should_revoke(existing_relation, full_refresh_mode=True)) -%}
    {%- do persist_docs(target_relation, model) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
{% endmacro %}
