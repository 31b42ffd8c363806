{#- Partitions and order of DuckLake tables. -#}

{% macro duckdb__get_partitioned_by(relation, temporary) %}
    {{- return(merganser__layout(relation, temporary, 'partitioned_by', 'partition_by')) -}}
{% endmacro %}

{% macro duckdb__get_sorted_by(relation, temporary) %}
    {{- return(merganser__layout(relation, temporary, 'sorted_by', 'sort_by')) -}}
{% endmacro %}

{#- Plain names are quoted, expressions are left as they are. -#}
{% macro merganser__layout(relation, temporary, field, alias) %}
    {%- set raw = config.get(field, config.get(alias)) -%}
    {%- if not raw or temporary -%}{{- return(none) -}}{%- endif -%}
    {%- set wanted = normalize_string_or_list(raw, field ~ '/' ~ alias) -%}
    {%- if not adapter.is_ducklake(relation) -%}
        {%- do adapter.warn_once(field ~ '/' ~ alias ~ ' is only supported for DuckLake relations; ignoring for ' ~ relation) -%}
        {{- return(none) -}}
    {%- endif -%}
    {%- set keys = [] -%}
    {%- for key in wanted -%}
        {%- do keys.append(adapter.quote(key) if field == 'sorted_by' and modules.re.match('^[A-Za-z_][A-Za-z0-9_]*$', key) else key) -%}
    {%- endfor -%}
    {{- return(keys | join(', ')) -}}
{% endmacro %}

{% macro duckdb__alter_table_set_partitioned_by(relation, partitioned_by) -%}
    alter table {{ relation }} set partitioned by ({{ partitioned_by }});
{%- endmacro %}

{% macro duckdb__alter_table_set_sorted_by(relation, sorted_by) -%}
    alter table {{ relation }} set sorted by ({{ sorted_by }});
{%- endmacro %}
