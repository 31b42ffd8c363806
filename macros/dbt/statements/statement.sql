{#- Running SQL from a template. Nothing runs while `execute` is false. -#}

{#- Runs what the call block holds and keeps the result under a name for `load_result`. -#}
{% macro statement(name=None, fetch_result=False, auto_begin=True, language='sql') -%}
    {%- if execute -%}
        {%- set code = caller() -%}
        {%- if name == 'main' -%}
            {%- do write(code) -%}
        {%- endif -%}
        {%- if language == 'sql' -%}
            {%- set response, rows = adapter.execute(code, auto_begin=auto_begin, fetch=fetch_result) -%}
        {%- elif language == 'python' -%}
            {%- set response = submit_python_job(model, code) -%}
            {%- set rows = none -%}
        {%- else -%}
            {%- do exceptions.raise_compiler_error("statement macro didn't get supported language") -%}
        {%- endif -%}
        {%- if name is not none -%}
            {{ store_result(name, response=response, agate_table=rows) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#- Keeps a result without running anything. -#}
{% macro noop_statement(name=None, message=None, code=None, rows_affected=None, res=None) -%}
    {%- set text = caller() -%}
    {%- if name == 'main' %}
    {% do write(text) -%}
    {%- endif -%}
    {%- if name is not none -%}
        {{ store_raw_result(name, message=message, code=code, rows_affected=rows_affected, agate_table=res) }}
    {%- endif -%}
{%- endmacro %}

{#- The table a query returns. -#}
{% macro run_query(sql) %}
    {%- call statement('run_query_statement', fetch_result=true, auto_begin=false) %}
    {{ sql }}
  {% endcall -%}
    {%- set found = load_result('run_query_statement') -%}
    {%- if found -%}{{- return(found.table) -}}{%- endif -%}
{% endmacro %}
