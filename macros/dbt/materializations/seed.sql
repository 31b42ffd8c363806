{#- A seed: its file's rows in a table of its columns. -#}

{% materialization seed, default %}
    {%- set there = adapter.get_relation(database=database, schema=schema, identifier=model['alias']) -%}
    {%- set full_refresh = should_full_refresh() -%}
    {%- set grants = config.get('grants') -%}
    {%- set rows = load_agate_table() -%}
    {%- do store_result('agate_table', response='OK', agate_table=rows) -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- if there is not none and there.is_view -%}
        {%- do exceptions.raise_compiler_error("Cannot seed to '" ~ there.render() ~ "', it is a view") -%}
    {%- elif there is not none -%}
        {%- set prepare = reset_csv_table(model, full_refresh, there, rows) -%}
    {%- else -%}
        {%- set prepare = create_csv_table(model, rows) -%}
    {%- endif -%}
    {%- set fill = load_csv_rows(model, rows) -%}
    {%- set count = rows.rows | length -%}
    {%- call noop_statement('main', ('CREATE' if full_refresh else 'INSERT') ~ ' ' ~ count, 'CREATE' if full_refresh else 'INSERT', count) %}
        {{ get_csv_sql(prepare, fill) }};
    {% endcall -%}

    {%- set target_relation = this.incorporate(type='table') -%}
    {%- do apply_grants(target_relation, grants, should_revoke=should_revoke(there, full_refresh)) -%}
    {%- do persist_docs(target_relation, model) -%}
    {%- if full_refresh or there is none -%}
        {%- do create_indexes(target_relation) -%}
    {%- endif -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
