{#- The materialization of a function: the macro `TYPE_function_LANGUAGE` makes its statement. -#}

{% materialization function, default, supported_languages=['sql', 'python', 'javascript'] %}
    {%- set there = load_cached_relation(this) -%}
    {%- set target_relation = this.incorporate(type=this.Function) -%}
    {%- set kind = config.get('type') or (model.config.get('type') or 'scalar') -%}
    {{ run_hooks(pre_hooks) }}
    {%- set wanted = kind ~ '_function_' ~ model.language -%}
    {%- set make = context.get(adapter.type() ~ '__' ~ wanted) or context.get(wanted) -%}
    {%- if not make -%}
        {%- do exceptions.raise_compiler_error('A ' ~ kind ~ ' function in ' ~ model.language ~ ' is not supported by ' ~ adapter.type()) -%}
    {%- endif -%}
    {{ function_execute_build_sql(make(target_relation), there, target_relation) }}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% macro function_execute_build_sql(build_sql, existing_relation, target_relation) %}
    {{- return(adapter.dispatch('function_execute_build_sql', 'dbt')(build_sql, existing_relation, target_relation)) -}}
{% endmacro %}

{% macro default__function_execute_build_sql(build_sql, existing_relation, target_relation) %}
    {%- call statement(name='main') -%}{{ build_sql }}{%- endcall -%}
    {%- do apply_grants(target_relation, config.get('grants'),
        should_revoke=should_revoke(existing_relation, full_refresh_mode=True)) -%}
    {{ adapter.commit() }}
{% endmacro %}
