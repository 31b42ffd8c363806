{#- An incremental table on DuckDB. -#}

{% materialization incremental, adapter="duckdb", supported_languages=['sql', 'python'] %}
    {%- set language = model['language'] -%}
    {%- set there = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set full_refresh = should_full_refresh() or (there is not none and there.is_view) -%}
    {%- set on_schema_change = incremental_validate_on_schema_change(config.get('on_schema_change'), default='ignore') -%}
    {%- set beside = merganser__beside(target_relation, there) -%}
    {%- set grants = config.get('grants') -%}
    {%- set partitions = duckdb__get_partitioned_by(target_relation, false) -%}
    {%- set order = duckdb__get_sorted_by(target_relation, false) -%}
    {%- set stale = [] -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- if there is none or full_refresh -%}
        {%- set dropped = merganser__free_for_rebuild(there) -%}
        {%- set in_place = there is none or has_foreign_key_constraints(there) or may_be_foreign_key_target(there) -%}
        {%- set built = target_relation if in_place else beside.intermediate -%}
        {%- call statement('main', language=language) -%}
            {{ create_table_as(False, built, compiled_code, language, partitions, order) }}
        {%- endcall -%}
        {%- if not in_place -%}
            {%- do drop_indexes_on_relation(there) -%}
            {%- do merganser__swap(target_relation, there, beside) -%}
            {%- do stale.append(beside.backup) -%}
        {%- endif -%}
        {%- do create_indexes(target_relation) -%}
        {%- do restore_foreign_key_dependents(dropped) -%}
    {%- else -%}
        {%- set place = duckdb__dispatch_temporary_relation(target_relation, adapter.batch_id_for_model(model)) -%}
        {%- set staged = place.relation -%}
        {%- if not place.temporary -%}
            {%- do create_schema(staged) -%}
            {%- do drop_relation_if_exists(load_cached_relation(staged)) -%}
        {%- endif -%}
        {%- call statement('create_temporary', language=language) -%}
            {{ create_table_as(place.temporary, staged, compiled_code, language) }}
        {%- endcall -%}
        {%- do adapter.expand_target_column_types(from_relation=staged, to_relation=target_relation) -%}
        {%- set columns = process_schema_changes(on_schema_change, staged, there) or adapter.get_columns_in_relation(there) -%}
        {%- set strategy = adapter.get_incremental_strategy_macro(context, config.get('incremental_strategy') or 'default') -%}
        {%- set build = strategy({
            'target_relation': target_relation,
            'temp_relation': staged,
            'unique_key': config.get('unique_key'),
            'dest_columns': columns,
            'incremental_predicates': config.get('predicates', none) or config.get('incremental_predicates', none),
        }) -%}
        {%- call statement('main') -%}{{ build }}{%- endcall -%}
        {%- if not place.temporary -%}
            {%- do stale.append(staged) -%}
        {%- endif -%}
    {%- endif -%}

    {%- do apply_grants(target_relation, grants, should_revoke=should_revoke(there, full_refresh)) -%}
    {%- do persist_docs(target_relation, model) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {%- for relation in stale -%}
        {%- do drop_indexes_on_relation(relation) -%}
        {%- do adapter.drop_relation(relation) -%}
    {%- endfor -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
