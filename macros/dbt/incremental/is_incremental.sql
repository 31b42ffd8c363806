{#- Whether this run adds to what is there, and whether it was asked to start over. -#}

{% macro is_incremental() %}
    {%- if not execute -%}{{ return(False) }}{%- endif -%}
    {%- set present = load_relation(this) -%}
    {{- return(present is not none
        and present.type == 'table'
        and model.config.materialized == 'incremental'
        and not should_full_refresh()) -}}
{% endmacro %}

{#- The node's `full_refresh` wins over the command line's. -#}
{% macro should_full_refresh() %}
    {%- set own = config.get('full_refresh') -%}
    {{- return(flags.FULL_REFRESH if own is none else own) -}}
{% endmacro %}
