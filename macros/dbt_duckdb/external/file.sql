{#- External models: a query written to a file, and a view that reads it. -#}

{% macro location_exists(location) -%}{{ return(adapter.location_exists(location)) }}{%- endmacro %}

{% macro write_to_file(relation, location, options) -%}
    {%- call statement('write_to_file') -%}
    copy {{ relation }} to '{{ location }}' ({{ options }})
    {%- endcall -%}
{%- endmacro %}

{#- Hands a relation to a plugin. -#}
{% macro store_relation(plugin, relation, location, format, config) -%}
    {%- do adapter.store_relation(plugin, relation, adapter.get_columns_in_relation(relation), location, format, config) -%}
{%- endmacro %}

{#- Options of `copy`, rendered; format and delimiter have settings of their own. -#}
{% macro render_write_options(config) -%}
    {%- set options = {} -%}
    {%- for name, value in (config.get('options', {}) or {}).items() -%}
        {%- do options.update({name: render(value | string)}) -%}
    {%- endfor -%}
    {%- for name in ['format', 'delimiter'] if config.get(name) is not none and name not in options -%}
        {%- do options.update({name: render(config.get(name))}) -%}
    {%- endfor -%}
    {{ return(options) }}
{%- endmacro %}

{#- Below the profile's root: a file, or a folder when the rows are partitioned. -#}
{% macro external_location(relation, config) -%}
    {%- set path = adapter.external_root() ~ '/' ~ relation.identifier -%}
    {{ path if (config.get('options') or {}).get('partition_by') else path ~ '.' ~ config.get('format', 'parquet') }}
{%- endmacro %}

{#- At the start of a run: views for the external models that this run reads and does not build. -#}
{% macro register_upstream_external_models() %}
    {%- if execute -%}
        {%- set wanted = {} -%}
        {%- for id in selected_resources if id in graph.nodes -%}
            {%- for parent in graph.nodes[id].depends_on.nodes if parent not in selected_resources and parent in graph.nodes
                and graph.nodes[parent].config.materialized == 'external' -%}
                {%- do wanted.update({parent: graph.nodes[parent]}) -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- for node in wanted.values() -%}
            {%- set relation = api.Relation.create(database=node.database, schema=node.schema, identifier=node.alias, type='view') -%}
            {%- set location = node.config.get('location') or external_location(relation, node.config) -%}
            {%- set source = adapter.external_read_location(location, render_write_options(node.config)) -%}
            {%- do create_schema(relation) -%}
            {%- call statement('main', language='sql') -%}
                create or replace view {{ relation }} as (select * from '{{ source }}');
            {%- endcall -%}
        {%- endfor -%}
        {%- if wanted -%}
            {%- do adapter.commit() -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}

{#- The name under which a Python model's rows are offered by Arrow Flight. -#}
{% macro flight_name(parsed_model) -%}{{ return(adapter.dispatch('flight_name', 'dbt')(parsed_model)) }}{%- endmacro %}

{% macro default__flight_name(parsed_model) -%}
    {{ return(['dbt', parsed_model.package_name, parsed_model.database, parsed_model.schema, parsed_model.alias] | join('-')) }}
{%- endmacro %}

{% macro duckdb__flight_name(parsed_model) -%}{{ return(default__flight_name(parsed_model)) }}{%- endmacro %}
