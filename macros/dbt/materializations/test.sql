{#- A test: counts its query's rows, which are kept first when failures are stored. -#}

{% materialization test, default %}
    {{ return(merganser__run_test()) }}
{% endmaterialization %}

{% macro merganser__run_test() %}
    {%- set relations = [] -%}
    {%- set query = get_limit_subquery_sql(sql, config.get('limit')) -%}
    {%- if should_store_failures() -%}
        {%- set kind = config.get('store_failures_as') or 'table' -%}
        {%- if kind not in ['table', 'view'] -%}
            {%- do exceptions.raise_compiler_error("'" ~ kind ~ "' is not a valid value for `store_failures_as`. Accepted values are: ['ephemeral', 'table', 'view']") -%}
        {%- endif -%}
        {%- set there = adapter.get_relation(database=database, schema=schema, identifier=model['alias']) -%}
        {%- set kept = api.Relation.create(database=database, schema=schema, identifier=model['alias'], type=kind) -%}
        {%- if there -%}
            {%- do adapter.drop_relation(there) -%}
        {%- endif -%}
        {%- call statement(auto_begin=True) -%}
            {{ get_create_sql(kept, query) }}
        {%- endcall -%}
        {%- do relations.append(kept) -%}
        {%- set query = 'select * from ' ~ kept -%}
        {{ adapter.commit() }}
    {%- endif -%}
    {%- call statement('main', fetch_result=True) -%}
        {{ get_test_sql(query, config.get('fail_calc'), config.get('warn_if'), config.get('error_if'), none) }}
    {%- endcall -%}
    {{- return({'relations': relations}) -}}
{% endmacro %}
