{#- A snapshot: made the first time, afterwards the changes are staged and merged. -#}

{% materialization snapshot, default %}
    {%- set name = model.get('alias', model.get('name')) -%}
    {%- set found, target_relation = get_or_create_relation(
        database=model.database, schema=model.schema, identifier=name, type='table') -%}
    {%- set grants = config.get('grants') -%}
    {%- if not target_relation.is_table -%}
        {%- do exceptions.relation_wrong_type(target_relation, 'table') -%}
    {%- endif -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- set strategy = strategy_dispatch(config.get('strategy'))(
        model, 'snapshotted_data', 'source_data', model['config'], found) -%}

    {%- if not found -%}
        {%- set build = create_table_as(False, target_relation, build_snapshot_table(strategy, model['compiled_code'])) -%}
    {%- else -%}
        {%- set columns = merganser__snapshot_columns() -%}
        {{ adapter.assert_valid_snapshot_target_given_strategy(target_relation, columns, strategy) }}
        {%- set staging = build_snapshot_staging_table(strategy, sql, target_relation) -%}
        {%- do adapter.expand_target_column_types(from_relation=staging, to_relation=target_relation) -%}
        {%- set internal = ['dbt_change_type', 'dbt_unique_key'] -%}
        {%- if strategy.unique_key is not string -%}
            {%- for key in strategy.unique_key -%}
                {%- do internal.append('dbt_unique_key_' ~ loop.index) -%}
            {%- endfor -%}
        {%- endif -%}
        {%- set added = [] -%}
        {%- for column in adapter.get_missing_columns(staging, target_relation) if column.name | lower not in internal -%}
            {%- do added.append(column) -%}
        {%- endfor -%}
        {%- do create_columns(target_relation, added) -%}
        {%- set names = [] -%}
        {%- for column in adapter.get_columns_in_relation(staging) if column.name | lower not in internal -%}
            {%- do names.append(adapter.quote(column.name)) -%}
        {%- endfor -%}
        {%- set build = snapshot_merge_sql(target=target_relation, source=staging, insert_cols=names) -%}
    {%- endif -%}
    {{ check_time_data_types(model['compiled_code']) }}
    {%- call statement('main') -%}{{ build }}{%- endcall -%}

    {%- do apply_grants(target_relation, grants, should_revoke=should_revoke(found, full_refresh_mode=False)) -%}
    {%- do persist_docs(target_relation, model) -%}
    {%- if not found -%}
        {%- do create_indexes(target_relation) -%}
    {%- endif -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {%- if staging is defined -%}
        {%- do post_snapshot(staging) -%}
    {%- endif -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
