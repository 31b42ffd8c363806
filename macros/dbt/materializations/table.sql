{#- A table: built beside the old one, which it then replaces. -#}

{% materialization table, default %}
    {%- set there = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set grants = config.get('grants') -%}
    {%- set beside = merganser__beside(target_relation, there) -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- call statement('main') -%}
        {{ get_create_table_as_sql(False, beside.intermediate, sql) }}
    {%- endcall -%}
    {%- do create_indexes(beside.intermediate) -%}
    {%- do merganser__swap(target_relation, there, beside) -%}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do apply_grants(target_relation, grants, should_revoke=should_revoke(there, full_refresh_mode=True)) -%}
    {%- do persist_docs(target_relation, model) -%}
    {{ adapter.commit() }}
    {{ drop_relation_if_exists(beside.backup) }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{#- The names to build under and to keep the old relation under; what an interrupted run left there is dropped. -#}
{% macro merganser__beside(target_relation, there) %}
    {%- set intermediate = make_intermediate_relation(target_relation) -%}
    {%- set backup = make_backup_relation(target_relation, target_relation.type if there is none else there.type) -%}
    {{ drop_relation_if_exists(load_cached_relation(intermediate)) }}
    {{ drop_relation_if_exists(load_cached_relation(backup)) }}
    {{- return({'intermediate': intermediate, 'backup': backup}) -}}
{% endmacro %}

{#- Two renames. The old relation is looked up again: a hook may have dropped it. -#}
{% macro merganser__swap(target_relation, there, beside) %}
    {%- if there is not none -%}
        {%- set there = load_cached_relation(there) -%}
        {%- if there is not none -%}
            {%- do adapter.rename_relation(there, beside.backup) -%}
        {%- endif -%}
    {%- endif -%}
    {%- do adapter.rename_relation(beside.intermediate, target_relation) -%}
{% endmacro %}
