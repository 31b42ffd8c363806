{#- A table on DuckDB: indexes and foreign keys keep the old table from being renamed, so they go first. -#}

{% materialization table, adapter="duckdb", supported_languages=['sql', 'python'] %}
    {%- set there = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set grants = config.get('grants') -%}
    {%- set beside = merganser__beside(target_relation, there) -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- set partitions = duckdb__get_partitioned_by(target_relation, false) -%}
    {%- set order = duckdb__get_sorted_by(target_relation, false) -%}
    {%- set dropped = merganser__free_for_rebuild(there) -%}
    {#- A foreign key cannot follow a rename: such a table is built under its own name. -#}
    {%- set in_place = has_foreign_key_constraints(there) or may_be_foreign_key_target(there) -%}
    {%- set built = target_relation if in_place else beside.intermediate -%}

    {%- call statement('main', language=model['language']) -%}
        {{ create_table_as(False, built, compiled_code, model['language'], partitions, order) }}
    {%- endcall -%}
    {%- if not in_place -%}
        {%- if there is not none -%}
            {%- do drop_indexes_on_relation(there) -%}
        {%- endif -%}
        {%- do merganser__swap(target_relation, there, beside) -%}
    {%- endif -%}
    {%- do create_indexes(target_relation) -%}
    {%- do restore_foreign_key_dependents(dropped) -%}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do apply_grants(target_relation, grants, should_revoke=should_revoke(there, full_refresh_mode=True)) -%}
    {%- do persist_docs(target_relation, model) -%}
    {{ adapter.commit() }}
    {{ drop_relation_if_exists(none if in_place else beside.backup) }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{#- Drops a table that foreign keys hold in place, with what refers to it. -#}
{% macro merganser__free_for_rebuild(there) %}
    {%- if there is not none and (has_foreign_key_constraints(there) or may_be_foreign_key_target(there)) -%}
        {{- return(drop_relation_for_rebuild(there)) -}}
    {%- endif -%}
    {{- return([]) -}}
{% endmacro %}
