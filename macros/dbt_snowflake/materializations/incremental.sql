{#- An incremental table on Snowflake. -#}

{% materialization incremental, adapter='snowflake', supported_languages=['sql', 'python'] %}
    {%- set tag = set_query_tag() -%}
    {%- set language = model['language'] -%}
    {%- set catalog = adapter.build_catalog_relation(config.model) -%}
    {%- set there = load_relation(this) -%}
    {%- set target_relation = this.incorporate(type='table', table_format=catalog.table_format) -%}
    {%- set unique_key = config.get('unique_key') -%}
    {%- set strategy = config.get('incremental_strategy') or 'default' -%}
    {%- set linked = snowflake__is_catalog_linked_database(relation=none, catalog_relation=catalog) -%}
    {%- set kind = 'table' if linked else dbt_snowflake_get_tmp_relation_type(strategy, unique_key, language) -%}
    {%- set staged = resolve_incremental_tmp_relation(
        make_temp_relation(this).incorporate(type='view' if kind == 'view' else 'table')) -%}
    {%- set on_schema_change = incremental_validate_on_schema_change(config.get('on_schema_change'), default='ignore') -%}
    {%- set grants = config.get('grants') -%}
    {%- set full_refresh = should_full_refresh() -%}
    {{ run_hooks(pre_hooks) }}

    {%- if there is none or full_refresh or not there.is_table -%}
        {%- if there is not none and target_relation.needs_to_drop(there) -%}
            {%- do adapter.drop_relation(there) -%}
        {%- endif -%}
        {%- call statement('main', language=language) -%}
            {{ create_table_as(False, target_relation, compiled_code, language) }}
        {%- endcall -%}
    {%- elif there.table_format | upper != catalog.table_format | upper -%}
        {%- do exceptions.raise_compiler_error('Unable to update the incremental model `' ~ target_relation.identifier ~ '` from `'
            ~ there.table_format ~ '` to `' ~ catalog.table_format ~ '` due to Snowflake limitation.'
            ~ ' Please execute with --full-refresh to drop the table and recreate in the new catalog.') -%}
    {%- else -%}
        {#- A clustered or masked target says nothing about what is staged: its rows are only read once. -#}
        {%- call statement('create_tmp_relation', language=language) -%}
            {%- if kind == 'view' -%}
                {{ snowflake__create_view_as_with_temp_flag(staged, compiled_code, True) }}
            {%- elif kind == 'transient' -%}
                {{ snowflake__create_table_transient_sql(staged, compiled_code) }}
            {%- else -%}
                {{ create_table_as(not linked, staged, compiled_code, language) }}
            {%- endif -%}
        {%- endcall -%}
        {%- do adapter.expand_target_column_types(from_relation=staged, to_relation=target_relation) -%}
        {%- set columns = process_schema_changes(on_schema_change, staged, there) or adapter.get_columns_in_relation(there) -%}
        {%- set build = adapter.get_incremental_strategy_macro(context, strategy)({
            'target_relation': target_relation,
            'temp_relation': staged,
            'unique_key': unique_key,
            'dest_columns': columns,
            'incremental_predicates': config.get('predicates', none) or config.get('incremental_predicates', none),
        }) -%}
        {%- call statement('main') -%}{{ build }}{%- endcall -%}
    {%- endif -%}

    {%- do drop_relation_if_exists(staged) -%}
    {{ run_hooks(post_hooks) }}
    {%- set target_relation = target_relation.incorporate(type='table') -%}
    {%- do apply_grants(target_relation, grants, should_revoke=should_revoke(there.is_table if there else none, full_refresh_mode=full_refresh)) -%}
    {%- do persist_docs(target_relation, model) -%}
    {%- do unset_query_tag(tag) -%}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
