{#- A file outside of the database: the query's rows are written to it, and a view reads it. -#}

{% materialization external, adapter="duckdb", supported_languages=['sql', 'python'] %}
    {%- set language = model['language'] -%}
    {%- set there = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type='view') -%}
    {%- set grants = config.get('grants') -%}
    {%- set options = render_write_options(config) -%}
    {%- set location = render(config.get('location', default=external_location(this, config))) -%}
    {%- set kind = config.get('format') or (location.split('.')[-1] | lower if '.' in location.split('/')[-1] else 'parquet') -%}
    {%- set kind = kind if kind in ['csv', 'json', 'parquet'] else 'parquet' -%}
    {%- do options.update({'format': options.get('format', kind)}) -%}
    {%- set write = adapter.external_write_options(location, options) -%}
    {%- set read = adapter.external_read_location(location, options) -%}
    {%- set rows = make_intermediate_relation(this.incorporate(type='table')) -%}
    {{ drop_relation_if_exists(load_cached_relation(rows)) }}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {%- call statement('create_table', language=language) -%}
        {{ create_table_as(False, rows, compiled_code, language) }}
    {%- endcall -%}
    {%- do write_to_file(rows, location, write) -%}
    {%- if there is not none -%}
        {%- do adapter.drop_relation(there) -%}
    {%- endif -%}
    {%- call statement('main', language='sql') -%}
        create or replace view {{ target_relation }} as (
            select * from '{{ read }}'
        );
    {%- endcall -%}
    {%- set plugin = config.get('plugin') -%}
    {%- if plugin is not none -%}
        {%- do store_relation(plugin, target_relation, location, options['format'], config) -%}
    {%- endif -%}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do apply_grants(target_relation, grants, should_revoke=should_revoke(there, full_refresh_mode=True)) -%}
    {%- do persist_docs(target_relation, model) -%}
    {{ adapter.commit() }}
    {{ drop_relation_if_exists(rows) }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
