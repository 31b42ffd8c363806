{#- A query with parameters, as a table macro of DuckDB. -#}

{% materialization table_function, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='view') -%}
    {%- set parameters = normalize_string_or_list(config.get('parameters'), 'parameters') -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- call statement('main') -%}
        create or replace function {{ target_relation.render() }}({{ parameters | join(', ') }}) as table (
            {{ sql }}
        );
    {%- endcall -%}
    {%- do persist_docs(target_relation, model, for_columns=false) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
