{#- A table that grows: made the first time, afterwards the strategy's statement adds what the query returns. -#}

{% materialization incremental, default %}
    {%- set there = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set temp_relation = make_temp_relation(target_relation) -%}
    {%- set unique_key = config.get('unique_key') -%}
    {%- set full_refresh = should_full_refresh() or (there is not none and there.is_view) -%}
    {%- set on_schema_change = incremental_validate_on_schema_change(config.get('on_schema_change'), default='ignore') -%}
    {%- set beside = merganser__beside(target_relation, there) -%}
    {%- set strategy = adapter.get_incremental_strategy_macro(context, config.get('incremental_strategy') or 'default') -%}
    {%- set grants = config.get('grants') -%}
    {%- set swapped = there is not none and full_refresh -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- if there is none -%}
        {%- set build = get_create_table_as_sql(False, target_relation, sql) -%}
        {%- set filled = target_relation -%}
    {%- elif full_refresh -%}
        {%- set build = get_create_table_as_sql(False, beside.intermediate, sql) -%}
        {%- set filled = beside.intermediate -%}
    {%- else -%}
        {%- do run_query(get_create_table_as_sql(True, temp_relation, sql)) -%}
        {%- set contract = config.get('contract') -%}
        {%- if not contract or not contract.enforced -%}
            {%- do adapter.expand_target_column_types(from_relation=temp_relation, to_relation=target_relation) -%}
        {%- endif -%}
        {%- set columns = process_schema_changes(on_schema_change, temp_relation, there) or adapter.get_columns_in_relation(there) -%}
        {%- set build = strategy({
            'target_relation': target_relation,
            'temp_relation': temp_relation,
            'unique_key': unique_key,
            'dest_columns': columns,
            'incremental_predicates': config.get('predicates', none) or config.get('incremental_predicates', none),
        }) -%}
    {%- endif -%}
    {%- call statement('main') -%}{{ build }}{%- endcall -%}
    {%- if there is none or full_refresh -%}
        {%- do create_indexes(filled) -%}
    {%- endif -%}
    {%- if swapped -%}
        {%- do merganser__swap(target_relation, there, beside) -%}
    {%- endif -%}

    {%- do apply_grants(target_relation, grants, should_revoke=should_revoke(there, full_refresh)) -%}
    {%- do persist_docs(target_relation, model) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {%- if swapped -%}
        {%- do adapter.drop_relation(beside.backup) -%}
    {%- endif -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
