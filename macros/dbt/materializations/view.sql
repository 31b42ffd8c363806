{#- A view: as a table, without rows. -#}

{% materialization view, default %}
    {%- set there = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='view') -%}
    {%- set grants = config.get('grants') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {%- set beside = merganser__beside(target_relation, there) -%}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- call statement('main') -%}
        {{ get_create_view_as_sql(beside.intermediate, sql) }}
    {%- endcall -%}
    {%- do merganser__swap(target_relation, there, beside) -%}

    {%- do apply_grants(target_relation, grants, should_revoke=should_revoke(there, full_refresh_mode=True)) -%}
    {%- do persist_docs(target_relation, model) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ drop_relation_if_exists(beside.backup) }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
